"""A session as this API writes it."""

from typing import Any

from muster.core.ids import is_id
from muster.core.sessions.model import Session
from muster.core.users.model import User
from muster.dialects.clerk.wire.ids import show_id, show_user_id
from muster.dialects.clerk.wire.times import DAY

LIFETIME = 7 * DAY
ABANDONED_AFTER = 30 * DAY


def show_client_id(session: Session) -> str:
    """The browser that a session belongs to; one that came without stands for itself."""
    return show_id("client", session.browser if is_id(session.browser) else session.id)


def show_session(session: Session, user: User, now: int) -> dict[str, Any]:
    """One session. An end that nothing sets is told as the vendor's default, since its clients want a time."""
    expires = [at for at in (session.expires_at, session.idle_expires_at) if at is not None]
    device, place = session.device, session.device.place
    return {
        "object": "session",
        "id": show_id("sess", session.id),
        "client_id": show_client_id(session),
        "user_id": show_user_id(user),
        "status": session.status(now),
        "actor": session.impersonator,
        "last_active_organization_id": (
            show_id("org", session.organization_id) if session.organization_id is not None else None
        ),
        "last_active_at": session.last_active_at,
        "latest_activity": {
            "object": "session_activity",
            "id": show_id("sess_activity", session.id),
            "is_mobile": "Mobile" in device.last_user_agent,
            "ip_address": device.last_ip or None,
            "city": place.get("city"),
            "country": place.get("country"),
        },
        "expire_at": min(expires, default=session.created_at + LIFETIME),
        "abandon_at": session.created_at + ABANDONED_AFTER,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    }
