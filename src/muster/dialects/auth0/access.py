"""Auth0's credentials → `Actor`: management access tokens, their scopes, and what each scope means in the core."""

from typing import Final

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.apps.model import Api, Application, ClientGrant, grant_key
from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.security import TokenRefused
from muster.core.store import Store
from muster.core.users.model import User
from muster.dialects.auth0.services import Services
from muster.dialects.auth0.wire.ids import parse_user_id
from muster.dialects.kit.call import Call, Caller, Site
from muster.dialects.kit.errors import BadRequest, Forbidden, Unauthorized

SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "read:users": (May.USERS_READ, May.JOBS_EXPORT),
    "create:users": (May.USERS_CREATE, May.JOBS_IMPORT),
    "update:users": (May.USERS_UPDATE, May.USERS_UPDATE_PRIVATE, May.PASSWORDS_SET, May.USERS_SUSPEND),
    "delete:users": (May.USERS_DELETE,),
    "update:users_app_metadata": (May.USERS_UPDATE_PRIVATE,),
    "read:user_idp_tokens": (May.USERS_READ_TOKENS,),
    "read:current_user": (May.SELF_READ,),
    "update:current_user_metadata": (May.SELF_UNSAFE,),
    "delete:current_user": (May.SELF_DELETE,),
    "read:connections": (May.CONNECTIONS_READ,),
    "create:connections": (May.CONNECTIONS_WRITE,),
    "update:connections": (May.CONNECTIONS_WRITE,),
    "delete:connections": (May.CONNECTIONS_WRITE,),
    "read:clients": (May.APPS_READ,),
    "read:client_summary": (May.APPS_READ_SUMMARY,),
    "read:client_keys": (May.APPS_READ, May.APPS_READ_SECRETS),
    "read:client_credentials": (May.APPS_READ,),
    "create:clients": (May.APPS_WRITE,),
    "update:clients": (May.APPS_WRITE,),
    "update:client_keys": (May.APPS_WRITE_SECRETS,),
    "update:client_credentials": (May.APPS_WRITE,),
    "delete:clients": (May.APPS_WRITE,),
    "read:resource_servers": (May.APIS_READ,),
    "create:resource_servers": (May.APIS_WRITE,),
    "update:resource_servers": (May.APIS_WRITE,),
    "delete:resource_servers": (May.APIS_WRITE,),
    "read:client_grants": (May.CLIENT_GRANTS_READ,),
    "create:client_grants": (May.CLIENT_GRANTS_WRITE,),
    "update:client_grants": (May.CLIENT_GRANTS_WRITE,),
    "delete:client_grants": (May.CLIENT_GRANTS_WRITE,),
}
"""Every scope of the management API that is served, and the core permissions that it stands for."""

CLIENT_SUBJECT = "@clients"

LONGEST_TOKEN = 8_192


class Held:
    """The scopes of a checked token, for the refusals that name them."""

    __slots__ = ("scopes",)

    def __init__(self, scopes: frozenset[str]) -> None:
        self.scopes = scopes


def audience(site: Site) -> str:
    """The identifier of the management API of a tenant whose first address this is."""
    return f"{site.public_url}api/v2/"


def audiences(site: Site) -> list[str]:
    """The identifier as clients may spell it: by the domain they were given, and always with https, even over plain HTTP."""
    domains = [address.partition("://")[2] for address in (site.public_url, *site.also)]
    return [f"{scheme}://{domain}api/v2/" for domain in domains for scheme in ("https", "http")]


async def management_api(store: Store, tenant_id: int) -> Api | None:
    """The tenant's management API. It bears the tenant's first address, and is the same one at all the others."""
    return next((api for api in await store.records(tenant_id, Api) if api.system), None)


async def authenticate(call: Call) -> Caller[Held]:
    """The caller of a management request by its bearer token (RFC 6750)."""
    header = call.header(b"authorization")
    if header is None:
        raise Unauthorized("missing")
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token or b" " in token:
        raise BadRequest("header")
    services: Services = call.services
    now = services.clock.now()
    epoch = await services.epochs.current(call.tenant_id)
    at_this_address = call.site.public_url.encode() + token  # a token is good at the address that it names alone
    caller = services.checked.get(call.tenant_id, epoch, at_this_address, now)
    if caller is None:
        caller, expires_at = await _check(call, token, now)
        if caller.actor.user_id is None:  # whether a user is still there, and not suspended, is asked every time
            services.checked.keep(call.tenant_id, epoch, at_this_address, expires_at, caller)
    return caller


async def _check(call: Call, token: bytes, now: int) -> tuple[Caller[Held], int]:
    """Verify the token, and that whom it was given to still may what it says."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise Unauthorized("malformed")
    try:
        issuer = call.services.tokens(call.site)
        claims = issuer.verify(token.decode(), audiences=audiences(call.site), now_ms=now)
    except TokenRefused as refused:
        raise Unauthorized(refused.reason) from None
    scopes = frozenset(str(claims.get("scope", "")).split())
    subject, app_id = str(claims.get("sub", "")), str(claims.get("azp", ""))
    if await call.store.get(call.tenant_id, Application, app_id) is None:
        raise Unauthorized("malformed")
    if subject == app_id + CLIENT_SUBJECT:
        api = await management_api(call.store, call.tenant_id)
        key = grant_key(app_id, api.identifier) if api is not None else None
        grant = await call.store.find(call.tenant_id, ClientGrant, key) if key is not None else None
        scopes &= frozenset(grant.scopes) if grant is not None else frozenset()
        actor = Actor(kind="client", id=app_id, door="auth0", permissions=permissions_of(scopes))
    else:
        scopes = frozenset(scope for scope in scopes if "current_user" in scope)
        user_id = await _subject(call, subject)
        permissions = permissions_of(scopes)
        actor = Actor(kind="user", id=user_id, door="auth0", permissions=permissions, user_id=user_id)
    return Caller(call.tenant_id, actor, Held(scopes)), int(claims["exp"]) * 1000


async def _subject(call: Call, shown: str) -> UserId:
    """The user a token was given to, who must still be there."""
    key = parse_user_id(shown)
    store = call.store
    found = await (
        store.find(call.tenant_id, User, key) if isinstance(key, Key) else store.get(call.tenant_id, User, key)
    )
    if found is None or found.suspended:
        raise Unauthorized("malformed")
    return found.id


def permissions_of(scopes: frozenset[str]) -> frozenset[str]:
    """The core permissions that scopes stand for; an unknown scope stands for none."""
    return frozenset(permission for scope in scopes for permission in SCOPES.get(scope, ()))


def permit(call: Call) -> None:
    """Refuse a token that holds none of the scopes of the operation, in the vendor's words."""
    assert call.route is not None, "only a found route is permitted"
    wanted: tuple[str, ...] = call.route.about.scopes
    held: Held = call.more
    if held.scopes.isdisjoint(wanted):
        raise Forbidden("insufficient_scope", scopes=wanted)
