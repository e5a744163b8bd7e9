"""Whether a user may sign in: the administrator's switch, the lockout after failures, the addresses blocked for the user."""

from muster.core.actor import Permissions as May
from muster.core.credentials.locking import clear_address_blocks, unlock
from muster.core.credentials.lockout import blocked_addresses
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.dialects.monocloud.access import DOOR
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.paging import cut, list_reply, parameter
from muster.dialects.monocloud.resources.one_user import read_user, services_of, user_reply, with_user
from muster.dialects.monocloud.resources.passwords import sign_out
from muster.dialects.monocloud.schema.users import DisableUserRequest, UnblockIpRequest
from muster.dialects.monocloud.search.plain import chooser
from muster.dialects.monocloud.validation import body_of
from muster.dialects.monocloud.wire.users import User as ShownUser
from muster.dialects.monocloud.wire.users import UserIpAccessDetails, show_blocked

EVERY_ADDRESS = "all"

_SORTS = {
    "block_until": "block_until",
    "last_sign_in_attempt": "last_sign_in_attempt",
    "last_sign_in_success": "last_sign_in_success",
    "last_login_attempt": "last_sign_in_attempt",
}
"""The third is no member of what is listed, so that it leaves the order as it is."""

_FIELDS = tuple(UserIpAccessDetails.__struct_fields__)


async def disable(call: Call) -> Reply:
    """No sign-in until the user is enabled; sessions go on unless the request ends them."""
    body = body_of(call, DisableUserRequest)
    return await user_reply(call, await with_user(call, _disable, revoke=body.revoke_sessions))


async def _disable(tx: Transaction, user: User, *, revoke: bool) -> User:
    user = await actions.suspend(tx, user, door=DOOR)
    if revoke:
        await sign_out(tx, user)
    return user


async def enable(call: Call) -> Reply:
    """The user may sign in again; a lockout stays."""
    return await user_reply(call, await with_user(call, actions.unsuspend))


async def unblock(call: Call) -> Reply:
    """No lockout any more, and no failures in a row; blocked addresses stay."""
    return await user_reply(call, await with_user(call, unlock))


async def list_blocked(call: Call) -> Reply:
    """The addresses that are blocked for the user at the moment."""
    user = await read_user(call)
    wanted = chooser(parameter(call, "filter"), _FIELDS, ("ip",))
    shown = [show_blocked(block) for block in blocked_addresses(user.activity, services_of(call).clock.now())]
    found = [each for each in shown if wanted({name: getattr(each, name) for name in _FIELDS})]
    items, page = cut(call, found, lambda each, name: getattr(each, name, None), _SORTS)
    return list_reply(items, page, len(found))


async def unblock_ip(call: Call) -> Reply:
    """One address, or all of them, may sign in as the user again."""
    address = body_of(call, UnblockIpRequest).ip_address
    ip = None if address == EVERY_ADDRESS else address
    return await user_reply(call, await with_user(call, clear_address_blocks, ip))


ROUTES = [
    Route(
        "POST",
        "/users/{user_id}/disable",
        disable,
        needs=(May.USERS_SUSPEND,),
        title="disableUser",
        about=Operation(body=DisableUserRequest, answer=ShownUser),
    ),
    Route(
        "POST",
        "/users/{user_id}/enable",
        enable,
        needs=(May.USERS_SUSPEND,),
        title="enableUser",
        about=Operation(answer=ShownUser),
    ),
    Route(
        "POST",
        "/users/{user_id}/unblock",
        unblock,
        needs=(May.USERS_UNLOCK,),
        title="unblockUser",
        about=Operation(answer=ShownUser),
    ),
    Route(
        "GET",
        "/users/{user_id}/blocked_ips",
        list_blocked,
        needs=(May.USERS_READ,),
        title="getAllBlockedIps",
        about=Operation(answer=UserIpAccessDetails, is_list=True, paged=True, sorts=_SORTS, parameters=("filter",)),
    ),
    Route(
        "POST",
        "/users/{user_id}/blocked_ips/unblock",
        unblock_ip,
        needs=(May.USERS_UNLOCK,),
        title="unblockIp",
        about=Operation(body=UnblockIpRequest, answer=ShownUser),
    ),
]
