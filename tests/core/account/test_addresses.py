"""Adding an address is proving it: what is sent, what a stranger cannot learn or take, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from muster.core.account.access import RECENT
from muster.core.account.addresses import (
    Pending,
    add_address,
    cancel_address,
    make_primary,
    pending_addresses,
    prove_address,
    remove_address,
)
from muster.core.sessions.actions import Started
from muster.core.settings.model import SETTINGS_ID, Restriction, SignInSettings
from muster.core.store import Change, Unit
from muster.core.users.model import Verification
from tests.core.people import kinds_sent, last_code, opened_people, own, proved, refused, sign_in
from tests.core.sign_in import NOW, World
from tests.databases import Databases

BOB, NEW, PHONE = "bob@example.org", "new@example.org", "+41790000000"


@pytest.fixture
async def world(sqlite_databases: Databases) -> AsyncIterator[World]:
    async with opened_people(sqlite_databases.migrated()) as world:
        world.ann = await world.add(BOB, emails=[proved(BOB)])
        yield world


@pytest.fixture
async def session(world: World) -> Started:
    return await sign_in(world, world.ann)


async def test_an_address_is_the_users_once_it_is_proved(world: World, session: Started) -> None:
    pending = await own(world, session, add_address, "email", " New@Example.org")
    assert pending == Pending(id=pending.id, kind="email", value=NEW, expires_at=NOW + 600_000, again_at=NOW + 30_000)
    assert await pending_addresses(world.store, world.tenant_id, await world.user(), NOW) == [pending]
    assert [address.value for address in (await world.user()).emails] == [BOB]
    user, address = await own(world, session, prove_address, pending.id, await last_code(world, NEW))
    assert (address.value, address.verified, address.primary) == (NEW, True, False)
    assert address.verification == Verification(method="code")
    assert await pending_addresses(world.store, world.tenant_id, user, NOW) == []
    assert await kinds_sent(world) == [("address_added", BOB), ("verification_code", NEW)]
    assert await refused(own(world, session, prove_address, pending.id, "0")) == "pending"
    assert await refused(own(world, session, add_address, "email", NEW)) == "already_own"

    user = await own(world, session, make_primary, "email", address.id)
    assert [(each.value, each.primary) for each in user.emails] == [(NEW, True), (BOB, False)]
    assert ("address_changed", BOB) in await kinds_sent(world)
    user = await own(world, session, remove_address, "email", user.emails[1].id)
    assert [each.value for each in user.emails] == [NEW]
    assert ("address_removed", BOB) in await kinds_sent(world)
    assert await refused(own(world, session, remove_address, "email", "nothing")) == "email"


async def test_a_phone_number_too(world: World, session: Started) -> None:
    pending = await own(world, session, add_address, "phone", PHONE)
    user, number = await own(world, session, prove_address, pending.id, await last_code(world, PHONE))
    assert [(each.value, each.verified, each.primary) for each in user.phones] == [(PHONE, True, True)]
    assert (await own(world, session, remove_address, "phone", number.id)).phones == []


async def test_what_may_not_be_asked(world: World, session: Started) -> None:
    settings = await world.store.get(world.tenant_id, SignInSettings, SETTINGS_ID)
    assert settings is not None
    after = replace(settings, version=2, blocked=Restriction(enabled=True, values=["evil.com"]))
    await world.store.commit(Unit(world.tenant_id, [Change(settings, after)]))
    for value, why in (("x@evil.com", "not_allowed_here"), ("nonsense", "identifier_malformed"), (BOB, "already_own")):
        assert await refused(own(world, session, add_address, "email", value)) == why
    await own(world, session, add_address, "email", NEW)
    assert await refused(own(world, session, add_address, "email", NEW)) == "code_sent"
    for _ in range(5):
        world.clock.turn(ms=30_000)
        await own(world, session, add_address, "email", NEW)
    world.clock.turn(ms=30_000)
    assert await refused(own(world, session, add_address, "email", NEW)) == "too_many_sent"
    world.clock.turn(ms=RECENT)
    assert await refused(own(world, session, add_address, "email", "other@example.org")) == "reauthenticate"


async def test_codes_are_tried_a_few_times_and_every_failure_counts(world: World, session: Started) -> None:
    pending = await own(world, session, add_address, "email", NEW)
    code = await last_code(world, NEW)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert await refused(own(world, session, prove_address, pending.id, wrong)) == "wrong_code"
    assert (await world.activity()).failures == 5
    assert await refused(own(world, session, prove_address, pending.id, code)) == "wrong_code"
    world.clock.turn(ms=30_000)
    pending = await own(world, session, add_address, "email", NEW)
    for _ in range(4):
        assert await refused(own(world, session, prove_address, pending.id, "x")) == "wrong_code"
    code = await last_code(world, NEW)
    assert await refused(own(world, session, prove_address, pending.id, code)) == "address_blocked"


async def test_a_taken_address_looks_like_any_other(world: World, session: Started) -> None:
    await world.add("taken@example.org", emails=[proved("taken@example.org")])
    free = await own(world, session, add_address, "email", NEW)
    taken = await own(world, session, add_address, "email", "taken@example.org")
    assert replace(taken, id="", value="") == replace(free, id="", value="")
    assert await kinds_sent(world) == [("address_in_use", "taken@example.org"), ("verification_code", NEW)]
    assert await refused(own(world, session, prove_address, taken.id, "000000")) == "wrong_code"
    assert await refused(own(world, session, prove_address, free.id, "000000")) == "pending"  # the last wish counts


async def test_an_address_held_without_proof_is_taken_only_by_decision(world: World, session: Started) -> None:
    pending = await own(world, session, add_address, "email", "ann@example.org")
    code = await last_code(world, "ann@example.org")
    assert await refused(own(world, session, prove_address, pending.id, code)) == "held"
    user, _ = await own(world, session, prove_address, pending.id, code, release_it=True)
    assert [each.value for each in user.emails] == [BOB, "ann@example.org"]


async def test_an_own_address_is_proved_where_it_stands(world: World) -> None:
    world.ann = await world.add("carl@example.org")
    session = await sign_in(world, world.ann)
    assert await refused(own(world, session, add_address, "email", NEW)) == "verify_first"
    pending = await own(world, session, add_address, "email", "carl@example.org")
    user, address = await own(world, session, prove_address, pending.id, await last_code(world, "carl@example.org"))
    assert (len(user.emails), address.verified, address.id) == (1, True, "e")
    assert await refused(own(world, session, add_address, "email", NEW)) == "done"


async def test_the_last_address_and_the_last_proof_stay(world: World) -> None:
    world.ann = await world.add("carl@example.org", emails=[proved("carl@example.org")], password=None)
    session = await sign_in(world, world.ann)
    only = (await world.user()).emails[0].id
    assert await refused(own(world, session, remove_address, "email", only)) == "last_way_in"
    unproved = proved("x@example.org", primary=False, verified=False, verified_at=None, created_at=NOW + 1)
    world.ann = await world.add("dora@example.org", emails=[proved("dora@example.org"), unproved])
    session = await sign_in(world, world.ann)
    emails = (await world.user()).emails
    assert await refused(own(world, session, remove_address, "email", emails[0].id)) == "last_verified"
    assert await refused(own(world, session, make_primary, "email", emails[1].id)) == "not_verified"
    assert await refused(own(world, session, remove_address, "email", emails[1].id)) == "done"


async def test_a_wish_is_given_up(world: World, session: Started) -> None:
    pending = await own(world, session, add_address, "email", NEW)
    await own(world, session, cancel_address, pending.id)
    assert await refused(own(world, session, cancel_address, pending.id)) == "pending"
    eve = await sign_in(world, await world.add("eve@example.org", emails=[proved("eve@example.org")]))
    pending = await own(world, session, add_address, "email", "third@example.org")
    assert (
        await refused(own(world, eve, prove_address, pending.id, await last_code(world, "third@example.org")))
        == "pending"
    )


async def test_of_two_who_prove_one_address_one_gets_it(migrated_url: str) -> None:
    async with opened_people(migrated_url) as world:
        both = []
        for name in ("bob", "carl"):
            email = f"{name}@example.org"
            session = await sign_in(world, await world.add(email, emails=[proved(email)]))
            pending = await own(world, session, add_address, "email", NEW)
            both.append(own(world, session, prove_address, pending.id, await last_code(world, NEW)))
            world.clock.turn(ms=1)
        assert sorted(await asyncio.gather(*map(refused, both))) == ["done", "taken"]
