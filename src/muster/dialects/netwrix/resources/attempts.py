"""Attempts at being somebody, as `core/credentials` counts them. Operators' own accounts sign in here."""

from muster.core.credentials.attempts import Attempt, stranger
from muster.dialects.kit.call import Call
from muster.dialects.netwrix.access import DOOR, signed_in
from muster.dialects.netwrix.resources.accounts import look_up
from muster.dialects.netwrix.services import Services
from muster.dialects.netwrix.wire.names import Names


async def attempt_as(call: Call, names: Names, name: str) -> Attempt:
    """An attempt at being the user of that name, who need not exist."""
    found = await look_up(call.store, call.tenant_id, names, name)
    services: Services = call.services
    return Attempt(
        tenant_id=call.tenant_id,
        actor=stranger(DOOR),
        who=names.nobody(name) if found is None else found.who,
        policy=services.settings.locks(),
        context=call.context,
        internal=True,
    )


def own_attempt(call: Call) -> Attempt:
    """An attempt of the caller to prove once more who they are."""
    services: Services = call.services
    return Attempt(
        tenant_id=call.tenant_id,
        actor=call.caller,
        who=signed_in(call).user.id,
        policy=services.settings.locks(),
        context=call.context,
        internal=True,
    )
