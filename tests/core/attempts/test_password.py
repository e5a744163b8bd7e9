"""Signing in with a password at the engine: from the first page to a session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.locking import lock
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from muster.core.sessions.tokens import hash_of
from muster.core.users.model import Address, DatabaseAccount, Link, MustChange, Origin, Password
from tests.core.sign_in import NOW, QUICK_HASH, REALM, RIGHT
from tests.core.sign_in_engine import APP, OPERATORS, Engine


async def test_from_the_name_to_a_session(on_both: Engine) -> None:
    browser = on_both.browser()
    begun = await browser.begin(hint="ann@example.org")
    first = await browser.view()
    assert (first.step, first.hint, first.app_name, first.user_name, first.user_masked) == (
        "identify",
        "ann@example.org",
        "Shop",
        "",
        "",
    )
    assert first.identifiers == ["email", "phone", "username"]
    assert first.first_factors == ["password", "email_code", "email_link", "passkey"]
    named = await browser.take("identify", identifier=" Ann@Example.org ")
    assert (named.step, named.attempt.identifier, named.attempt.user_id) == ("first_factor", "Ann@Example.org", None)
    assert await browser.refused("password", password="wrong") == "wrong_password"
    done = await browser.take("password", password=RIGHT)
    assert (done.step, done.user_masked, done.denied) == ("done", "a•••@example.org", False)
    finished = await browser.finish()
    [session] = await on_both.sessions()
    assert session == finished.session
    assert finished.token is not None
    assert finished.path == f"/authorize/resume?attempt={begun.attempt.id}"
    assert (session.browser, session.apps) == (hash_of(browser.secret)[:32], [APP])
    assert [method.name for method in session.methods] == ["password"]
    assert finished.attempt.session_id == session.id
    assert finished.seconds == 7 * 86_400
    assert (await on_both.world.activity()).failures == 0
    signed = await on_both.sign_in.signed_in(on_both.world.tenant_id, finished.token)
    assert signed is not None
    assert (signed[0].id, signed[1].id) == (session.id, on_both.world.ann)
    assert await on_both.sign_in.signed_in(on_both.world.tenant_id, "A" * 64) is None


async def test_an_attempt_belongs_to_its_browser_and_its_time(engine: Engine) -> None:
    browser, thief = engine.browser(), engine.browser()
    await browser.begin()
    await thief.begin()
    assert thief.secret != browser.secret
    thief.attempt_id = browser.attempt_id
    for secret in (thief.secret, "", "x" * 43):
        thief.secret = secret
        with pytest.raises(CredentialRefused, match="attempt_over"):
            await thief.view()
        assert await thief.refused("identify", identifier="ann@example.org") == "attempt_over"
        with pytest.raises(CredentialRefused, match="attempt_over"):
            await thief.finish()
    with pytest.raises(Conflict, match="not_now"):
        await browser.finish()
    engine.world.clock.turn(ms=30 * 60_000)
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await browser.view()


async def test_an_action_out_of_turn_is_refused(engine: Engine) -> None:
    browser = engine.browser()
    await browser.begin()
    for action in ("password", "code", "second_factor", "consent", "change_password", "postpone", "confirm_totp"):
        with pytest.raises(Conflict, match="not_now"):
            await browser.take(action, password=RIGHT, code="1", decision="allow")
    with pytest.raises(NotFound, match="action"):
        await browser.take("become_admin")
    for identifier, code in (("  ", "identifier_missing"), ("a\0b", "identifier_malformed"), ("a" * 400, "identifier")):
        with pytest.raises(Invalid, match=code):
            await browser.take("identify", identifier=identifier)
    await browser.take("identify", identifier="ann@example.org")
    await browser.take("password", password=RIGHT)
    with pytest.raises(Conflict, match="not_now"):
        await browser.take("password", password=RIGHT)


async def test_two_at_once_prove_once_and_finish_once(on_both: Engine) -> None:
    browser = on_both.browser()
    await browser.begin()
    await browser.take("identify", identifier="ann@example.org")
    both = await asyncio.gather(*(browser.take("password", password=RIGHT) for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) in (["Conflict", "View"], ["View", "View"])
    finished = await asyncio.gather(*(browser.finish() for _ in range(3)))
    assert len(await on_both.sessions()) == 1
    assert len({each.session.id for each in finished}) == 1
    assert sorted(each.token is None for each in finished) == [False, True, True]


async def test_who_can_be_named_and_how(engine: Engine) -> None:
    await engine.add_phone("+4915112345678")
    browser = engine.browser()
    for identifier in ("ANN@example.org", "+49 151 12345678"):
        assert (await browser.by_password(identifier)).step == "done"
    other = Address(id="x", value="second@example.org", created_at=NOW, updated_at=NOW)
    user = await engine.world.user()
    await engine.change(emails=[*user.emails, other])
    await browser.begin()
    await browser.take("identify", identifier="second@example.org")
    assert await browser.refused("password", password=RIGHT) == "wrong_password"  # neither proved nor the shown one
    await engine.change(emails=[*user.emails, replace(other, verified=True)])
    assert (await browser.take("password", password=RIGHT)).step == "done"

    await engine.set_up(lambda s: replace(s, email=replace(s.email, sign_in=False)))
    await browser.begin()
    assert (await browser.view()).first_factors == ["password", "passkey"]
    await browser.take("identify", identifier="ann@example.org")
    assert await browser.refused("password", password=RIGHT) == "wrong_password"


@pytest.mark.parametrize(
    ("rule", "reserved", "enters"), [("never", True, False), ("reserved", True, True), ("reserved", False, False)]
)
async def test_an_address_that_nobody_proved_signs_in_as_the_realm_says(
    engine: Engine, rule: str, reserved: bool, enters: bool
) -> None:
    async def act(tx: Any) -> None:
        tx.save(replace(await tx.need(Connection, REALM), unverified_sign_in=rule))

    await engine.world.act(act)
    user = await engine.world.user()
    await engine.change(emails=[replace(user.emails[0], reserved=reserved)])
    browser = engine.browser()
    await browser.begin()
    await browser.take("identify", identifier="ann@example.org")
    if enters:
        assert (await browser.take("password", password=RIGHT)).step == "done"
    else:
        assert await browser.refused("password", password=RIGHT) == "wrong_password"


async def test_operators_come_in_by_the_name_of_their_realm_alone(engine: Engine) -> None:
    boss = await engine.world.add("boss@example.org", realm=OPERATORS, internal=True)
    browser = engine.browser()
    await browser.begin()
    await browser.take("identify", identifier="boss@example.org")
    assert await browser.refused("password", password=RIGHT) == "wrong_password"
    view = await browser.by_password("boss@example.org", connection_id=OPERATORS)
    assert (view.step, view.may_sign_up, view.connections) == ("done", False, [])
    finished = await browser.finish()
    assert finished.session.user_id == boss
    await browser.begin()
    assert (await browser.view()).step == "identify"  # an operator's session opens nothing else
    await browser.begin(connection_id=OPERATORS)
    assert (await browser.view()).step == "done"
    await browser.begin(connection_id=OPERATORS, fresh=True)
    assert (await browser.view()).first_factors == ["password", "passkey"]
    with pytest.raises(NotFound, match="connection"):
        await browser.begin(connection_id="nowhere")


async def test_suspended_and_locked_users_learn_it_from_the_right_password_alone(engine: Engine) -> None:
    await engine.change(suspended=True)
    browser = engine.browser()
    await browser.begin()
    await browser.take("identify", identifier="ann@example.org")
    assert await browser.refused("password", password="wrong") == "wrong_password"
    assert await browser.refused("password", password=RIGHT) == "suspended"
    await engine.change(suspended=False)
    await engine.world.on_ann(lock, until=None)
    # To a stranger, whoever is locked by hand is nobody: neither the right nor the wrong password says so.
    assert await browser.refused("password", password="wrong") == "wrong_password"
    assert await browser.refused("password", password=RIGHT) == "wrong_password"


async def test_one_who_is_suspended_on_the_way_gets_no_session(engine: Engine) -> None:
    browser = engine.browser()
    await browser.by_password()
    await engine.change(suspended=True)
    with pytest.raises(CredentialRefused, match="suspended"):
        await browser.finish()
    assert await engine.sessions() == []


async def test_a_method_that_is_switched_off_is_not_taken(engine: Engine) -> None:
    await engine.set_up(lambda s: replace(s, rules=replace(s.rules, password=False, passkey=False, email_link=False)))
    browser = engine.browser()
    await browser.begin()
    await browser.take("identify", identifier="ann@example.org")
    assert (await browser.view()).first_factors == ["email_code"]
    for action, given in (("password", {"password": RIGHT}), ("passkey", {"credential": "{}"})):
        with pytest.raises(NotAllowed, match="factor_not_offered"):
            await browser.take(action, **given)
    with pytest.raises(NotAllowed, match="factor_not_offered"):
        await browser.take("send_code", channel="sms")


async def test_a_merged_home_account_signs_in_in_its_realm(engine: Engine) -> None:
    await engine.add(Connection(id="branch", name="Branch", created_at=NOW, updated_at=NOW, version=1))
    account = DatabaseAccount(
        email="ann@branch.example", password=Password(hash=QUICK_HASH, scheme="bcrypt", set_at=NOW)
    )
    link = Link(
        id="l",
        kind="database",
        connection_id="branch",
        provider="x",
        subject="1",
        account=account,
        created_at=NOW,
        updated_at=NOW,
    )
    await engine.change(links=[link], password=None)
    browser = engine.browser()
    assert (await browser.by_password("ann@branch.example", connection_id="branch")).step == "done"
    assert (await browser.finish()).session.user_id == engine.world.ann
    await browser.begin(connection_id="branch", fresh=True)
    await browser.take("identify", identifier="ann@branch.example")
    await browser.take("send_code", channel="email")
    assert [message.to for message in await engine.messages()] == [""]


# ------------------------------------------------------------------------------------------------ a forced change


async def test_a_password_that_must_go_is_changed_before_anything_else(engine: Engine) -> None:
    elsewhere = engine.browser()
    await elsewhere.sign_in_whole()
    await engine.verify()
    await engine.change(must_change=MustChange(by=NOW, why="compromised"))
    browser = engine.browser()
    view = await browser.by_password()
    assert (view.step, view.why_change, view.may_postpone) == ("change_password", "compromised", False)
    with pytest.raises(NotAllowed, match="not_postponable"):
        await browser.take("postpone")
    engine.known.add("password1")
    for new, problem in (("short", "too_short"), ("password1", "known"), (RIGHT, "used")):
        with pytest.raises(Invalid, match=problem):
            await browser.take("change_password", password=new)
    assert (await browser.take("change_password", password="staple battery")).step == "done"
    await browser.finish()
    user = await engine.world.user()
    assert user.must_change is None
    assert user.password is not None
    assert user.password.changed_at == NOW
    assert sorted(session.status(NOW) for session in await engine.sessions()) == ["active", "revoked"]
    assert [message.kind for message in await engine.messages()] == ["password_changed"]
    assert (await engine.browser().by_password(password="staple battery")).step == "done"


async def test_a_change_that_may_wait_can_be_postponed(engine: Engine) -> None:
    await engine.change(must_change=MustChange(by=NOW + 1, why="admin"))
    browser = engine.browser()
    view = await browser.by_password()
    assert (view.step, view.may_postpone) == ("change_password", True)
    assert (await browser.take("postpone")).step == "done"
    assert (await browser.finish()).token is not None


async def test_a_password_grows_too_old(engine: Engine) -> None:
    await engine.set_up(lambda s: replace(s, password=replace(s.password, expires_after=1000)))
    browser = engine.browser()
    engine.world.clock.turn(ms=999)
    assert (await browser.by_password()).step == "done"
    engine.world.clock.turn(ms=1)
    view = await browser.by_password()
    assert (view.step, view.why_change, view.may_postpone) == ("change_password", "expired", False)
    assert (await browser.take("change_password", password="staple battery")).step == "done"


async def test_one_who_signed_up_proves_an_address_first(engine: Engine) -> None:
    await engine.change(origin=Origin(door="muster", via="signup"))
    browser = engine.browser()
    view = await browser.by_password()
    assert (view.step, [(each.kind, each.masked) for each in view.unproved]) == (
        "verify_address",
        [("email", "a•••@example.org")],
    )
    with pytest.raises(NotAllowed, match="address_not_offered"):
        await browser.take("send_verification", address_id="other")
    assert await browser.refused("verify", code="123456") == "code_over"
    await browser.take("send_verification", address_id="e")
    with pytest.raises(TooMany, match="code_sent"):
        await browser.take("send_verification", address_id="e")
    assert (await browser.take("verify", code=await engine.last_code())).step == "done"
    assert (await engine.world.user()).emails[0].verified
