"""Power over the server: what each act demands, and that no door leads past those who hold more of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from muster.core.actor import EVERYTHING, WHOLE_TENANT, Actor
from muster.core.actor import Permissions as May
from muster.core.credentials import second_factors
from muster.core.credentials.second_step import require_second_factor
from muster.core.errors import Conflict, NotAllowed, Taken
from muster.core.hub_roles import actions
from muster.core.hub_roles.model import BUILT_IN, POWERS, HubRole, HubRoles, permissions_of
from muster.core.hub_roles.rank import must_outrank
from muster.core.users import actions as users
from muster.core.users import addresses, flags
from muster.core.users.accounts import AccountChange, change_account
from muster.core.users.claim_actions import Subject, change_user_by_claims
from muster.core.users.model import User
from muster.crypto.sealing import Sealer
from muster.crypto.totp import TimeBasedCodes
from muster.importers.acts import keep_person
from muster.importers.record import Person
from tests.core.sign_in import EMAIL, REALM, World, opened_world

SECRETS = Sealer.of(b"k" * 32)


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    async with opened_world(migrated_url) as opened:
        yield opened


def holding(*permissions: str) -> Actor:
    return Actor(kind="client", id="app", door="muster", permissions=frozenset(permissions))


def test_powers_are_permissions_of_the_core() -> None:
    assert set(POWERS) <= EVERYTHING
    assert all(implied <= EVERYTHING and not implied & POWERS.keys() for implied in POWERS.values())
    assert permissions_of(["hub:users"]) > {May.HUB_USERS, May.HUB_USERS_IN_GROUPS, May.USERS_DELETE}
    assert permissions_of(["hub:users_in_groups"]).isdisjoint({May.HUB_USERS, May.HUB_ROLES})
    assert permissions_of([]) == frozenset()


def test_a_role_is_found_without_regard_to_case() -> None:
    roles = HubRoles([HubRole(id="x", name="Help Desk", display_name="Help", powers=[May.HUB_ROLES])])
    assert len(list(roles)) == len(BUILT_IN) + 1
    assert roles.powers_of(["HELP desk", "unknown", "user"]) == {May.HUB_ROLES}
    assert roles.names_with(May.HUB_ROLES) == ["admin", "Help Desk"]


async def test_nobody_changes_the_account_of_somebody_who_may_do_more(world: World) -> None:
    await world.on_ann(actions.set_hub_roles, ["useradmin"])
    everything_but = holding(*(EVERYTHING - POWERS.keys()))
    change = AccountChange(email="mine@example.org")
    for act, args in ((must_outrank, ()), (change_account, (change,))):
        more: dict[str, Any] = {"door": "muster"} if act is change_account else {}
        with pytest.raises(NotAllowed, match="outranked"):
            await world.on_ann(act, *args, actor=everything_but, **more)
    assert (await world.user()).emails[0].value == "ann@example.org"
    own = Actor(
        kind="user",
        id=world.ann,
        door="muster",
        permissions=frozenset({May.SELF_PROFILE}),
        user_id=world.ann,
    )
    changed: User = await world.on_ann(change_account, change, door="muster", actor=own)
    assert [(email.value, email.verified) for email in changed.emails] == [("mine@example.org", False)]


TAKEOVERS: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any]]] = {
    "set_password": (users.set_password, (users.HashedPassword("$2b$", "bcrypt"),), {}),
    "remove_password": (users.remove_password, (), {}),
    "replace_primary": (users.replace_primary, ("email", "mine@example.org"), {}),
    "set_verified": (users.set_verified, ("email", "e"), {"verified": True}),
    "delete_user": (users.delete_user, (), {}),
    "add_address": (addresses.add_address, ("email", "mine@example.org"), {"verified": True, "door": "clerk"}),
    "set_primary": (addresses.set_primary, ("email", "e"), {}),
    "remove_address": (addresses.remove_address, ("email", "e"), {}),
    "replace_all": (
        addresses.replace_all,
        ("email", "mine@example.org"),
        {"verified": True, "reserved": False, "door": "monocloud"},
    ),
    "begin_totp": (second_factors.begin_totp, (SECRETS, TimeBasedCodes()), {}),
    "add_totp": (second_factors.add_totp, ("JBSWY3DPEHPK3PXP", SECRETS), {}),
    "set_factors": (second_factors.set_factors, ([],), {}),
    "remove_factors": (second_factors.remove_factors, (), {}),
    "set_codes": (second_factors.set_codes, ("backup", ["one"]), {}),
    "remove_passkey": (flags.remove_passkey, ("p",), {}),
    "drop_link": (flags.drop_link, ("l",), {}),
    "link": (change_user_by_claims, ({}, Subject(REALM, "them", "https://them.example.org")), {}),
}


@pytest.mark.parametrize("name", TAKEOVERS)
async def test_nothing_that_hands_an_account_over_is_done_to_who_may_do_more(world: World, name: str) -> None:
    await world.on_ann(actions.set_hub_roles, ["useradmin"])
    before = await world.user()
    act, args, more = TAKEOVERS[name]
    with pytest.raises(NotAllowed, match="outranked"):
        await world.on_ann(act, *args, actor=holding(*WHOLE_TENANT), **more)
    assert await world.user() == before


async def test_an_import_changes_nobody_who_may_do_more(world: World) -> None:
    await world.on_ann(actions.set_hub_roles, ["useradmin"])
    before = await world.user()
    person = Person(users.NewUser(origin=before.origin, emails=[users.NewAddress("ann@example.org", verified=True)]))
    with pytest.raises(Conflict, match="user_may_do_more"):
        await world.act(keep_person, REALM, before, person, EMAIL, actor=holding(May.JOBS_IMPORT))
    assert await world.user() == before


async def test_a_power_is_given_and_taken_by_who_holds_it(world: World) -> None:
    manager = holding(May.HUB_USERS, May.HUB_USERS_IN_GROUPS)
    await world.on_ann(actions.set_hub_roles, ["user", "USERADMIN"], actor=manager)
    assert (await world.user()).hub_roles == ["user", "useradmin"]
    with pytest.raises(NotAllowed, match="outranked"):
        await world.on_ann(actions.set_hub_roles, ["admin"], actor=manager)
    await world.on_ann(actions.set_hub_roles, ["admin"])
    with pytest.raises(NotAllowed, match="outranked"):
        await world.on_ann(actions.set_hub_roles, [], actor=manager)
    with pytest.raises(Conflict, match="last_manager"):
        await world.on_ann(actions.set_hub_roles, [])
    with pytest.raises(NotAllowed, match="outranked"):
        await world.act(actions.create_hub_role, "Own", "Own", [May.HUB_DEVICES], actor=holding(May.HUB_ROLES))


async def test_each_act_demands_its_permission(world: World) -> None:
    await world.act(actions.create_hub_role, "Own", "Own", [])
    for act, args in (
        (actions.create_hub_role, ("New", "New", [])),
        (actions.update_hub_role, ("Own", "Other", [])),
        (actions.delete_hub_role, ("Own",)),
    ):
        with pytest.raises(NotAllowed, match="permission_missing"):
            await world.act(act, *args, actor=holding(*(EVERYTHING - {May.HUB_ROLES})))
    with pytest.raises(NotAllowed, match="permission_missing"):
        await world.on_ann(actions.set_hub_roles, [], actor=holding(May.USERS_UPDATE))
    with pytest.raises(NotAllowed, match="permission_missing"):
        await world.on_ann(require_second_factor, required=True, actor=holding(May.USERS_UPDATE))
    with pytest.raises(NotAllowed, match="permission_missing"):
        await world.on_ann(change_account, AccountChange(), door="muster", actor=holding(May.USERS_READ))
    with pytest.raises(Taken):
        await world.act(actions.create_hub_role, "OWN", "Own", [])
