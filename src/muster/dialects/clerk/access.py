"""The secret key → `Actor`. A key stands for the whole tenant, so it holds whatever this API can do."""

from typing import Final, NamedTuple

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.api_keys.actions import find_api_key
from muster.dialects.clerk.services import Services
from muster.dialects.clerk.versions import version_of
from muster.dialects.clerk.wire.ids import DOOR
from muster.dialects.kit.call import Call, Caller
from muster.dialects.kit.errors import Unauthorized

PERMISSIONS: Final = frozenset(
    {
        May.USERS_READ,
        May.USERS_CREATE,
        May.USERS_UPDATE,
        May.USERS_UPDATE_PRIVATE,
        May.USERS_DELETE,
        May.USERS_READ_TOKENS,
        May.USERS_SUSPEND,
        May.USERS_UNLOCK,
        May.PASSWORDS_SET,
        May.PASSWORDS_CHECK,
        May.FACTORS_READ,
        May.FACTORS_WRITE,
        May.FACTORS_CLEAR,
        May.SESSIONS_READ,
        May.SESSIONS_CREATE,
        May.SESSIONS_REVOKE,
        May.ORGS_READ,
        May.ORGS_WRITE,
        May.ORGS_MEMBERS,
        May.ORGS_INVITE,
        May.APPS_READ,
        May.APPS_WRITE,
    }
)

KEPT_FOR: Final = 3_600_000
"""Milliseconds until a checked key is looked up again; one that is revoked is forgotten at once, by the epoch."""

_LONGEST_KEY: Final = 512


class Held(NamedTuple):
    """The version that the call asks for."""

    version: str


async def authenticate(call: Call) -> Caller[Held]:
    """The caller by the secret key in the Authorization header, and the version of the API that is meant."""
    key = _bearer(call)
    services: Services = call.services
    now = services.clock.now()
    epoch = await services.epochs.current(call.tenant_id)
    known = services.checked.get(call.tenant_id, epoch, key, now)
    if known is None:
        known = await _check(call, key)
        services.checked.keep(call.tenant_id, epoch, key, now + KEPT_FOR, known)
    return Caller(known.tenant_id, known.actor, Held(version_of(call)))


def _bearer(call: Call) -> bytes:
    scheme, _, key = (call.header(b"authorization") or b"").partition(b" ")
    if scheme.lower() != b"bearer" or not key.strip():
        raise Unauthorized("header")
    return key.strip()


async def _check(call: Call, key: bytes) -> Caller[None]:
    if len(key) > _LONGEST_KEY or not key.isascii():
        raise Unauthorized("key")
    found = await find_api_key(call.store, call.tenant_id, key.decode(), door=DOOR)
    if found is None:
        raise Unauthorized("key")
    held = PERMISSIONS if found.permissions is None else PERMISSIONS & frozenset(found.permissions)
    return Caller(call.tenant_id, Actor(kind="client", id=found.id, door=DOOR, permissions=held), None)


def permit(call: Call) -> None:
    """Refuse a key that was given less than the operation needs."""
    assert call.route is not None, "only a found route is permitted"
    if call.route.needs:
        call.caller.must(*call.route.needs)
