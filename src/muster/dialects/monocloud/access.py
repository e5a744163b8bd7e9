"""This vendor's credential → `Actor`: a key in the header `X-API-KEY`, which holds everything unless it was made for less."""

from typing import Final

from muster.core.actor import WHOLE_TENANT, Actor
from muster.core.api_keys.actions import find_api_key
from muster.dialects.kit.call import Call, Caller
from muster.dialects.kit.errors import Forbidden, Unauthorized
from muster.dialects.monocloud.services import Services

DOOR: Final = "monocloud"

LONGEST_KEY = 256

REMEMBERED_MS = 3_600_000
"""How long a checked key is remembered without asking again; a revoked one is forgotten at once."""


async def authenticate(call: Call) -> Caller[None]:
    """The caller of a request by its key, which must be one of this very tenant's."""
    key = call.header(b"x-api-key")
    if not key:
        raise Unauthorized("missing")
    services: Services = call.services
    now = services.clock.now()
    epoch = await services.epochs.current(call.tenant_id)
    caller = services.checked.get(call.tenant_id, epoch, key, now)
    if caller is None:
        caller = await _check(call, key)
        services.checked.keep(call.tenant_id, epoch, key, now + REMEMBERED_MS, caller)
    return caller


async def _check(call: Call, key: bytes) -> Caller[None]:
    if len(key) > LONGEST_KEY or not key.isascii():
        raise Unauthorized("unknown")
    found = await find_api_key(call.store, call.tenant_id, key.decode(), door=DOOR)
    if found is None:
        raise Unauthorized("unknown")
    permissions = WHOLE_TENANT if found.permissions is None else frozenset(found.permissions)
    return Caller(call.tenant_id, Actor(kind="client", id=found.id, door=DOOR, permissions=permissions), None)


def permit(call: Call) -> None:
    """Refuse a key that was made for less than the operation."""
    needs = call.route.needs if call.route is not None else None
    if needs is None or not call.caller.may(*needs):
        raise Forbidden("permission_missing")
