"""What sign-ins leave behind goes when its time is over, and nothing else does; and one address cannot try for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.credentials.tally import MOST_FAILURES, Tally, address_id, nobody_id
from muster.core.errors import TooMany
from muster.core.oauth.model import DeviceCode
from muster.core.records import Key
from muster.core.sign_in.model import RememberedBrowser, SignInAttempt, UsedOnce
from muster.core.sign_in.purge import forget_expired
from muster.core.sign_in.remembered import forget_browsers, remember
from tests.core.sign_in import NOW, REALM
from tests.core.sign_in_engine import Engine, totp_at

HOUR = 3_600_000
DAY = 24 * HOUR


async def test_what_is_over_goes_in_small_steps(on_both: Engine) -> None:
    world = on_both.world
    for number in range(7):
        life = DAY if number % 2 else 50 * DAY
        await on_both.add(UsedOnce(id=f"{number}", created_at=NOW, expires_at=NOW + life, version=1))
        await on_both.add(Tally(id=f"{number}", created_at=NOW, expires_at=NOW + life, version=1))
    code = DeviceCode(id="d", app_id="a", device_hash="1", user_hash="2", created_at=NOW, expires_at=NOW, version=1)
    await on_both.add(code)
    browser = on_both.browser()
    await browser.begin()
    await world.act(remember, world.ann, "old", DAY)
    await world.act(remember, world.ann, "new", 40 * DAY)
    assert await forget_expired(world.runner, world.tenant_id, 2) == 0
    world.clock.turn(ms=HOUR - 1)
    assert await forget_expired(world.runner, world.tenant_id, 2) == 0
    world.clock.turn(ms=2)
    assert await forget_expired(world.runner, world.tenant_id, 2) == 1 + 1
    world.clock.turn(ms=31 * DAY)
    late = on_both.browser()
    await late.begin()
    assert await forget_expired(world.runner, world.tenant_id, 2) == 3 + 3 + 1
    assert await forget_expired(world.runner, world.tenant_id, 2) == 0
    assert await on_both.attempt(browser.attempt_id) is None
    assert await on_both.attempt(late.attempt_id) is not None
    left: Any
    for kind in (UsedOnce, Tally):
        left = await world.store.older(world.tenant_id, kind, NOW + DAY, 100)
        assert [each.id for each in left] == ["0", "2", "4", "6"]
    left = await world.store.owned(world.tenant_id, RememberedBrowser, world.ann)
    assert [each.browser for each in left] == ["new"]
    assert await world.store.older(world.tenant_id, SignInAttempt, NOW + DAY, 100) == []


async def test_browsers_are_forgotten_on_demand_and_never_too_many(engine: Engine) -> None:
    world = engine.world
    for number in range(25):
        await world.act(remember, world.ann, f"b{number}", DAY)
        world.clock.turn(ms=1)
    left = await world.store.owned(world.tenant_id, RememberedBrowser, world.ann)
    assert [each.browser for each in left] == [f"b{number}" for number in range(5, 25)]
    await world.act(remember, world.ann, "b7", 2 * DAY)
    assert await world.act(forget_browsers, world.ann) == 20
    assert await world.act(forget_browsers, world.ann) == 0


async def test_one_address_cannot_try_everybody_for_ever(engine: Engine) -> None:
    """Spread over users and attempts, failures from one address are counted together, for an hour."""
    world = engine.world
    browser = engine.browser()
    for name in ("ann", "bob", "cyd"):
        await browser.begin()
        await browser.take("identify", identifier=f"{name}@example.org")
        await browser.refused("password", password="wrong")
    tally = await world.store.get(world.tenant_id, Tally, address_id("192.0.2.1"))
    assert tally is not None
    assert tally.count == 3

    async def fill(tx: Any) -> None:
        tx.save(replace(await tx.need(Tally, tally.id), count=MOST_FAILURES))

    await world.act(fill)
    for sign_in in (engine.sign_in, engine.another(world)):
        browser.sign_in = sign_in
        with pytest.raises(TooMany, match="too_many_failures") as refused:
            await browser.take("password", password="wrong")
        assert refused.value.retry_after == 3600
    other = engine.browser("198.51.100.1")
    assert (await other.by_password()).step == "done"
    await engine.set_up(lambda s: replace(s, lockout=replace(s.lockout, never_blocked=["192.0.2.1"])))
    assert await browser.refused("password", password="wrong") == "wrong_password"
    await engine.set_up(lambda s: replace(s, lockout=replace(s.lockout, never_blocked=[])))
    world.clock.turn(seconds=3600)
    await browser.begin()
    await browser.take("identify", identifier="ann@example.org")
    assert await browser.refused("password", password="wrong") == "wrong_password"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("testclient", "testclient", True),
    ],
)
def test_an_ipv6_network_is_one_address(one: str, other: str, same: bool) -> None:
    assert (address_id(one) == address_id(other)) == same


@pytest.mark.parametrize("identifier", ["ann@example.org", "nobody@example.org"])
async def test_no_failure_is_lost_when_two_nodes_are_asked_at_once(on_both: Engine, identifier: str) -> None:
    world = on_both.world
    browsers = []
    for _ in range(6):
        browser = on_both.browser(sign_in=on_both.another(world))
        await browser.begin()
        await browser.take("identify", identifier=identifier)
        browsers.append(browser)
    told = await asyncio.gather(*(browser.refused("password", password="wrong") for browser in browsers))
    assert told == ["wrong_password"] * 6
    of_address = await world.store.get(world.tenant_id, Tally, address_id("192.0.2.1"))
    assert of_address is not None
    assert of_address.count == 6
    if identifier.startswith("ann"):
        assert (await world.activity()).failures == 6
    else:
        of_nobody = await world.store.get(world.tenant_id, Tally, nobody_id(Key(REALM, "email", identifier)))
        assert of_nobody is not None
        assert of_nobody.activity.failures == 6


async def test_what_happened_is_told_and_no_secret_with_it(engine: Engine) -> None:
    secret = await engine.enrol()
    await engine.verify()
    browser = engine.browser()
    await browser.begin()
    await browser.take("identify", identifier="ann@example.org")
    await browser.refused("password", password="wrong")
    await browser.take("send_code", channel="email")
    code = await engine.last_code()
    await browser.take("code", code=code)
    await browser.take("second_factor", kind="totp", code=totp_at(secret, engine), remember="on")
    await browser.finish()
    events = await engine.world.store.events.of_user(engine.world.tenant_id, engine.world.ann, limit=100)
    kinds = {event.kind for event in events}
    assert {
        "sign_in.wrong_password",
        "sign_in.code_sent",
        "factor.passed",
        "sign_in.succeeded",
        "session.started",
        "browser.remembered",
    } <= kinds
    told = [event for event in events if event.kind.startswith(("sign_in.", "session.", "browser."))]
    assert {event.context.app_id for event in told} == {"app"}
    assert code not in str(events)
    assert secret not in str(events)
