"""Sessions: started once somebody has proved who they are, used, and ended by themselves, an administrator or time.

Whoever ends all sessions of a user also keeps one from being started at the same moment: a start changes the user's
activity row, and the end expects it.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials import lockout
from muster.core.credentials.attempts import CredentialRefused
from muster.core.ids import UserId, new_id
from muster.core.query import Page
from muster.core.sessions.model import Device, Ending, Grant, Method, Session
from muster.core.sessions.sign_outs import tell_applications
from muster.core.sessions.tokens import new_token, opens, record_id
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, User

TOUCH_EVERY = 60_000
"""Milliseconds between two notes that a session is in use: a write per request would be one too many."""

KEPT_FOR = 30 * 24 * 3_600_000
"""Milliseconds that a session is still shown after its end."""

MOST_SESSIONS = 200
"""Per user; starting one more takes the place of the oldest."""


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody came in. Lifetimes in ms, None without limit.

    `is_sign_in` is False for a session that a program makes, which takes `sessions:create`.
    """

    methods: list[Method] = []
    lifetime: int | None = None
    idle: int | None = None
    browser: str = ""
    apps: list[str] = []
    persistent: bool = True
    place: dict[str, str] = {}
    organization_id: str | None = None
    impersonator: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    audience: str = ""
    is_sign_in: bool = True


class Started(msgspec.Struct, frozen=True):
    """A new session and its token, which is told now and never again."""

    session: Session
    token: str

    def __repr__(self) -> str:
        return f"Started(session={self.session.id!r})"


async def start_session(tx: Transaction, user: User, new: NewSession) -> Started:
    """A session for somebody whose credentials were checked before. `CredentialRefused`: suspended, locked.

    `user` is as this act has read it; where it comes from is the transaction's context. A sign-in is counted, and forgets
    the failures before it. The user's sessions that have been over for 30 days go, and the oldest when there are too many.
    """
    if not new.is_sign_in:
        tx.actor.must(May.SESSIONS_CREATE)
    if user.suspended is True:
        raise CredentialRefused("suspended")
    lock = lockout.lock_of(user.activity, tx.now)
    if lock is not None:
        raise CredentialRefused("locked", until=lock.until)
    tx.expect(user)
    ip, agent = tx.context.ip, tx.context.user_agent
    id_ = new_id(tx.now)
    token, token_hash = new_token(id_)
    session = Session(
        id=id_,
        user_id=user.id,
        created_at=tx.now,
        browser=new.browser,
        authenticated_at=tx.now,
        last_active_at=tx.now,
        idle_ms=new.idle,
        expires_at=None if new.lifetime is None else tx.now + new.lifetime,
        persistent=new.persistent,
        device=Device(first_ip=ip, first_user_agent=agent, last_ip=ip, last_user_agent=agent, place=new.place),
        apps=new.apps,
        methods=new.methods,
        elevated_at=tx.now if any(method.second for method in new.methods) else None,
        organization_id=new.organization_id,
        impersonator=new.impersonator,
        metadata=new.metadata,
        audience=new.audience,
        token_hash=token_hash,
    )
    await _make_room(tx, user)
    activity = user.activity or Activity()
    if new.is_sign_in:
        activity = replace(lockout.signed_in(activity, ip, tx.now), place=new.place or activity.place)
        methods = [method.name for method in new.methods]
        tx.note("sign_in.succeeded", user_id=user.id, session_id=id_, methods=methods)
    tx.save(replace(user, activity=replace(activity, sessions=activity.sessions + 1)))
    tx.note("session.started", user_id=user.id, session_id=id_)
    return Started(tx.insert(session), token)


async def session_of_token(
    store: Store, tenant_id: int, token: str, now: int, *, audience: str = ""
) -> tuple[Session, User]:
    """The session that a token opens, and its user: for every request that comes with one.

    A session made for one API is good there alone: power over the server must not be had with a session for an application.

    `CredentialRefused("session_over")` for a wrong token and a session that ended alike, "suspended" while the user is:
    such a session lives again when the suspension is lifted.
    """
    id_ = record_id(token)
    session = None if id_ is None else await store.get(tenant_id, Session, id_)
    if session is None or not opens(token, session.token_hash) or session.status(now) != "active":
        raise CredentialRefused("session_over")
    if session.audience != audience:
        raise CredentialRefused("session_over")
    user = await store.get(tenant_id, User, session.user_id)
    if user is None:
        raise CredentialRefused("session_over")
    if user.suspended is True:
        raise CredentialRefused("suspended")
    return session, user


def wants_touch(session: Session, now: int) -> bool:
    """Whether it is time to note that the session is in use."""
    return now - session.last_active_at >= TOUCH_EVERY


async def touch(tx: Transaction, session_id: str, *, app_id: str | None = None) -> Session:
    """Note that a session is in use, from where, and for which application. `CredentialRefused("session_over")`."""
    session = await _active(tx, session_id)
    apps = session.apps if app_id is None or app_id in session.apps else [*session.apps, app_id]
    if apps == session.apps and not wants_touch(session, tx.now):
        return session
    device = replace(
        session.device,
        last_ip=tx.context.ip or session.device.last_ip,
        last_user_agent=tx.context.user_agent or session.device.last_user_agent,
    )
    user = await tx.need(User, session.user_id)
    tx.save(replace(user, activity=replace(user.activity or Activity(), last_active_at=tx.now)))
    return tx.save(replace(session, last_active_at=tx.now, device=device, apps=apps))


async def elevate(tx: Transaction, session_id: str, method: Method) -> Session:
    """A second factor was proved within the session. `CredentialRefused("session_over")`."""
    session = await _active(tx, session_id)
    return tx.save(replace(session, elevated_at=tx.now, methods=[*session.methods, method]))


async def end_session(
    tx: Transaction, session_id: str, ending: Ending = "revoked", *, with_grants: bool = False, by_right: bool = False
) -> Session:
    """End one session; one that is over already stays as it is. Grants bound to it go, `with_grants` all of its grants.

    `NotFound("session")`. The user's own, or anybody's for who holds `sessions:revoke`; `by_right` is for an act that has
    checked already that the caller may.
    """
    session = await tx.need(Session, session_id)
    if not by_right:
        _must_end(tx, session.user_id)
    return await _end(tx, session, ending, with_grants=with_grants)


async def end_sessions_of(
    tx: Transaction,
    user: User,
    ending: Ending = "revoked",
    *,
    keep: str | None = None,
    with_grants: bool = False,
    by_right: bool = False,
) -> list[Session]:
    """End every active session of a user but the one whose id is `keep`; those that were ended.

    `by_right` is for an act that has checked already that the caller may.
    """
    if not by_right:
        _must_end(tx, user.id)
    if user.activity is None:
        user = tx.save(replace(user, activity=Activity()))
    elif user.activity.id:
        tx.expect(user.activity)
    sessions = await tx.owned(Session, user.id)
    active = [session for session in sessions if session.status(tx.now) == "active" and session.id != keep]
    ended = [await _end(tx, session, ending, with_grants=with_grants) for session in active]
    if ended:
        tx.note("sessions.ended", user_id=user.id, how=ending, count=len(ended))
    return ended


async def list_sessions(
    store: Store,
    tenant_id: int,
    actor: Actor,
    user_id: UserId | None,
    now: int,
    *,
    only_active: bool = True,
    newest_first: bool = False,
    page: Page | None = None,
) -> list[Session]:
    """A user's sessions by creation, or with a user of None the whole tenant's; without a page all of them.

    One user's are at most `MOST_SESSIONS`; those of a tenant are not, so ask for a page.
    """
    if user_id is None or not actor.may_self(May.SELF_SESSIONS, user_id):
        actor.must(May.SESSIONS_READ)
    paged_here = user_id is not None and only_active
    found = await store.owned(tenant_id, Session, user_id, newest_first=newest_first, page=None if paged_here else page)
    listed = [session for session in found if not only_active or session.status(now) == "active"]
    return listed[page.offset : page.offset + page.limit] if paged_here and page is not None else listed


async def _active(tx: Transaction, session_id: str) -> Session:
    session = await tx.get(Session, session_id)
    if session is None or session.status(tx.now) != "active":
        raise CredentialRefused("session_over")
    return session


async def _end(tx: Transaction, session: Session, ending: Ending, *, with_grants: bool) -> Session:
    if session.status(tx.now) != "active":
        return session
    for grant in await tx.owned(Grant, session.user_id):
        if grant.session_id == session.id and (grant.session_bound or with_grants):
            tx.delete(grant)
    await tell_applications(tx, session)
    tx.note(f"session.{ending}", user_id=session.user_id, session_id=session.id)
    return tx.save(replace(session, ending=ending, ended_at=tx.now))


async def _make_room(tx: Transaction, user: User) -> None:
    sessions = await tx.owned(Session, user.id)
    left = []
    for session in sessions:
        over = session.over_at(tx.now)
        if over is not None and over <= tx.now - KEPT_FOR:
            tx.delete(session)
        else:
            left.append(session)
    # Those that are over go first, then the oldest.
    left.sort(key=lambda session: (session.status(tx.now) == "active", session.created_at, session.id))
    for session in left[: max(len(left) - MOST_SESSIONS + 1, 0)]:
        tx.delete(session)


def _must_end(tx: Transaction, user_id: str) -> None:
    if not tx.actor.may_self(May.SELF_SESSIONS, UserId(user_id)):
        tx.actor.must(May.SESSIONS_REVOKE)
