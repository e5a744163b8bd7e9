"""Sessions: listed, read, made by a program, revoked. Those that are over stay, with what became of them."""

from typing import Any

from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import NotFound
from muster.core.ids import UserId
from muster.core.organizations.model import Membership, member_key
from muster.core.query import Page
from muster.core.sessions.actions import NewSession, end_session, list_sessions, start_session
from muster.core.sessions.model import Method, Session
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.core.users.model import User
from muster.dialects.clerk.operation import Operation, body_of, query_of
from muster.dialects.clerk.problems import Refused, refused
from muster.dialects.clerk.reply import answer, listed
from muster.dialects.clerk.resources.calls import page_of, services_of, the_user, users_named
from muster.dialects.clerk.schema import sessions as schema
from muster.dialects.clerk.wire.ids import read_id
from muster.dialects.clerk.wire.sessions import LIFETIME, show_client_id, show_session
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route

MOST_LOOKED_AT = 10_000
"""The newest sessions of a tenant that a list without a user is made of."""


async def list_(call: Call) -> Reply:
    """One page, newest first; an array unless the caller asks for the object form."""
    asked = query_of(call)
    found = await _found(call, asked)
    page, now = page_of(asked), services_of(call).clock.now()
    shown = []
    for session in found[page.offset : page.offset + page.limit]:
        user = await call.store.get(call.tenant_id, User, session.user_id)
        if user is not None:
            shown.append(show_session(session, user, now))
    return listed(shown, len(found)) if asked.get("paginated") else answer(shown)


async def _found(call: Call, asked: dict[str, Any]) -> list[Session]:
    user_id: UserId | None = None
    if "user_id" in asked:
        ids = await users_named(call.store, call.tenant_id, [asked["user_id"]])
        if not ids:
            return []
        user_id = UserId(ids[0])
    now = services_of(call).clock.now()
    sessions = await list_sessions(
        call.store,
        call.tenant_id,
        call.caller,
        user_id,
        now,
        only_active=False,
        newest_first=True,
        page=None if user_id is not None else Page(limit=MOST_LOOKED_AT),
    )
    status, client = asked.get("status"), asked.get("client_id")
    operators = {user.id for user in await call.store.internal_users(call.tenant_id)}
    return [
        session
        for session in sessions
        if session.user_id not in operators
        and (status is None or session.status(now) == status)
        and client in (None, show_client_id(session))
    ]


async def get(call: Call) -> Reply:
    """One session."""
    call.caller.must(May.SESSIONS_READ)
    session = await call.store.get(call.tenant_id, Session, read_id("sess", call.path["session_id"]) or "")
    user = None if session is None else await call.store.get(call.tenant_id, User, session.user_id)
    if session is None or user is None or user.internal:
        raise _missing(call)
    return answer(show_session(session, user, services_of(call).clock.now()))


async def create(call: Call) -> Reply:
    """A session for a user, by the calling program's word alone."""
    body = body_of(call)

    async def act(tx: Transaction) -> tuple[Session, User]:
        user = await the_user(tx, body["user_id"])
        organization_id = await _organization(tx, user, body.get("active_organization_id"))
        new = NewSession(
            lifetime=LIFETIME,
            methods=[Method(name="api", at=tx.now)],
            is_sign_in=False,
            organization_id=organization_id,
        )
        return (await start_session(tx, user, new)).session, user

    try:
        session, user = await call.act(act)
    except CredentialRefused as refusal:
        if refusal.code == "suspended":
            text = "You have been banned. If you think this was by mistake, please contact support."
            raise refused(403, "user_banned", "User banned", text) from None
        text = "This account is locked. Please try again later."
        raise refused(403, "user_locked", "User locked", text) from None
    return answer(show_session(session, user, services_of(call).clock.now()))


async def _organization(tx: Transaction, user: User, shown_id: str | None) -> str | None:
    """The organization that the session is for, to which the user must belong."""
    if shown_id is None:
        return None
    id_ = read_id("org", shown_id) or ""
    if await tx.find(Membership, member_key(id_, user.id)) is None:
        raise NotFound("organization")
    return id_


async def revoke(call: Call) -> Reply:
    """A session ends; one that is over already is shown as it is."""

    async def act(tx: Transaction) -> tuple[Session, User]:
        session = await end_session(tx, read_id("sess", call.path["session_id"]) or "")
        return session, await find_user(tx, UserId(session.user_id))

    try:
        session, user = await call.act(act)
    except NotFound:
        raise _missing(call) from None
    return answer(show_session(session, user, services_of(call).clock.now()))


def _missing(call: Call) -> Refused:
    text = f"No session was found with id {call.path['session_id'][:200]}"
    return refused(404, "resource_not_found", "Session not found", text)


_READ = (May.SESSIONS_READ,)

ROUTES = [
    Route(
        "GET",
        "/sessions",
        list_,
        needs=_READ,
        title="List all sessions",
        about=Operation(query=schema.LIST, answer=schema.SESSIONS),
    ),
    Route(
        "POST",
        "/sessions",
        create,
        needs=(May.SESSIONS_CREATE,),
        title="Create a new active session",
        about=Operation(body=schema.CREATE, answer=schema.SESSION),
    ),
    Route(
        "GET",
        "/sessions/{session_id}",
        get,
        needs=_READ,
        title="Retrieve a session",
        about=Operation(answer=schema.SESSION),
    ),
    Route(
        "POST",
        "/sessions/{session_id}/revoke",
        revoke,
        needs=(May.SESSIONS_REVOKE,),
        title="Revoke a session",
        about=Operation(answer=schema.SESSION),
    ),
]
