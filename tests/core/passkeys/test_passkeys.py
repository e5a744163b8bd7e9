"""Signing in with a passkey: who it is, what is counted, and every answer that is taken once or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from muster.core.account.passkeys import OwnPasskeys, remove_passkey, rename_passkey
from muster.core.credentials.lockout import LockPolicy
from muster.core.passkeys.actions import PasskeyChecks, last_used, sign_count
from muster.core.passkeys.model import RelyingParty
from muster.core.sessions.actions import Started
from muster.core.users import actions as users
from muster.crypto.passkeys import WebAuthn
from tests.authenticator import Authenticator
from tests.core.people import CONTEXT, kinds_sent, opened_people, own, proved, refused, sign_in
from tests.core.sign_in import NOW, World
from tests.databases import Databases

PARTY = RelyingParty("id.example.org", "https://id.example.org", "Example")
PASSKEYS = WebAuthn()


@pytest.fixture
async def world(sqlite_databases: Databases) -> AsyncIterator[World]:
    async with opened_people(sqlite_databases.migrated()) as world:
        yield world


@pytest.fixture
async def on_both(migrated_url: str) -> AsyncIterator[World]:
    async with opened_people(migrated_url) as world:
        yield world


async def somebody(world: World, email: str = "bob@example.org") -> Started:
    return await sign_in(world, await world.add(email, emails=[proved(email)]))


async def enrolled(
    world: World, session: Started, device: Authenticator | None = None, *, name: str = "Laptop"
) -> Authenticator:
    device = device or Authenticator(PARTY.origin)
    account = OwnPasskeys(world.runner, PASSKEYS)
    user = await world.user(session.session.user_id)  # type: ignore[arg-type]
    options = await account.begin(world.tenant_id, user, session.session.id, PARTY, CONTEXT)
    answer = device.create(options)
    await account.add(world.tenant_id, user, session.session.id, PARTY, answer, name, CONTEXT)
    return device


async def check(world: World, device: Authenticator, *, answer: str | None = None, **more: Any) -> Any:
    checks = PasskeyChecks(world.runner, PASSKEYS)
    options, challenge = checks.options(PARTY)
    attempt = world.attempt(policy=LockPolicy(account_failures=3))
    return await checks.check(attempt, PARTY, answer or device.get(options), challenge=challenge, **more)


async def test_a_passkey_says_who_it_is(world: World) -> None:
    session = await somebody(world)
    device = await enrolled(world, session, Authenticator(PARTY.origin, counts=1))
    world.clock.turn(ms=60_000)
    proof = await check(world, device)
    user = await world.user(proof.user.id)
    passkey = user.passkeys[0]
    assert user.id == session.session.user_id
    assert (proof.verified, passkey.name, passkey.rp_id) == (True, "Laptop", "id.example.org")
    assert (sign_count(user, passkey), last_used(user, passkey)) == (1, NOW + 60_000)
    assert passkey.used_at is None  # signing in does not rewrite the document
    assert ("passkey_added", "bob@example.org") in await kinds_sent(world)


async def test_an_answer_is_good_for_its_own_challenge_alone(world: World) -> None:
    device = await enrolled(world, await somebody(world))
    options, _ = PASSKEYS.request(PARTY)
    assert await refused(check(world, device, answer=device.get(options))) == "wrong_passkey"
    assert await refused(check(world, device, answer=device.get(options, challenge="AQID"))) == "wrong_passkey"
    assert await refused(check(world, device, answer="{}")) == "wrong_passkey"
    assert await refused(check(world, device)) == "done"


async def test_a_passkey_nobody_has_is_refused_alike(world: World) -> None:
    stranger_ = Authenticator(PARTY.origin)
    stranger_.create(PASSKEYS.creation(PARTY, handle="AAAA", name="x", shown_name="x").options)
    assert await refused(check(world, stranger_)) == "wrong_passkey"


async def test_wrong_answers_lock_the_account(world: World) -> None:
    device = await enrolled(world, await somebody(world))
    for _ in range(3):
        options, _challenge = PASSKEYS.request(PARTY)
        assert await refused(check(world, device, answer=device.get(options))) == "wrong_passkey"
    assert await refused(check(world, device)) == "locked"


async def test_a_copied_key_is_found_out(world: World) -> None:
    session = await somebody(world)
    device = await enrolled(world, session, Authenticator(PARTY.origin, counts=1))
    world.ann = session.session.user_id  # type: ignore[assignment]
    assert await refused(check(world, device)) == "done"
    device.count -= 1
    assert await refused(check(world, device)) == "wrong_passkey"
    assert "passkey.copied" in await world.events()
    device.count = 7
    assert await refused(check(world, device)) == "done"


async def test_of_two_answers_with_one_count_one_is_taken(on_both: World) -> None:
    world = on_both
    device = await enrolled(world, await somebody(world), Authenticator(PARTY.origin, counts=1))
    checks = PasskeyChecks(world.runner, PASSKEYS)
    options, challenge = checks.options(PARTY)
    answer = device.get(options)
    acting = [checks.check(world.attempt(), PARTY, answer, challenge=challenge) for _ in range(2)]
    assert sorted(await asyncio.gather(*map(refused, acting))) == ["done", "wrong_passkey"]


async def test_an_answer_for_one_user_is_none_for_another(world: World) -> None:
    device = await enrolled(world, await somebody(world))
    other = await world.user(await world.add("eve@example.org", emails=[proved("eve@example.org")]))
    assert await refused(check(world, device, who=other)) == "wrong_passkey"


async def test_a_handle_of_somebody_else_is_refused(world: World) -> None:
    device = await enrolled(world, await somebody(world))
    device.handle = bytes(16)
    assert await refused(check(world, device)) == "wrong_passkey"


async def test_suspended_users_stay_out(world: World) -> None:
    session = await somebody(world)
    device = await enrolled(world, session)

    async def suspend(tx: Any) -> None:
        await users.suspend(tx, await users.find_user(tx, session.session.user_id), door="muster")  # type: ignore[arg-type]

    await world.act(suspend)
    assert await refused(check(world, device)) == "suspended"


async def test_adding_takes_a_fresh_proof_and_an_own_challenge_once(world: World) -> None:
    session, others = await somebody(world), await somebody(world, "eve@example.org")
    account, device = OwnPasskeys(world.runner, PASSKEYS), Authenticator(PARTY.origin)
    user, eve = await world.user(session.session.user_id), await world.user(others.session.user_id)  # type: ignore[arg-type]
    mine, hers = (world.tenant_id, user, session.session.id), (world.tenant_id, eve, others.session.id)
    options = await account.begin(*mine, PARTY, CONTEXT)
    answer = device.create(options)
    assert await refused(account.add(*hers, PARTY, answer, "", CONTEXT)) == "ticket_over"
    forged = device.create(options, challenge=PASSKEYS.request(PARTY).challenge)
    assert await refused(account.add(*mine, PARTY, forged, "", CONTEXT)) == "ticket_over"
    foreign = device.create(options, origin="https://evil.com")
    assert await refused(account.add(*mine, PARTY, foreign, "", CONTEXT)) == "wrong_passkey"
    assert await refused(account.add(*mine, PARTY, answer, "x" * 65, CONTEXT)) == "field_malformed"
    assert await refused(account.add(*mine, PARTY, answer, "", CONTEXT)) == "done"
    assert await refused(account.add(*mine, PARTY, answer, "", CONTEXT)) == "ticket_over"
    # The same key again, for the other: no two users have one credential.
    theirs = device.create(await account.begin(*hers, PARTY, CONTEXT))
    assert await refused(account.add(*hers, PARTY, theirs, "", CONTEXT)) == "taken"
    world.clock.turn(ms=15 * 60_000 + 1)
    assert await refused(account.begin(*mine, PARTY, CONTEXT)) == "reauthenticate"


async def test_a_challenge_is_good_for_five_minutes(world: World) -> None:
    session, account = await somebody(world), OwnPasskeys(world.runner, PASSKEYS)
    user = await world.user(session.session.user_id)  # type: ignore[arg-type]
    options = await account.begin(world.tenant_id, user, session.session.id, PARTY, CONTEXT)
    assert options["excludeCredentials"] == []
    world.clock.turn(ms=5 * 60_000)
    answer = Authenticator(PARTY.origin).create(options)
    adding = account.add(world.tenant_id, user, session.session.id, PARTY, answer, "", CONTEXT)
    assert await refused(adding) == "ticket_over"


async def test_passkeys_are_named_and_removed(world: World) -> None:
    session = await somebody(world)
    device = await enrolled(world, session)
    user = await world.user(session.session.user_id)  # type: ignore[arg-type]
    passkey = user.passkeys[0]
    assert (await own(world, session, rename_passkey, passkey.id, "  Phone ")).passkeys[0].name == "Phone"
    assert await refused(own(world, session, rename_passkey, passkey.id, "a\nb")) == "field_malformed"
    assert await refused(own(world, session, rename_passkey, "nothing", "x")) == "passkey"
    eve = await somebody(world, "eve@example.org")
    assert await refused(own(world, eve, remove_passkey, passkey.id)) == "passkey"
    assert (await own(world, session, remove_passkey, passkey.id)).passkeys == []
    assert await refused(check(world, device)) == "wrong_passkey"
    assert ("passkey_removed", "bob@example.org") in await kinds_sent(world)


async def test_the_last_way_in_stays(world: World) -> None:
    session = await somebody(world)
    await enrolled(world, session)

    async def only_passkey(tx: Any) -> None:
        user = await users.find_user(tx, session.session.user_id)  # type: ignore[arg-type]
        user = await users.remove_password(tx, user)
        await users.set_verified(tx, user, "email", user.emails[0].id, verified=False)

    await world.act(only_passkey)
    user = await world.user(session.session.user_id)  # type: ignore[arg-type]
    assert await refused(own(world, session, remove_passkey, user.passkeys[0].id)) == "last_way_in"


async def test_nothing_is_added_before_an_address_is_proved(world: World) -> None:
    session = await sign_in(world, world.ann)  # whose address nobody proved
    account = OwnPasskeys(world.runner, PASSKEYS)
    adding = account.begin(world.tenant_id, await world.user(), session.session.id, PARTY, CONTEXT)
    assert await refused(adding) == "verify_first"
