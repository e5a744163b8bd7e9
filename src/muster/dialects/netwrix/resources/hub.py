"""What else the contract asks beside users: the caller's password, time zones, and the administrator's way back in."""

import asyncio
from functools import cache
from zoneinfo import available_timezones

from muster.core.users.model import Document
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import Forbidden
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.netwrix.access import signed_in
from muster.dialects.netwrix.operation import Operation, both, request_of
from muster.dialects.netwrix.schema import sessions as schema
from muster.dialects.netwrix.schema.fields import Flag, Free


async def has_changed_password(call: Call) -> Reply:
    """Whether the caller has replaced a password that somebody else chose."""
    request_of(call)
    return json_reply(200, signed_in(call).user.must_change is None)


async def time_zones(call: Call) -> Reply:
    """The names of the IANA time zone database, as this machine has it; reading them the first time takes a while."""
    request_of(call)
    return json_reply(200, await asyncio.to_thread(_zones))


@cache
def _zones() -> list[Document]:
    return [{"Id": name} for name in sorted(available_timezones() | {"UTC"})]


async def reset_admin_password(_: Call) -> Reply:
    """Never over the network: a call from this very machine may come through a proxy, or from a web page open on it."""
    raise Forbidden("local_console")


_RESET = Operation(request=schema.RESET_ADMIN_PASSWORD, answer=Free())

ROUTES = [
    *both(
        "/userHasChangedPassword",
        has_changed_password,
        Operation(
            request=schema.USER_HAS_CHANGED_PASSWORD,
            answer=Flag(),
            while_waiting=True,
        ),
    ),
    *both(
        "/timezones",
        time_zones,
        Operation(request=schema.GET_TIME_ZONE_IDS, answer=schema.TIME_ZONE_DETAIL, is_list=True),
    ),
    *both("/resetAdminPassword", reset_admin_password, _RESET, needs=None),
    *both("/resetAdminPassword/{AdminName}", reset_admin_password, _RESET, needs=None),
    *both("/resetAdminPassword/{OrganizationId}/{AdminName}", reset_admin_password, _RESET, needs=None),
]
