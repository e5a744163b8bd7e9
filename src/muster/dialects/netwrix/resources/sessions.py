"""Signing in and out: `/auth` and its providers, of which there is one, a name and a password."""

from collections.abc import Awaitable, Callable

from muster.core.actor import Actor
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.second_step import first_step
from muster.core.errors import NotFound
from muster.core.hub_roles.actions import hub_roles
from muster.core.sessions.actions import NewSession, Started, end_session, session_of_token, start_session
from muster.core.sessions.model import Method
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import NoRoute
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.netwrix.access import (
    DOOR,
    SignedIn,
    actor_of,
    authenticate,
    no_cookies,
    presented_by,
    refuse_foreign,
    session_cookies,
)
from muster.dialects.netwrix.operation import Operation, both, request_of, required
from muster.dialects.netwrix.resources.attempts import attempt_as
from muster.dialects.netwrix.schema import sessions as schema
from muster.dialects.netwrix.services import DAY, MINUTE, Services
from muster.dialects.netwrix.wire.binding import Bound
from muster.dialects.netwrix.wire.names import names_of
from muster.dialects.netwrix.wire.sessions import show_session


async def auth(call: Call) -> Reply:
    """Sign in, sign out, or who is signed in, by the provider that is named; without one by what was sent."""
    request = request_of(call)
    has_credentials = bool(request.get("UserName") or request.get("Password"))
    provider = (request.get("provider") or ("credentials" if has_credentials else "")).lower()
    handler = _PROVIDERS.get(provider)
    if handler is None:
        raise NotFound("provider", name=provider)
    return await handler(call, request)


async def _credentials(call: Call, request: Bound) -> Reply:
    if call.method != "POST":
        if request.get("UserName") or request.get("Password"):
            # A password in an address lies in every log between here and there.
            raise NoRoute("sign_in_by_get")
        return await _current(call, request)
    refuse_foreign(call)
    required(request, "UserName", "Password")
    services: Services = call.services
    names = await names_of(call.store, call.tenant_id)
    attempt = await attempt_as(call, names, request["UserName"])
    user = await services.checks.check_password(attempt, request["Password"])
    remember = request.get("RememberMe") is True
    # One who must prove a second factor has not come in yet.
    roles = await hub_roles(call.store, call.tenant_id)
    actor = first_step(user, attempt.actor.door) if user.mfa.required else actor_of(user, roles)
    started, user = await call.runner.run_from(
        call.context, call.tenant_id, actor, _start, user.id, services, remember=remember
    )
    signed = SignedIn(started.session, user, roles, started.token)
    call.actor = actor_of(user, roles)
    shown = show_session(signed, names, services.clock.now())
    return json_reply(200, shown, session_cookies(call, started.token, remember=remember))


async def _start(tx: Transaction, user_id: str, services: Services, *, remember: bool) -> tuple[Started, User]:
    user = await tx.need(User, user_id)
    settings = services.settings
    idle = settings.remembered_days * DAY if remember else settings.session_minutes * MINUTE
    new = NewSession(
        methods=[Method(name="password", at=tx.now)],
        idle=idle or None,
        persistent=remember,
        audience=DOOR,
        is_sign_in=not user.mfa.required,
    )
    return await start_session(tx, user, new), user


async def _current(call: Call, _: Bound) -> Reply:
    """Who is signed in."""
    caller = await authenticate(call)
    call.actor = caller.actor
    names = await names_of(call.store, call.tenant_id)
    return json_reply(200, show_session(caller.more, names, call.services.clock.now()))


async def _log_out(call: Call, _: Bound) -> Reply:
    """The session ends and its cookies go; it is no error when there is none."""
    presented = presented_by(call)
    if presented is not None:
        if presented.by_cookie:
            refuse_foreign(call)
        try:
            session, user = await session_of_token(
                call.store, call.tenant_id, presented.token, call.services.clock.now(), audience=DOOR
            )
        except CredentialRefused:
            pass
        else:
            actor: Actor = actor_of(user, await hub_roles(call.store, call.tenant_id))
            await call.runner.run_from(call.context, call.tenant_id, actor, end_session, session.id, "ended")
    return json_reply(200, {}, no_cookies(call))


_PROVIDERS: dict[str, Callable[[Call, Bound], Awaitable[Reply]]] = {
    "": _current,
    "credentials": _credentials,
    "logout": _log_out,
}

_AUTHENTICATE = Operation(request=schema.AUTHENTICATE, answer=schema.AUTHENTICATE_RESPONSE, told_in_query=True)

ROUTES = [*both("/auth", auth, _AUTHENTICATE, needs=None), *both("/auth/{provider}", auth, _AUTHENTICATE, needs=None)]
