"""Credentials → `Actor`: access tokens of clients, and what each role of a client means in the core."""

from collections.abc import Mapping, Sequence
from typing import Final

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.apps.model import Application
from muster.core.security import TokenRefused
from muster.dialects.kit.call import Call, Caller, Site
from muster.dialects.kit.errors import Forbidden, Unauthorized
from muster.dialects.mattr.services import Services
from muster.dialects.mattr.wire.ids import DOOR

LONGEST_TOKEN: Final = 8_192

_USERS: Final = (May.USERS_READ, May.USERS_CREATE, May.USERS_UPDATE, May.USERS_DELETE)
_PROVIDERS: Final = (May.CONNECTIONS_READ, May.CONNECTIONS_WRITE)

ROLES: Final[Mapping[str, Sequence[str]]] = {
    "admin": (*_USERS, *_PROVIDERS, May.EVENTS_READ),
    "issuer": (*_USERS, *_PROVIDERS),
    "auditor": (May.EVENTS_READ,),
    "verifier": (),
    "dts-provider": (),
    "dts-consumer": (),
}
"""Every role that a client may have, and what it stands for here: the last three are for what is not served."""


def tenant_url(site: Site) -> str:
    """Where this API of a tenant is reached, without a slash at the end: under a prefix unless the host is its own."""
    root = site.public_url.rstrip("/")
    return root if site.dialect == DOOR else f"{root}/{DOOR}"


def audiences(site: Site) -> frozenset[str]:
    """The tenant's address in every spelling that a client may have been given: with and without prefix, slash and TLS."""
    found = set()
    for address in (site.public_url, *site.also):
        name = address.partition("://")[2].rstrip("/")
        for root in (f"{scheme}://{name}" for scheme in ("https", "http")):
            found |= {root, f"{root}/", f"{root}/{DOOR}", f"{root}/{DOOR}/"}
    return frozenset(found)


def roles_of(app: Application) -> tuple[str, ...]:
    """The roles of a client of this API; none for any other application."""
    roles = app.vendor.get(DOOR, {}).get("roles", [])
    return tuple(role for role in roles if role in ROLES) if isinstance(roles, list) else ()


async def authenticate(call: Call) -> Caller[None]:
    """The caller by its bearer token (RFC 6750)."""
    scheme, _, token = (call.header(b"authorization") or b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token or len(token) > LONGEST_TOKEN or not token.isascii():
        raise Unauthorized("missing")
    services: Services = call.services
    now = services.clock.now()
    epoch = await services.epochs.current(call.tenant_id)
    at_this_address = call.site.public_url.encode() + token  # a token is good at the address that it names alone
    caller = services.checked.get(call.tenant_id, epoch, at_this_address, now)
    if caller is None:
        caller, expires_at = await _check(call, token.decode(), now)
        services.checked.keep(call.tenant_id, epoch, at_this_address, expires_at, caller)
    return caller


async def _check(call: Call, token: str, now: int) -> tuple[Caller[None], int]:
    """Verify the token, and that the client it was given to is still there. Roles are those it has now."""
    services: Services = call.services
    try:
        claims = services.tokens(call.site).verify(token, audiences=audiences(call.site), now_ms=now)
    except TokenRefused as refused:
        raise Unauthorized(refused.reason) from None
    client_id = str(claims.get("sub", ""))
    app = await call.store.get(call.tenant_id, Application, client_id)
    if app is None or app.secret is None or DOOR not in app.vendor:
        raise Unauthorized("no_client")
    permissions = frozenset(permission for role in roles_of(app) for permission in ROLES[role])
    actor = Actor(kind="client", id=client_id, door=DOOR, permissions=permissions)
    return Caller(call.tenant_id, actor, None), int(claims["exp"]) * 1000


def permit(call: Call) -> None:
    """Refuse a client none of whose roles is for this operation."""
    assert call.route is not None, "only a found route is permitted"
    assert call.actor is not None, "only an authenticated call is permitted"
    if not call.actor.may(*(call.route.needs or ())):
        raise Forbidden("role")
