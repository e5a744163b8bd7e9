"""Making an account: the form, the proof, what must not be told, and who gets an address that two people want."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.external.sign_up import begin_sign_up
from muster.core.records import Key
from muster.core.settings.model import (
    CustomField,
    IdentifierRule,
    PasswordRules,
    Restriction,
    SignInSettings,
    SignUpRules,
)
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_up.view import Field
from muster.core.users.model import Link, Origin, Verification
from tests.core.people import (
    GOOD,
    KNOWN,
    attempt_now,
    begin_attempt,
    keep,
    kinds_sent,
    last_code,
    opened_people,
    proved,
    refused,
    sent,
)
from tests.core.sign_in import NOW, REALM, World
from tests.core.sign_up.person import BOB, Person, change, person, proved_person, stored
from tests.databases import Databases

FORM = {"email": " Bob@Example.org ", "password": GOOD, "given_name": "Bob", "username": "bob"}


@pytest.fixture
async def world(sqlite_databases: Databases) -> AsyncIterator[World]:
    async with opened_people(sqlite_databases.migrated()) as world:
        yield world


@pytest.fixture
async def on_both(migrated_url: str) -> AsyncIterator[World]:
    async with opened_people(migrated_url) as world:
        yield world


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_sign_up_from_the_form_to_the_sign_in(on_both: World) -> None:
    world = on_both
    bob = await person(world)
    assert (await bob.view()).state == "missing"
    view = await bob.tell(**FORM, locale="de-CH")
    assert view.fields == [
        Field(name="email", type="email", value=BOB),
        Field(name="phone", type="phone"),
        Field(name="username", type="username", value="bob"),
        Field(name="password", type="password", required=True),
        Field(name="given_name", value="Bob"),
        Field(name="family_name"),
    ]
    assert (view.state, view.missing, view.unproved, view.password_set) == ("verify", [], ["email"], True)
    assert [(each.kind, each.to, each.again_at) for each in view.sent] == [("email", BOB, NOW + 30_000)]
    assert await refused(bob.complete()) == "unproved"
    assert (await bob.verify(f" {await last_code(world, BOB)} ")).state == "ready"
    user = await bob.complete()
    assert user.keys() == {Key(REALM, "email", BOB), Key(REALM, "username", "bob")}
    assert (user.origin, user.profile.given_name, user.profile.locale) == (
        Origin(door="muster", via="signup"),
        "Bob",
        "de-CH",
    )
    email = user.emails[0]
    assert (email.verified, email.verified_at, email.verification) == (True, NOW, Verification(method="code"))
    assert user.password is not None
    assert await world.passwords.verify(user.password.hash, GOOD)
    attempt = await attempt_now(world, bob.attempt)
    assert (attempt.user_id, [method.name for method in attempt.methods]) == (user.id, ["email_code"])
    kept = await stored(world, bob)
    assert (kept.user_id, kept.password) == (user.id, None)
    assert (await bob.complete()).id == user.id  # a second click
    assert (await bob.view()).state == "complete"
    world.ann = user.id
    assert await world.events() == ["sign_up.completed", "user.created"]


async def test_only_its_own_browser_sees_it(world: World) -> None:
    bob = await person(world)
    await bob.tell(**FORM)
    eve = Person(world, bob.attempt, "e" * 43)
    for acting in (eve.start(), eve.view(), eve.tell(email="eve@example.org"), eve.verify("1"), eve.complete()):
        assert await refused(acting) == "attempt_over"
    world.clock.turn(ms=1_800_000)
    assert await refused(bob.view()) == "attempt_over"


async def test_a_tenant_or_realm_can_be_closed(sqlite_databases: Databases) -> None:
    closed = SignInSettings(created_at=NOW, sign_up=SignUpRules(enabled=False))
    async with opened_people(sqlite_databases.migrated(), closed) as world:
        assert await refused(person(world)) == "sign_up_closed"
    for realm in ({"sign_up_closed": True}, {"disabled": True}, {"internal": True}, {"kind": "passwordless"}):
        async with opened_people(sqlite_databases.migrated(), **realm) as world:
            assert await refused(person(world)) == "sign_up_closed"


async def test_every_answer_is_checked_and_all_faults_are_told_at_once(world: World) -> None:
    await change(
        world,
        blocked=Restriction(enabled=True, values=["evil.com"]),
        custom_fields=[CustomField(name="team", label="Team"), CustomField(name="boss", label="Boss", type="email")],
        password=PasswordRules(least=12, kinds=["digit"]),
    )
    bob = await person(world)
    faults = await bob.faults(
        **{
            "email": "bob@evil.com",
            "phone": "12",
            "username": "bob@example.org",
            "password": "short",
            "given_name": "a\x00b",
            "family_name": "x" * 301,
            "custom.team": "\ud800",
            "custom.boss": "nobody",
            "attempt": "what the form does not have is left out",
        }
    )
    assert faults == {
        "email": "not_allowed_here",
        "phone": "malformed",
        "username": "malformed",
        "password": ["too_short", "no_digit"],
        "given_name": "malformed",
        "family_name": "too_long",
        "custom.team": "malformed",
        "custom.boss": "malformed",
    }
    for username in ("+4179", " ", "a\\b", "a\x00", "0" * 32, "x" * 31, "\ud800"):
        assert await bob.faults(username=f"{username}") == ({} if username == " " else {"username": "malformed"})
    assert await bob.faults(password=KNOWN) == {"password": ["known"]}
    assert await bob.faults(password="\ud800" * 20) == {"password": ["not_text"]}
    assert (await bob.view()).fields[0].value == ""  # nothing was kept
    view = await bob.tell(**{"phone": "+41 (79) 000-00-00", "custom.team": "Blue", "custom.boss": "Eve@Example.org"})
    assert {field.name: field.value for field in view.fields if field.value} == {
        "phone": "+41790000000",
        "custom.team": "Blue",
        "custom.boss": "eve@example.org",
    }
    assert await refused(person(world)) == "done"
    assert await kinds_sent(world) == [("verification_code", "+41790000000")]


async def test_only_addresses_of_the_list_where_there_is_one(world: World) -> None:
    await change(world, allowed=Restriction(enabled=True, values=["example.org"]))
    bob = await person(world)
    assert await bob.faults(email="bob@example.com") == {"email": "not_allowed_here"}
    assert await bob.faults(email=BOB) == {}


async def test_a_password_may_be_long_but_not_endless(world: World) -> None:
    bob = await person(world)
    assert await bob.faults(password="a" * 5000) == {"password": ["too_long"]}
    assert await bob.faults(password=GOOD) == {}


async def test_what_is_required_is_missed(world: World) -> None:
    await change(
        world,
        phone=IdentifierRule(required_at_sign_up=True),
        username=IdentifierRule(shown_at_sign_up=False),
        custom_fields=[
            CustomField(name="team", label="Team", required=True),
            CustomField(name="x", label="", enabled=False),
        ],
    )
    bob = await person(world)
    assert (await bob.view()).missing == ["phone", "password", "custom.team"]
    assert [field.name for field in (await bob.view()).fields][:3] == ["email", "phone", "password"]
    assert await refused(bob.complete()) == "missing"
    assert (await bob.tell(email=BOB, password=GOOD)).missing == ["phone", "custom.team"]


async def test_somebody_must_be_called_something(world: World) -> None:
    bob = await person(world)
    assert (await bob.tell(password=GOOD)).missing == ["email"]
    assert (await bob.tell(username="bob")).state == "ready"
    user = await bob.complete()
    assert (user.emails, user.username.key if user.username else None) == ([], "bob")
    assert [method.name for method in (await attempt_now(world, bob.attempt)).methods] == ["password"]


async def test_a_taken_address_looks_like_any_other(world: World) -> None:
    await world.add("taken@example.org", emails=[proved("taken@example.org")])
    free, taken = await person(world), await person(world)
    shown_alike = []
    for somebody, email in ((free, BOB), (taken, "taken@example.org")):
        view = await somebody.tell(email=email, password=GOOD, given_name="B")
        shown_alike.append(
            replace(
                view,
                id="",
                fields=[replace(each, value=each.value.replace(email, "?")) for each in view.fields],
                sent=[replace(each, to="?") for each in view.sent],
            )
        )
    assert shown_alike[0] == shown_alike[1]
    assert await kinds_sent(world) == [("sign_up_exists", "taken@example.org"), ("verification_code", BOB)]
    for somebody in (free, taken):
        assert await refused(
            somebody.verify("000000" if somebody is taken else wrong(await last_code(world, BOB)))
        ) == ("wrong_code")
        assert await refused(somebody.again()) == "code_sent"
        assert await refused(somebody.complete()) == "unproved"
    world.clock.turn(ms=30_000)
    await taken.again()
    assert (await kinds_sent(world)).count(("sign_up_exists", "taken@example.org")) == 2


async def test_the_work_is_the_same_for_a_taken_address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.add("taken@example.org", emails=[proved("taken@example.org")])
    statements: list[str] = []
    hashes: list[str] = []
    for name in ("lookup", "rows"):
        real = getattr(world.engine, name)

        async def noting(sql: str, params: Any, real: Any = real) -> Any:
            statements.append(sql)
            return await real(sql, params)

        monkeypatch.setattr(world.engine, name, noting)
    commit = world.engine.commit

    async def committing(writes: Any) -> Any:
        statements.extend(write.sql for write in writes)
        return await commit(writes)

    monkeypatch.setattr(world.engine, "commit", committing)
    real_hash = world.passwords.hash

    async def hashing(password: str) -> str:
        hashes.append(password)
        return await real_hash(password)

    monkeypatch.setattr(world.passwords, "hash", hashing)
    await (await person(world)).tell(email="first@example.org")  # that starts the count of this network address
    done = []
    for email in (BOB, "taken@example.org"):
        somebody = await person(world)
        statements.clear()
        hashes.clear()
        await somebody.tell(email=email, password=GOOD)
        done.append((list(statements), list(hashes)))
    assert done[0] == done[1]
    assert done[0][1] == [GOOD]


async def test_a_taken_user_name_is_told(world: World) -> None:
    bob = await person(world)
    await bob.tell(username="bob", password=GOOD)
    await bob.complete()
    other = await person(world)
    assert await other.faults(username="BOB") == {"username": "taken"}


async def test_a_code_is_tried_five_times(world: World) -> None:
    bob = await person(world)
    await bob.tell(**FORM)
    code = await last_code(world, BOB)
    for _ in range(5):
        assert await refused(bob.verify(wrong(code))) == "wrong_code"
    assert await refused(bob.verify(code)) == "wrong_code"
    world.clock.turn(ms=30_000)
    assert (await bob.again()).sent[0].again_at == NOW + 60_000
    fresh = await last_code(world, BOB)
    world.clock.turn(ms=10 * 60_000)
    assert await refused(bob.verify(fresh)) == "wrong_code"


async def test_six_messages_an_hour_go_to_one_address_from_however_many_browsers(world: World) -> None:
    for _ in range(6):
        assert await refused((await person(world)).tell(email=BOB)) == "done"
    assert await refused((await person(world)).tell(email=BOB)) == "too_many_sent"
    world.clock.turn(ms=3_600_000)
    assert await refused((await person(world)).tell(email=BOB)) == "done"


async def test_one_network_address_asks_for_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.core.credentials.tally.MOST_FAILURES", 2)
    for number in range(2):
        assert await refused((await person(world)).tell(email=f"n{number}@example.org")) == "done"
    assert await refused((await person(world)).tell(email=BOB)) == "too_many_failures"


async def test_another_address_starts_without_proof(world: World) -> None:
    bob = await proved_person(world)
    assert (await bob.tell(email=BOB)).state == "ready"
    view = await bob.tell(email="b@example.org")
    assert (view.state, view.unproved) == ("verify", ["email"])
    assert await refused(bob.verify(await last_code(world, BOB))) == "wrong_code"
    assert (await bob.tell(email=BOB)).state == "verify"


async def test_of_two_who_want_one_address_one_gets_it_and_the_other_is_told(on_both: World) -> None:
    world = on_both
    first, second = await person(world), await person(world, "s" * 43)
    await asyncio.gather(*(each.tell(email=BOB, password=GOOD) for each in (first, second)))
    assert await kinds_sent(world) == [("verification_code", BOB)] * 2
    # Both read the same mailbox; which of the two codes is whose is not said there.
    codes = [str(data["code"]) for _, _, data in await sent(world)]
    for somebody in (first, second):
        assert sorted([await refused(somebody.verify(code)) for code in codes]) in (
            ["done", "done"],
            ["done", "wrong_code"],
        )
    results = await asyncio.gather(*(refused(each.complete()) for each in (first, second)))
    assert sorted(results) == ["done", "taken"]
    loser = second if results[0] == "done" else first
    assert await refused(loser.complete()) == "taken"
    assert (await attempt_now(world, loser.attempt)).user_id is None


async def test_without_proof_wanted_the_owner_of_a_taken_address_is_still_its_owner(world: World) -> None:
    await change(world, sign_up=SignUpRules(verify_email=False))
    bob = await person(world)
    assert (await bob.tell(email="ann@example.org", password=GOOD)).state == "ready"
    assert await refused(bob.complete()) == "taken"
    assert await kinds_sent(world) == []
    assert (await bob.tell(email=BOB)).state == "ready"
    user = await bob.complete()
    assert (user.emails[0].verified, (await attempt_now(world, bob.attempt)).methods[0].name) == (False, "password")


# ------------------------------------------------------------------------------------------------- begun at a provider


async def test_what_a_provider_brought_is_completed_into_a_user_with_that_identity(world: World) -> None:
    """The tenant wants a user name too; sign-ups from the form are closed, which is not the provider's business."""
    await change(world, username=IdentifierRule(required_at_sign_up=True), sign_up=SignUpRules(enabled=False))
    await keep(world, Connection(id="c" * 16, name="google", kind="social", strategy="google-oauth2", created_at=NOW))
    bob = Person(world, await begin_attempt(world))
    link = Link(
        id="a" * 32,
        kind="social",
        connection_id="c" * 16,
        provider="google",
        subject="1",
        profile={"given_name": "Bob"},
        created_at=NOW,
        updated_at=NOW,
    )

    async def arrive(tx: Any) -> None:
        await begin_sign_up(tx, await tx.need(SignInAttempt, bob.attempt.id), link, [], BOB)

    await world.act(arrive)
    view = await bob.start()
    assert (view.state, view.missing, view.unproved) == ("missing", ["username"], [])
    assert (await bob.tell(username="bob")).state == "ready"
    user = await bob.complete()
    assert (user.origin.via, [each.subject for each in user.links], user.password) == ("external", ["1"], None)
    assert (user.emails[0].verified, user.emails[0].links) == (True, [link.id])
    assert user.emails[0].verification == Verification(method="oauth", provider="google")
    assert [method.name for method in (await attempt_now(world, bob.attempt)).methods] == ["google"]
    assert await refused(person(world)) == "sign_up_closed"
