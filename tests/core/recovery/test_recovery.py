"""Forgotten passwords: who gets a link, what a stranger can learn, and what a new password ends and does not prove."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from muster.core.credentials import locking, second_factors
from muster.core.recovery.actions import Recovery
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import Grant, Session
from muster.core.settings.model import SETTINGS_ID, PasswordRules, SignInRules, SignInSettings
from muster.core.sign_in import remembered
from muster.core.sign_in.model import RememberedBrowser
from muster.core.store import Change, Unit
from muster.core.tickets.actions import issue_ticket
from muster.core.tickets.model import Ticket
from muster.core.tickets.verification import send_verification
from muster.core.users.model import Link, MustChange, User, Verification
from tests.core.people import (
    BROWSER,
    CONTEXT,
    GOOD,
    KNOWN,
    attempt_now,
    begin_attempt,
    kinds_sent,
    new_passwords,
    opened_people,
    proved,
    refused,
    sent,
    sign_in,
)
from tests.core.sign_in import NOW, REALM, RIGHT, World
from tests.databases import Databases

BOB = "bob@example.org"
ANN = "ann@example.org"  # whom the world begins with, and whose address nobody proved


@pytest.fixture
async def world(sqlite_databases: Databases) -> AsyncIterator[World]:
    async with opened_people(sqlite_databases.migrated()) as world:
        world.ann = await world.add(BOB, emails=[proved(BOB)])
        yield world


def recovery(world: World, *, answer_after: float = 0) -> Recovery:
    return Recovery(world.runner, new_passwords(world), answer_after=answer_after)


async def ask(world: World, identifier: str = BOB, realm: str = REALM) -> None:
    await recovery(world).request_reset(world.tenant_id, realm, identifier, CONTEXT)


async def ticket(world: World, identifier: str = BOB) -> str:
    await ask(world, identifier)
    path = next(data["path"] for kind, _, data in reversed(await sent(world)) if kind == "password_reset")
    parts = urlsplit(str(path))
    assert parts.path == "/sign-in/reset"
    return parse_qs(parts.query)["ticket"][0]


async def reset(world: World, text: str, password: str = GOOD, **attempt: str) -> User:
    return await recovery(world).reset(world.tenant_id, text, password, CONTEXT, **attempt)


async def test_a_new_password_by_mail(world: World) -> None:
    text = await ticket(world)
    assert (await recovery(world).rules(world.tenant_id, text)).least == 8
    user = await reset(world, text)
    assert user.password is not None
    assert await world.passwords.verify(user.password.hash, GOOD)
    assert await refused(reset(world, text)) == "ticket_over"
    assert await refused(recovery(world).rules(world.tenant_id, text)) == "ticket_over"
    assert await kinds_sent(world) == [("password_reset", BOB)]
    assert [kind for kind in await world.events() if not kind.startswith("token")] == [
        "recovery.asked",
        "recovery.done",
        "ticket.issued",
        "user.password_changed",
    ]


async def test_a_bad_password_leaves_the_ticket_good(world: World) -> None:
    settings = await world.store.get(world.tenant_id, SignInSettings, SETTINGS_ID)
    assert settings is not None
    after = replace(settings, version=2, password=PasswordRules(not_last=3))
    await world.store.commit(Unit(world.tenant_id, [Change(settings, after)]))
    text = await ticket(world)
    for password in ("short", KNOWN, RIGHT, "\ud800" * 9):
        assert await refused(reset(world, text, password)) == "password_policy"
    assert await refused(reset(world, text)) == "done"


async def test_a_ticket_is_over_in_an_hour_and_with_the_next_one(world: World) -> None:
    first = await ticket(world)
    world.clock.turn(seconds=60)
    second = await ticket(world)
    assert await refused(reset(world, first)) == "ticket_over"
    world.clock.turn(seconds=3600)
    assert await refused(reset(world, second)) == "ticket_over"
    assert await refused(reset(world, "nonsense")) == "ticket_over"


async def test_a_reset_ends_what_the_old_password_began(world: World) -> None:
    session = await sign_in(world, world.ann)

    async def open_everything(tx: Any) -> None:
        user = await tx.need(User, world.ann)
        await remembered.remember(tx, user.id, "browser", 1_000_000)
        for kind, bound in (("refresh_token", session.session.id), ("reference_token", None), ("consent", None)):
            grant = Grant(id="", user_id=user.id, kind=kind, app_id="app", session_id=bound)  # type: ignore[arg-type]
            await issue_grant(tx, user, grant)
        await locking.lock(tx, await tx.need(User, world.ann), until=None)
        tx.save(replace(await tx.need(User, world.ann), must_change=MustChange(by=NOW, why="compromised")))

    await world.act(open_everything)
    user = await reset(world, await ticket(world))
    owned = [await world.store.owned(world.tenant_id, kind, user.id) for kind in (Session, Grant, RememberedBrowser)]
    assert [session.status(NOW) for session in owned[0]] == ["revoked"]  # type: ignore[attr-defined]
    assert [grant.kind for grant in owned[1]] == ["consent"]  # type: ignore[attr-defined]
    assert list(owned[2]) == []
    user = await world.user()
    assert (user.must_change, user.activity.lock if user.activity else None) == (None, None)


async def test_the_sign_in_goes_on_with_the_ticket_as_its_first_factor_alone(world: World) -> None:
    """No second factor is proved by a mail: which one is due the engine decides by the method's name."""
    attempt = await begin_attempt(world)

    async def with_totp(tx: Any) -> None:
        user = await tx.need(User, world.ann)
        await second_factors.add_totp(tx, user, world.codes.new_secret(), world.secrets)

    await world.act(with_totp)
    text = await ticket(world)
    elsewhere = reset(world, text, attempt_id=attempt.id, browser="e" * 43)
    assert await refused(elsewhere) == "attempt_over"
    user = await reset(world, text, attempt_id=attempt.id, browser=BROWSER)
    now = await attempt_now(world, attempt)
    assert (now.user_id, [(method.name, method.second) for method in now.methods]) == (user.id, [("ticket", False)])
    assert now.session_id is None
    assert second_factors.has_second_factor(await world.user())


async def test_nothing_tells_whether_there_is_somebody(world: World) -> None:
    for identifier in (BOB, "nobody@example.org", "+41790000000", "nobody", "a@b", ANN):
        assert await refused(ask(world, identifier)) == "done"
    for malformed in ("", "  ", "x" * 400, "a\x00b"):
        assert await refused(ask(world, malformed)) in ("identifier_missing", "identifier_malformed")
    assert await kinds_sent(world) == [
        ("password_reset", ANN),
        ("password_reset", BOB),
        ("password_reset_unknown", "a@b"),
        ("password_reset_unknown", "nobody@example.org"),
    ]


async def test_every_question_is_answered_at_the_same_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    for identifier in (BOB, "nobody@example.org", "nobody"):
        await recovery(world, answer_after=100).request_reset(world.tenant_id, REALM, identifier, CONTEXT)
    assert [99 < seconds < 100 for seconds in slept] == [True] * 3


async def test_six_links_an_hour(world: World) -> None:
    for _ in range(9):
        await ask(world)
        await ask(world, "nobody@example.org")
    assert (
        await kinds_sent(world)
        == [("password_reset", BOB)] * 6 + [("password_reset_unknown", "nobody@example.org")] * 6
    )


async def test_an_unproved_address_gets_a_link_only_while_the_account_has_proved_nothing(world: World) -> None:
    """And using the link proves it: whoever reads the mail there has as good a claim as anybody."""
    await reset(world, await ticket(world, ANN))
    ann = next(user for user in await _users(world) if user.emails[0].value == ANN)
    assert (ann.emails[0].verified, ann.emails[0].verification) == (True, Verification(method="link"))
    typo = proved("typo@example.org", primary=False, verified=False, verified_at=None, created_at=NOW + 1)
    await world.add("eve@example.org", emails=[proved("eve@example.org"), typo])
    await ask(world, "typo@example.org")
    assert ("password_reset_unknown", "typo@example.org") in await kinds_sent(world)


async def test_a_realm_that_trusts_no_unproved_address_sends_it_nothing(sqlite_databases: Databases) -> None:
    for trust, reserved, reaches in (("never", False, False), ("reserved", False, False), ("reserved", True, True)):
        async with opened_people(sqlite_databases.migrated(), unverified_sign_in=trust) as world:
            address = proved(BOB, verified=False, verified_at=None, reserved=reserved)
            await world.add(BOB, emails=[address])
            await ask(world, BOB)
            assert (("password_reset", BOB) in await kinds_sent(world)) is reaches


async def test_whoever_names_themself_otherwise_gets_it_at_the_primary_address(world: World) -> None:
    await world.add(
        "carl@example.org",
        emails=[proved("carl@example.org")],
        phones=[proved("+41790000000")],
    )
    await ask(world, "+41 79 000 00 00")
    assert ("password_reset", "+41790000000") in await kinds_sent(world)


async def test_operators_and_other_realms_get_nothing(world: World) -> None:
    await world.add("op@example.org", emails=[proved("op@example.org")], internal=True)
    await world.add("far@example.org", emails=[proved("far@example.org")], realm="elsewhere")
    await ask(world, "op@example.org")
    await ask(world, "far@example.org")
    assert await kinds_sent(world) == [
        ("password_reset_unknown", "far@example.org"),
        ("password_reset_unknown", "op@example.org"),
    ]


async def test_no_link_is_a_way_around_the_rules(world: World) -> None:
    """Neither around an organisation's own provider, nor to a sign-in that is for people of another realm."""
    link = Link(
        id="a" * 32, kind="enterprise", connection_id="c", provider="saml", subject="1", created_at=NOW, updated_at=NOW
    )
    await world.add("emp@example.org", emails=[proved("emp@example.org")], password=None, links=[link])
    await ask(world, "emp@example.org")
    assert await kinds_sent(world) == [("password_reset_unknown", "emp@example.org")]
    attempt = await begin_attempt(world, realm="elsewhere")
    await reset(world, await ticket(world), attempt_id=attempt.id, browser=BROWSER)
    assert (await attempt_now(world, attempt)).user_id is None


async def test_where_passwords_are_of_no_use_there_is_none_to_reset(sqlite_databases: Databases) -> None:
    settings = SignInSettings(created_at=NOW, rules=SignInRules(password=False))
    async with opened_people(sqlite_databases.migrated(), settings) as world:
        await ask(world, ANN)
        assert await kinds_sent(world) == [("password_reset_unknown", ANN)]


async def test_a_ticket_of_another_purpose_resets_nothing(world: World) -> None:
    async def issue(tx: Any, purpose: Any) -> str:
        _, text = await issue_ticket(tx, await tx.need(User, world.ann), purpose, lifetime=1_000_000)
        return str(text)

    assert await refused(reset(world, await world.act(issue, "sign_in"))) == "ticket_over"
    assert await refused(reset(world, await world.act(issue, "reset_password"))) == "done"


async def test_of_two_who_use_one_ticket_one_sets_the_password(migrated_url: str) -> None:
    async with opened_people(migrated_url) as world:
        text = await ticket(world, ANN)
        both = await asyncio.gather(*(refused(reset(world, text, f"{GOOD} {number}")) for number in range(2)))
        assert sorted(both) == ["done", "ticket_over"]
        assert list(await world.store.owned(world.tenant_id, Ticket, world.ann)) == []


async def test_an_address_is_proved_by_its_link(world: World) -> None:
    ann = next(user for user in await _users(world) if user.emails[0].value == ANN)

    async def send(tx: Any) -> None:
        await send_verification(tx, await tx.need(User, ann.id))

    await world.act(send)
    (kind, to, data), *_ = await sent(world)
    assert (kind, to) == ("verification_email", ANN)
    text = str(data["path"]).removeprefix("/sign-in/verify?ticket=")
    assert await refused(reset(world, text)) == "ticket_over"
    user = await recovery(world).verify_address(world.tenant_id, text, CONTEXT)
    assert user.emails[0].verified
    assert await refused(recovery(world).verify_address(world.tenant_id, text, CONTEXT)) == "ticket_over"


async def _users(world: World) -> list[User]:
    return [user async for user in world.store.export_users(world.tenant_id)]
