"""What can be done with groups: make, change, delete them, let users in and out, and ask who is in one.

Whoever lets somebody in expects the group to be there still at the commit. A group's deletion hides it at once; the users who
were in it are cleaned in steps afterwards (`forget_members`), however many there are.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.groups.model import LONGEST_NAME, Group
from muster.core.ids import new_id
from muster.core.query import Is, Order, Page, Query
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import GroupMembership, User
from muster.core.users.shapes import has_control

MOST_GROUPS = 1_000
"""Of a tenant: lists of groups are read whole."""

MOST_MEMBERSHIPS = 200
"""Of one user."""

FORGET_AT_ONCE = 100
"""Users that one step of `forget_members` cleans."""


async def create_group(
    tx: Transaction, name: str, *, description: str | None = None, auto_assigned: bool = False
) -> Group:
    """A new, empty group; `Taken("group_name", …)` at the commit when there is one of that name."""
    tx.actor.must(May.GROUPS_WRITE)
    if len(await tx.records(Group)) >= MOST_GROUPS:
        raise Invalid("too_many_groups", limit=MOST_GROUPS)
    group = Group(id=new_id(tx.now), name=name, description=description, auto_assigned=auto_assigned, created_at=tx.now)
    _check(group)
    tx.note("group.created", group_id=group.id, name=name)
    return tx.insert(group)


async def update_group(tx: Transaction, group_id: str, change: Callable[[Group], Group]) -> Group:
    """A change of one group; `Conflict("built_in_group")`. Who is in it already stays, whatever becomes of `auto_assigned`."""
    tx.actor.must(May.GROUPS_WRITE)
    before = await tx.need(Group, group_id)
    _check_custom(before)
    after = change(before)
    if after == before:
        return before
    _check(after)
    tx.note("group.updated", group_id=group_id, name=after.name)
    return tx.save(after)


async def delete_group(tx: Transaction, group_id: str) -> None:
    """The group is gone for everybody at once; run `forget_members` afterwards until it says that nobody is left."""
    tx.actor.must(May.GROUPS_WRITE)
    group = await tx.need(Group, group_id)
    _check_custom(group)
    tx.delete(group)
    tx.note("group.deleted", group_id=group_id, name=group.name)


async def forget_members(tx: Transaction, group_id: str) -> bool:
    """One step of cleaning up after a deleted group; whether another may be needed."""
    tx.actor.must(May.GROUPS_WRITE)
    if await tx.get(Group, group_id) is not None:
        raise Conflict("group_in_use", id=group_id)
    found = await tx.store.search_users(tx.tenant_id, in_group(group_id), Order(), Page(0, FORGET_AT_ONCE))
    for seen in found:
        user = await tx.get(User, seen.id)
        if user is not None:
            tx.save(_without(user, group_id), quietly=True)
    return len(found) == FORGET_AT_ONCE


async def read_group(store: Store, tenant_id: int, actor: Actor, group_id: str) -> Group:
    """One group; `NotFound("group")`."""
    actor.must(May.GROUPS_READ)
    group = await store.get(tenant_id, Group, group_id)
    if group is None:
        raise NotFound("group", id=group_id)
    return group


async def list_groups(store: Store, tenant_id: int, actor: Actor) -> Sequence[Group]:
    """Every group of the tenant, oldest first."""
    actor.must(May.GROUPS_READ)
    return await store.records(tenant_id, Group)


# -------------------------------------------------------------------------------------------------------------- members


async def join_group(tx: Transaction, user: User, group_id: str) -> tuple[User, GroupMembership]:
    """The user is in the group; one who was already stays since then."""
    tx.actor.must(May.GROUPS_MEMBERS)
    group = await tx.need(Group, group_id)
    tx.expect(group)
    joined = membership_of(user, group_id)
    if joined is not None:
        return user, joined
    return _joined(tx, user, group), GroupMembership(group_id=group_id, joined_at=tx.now)


async def join_auto_assigned(tx: Transaction, user: User) -> User:
    """A new user joins the groups that everybody new joins."""
    for group in await tx.records(Group):
        if group.auto_assigned and membership_of(user, group.id) is None:
            tx.expect(group)
            user = _joined(tx, user, group)
    return user


async def leave_group(tx: Transaction, user: User, group_id: str) -> User:
    """The user is in the group no more; `NotFound("group")`, or `NotFound("membership")` when the user was not in it."""
    tx.actor.must(May.GROUPS_MEMBERS)
    await tx.need(Group, group_id)
    if membership_of(user, group_id) is None:
        raise NotFound("membership", id=group_id)
    tx.note("group.member_removed", user_id=user.id, group_id=group_id)
    return tx.save(_without(user, group_id), quietly=True)


def membership_of(user: User, group_id: str) -> GroupMembership | None:
    """Since when the user is in a group."""
    return next((joined for joined in user.groups if joined.group_id == group_id), None)


def in_group(group_id: str) -> Query:
    """The users of a group, as part of any search."""
    return Is("group", group_id)


async def last_joined(store: Store, tenant_id: int, group_id: str) -> int | None:
    """When the member who came last came (ms UTC); None for a group without members."""
    order = Order(f"group_joined:{group_id}", descending=True)
    found = await store.search_users(tenant_id, in_group(group_id), order, Page(0, 1))
    joined = [membership for user in found if (membership := membership_of(user, group_id)) is not None]
    return joined[0].joined_at if joined else None


def _joined(tx: Transaction, user: User, group: Group) -> User:
    if len(user.groups) >= MOST_MEMBERSHIPS:
        raise Invalid("too_many_memberships", limit=MOST_MEMBERSHIPS)
    tx.note("group.member_added", user_id=user.id, group_id=group.id)
    joined = GroupMembership(group_id=group.id, joined_at=tx.now)
    # Quietly: where somebody belongs is no change of the person.
    return tx.save(replace(user, groups=[*user.groups, joined]), quietly=True)


def _without(user: User, group_id: str) -> User:
    return replace(user, groups=[joined for joined in user.groups if joined.group_id != group_id])


def _check(group: Group) -> None:
    name = group.name
    if not 1 <= len(name) <= LONGEST_NAME or name != name.strip() or has_control(name):
        raise Invalid("group_name_malformed")


def _check_custom(group: Group) -> None:
    if group.kind == "built_in":
        raise Conflict("built_in_group", id=group.id)
