"""A session whose user proves anew who they are: it goes on with a new token, so that no application is signed out by it."""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.credentials import lockout
from muster.core.credentials.attempts import CredentialRefused
from muster.core.sessions.actions import Started
from muster.core.sessions.model import Method, Session
from muster.core.sessions.tokens import new_token
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, User


async def renew_session(
    tx: Transaction, user: User, session: Session, methods: Sequence[Method], lifetime: int | None, *, fresh: bool
) -> Started:
    """The session with a new token; the old one is good no more. `CredentialRefused`: suspended, locked.

    With `fresh` the whole sign-in was repeated: it counts as one, its methods take the place of the old ones, and it lasts
    `lifetime` ms from now. Else what was proved joins what was proved before.
    """
    if user.suspended is True:
        raise CredentialRefused("suspended")
    lock = lockout.lock_of(user.activity, tx.now)
    if lock is not None:
        raise CredentialRefused("locked", until=lock.until)
    tx.expect(user)
    token, token_hash = new_token(session.id)
    second = any(method.second for method in methods)
    device = replace(
        session.device,
        last_ip=tx.context.ip or session.device.last_ip,
        last_user_agent=tx.context.user_agent or session.device.last_user_agent,
    )
    after = replace(
        session,
        token_hash=token_hash,
        device=device,
        last_active_at=tx.now,
        methods=[*methods] if fresh else [*session.methods, *methods],
        elevated_at=tx.now if second else None if fresh else session.elevated_at,
    )
    activity = user.activity or Activity()
    if fresh:
        expires_at = None if lifetime is None else tx.now + lifetime
        after = replace(after, authenticated_at=tx.now, expires_at=expires_at)
        activity = lockout.signed_in(activity, tx.context.ip, tx.now)
        tx.note("sign_in.succeeded", user_id=user.id, session_id=session.id, methods=[each.name for each in methods])
    # As at a start: whoever ends all sessions of the user at this moment must find this one, or it must find them ended.
    tx.save(replace(user, activity=replace(activity, sessions=activity.sessions + 1, last_active_at=tx.now)))
    tx.note("session.renewed", user_id=user.id, session_id=session.id, methods=[each.name for each in methods])
    return Started(tx.save(after), token)
