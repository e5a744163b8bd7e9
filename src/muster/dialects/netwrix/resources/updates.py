"""Users: update what is stored of them, and reset what they have set for themselves."""

from typing import Any

from msgspec import UNSET

from muster.core.actor import Permissions as May
from muster.core.credentials.locking import clear_address_blocks, lock, unlock
from muster.core.credentials.second_step import require_second_factor
from muster.core.errors import Invalid
from muster.core.groups.naming import group_ids, set_groups
from muster.core.hub_roles.actions import set_hub_roles
from muster.core.transaction import Transaction
from muster.core.users.accounts import AccountChange, change_account
from muster.core.users.model import User
from muster.core.users.shapes import username_key
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import Forbidden
from muster.dialects.kit.reply import Reply, empty
from muster.dialects.netwrix.access import may_reach, signed_in
from muster.dialects.netwrix.operation import Operation, both, request_of, required
from muster.dialects.netwrix.resources.accounts import account, view_of
from muster.dialects.netwrix.schema import users as schema
from muster.dialects.netwrix.wire.binding import Bound
from muster.dialects.netwrix.wire.users import DATE_FORMATS, OWN_MEMBERS, TIME_ZONE, View, own_members

_ONE_S_OWN = frozenset({"FirstName", "SecondName", "Email", *OWN_MEMBERS})
"""What people may change of their own account."""

_FINDS_THE_USER = frozenset({"UserName", "Version"})


async def update(call: Call) -> Reply:
    """What was sent replaces what is stored; what was not stays. A member that is sent as it is shown changes nothing."""
    details: Bound = request_of(call).get("UserDetails") or {}
    if not details.get("UserName"):
        required({}, "UserDetails.UserName")
    await call.act(_update, call, await view_of(call), details)
    return empty()


async def _update(tx: Transaction, call: Call, view: View, details: Bound) -> None:
    user = await account(tx, call, view.names, details["UserName"])
    shown = view.show(user)
    if details.get("Id", user.seq) != user.seq:
        raise Invalid("id_mismatch")
    changes = {name: value for name, value in details.items() if not _is_shown(shown, name, value)}
    manages = may_reach(call, user)
    if not manages and not changes.keys() <= _ONE_S_OWN:
        raise Forbidden("permission_missing")
    user = await change_account(tx, user, _account_change(user, changes), door="netwrix")
    if not manages:
        return
    if "Roles" in changes:
        user = await set_hub_roles(tx, user, changes["Roles"])
    if "Groups" in changes:
        everywhere = tx.actor.may(May.HUB_USERS)
        mine = None if everywhere else group_ids(signed_in(call).user)
        user = await set_groups(tx, user, changes["Groups"], only=mine)
    if "TwoFactorRequired" in changes:
        user = await require_second_factor(tx, user, required=changes["TwoFactorRequired"])
    if changes.get("Locked") is True:
        await lock(tx, user, until=call.services.settings.manual_lock_until(tx.now))
    elif changes.get("Locked") is False:
        await clear_address_blocks(tx, await unlock(tx, user))


def _is_shown(shown: dict[str, Any], name: str, value: Any) -> bool:
    """Whether a member was sent as it is shown, so that a client may send back what it has read."""
    if name in _FINDS_THE_USER or value == shown.get(name):
        return True
    if name in ("Roles", "Groups", "Permissions"):
        return sorted(map(username_key, value)) == sorted(map(username_key, shown[name]))
    return value in ("", []) and shown.get(name) is None


def _account_change(user: User, changes: Bound) -> AccountChange:
    profile = {
        member: changes[name] or None
        for name, member in (("FirstName", "given_name"), ("SecondName", "family_name"))
        if name in changes
    }
    vendor = None
    if not changes.keys().isdisjoint(OWN_MEMBERS):
        sent = {name: changes[name] for name in OWN_MEMBERS if name in changes}
        vendor = {name: value for name, value in {**own_members(user), **sent}.items() if value}
    email = (changes["Email"] or None) if "Email" in changes else UNSET
    return AccountChange(profile=profile, email=email, vendor=vendor)


async def reset(call: Call) -> Reply:
    """The default state: formats, zone and interface as for a new user; by an administrator also no lock and no failures.

    Name, password, roles, groups, notifications and the second factor stay.
    """
    request = request_of(call)
    required(request, "UserName")
    await call.act(_reset, call, await view_of(call), request["UserName"])
    return empty()


async def _reset(tx: Transaction, call: Call, view: View, name: str) -> None:
    user = await account(tx, call, view.names, name)
    kept = {name: value for name, value in own_members(user).items() if name not in (DATE_FORMATS, TIME_ZONE)}
    user = await change_account(tx, user, AccountChange(vendor=kept), door="netwrix")
    if may_reach(call, user):
        await clear_address_blocks(tx, await unlock(tx, user))


ROUTES = [
    *both("/users/update/", update, Operation(request=schema.UPDATE_USER)),
    *both("/users/reset/", reset, Operation(request=schema.RESET_USER)),
]
