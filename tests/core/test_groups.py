"""Groups as acts: who may, what is counted, and what is left when one goes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Taken
from muster.core.groups import actions
from muster.core.groups.model import Group
from muster.core.transaction import Transaction
from muster.core.users.model import GroupMembership, User
from tests.core.sign_in import NOW, World, opened_world


@pytest.fixture
async def here(migrated_url: str):  # type: ignore[no-untyped-def]
    async with opened_world(migrated_url) as made:
        yield made


def who_may(*permissions: str) -> Actor:
    return Actor(kind="client", id="a", door="muster", permissions=frozenset(permissions))


async def test_each_act_needs_its_permission(here: World) -> None:
    group = await here.act(actions.create_group, "Staff")
    acts: tuple[tuple[Any, tuple[Any, ...]], ...] = (
        (actions.create_group, ("x",)),
        (actions.update_group, (group.id, lambda before: before)),
        (actions.delete_group, (group.id,)),
        (actions.forget_members, (group.id,)),
    )
    for act, args in acts:
        with pytest.raises(NotAllowed):
            await here.act(act, *args, actor=who_may(May.GROUPS_READ, May.GROUPS_MEMBERS))
    members: tuple[Any, ...] = (actions.join_group, actions.leave_group)
    for act in members:
        with pytest.raises(NotAllowed):
            await here.on_ann(act, group.id, actor=who_may(May.GROUPS_READ, May.GROUPS_WRITE))
    with pytest.raises(NotAllowed):
        await actions.list_groups(here.store, here.tenant_id, who_may(May.GROUPS_WRITE))
    with pytest.raises(NotAllowed):
        await actions.read_group(here.store, here.tenant_id, who_may(May.GROUPS_WRITE), group.id)


async def test_a_name_is_unique_without_regard_to_case(here: World) -> None:
    await here.act(actions.create_group, "Straße")
    with pytest.raises(Taken):
        await here.act(actions.create_group, "STRASSE")
    for wrong in ("", " a", "a\n", "x" * 257):
        with pytest.raises(Invalid):
            await here.act(actions.create_group, wrong)


async def test_joining_twice_keeps_the_first_time(here: World) -> None:
    group = await here.act(actions.create_group, "Staff")
    joined = None
    for _ in range(2):
        _, joined = await here.on_ann(actions.join_group, group.id)
        assert joined == GroupMembership(group_id=group.id, joined_at=NOW)
        here.clock.turn(seconds=1)
    user = await here.user()
    assert (user.groups, user.updated_at) == ([joined], NOW)
    assert await here.store.count_users(here.tenant_id, actions.in_group(group.id)) == 1
    assert await actions.last_joined(here.store, here.tenant_id, group.id) == NOW
    await here.on_ann(actions.leave_group, group.id)
    with pytest.raises(NotFound):
        await here.on_ann(actions.leave_group, group.id)
    assert await actions.last_joined(here.store, here.tenant_id, group.id) is None


async def test_a_user_is_in_so_many_groups_at_most(here: World) -> None:
    group = await here.act(actions.create_group, "Staff")

    async def fill(tx: Transaction, user: User) -> None:
        full = [GroupMembership(group_id=str(n), joined_at=0) for n in range(actions.MOST_MEMBERSHIPS)]
        tx.save(replace(user, groups=full))

    await here.on_ann(fill)
    with pytest.raises(Invalid) as refused:
        await here.on_ann(actions.join_group, group.id)
    assert refused.value.code == "too_many_memberships"


async def test_a_deleted_group_is_forgotten_in_steps(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "FORGET_AT_ONCE", 2)
    group = await here.act(actions.create_group, "Staff")
    with pytest.raises(Conflict):
        await here.act(actions.forget_members, group.id)
    for number in range(3):
        user_id = await here.add(f"u{number}@example.org")

        async def join(tx: Transaction, id_: str = user_id) -> None:
            await actions.join_group(tx, await tx.need(User, id_), group.id)

        await here.act(join)
    await here.act(actions.delete_group, group.id)
    steps = [await here.act(actions.forget_members, group.id) for _ in range(2)]
    assert steps == [True, False]
    assert await here.store.count_users(here.tenant_id, actions.in_group(group.id)) == 0


async def test_a_built_in_group_stays_as_it_is(here: World) -> None:
    async def make(tx: Transaction) -> Group:
        return tx.insert(Group(id="b" * 32, name="Built", kind="built_in", created_at=NOW))

    group = await here.act(make)
    for act, args in ((actions.delete_group, ()), (actions.update_group, (lambda before: before,))):
        with pytest.raises(Conflict) as refused:
            await here.act(act, group.id, *args)
        assert refused.value.code == "built_in_group"


async def test_new_users_join_what_everybody_joins(here: World) -> None:
    group = await here.act(actions.create_group, "All", auto_assigned=True)
    await here.act(actions.create_group, "Some")
    user = await here.on_ann(actions.join_auto_assigned)
    assert [joined.group_id for joined in user.groups] == [group.id]
