"""Users: add, show, list, delete."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from muster.core.actor import Permissions as May
from muster.core.credentials.locking import lock
from muster.core.credentials.second_step import require_second_factor
from muster.core.errors import Invalid, Taken
from muster.core.groups.model import Group
from muster.core.groups.naming import group_ids, group_names, set_groups
from muster.core.hub_roles.actions import keep_a_manager, set_hub_roles
from muster.core.hub_roles.model import DEFAULT_ROLE
from muster.core.transaction import Transaction
from muster.core.users.actions import HashedPassword, NewAddress, NewUser, create_user, delete_user
from muster.core.users.model import MustChange, Origin, Profile, User
from muster.core.users.shapes import username_key
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import Forbidden
from muster.dialects.kit.reply import JSON, Reply, empty, json_reply
from muster.dialects.netwrix.access import MANAGES, may_reach, signed_in
from muster.dialects.netwrix.operation import Operation, both, request_of, required
from muster.dialects.netwrix.resources.accounts import account, look_up, read_account, view_of
from muster.dialects.netwrix.resources.new_passwords import checked, generated, hashed
from muster.dialects.netwrix.schema import users as schema
from muster.dialects.netwrix.services import DAY, Services
from muster.dialects.netwrix.wire.binding import Bound
from muster.dialects.netwrix.wire.names import RESERVED, SEPARATOR, Names, names_of
from muster.dialects.netwrix.wire.users import OWN_MEMBERS, VENDOR, View

AT_ONCE: Final = 200
"""Users of a list that are shown before others get their turn."""


async def add(call: Call) -> Reply:
    """A user of the default realm. Without a password the server makes one, tells it now, and wants it changed."""
    request = request_of(call)
    details: Bound = request.get("UserDetails") or {}
    if not details.get("UserName"):
        required({}, "UserDetails.UserName")
    services: Services = call.services
    password, chosen = request.get("Password"), None
    if not password:
        password = chosen = generated(services.settings)
    elif not request.get("SkipCheck"):
        checked(services.settings, password)
    names = await names_of(call.store, call.tenant_id)
    await _check_name(call, names, details["UserName"])
    temporary = services.clock.now() + services.settings.temporary_days * DAY if chosen else None
    made = await call.act(_add, call, names, details, await hashed(services, password), temporary)
    user = await call.store.get(call.tenant_id, User, made.id)  # with its number
    if user is None:
        raise Invalid("user_gone")
    shown = (await view_of(call)).show(user)
    return json_reply(200, {**shown, "GeneratedPassword": chosen} if chosen else shown)


async def _check_name(call: Call, names: Names, name: str) -> None:
    key = username_key(name)
    if SEPARATOR in name:
        raise Invalid("username_malformed")
    if key in RESERVED:
        raise Invalid("username_reserved")
    found = await look_up(call.store, call.tenant_id, names, name)
    if found is not None and found.user.internal:
        raise Taken("username", name)


async def _add(
    tx: Transaction, call: Call, names: Names, details: Bound, password: HashedPassword, change_by: int | None
) -> User:
    limited = not tx.actor.may(May.HUB_USERS)
    mine = group_ids(signed_in(call).user) if limited else None
    email = details.get("Email")
    user = await create_user(
        tx,
        names.default,
        NewUser(
            origin=Origin(door="netwrix"),
            emails=[NewAddress(email)] if email else [],
            username=details["UserName"],
            profile=Profile(given_name=details.get("FirstName") or None, family_name=details.get("SecondName") or None),
            password=password,
            must_change=None if change_by is None else MustChange(by=change_by, why="temporary"),
            vendor=_vendor(details),
        ),
    )
    user = await set_hub_roles(tx, user, details.get("Roles", [DEFAULT_ROLE]))
    everybody_s = group_names(user, {group.id: group for group in await tx.records(Group)})
    user = await set_groups(tx, user, [*everybody_s, *details.get("Groups", [])], only=mine)
    if limited and not may_reach(call, user):
        raise Forbidden("permission_missing")  # in none of the caller's groups: out of reach as soon as it is there
    if details.get("TwoFactorRequired"):
        user = await require_second_factor(tx, user, required=True)
    if details.get("Locked"):
        user = await lock(tx, user, until=call.services.settings.manual_lock_until(tx.now))
    return user


def _vendor(details: Bound) -> dict[str, Any]:
    own = {name: details[name] for name in OWN_MEMBERS if details.get(name)}
    return {VENDOR: own} if own else {}


async def details(call: Call) -> Reply:
    """One user: one's own details, or those of somebody whom one manages."""
    view = await view_of(call)
    user = await read_account(call, view.names, request_of(call)["UserName"])
    return json_reply(200, view.show(user))


async def list_(call: Call) -> Reply:
    """Every user whom the caller manages, in one bare array however many there are: it is sent as it is read."""
    request_of(call)
    return Reply(200, headers=(JSON,), chunks=_array(call, await view_of(call)))


async def _array(call: Call, view: View) -> AsyncIterator[bytes]:
    encoder = msgspec.json.Encoder()
    opening = b"["
    shown: list[bytes] = []
    async for user in _all(call):
        if may_reach(call, user):
            shown.append(encoder.encode(view.show(user)))
        if len(shown) == AT_ONCE:
            yield opening + b",".join(shown)
            shown, opening = [], b","
            await asyncio.sleep(0)
    yield (opening if shown or opening == b"[" else b"") + b",".join(shown) + b"]"


async def _all(call: Call) -> AsyncIterator[User]:
    """Operators' accounts and users by their numbers: the few first are put among the many as these come."""
    operators = list(reversed(await call.store.internal_users(call.tenant_id)))
    async for user in call.store.export_users(call.tenant_id):
        while operators and operators[-1].seq < user.seq:
            yield operators.pop()
        yield user
    while operators:
        yield operators.pop()


async def delete(call: Call) -> Reply:
    """A user goes for good, with every session; never oneself, an operator's account, or the last who manages users."""
    request = request_of(call)
    required(request, "UserName")
    names = await names_of(call.store, call.tenant_id)
    await call.act(_delete, call, names, request["UserName"])
    return empty()


async def _delete(tx: Transaction, call: Call, names: Names, name: str) -> None:
    user = await account(tx, call, names, name, own=False)
    if user.internal:
        raise Forbidden("system_account")
    await delete_user(tx, user)
    if user.hub_roles:
        await keep_a_manager(tx)


ROUTES = [
    *both("/users/add/", add, Operation(request=schema.ADD_USER, answer=schema.USER_DETAILS), needs=MANAGES),
    *both("/users/delete/", delete, Operation(request=schema.DELETE_USER), needs=MANAGES),
    *both("/users/{UserName}", details, Operation(request=schema.GET_USER, answer=schema.USER_DETAILS)),
    *both(
        "/users/",
        list_,
        Operation(request=schema.GET_USER_LIST, answer=schema.USER_DETAILS, is_list=True),
        needs=MANAGES,
    ),
]
