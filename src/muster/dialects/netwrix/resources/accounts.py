"""Whom a request is about, and whether the caller may do that to them."""

from typing import NamedTuple

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound
from muster.core.groups.model import Group
from muster.core.hub_roles.rank import must_outrank
from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import Forbidden
from muster.dialects.netwrix.access import may_reach, signed_in
from muster.dialects.netwrix.wire.names import Names, names_of
from muster.dialects.netwrix.wire.users import View


class Found(NamedTuple):
    """A user, and by which of their names they were found."""

    user: User
    who: UserId | Key


async def view_of(call: Call) -> View:
    """What it takes to show users."""
    names = await names_of(call.store, call.tenant_id)
    groups = {group.id: group for group in await call.store.records(call.tenant_id, Group)}
    return View(names, signed_in(call).roles, groups, call.services.clock.now())


async def look_up(store: Store, tenant_id: int, names: Names, name: str) -> Found | None:
    """The user of a name, operators' own accounts among them."""
    for realm_id, who in names.meant(name):
        if isinstance(who, Key):
            user = await store.find(tenant_id, User, who)
        else:
            user = await store.get(tenant_id, User, who)
            user = user if user is not None and user.realm == realm_id else None
        if user is not None:
            return Found(user, who)
    return None


async def read_account(call: Call, names: Names, name: str) -> User:
    """The user of a name as the caller may see it: their own account, or one that they manage."""
    found = await look_up(call.store, call.tenant_id, names, name)
    return _allowed(call, None if found is None else found.user)


async def account(tx: Transaction, call: Call, names: Names, name: str, *, own: bool = True) -> User:
    """The user that an act is about: one that the caller manages and does not rank below, or if `own` themself.

    `Forbidden` for everybody else; that there is no such user is told only to who manages every one.
    """
    found = await look_up(tx.store, tx.tenant_id, names, name)
    if found is None:
        return _allowed(call, None)
    user = await tx.need(User, found.user.id)
    if user.id == call.caller.user_id and not own:
        raise Forbidden("own_account")
    _allowed(call, user)
    await must_outrank(tx, user)
    return user


def _allowed(call: Call, user: User | None) -> User:
    if user is None:
        if call.caller.may(May.HUB_USERS):
            raise NotFound("user")
        raise Forbidden("permission_missing")
    if user.id != call.caller.user_id and not may_reach(call, user):
        raise Forbidden("permission_missing")
    return user
