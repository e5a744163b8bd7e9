"""A user's sessions, and what applications hold in the user's name. Nothing here makes any: somebody must have signed in."""

from collections.abc import Callable
from typing import Any

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound
from muster.core.sessions import actions, grants
from muster.core.sessions.grants import Which
from muster.core.sessions.model import Grant, GrantKind, Session
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Handler, Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.paging import cut, list_reply, parameter
from muster.dialects.monocloud.resources.one_user import read_user, services_of, with_user
from muster.dialects.monocloud.wire import sessions as wire
from muster.dialects.monocloud.wire.ids import decode, parse_session_id

_SESSION_SORTS = {name: name for name in ("session_id", "initiated_at", "expires_at", "last_updated")}
_GRANT_SORTS = {"creation_time": "creation_time", "expiration": "expiration"}
_NOTHING = "\0"
"""An id that no session has: what a malformed one in a query stands for."""


async def list_sessions(call: Call) -> Reply:
    """The sessions that are active, all or those of one application."""
    user, client_id = await read_user(call), parameter(call, "client_id")
    now = services_of(call).clock.now()
    found = await actions.list_sessions(call.store, call.tenant_id, call.caller, user.id, now)
    shown = [wire.show_session(each) for each in found if not client_id or client_id in each.apps]
    items, page = cut(call, shown, getattr, _SESSION_SORTS)
    return list_reply(items, page, len(shown))


async def get_session(call: Call) -> Reply:
    """One active session."""
    user, id_ = await read_user(call), parse_session_id(call.path["session_id"])
    now = services_of(call).clock.now()
    for session in await actions.list_sessions(call.store, call.tenant_id, call.caller, user.id, now):
        if session.id == id_:
            return json_reply(200, wire.show_session(session))
    raise NotFound("session")


async def revoke_session(call: Call) -> Reply:
    """End a session; the tokens that are bound to it go with it, the others live on."""
    await with_user(call, _revoke_session, parse_session_id(call.path["session_id"]))
    return empty()


async def _revoke_session(tx: Transaction, user: User, session_id: str | None) -> None:
    session = await tx.get(Session, session_id) if session_id is not None else None
    if session is None or session.user_id != user.id or session.status(tx.now) != "active":
        raise NotFound("session")
    await actions.end_session(tx, session.id)


# --------------------------------------------------------------------------------------------------------------- grants


async def list_clients(call: Call) -> Reply:
    """How much each application holds."""
    shown = wire.show_clients(await _grants(call))
    items, page = cut(call, shown, getattr, {})
    return list_reply(items, page, len(shown))


def list_grants(kind: GrantKind, show: Callable[[Grant, str], Any]) -> Handler:
    """The handler that lists the grants of one kind."""

    async def handle(call: Call) -> Reply:
        shown = [show(grant, call.site.public_url.rstrip("/")) for grant in await _grants(call, kind)]
        items, page = cut(call, shown, lambda each, name: getattr(each, name, None), _GRANT_SORTS)
        return list_reply(items, page, len(shown))

    return handle


def revoke_grant(kind: GrantKind, parameter_name: str) -> Handler:
    """The handler that takes one grant of a kind back."""

    async def handle(call: Call) -> Reply:
        await with_user(call, _revoke_grant, kind, decode(call.path[parameter_name]))
        return empty()

    return handle


async def _revoke_grant(tx: Transaction, user: User, kind: GrantKind, grant_id: str | None) -> None:
    grant = await tx.get(Grant, grant_id) if grant_id is not None else None
    if grant is None or grant.user_id != user.id or grant.kind != kind or not grant.is_active(tx.now):
        raise NotFound("grant")
    await grants.revoke_grant(tx, grant.id)


async def revoke_client(call: Call) -> Reply:
    """Take back all that one application holds, what the user consented to included."""
    await with_user(call, grants.revoke_grants, Which(app_id=call.path["client_id"]))
    return empty()


async def _grants(call: Call, kind: GrantKind | None = None) -> list[Grant]:
    user = await read_user(call)
    session_id = parameter(call, "session_id") if kind not in (None, "consent") else None
    which = Which(
        app_id=(parameter(call, "client_id") or None) if kind is not None else None,
        session_id=(parse_session_id(session_id) or _NOTHING) if session_id else None,
        kinds=None if kind is None else (kind,),
    )
    now = services_of(call).clock.now()
    return await grants.list_grants(call.store, call.tenant_id, call.caller, user.id, now, which=which)


def _of_kind(
    name: str, kind: GrantKind, show: Callable[[Grant, str], Any], answer: type, id_name: str, titles: tuple[str, str]
) -> list[Route]:
    path = f"/users/{{user_id}}/grants/{name}"
    parameters = ("client_id",) if kind == "consent" else ("client_id", "session_id")
    listed = Operation(answer=answer, is_list=True, paged=True, sorts=_GRANT_SORTS, parameters=parameters)
    return [
        Route("GET", path, list_grants(kind, show), needs=(May.GRANTS_READ,), title=titles[0], about=listed),
        Route(
            "DELETE",
            f"{path}/{{{id_name}}}",
            revoke_grant(kind, id_name),
            needs=(May.GRANTS_REVOKE,),
            title=titles[1],
            about=Operation(status=204),
        ),
    ]


ROUTES = [
    Route(
        "GET",
        "/users/{user_id}/sessions",
        list_sessions,
        needs=(May.SESSIONS_READ,),
        title="getAllUserSessions",
        about=Operation(
            answer=wire.UserSession, is_list=True, paged=True, sorts=_SESSION_SORTS, parameters=("client_id",)
        ),
    ),
    Route(
        "GET",
        "/users/{user_id}/sessions/{session_id}",
        get_session,
        needs=(May.SESSIONS_READ,),
        title="findUserSession",
        about=Operation(answer=wire.UserSession),
    ),
    Route(
        "DELETE",
        "/users/{user_id}/sessions/{session_id}",
        revoke_session,
        needs=(May.SESSIONS_REVOKE,),
        title="revokeUserSession",
        about=Operation(status=204),
    ),
    Route(
        "GET",
        "/users/{user_id}/grants/clients",
        list_clients,
        needs=(May.GRANTS_READ,),
        title="getAllUserClientGrants",
        about=Operation(answer=wire.UserClientGrants, is_list=True, paged=True),
    ),
    Route(
        "DELETE",
        "/users/{user_id}/grants/clients/{client_id}",
        revoke_client,
        needs=(May.GRANTS_REVOKE,),
        title="revokeUserClientGrants",
        about=Operation(status=204),
    ),
    *_of_kind(
        "consents",
        "consent",
        wire.show_consent,
        wire.UserConsent,
        "consent_id",
        ("getAllUserConsents", "revokeUserConsent"),
    ),
    *_of_kind(
        "reference_tokens",
        "reference_token",
        wire.show_reference_token,
        wire.ReferenceToken,
        "token_id",
        ("getAllReferenceTokens", "revokeReferenceToken"),
    ),
    *_of_kind(
        "refresh_tokens",
        "refresh_token",
        wire.show_refresh_token,
        wire.RefreshToken,
        "token_id",
        ("getAllRefreshTokens", "revokeRefreshToken"),
    ),
    *_of_kind(
        "codes",
        "code",
        wire.show_code,
        wire.AuthorizationCode,
        "code_id",
        ("getAllAuthorizationCodes", "revokeAuthorizationCode"),
    ),
]
