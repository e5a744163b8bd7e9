"""What is open in a person's name: sessions, what applications may do, and browsers that are remembered."""

import msgspec

from muster.core.account.access import own_account
from muster.core.actor import Permissions as May
from muster.core.apps.model import Application
from muster.core.errors import NotFound
from muster.core.sessions.actions import end_session, end_sessions_of
from muster.core.sessions.grants import Which, revoke_grants
from muster.core.sessions.model import Ending, Grant, GrantKind, Session
from muster.core.sign_in.model import RememberedBrowser
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import User


class AppAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What one application may do in the user's name: since when, when it last did, and the scopes agreed to or in use."""

    app_id: str
    name: str
    logo_uri: str = ""
    scopes: list[str] = []
    since: int
    last_used_at: int | None = None


async def own_sessions(store: Store, tenant_id: int, user: User, now: int) -> list[Session]:
    """The active sessions, the one used last first."""
    found = await store.owned(tenant_id, Session, user.id)
    active = [session for session in found if session.status(now) == "active"]
    return sorted(active, key=lambda session: -session.last_active_at)


async def end_own_session(tx: Transaction, session_id: str, other_id: str) -> Session:
    """End one of the own sessions, with the tokens that came of it; `NotFound("session")` for anybody else's."""
    _, user = await own_account(tx, session_id, May.SELF_SESSIONS)
    other = await tx.get(Session, other_id)
    if other is None or other.user_id != user.id:
        raise NotFound("session", id=other_id)
    ending: Ending = "ended" if other_id == session_id else "revoked"
    return await end_session(tx, other_id, ending, with_grants=True)


async def end_other_sessions(tx: Transaction, session_id: str) -> list[Session]:
    """End every session but this one, with the tokens that came of them."""
    _, user = await own_account(tx, session_id, May.SELF_SESSIONS)
    return await end_sessions_of(tx, user, "revoked", keep=session_id, with_grants=True)


async def own_apps(store: Store, tenant_id: int, user: User, now: int) -> list[AppAccess]:
    """Every application that holds a consent or a token that is still good, oldest first."""
    by_app: dict[str, list[Grant]] = {}
    for grant in await store.owned(tenant_id, Grant, user.id):
        if grant.kind != "code" and grant.is_active(now):
            by_app.setdefault(grant.app_id, []).append(grant)
    listed = []
    for app_id, grants in by_app.items():
        app = await store.get(tenant_id, Application, app_id)
        used = [grant.used_at for grant in grants if grant.used_at is not None]
        listed.append(
            AppAccess(
                app_id=app_id,
                name=app.name if app is not None else app_id,
                logo_uri=app.logo_uri if app is not None else "",
                scopes=_scopes(grants),
                since=min(grant.created_at for grant in grants),
                last_used_at=max(used, default=None),
            )
        )
    return sorted(listed, key=lambda each: (each.since, each.app_id))


async def revoke_app(tx: Transaction, session_id: str, app_id: str) -> int:
    """Take back all that one application holds: its consent and every token. How many; `NotFound("app")` when there are none."""
    _, user = await own_account(tx, session_id, May.SELF_GRANTS)
    revoked = await revoke_grants(tx, user, Which(app_id=app_id))
    if not revoked:
        raise NotFound("app", id=app_id)
    return len(revoked)


async def remembered_browsers(store: Store, tenant_id: int, user: User, now: int) -> list[RememberedBrowser]:
    """The browsers that are not asked for a second factor, oldest first."""
    found = await store.owned(tenant_id, RememberedBrowser, user.id)
    return [browser for browser in found if browser.expires_at > now]


async def forget_browser(tx: Transaction, session_id: str, remembered_id: str | None = None) -> int:
    """Forget one remembered browser, or with None all of them; how many. `NotFound("browser")`."""
    _, user = await own_account(tx, session_id, May.SELF_SESSIONS)
    found = await tx.owned(RememberedBrowser, user.id)
    gone = [browser for browser in found if remembered_id in (None, browser.id)]
    if remembered_id is not None and not gone:
        raise NotFound("browser", id=remembered_id)
    for browser in gone:
        tx.delete(browser)
    if gone:
        tx.note("browser.forgotten", user_id=user.id, count=len(gone))
    return len(gone)


def _scopes(grants: list[Grant]) -> list[str]:
    kinds: tuple[GrantKind, ...] = ("consent",) if any(grant.kind == "consent" for grant in grants) else ()
    found: dict[str, None] = {}
    for grant in grants:
        if not kinds or grant.kind in kinds:
            found |= dict.fromkeys([*(each.scope for each in grant.consented), *grant.scopes])
    return list(found)
