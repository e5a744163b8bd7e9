"""Codes and links by mail and text message as a first factor: how long, how often, where, and for whom."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import NotAllowed, TooMany
from muster.core.sign_in.steps.codes import attempt_of_link
from muster.core.users.model import Address
from tests.core.sign_in import NOW, RIGHT
from tests.core.sign_in_engine import Browser, Engine

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
async def engine(engine: Engine) -> Engine:
    """Ann's address is proved."""
    await engine.verify()
    return engine


async def asked(engine: Engine, identifier: str = "ann@example.org", channel: str = "email") -> Browser:
    """A browser in which a code was asked for."""
    browser = engine.browser()
    await browser.begin()
    await browser.take("identify", identifier=identifier)
    await browser.take("send_code", channel=channel)
    return browser


async def test_a_code_or_a_link_signs_in(engine: Engine) -> None:
    browser = await asked(engine)
    view = await browser.view()
    assert (view.sent, view.resend_at) == ("a•••@example.org", NOW + 30_000)
    [message] = await engine.messages()
    assert (message.kind, message.to, message.user_id) == ("sign_in_code", "ann@example.org", engine.world.ann)
    assert re.fullmatch(r"[0-9]{6}", message.data["code"])
    assert (await browser.take("code", code=f" {message.data['code'][:3]} {message.data['code'][3:]} ")).step == "done"
    assert [method.name for method in (await browser.finish()).session.methods] == ["email_code"]

    engine.world.clock.turn(ms=MINUTE)
    browser = await asked(engine)
    path = (await engine.messages())[-1].data["path"]
    ticket = path.removeprefix("/sign-in/link?ticket=")
    assert attempt_of_link(ticket) == browser.attempt_id
    assert await browser.refused("link", link=ticket[:-1] + "?") == "wrong_link"
    assert (await browser.take("link", link=ticket)).step == "done"
    assert [method.name for method in (await browser.finish()).session.methods] == ["email_link"]


async def test_a_link_opens_in_its_own_browser_alone(engine: Engine) -> None:
    browser = await asked(engine)
    ticket = (await engine.messages())[-1].data["path"].rpartition("=")[2]
    other = engine.browser()
    await other.begin()
    await other.take("identify", identifier="ann@example.org")
    assert await other.refused("link", link=ticket) == "wrong_link"
    other.attempt_id = attempt_of_link(ticket)
    assert await other.refused("link", link=ticket) == "attempt_over"
    engine.world.clock.turn(ms=10 * MINUTE)
    assert await browser.refused("link", link=ticket) == "code_over"


async def test_a_code_lives_for_ten_minutes_and_five_tries(engine: Engine) -> None:
    browser = await asked(engine)
    code = await engine.last_code()
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert await browser.refused("code", code=wrong) == "wrong_code"
    assert await browser.refused("code", code=code) == "code_over"
    assert (await engine.world.activity()).failures == 5

    engine.world.clock.turn(ms=30_000)
    await browser.take("send_code", channel="email")
    code = await engine.last_code()
    engine.world.clock.turn(ms=10 * MINUTE - 1)
    other = engine.browser("198.51.100.9")
    other.secret, other.attempt_id = browser.secret, browser.attempt_id
    assert (await other.take("code", code=code)).step == "done"

    browser = await asked(engine)
    code = await engine.last_code()
    engine.world.clock.turn(ms=10 * MINUTE)
    assert await browser.refused("code", code=code) == "code_over"


async def test_another_code_may_not_follow_at_once_and_takes_the_first_ones_place(engine: Engine) -> None:
    browser = await asked(engine)
    first = await engine.last_code()
    with pytest.raises(TooMany, match="code_sent") as refused:
        await browser.take("send_code", channel="email")
    assert refused.value.retry_after == 30
    engine.world.clock.turn(ms=30_000)
    await browser.take("send_code", channel="email")
    second = await engine.last_code()
    if first != second:
        assert await browser.refused("code", code=first) == "wrong_code"
    assert (await browser.take("code", code=second)).step == "done"


@pytest.mark.parametrize("identifier", ["ann@example.org", "nobody@example.org"])
async def test_nobody_guesses_codes_through_attempts_and_restarts(on_both: Engine, identifier: str) -> None:
    """Six codes an hour with five tries each, and after ten failures the address is closed: by rows, for whichever process."""
    await on_both.verify()
    told = []
    for _ in range(7):
        browser = on_both.browser(sign_in=on_both.another(on_both.world))
        await browser.begin()
        await browser.take("identify", identifier=identifier)
        try:
            await browser.take("send_code", channel="email")
        except TooMany as refused:
            told.append(refused.code)
            continue
        told += [await browser.refused("code", code="none") for _ in range(6)]
    five = ["wrong_code"] * 5 + ["code_over"]
    closed = ["address_blocked"] * 5 + ["code_over"]
    assert told == five * 2 + closed * 4 + ["too_many_sent"]
    on_both.world.clock.turn(ms=HOUR)
    browser = await asked(on_both, identifier)  # another hour, other codes; the address stays closed
    assert await browser.refused("code", code="none") == "address_blocked"
    assert await browser.refused("password", password=RIGHT) == "address_blocked"


async def test_a_code_is_for_whom_it_was_sent_to(engine: Engine) -> None:
    bob = await engine.world.add("bob@example.org")
    await engine.verify(bob)
    browser = await asked(engine, "bob@example.org")
    code = await engine.last_code()
    await browser.take("identify", identifier="ann@example.org")
    assert await browser.refused("code", code=code) == "code_over"
    assert (await browser.view()).sent is None


async def test_nothing_is_sent_to_an_address_that_was_never_proved(engine: Engine) -> None:
    user = await engine.world.user()
    await engine.change(emails=[replace(user.emails[0], verified=False)])
    browser = await asked(engine)
    assert (await browser.view()).sent == "a•••@example.org"
    assert [(message.to, message.data) for message in await engine.messages()] == [("", {"channel": "email"})]
    assert await browser.refused("code", code="123456") == "wrong_code"
    # Nor does a code count that was sent before the address lost its proof.
    await engine.change(emails=[replace(user.emails[0], verified=True)])
    engine.world.clock.turn(ms=MINUTE)
    browser = await asked(engine)
    await engine.change(emails=[replace(user.emails[0], verified=False)])
    assert await browser.refused("code", code=await engine.last_code()) == "wrong_code"


async def test_an_address_that_moved_to_somebody_else_takes_no_old_code(engine: Engine) -> None:
    browser = await asked(engine)
    code = await engine.last_code()
    user = await engine.world.user()
    await engine.change(emails=[])
    bob = await engine.world.add("bob@example.org")
    moved = Address(id="new", value=user.emails[0].value, verified=True, primary=True, created_at=NOW, updated_at=NOW)
    await engine.change(bob, emails=[moved])
    assert await browser.refused("code", code=code) == "wrong_code"


async def test_a_text_message(engine: Engine) -> None:
    await engine.set_up(lambda s: replace(s, rules=replace(s.rules, sms_code=True)))
    await engine.add_phone("+4915112345678")
    browser = await asked(engine, "+49 (151) 1234-5678", "sms")
    assert (await browser.view()).sent == "•••• 5678"
    [message] = await engine.messages()
    assert (message.to, sorted(message.data)) == ("+4915112345678", ["channel", "code"])
    with pytest.raises(NotAllowed, match="factor_not_offered"):
        await browser.take("send_code", channel="email")
    assert (await browser.take("code", code=await engine.last_code())).step == "done"
    assert [method.name for method in (await browser.finish()).session.methods] == ["sms_code"]


async def test_a_link_alone_is_sent_without_a_code(engine: Engine) -> None:
    await engine.set_up(lambda s: replace(s, rules=replace(s.rules, email_code=False)))
    browser = await asked(engine)
    [message] = await engine.messages()
    assert (message.kind, sorted(message.data)) == ("sign_in_link", ["channel", "path"])
    assert (await browser.take("link", link=message.data["path"].rpartition("=")[2])).step == "done"


async def test_the_suspended_are_told_and_the_locked_get_none(engine: Engine) -> None:
    browser = await asked(engine)
    await engine.change(suspended=True)
    assert await browser.refused("code", code=await engine.last_code()) == "suspended"
    with pytest.raises(CredentialRefused):
        await browser.take("code", code=await engine.last_code())
    await engine.change(suspended=None)
    for _ in range(10):
        await browser.refused("password", password="wrong")
    engine.world.clock.turn(ms=MINUTE)
    await browser.take("send_code", channel="email")
    assert (await engine.messages())[-1].to == ""
