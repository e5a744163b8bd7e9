"""An address that an account has without proof, and somebody who proves it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from tests.core.people import (
    GOOD,
    kinds_sent,
    opened_people,
    proved,
    refused,
)
from tests.core.sign_in import NOW, RIGHT, World
from tests.core.sign_up.person import BOB, person, proved_person
from tests.databases import Databases


@pytest.fixture
async def world(sqlite_databases: Databases) -> AsyncIterator[World]:
    async with opened_people(sqlite_databases.migrated()) as world:
        yield world


async def test_whoever_proves_a_held_address_decides(world: World) -> None:
    """Ann's address was never proved: whoever reads the mail there may have her account by a reset, or the address."""
    bob = await proved_person(world, "ann@example.org")
    view = await bob.view()
    assert (view.state, view.held, view.may_take_over) == ("held", ["email"], True)
    assert await refused(bob.complete()) == "held"
    user = await bob.complete(release_held=True)
    assert user.emails[0].value == "ann@example.org"
    assert user.id != world.ann
    ann = await world.user()
    assert (ann.emails, ann.password is not None) == ([], True)
    assert "address.released" in await world.events()


async def test_nobody_is_told_of_it_who_has_not_proved_it(world: World) -> None:
    bob = await person(world)
    view = await bob.tell(email="ann@example.org", password=GOOD)
    assert (view.state, view.held, view.may_take_over) == ("verify", [], False)
    assert await refused(bob.complete(release_held=True)) == "unproved"
    assert await refused(bob.take_over()) == "not_now"
    assert (await world.user()).emails[0].value == "ann@example.org"


async def test_the_account_itself_can_be_had_by_a_reset(world: World) -> None:
    bob = await proved_person(world, "ann@example.org")
    text = await bob.take_over()
    assert len(text) == 32
    assert [kind for kind in await world.events() if kind.startswith("ticket")] == ["ticket.issued"]


async def test_an_account_that_proved_something_else_keeps_itself_and_is_told(world: World) -> None:
    eve = await world.add(
        "eve@example.org",
        emails=[
            proved("eve@example.org"),
            proved(BOB, primary=False, verified=False, verified_at=None, created_at=NOW + 1),
        ],
    )
    bob = await proved_person(world)
    view = await bob.view()
    assert (view.state, view.may_take_over) == ("held", False)
    assert await refused(bob.take_over()) == "not_now"
    await bob.complete(release_held=True)
    assert [address.value for address in (await world.user(eve)).emails] == ["eve@example.org"]
    assert ("address_removed", "eve@example.org") in await kinds_sent(world)


async def test_reserved_addresses_and_those_of_people_kept_out_stay_where_they_are(world: World) -> None:
    unproved = proved(BOB, verified=False, verified_at=None)
    await world.add(BOB, emails=[replace(unproved, reserved=True)])
    await world.add("out@example.org", emails=[replace(unproved, value="out@example.org")], suspended=True)
    for email in (BOB, "out@example.org"):
        await (await person(world)).tell(email=email, password=GOOD)
    assert await kinds_sent(world) == [("sign_up_exists", BOB), ("sign_up_exists", "out@example.org")]


async def test_the_old_password_of_ann_is_not_hers_any_more_by_name_alone(world: World) -> None:
    """Whoever waits in the released account does not come in under the address that was taken from it."""
    bob = await proved_person(world, "ann@example.org")
    await bob.complete(release_held=True)
    check = world.checks.check_password(world.attempt(), RIGHT)
    assert await refused(check) == "wrong_password"
