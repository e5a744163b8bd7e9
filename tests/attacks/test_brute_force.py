"""Whoever guesses is stopped after so many tries: at all nodes together, at the same moment, and after a restart of any.

Everything is counted in rows, so each of the functions below asks two nodes on one database at once, and a third that was not there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import pyotp
from msgspec.structs import replace

from muster.core.credentials.sent_codes import MOST_TRIES as MOST_CODES
from muster.core.credentials.tally import MOST_FAILURES, Tally, address_id
from muster.core.oauth.device import MOST_TRIES as MOST_USER_CODES
from muster.core.settings.model import LockoutRules
from muster.core.sign_in.model import SignInAttempt, UsedOnce
from muster.core.tickets.actions import make_ticket
from muster.core.transaction import Transaction
from muster.core.users.model import Factor, User
from muster.crypto.totp import TimeBasedCodes
from muster.web import Web
from tests.attacks.world import PASSWORD, SEALER, Answer, Browser, World, another_node, open_world

GUESSES = 8
"""Of each node at once."""

MOST_FAILED = LockoutRules().failures
CODES = TimeBasedCodes()


class Nodes:
    """Two nodes that are there, and one that comes later."""

    def __init__(self, world: World, webs: Sequence[Web]) -> None:
        self.world = world
        self.ours = world.ours
        self.webs = webs

    def browsers(self, ip: str, count: int = GUESSES) -> list[Browser]:
        """So many at each of the two."""
        return [Browser(self.ours, web=web, ip=ip) for web in self.webs[:2] for _ in range(count)]

    def later(self, ip: str) -> Browser:
        """One at the node that was not there."""
        return Browser(self.ours, web=self.webs[2], ip=ip)

    async def named(self, browser: Browser) -> str:
        """An attempt of the browser, at which somebody has said who they are."""
        attempt = await browser.attempt()
        await browser.press("/sign-in/identify", attempt=attempt, identifier=self.ours.email)
        return attempt

    async def failures(self) -> dict[str, int]:
        """How often who guessed where is counted with the user."""
        activity = (await self.ours.now()).activity
        assert activity is not None
        return {block.ip: block.failures for block in activity.ip_blocks}


def statuses(answers: Sequence[Answer]) -> set[int]:
    return {answer.status for answer in answers}


async def passwords(nodes: Nodes) -> None:
    ip = "192.0.2.10"
    browsers = nodes.browsers(ip)
    attempts = await asyncio.gather(*(nodes.named(browser) for browser in browsers))
    tries = zip(browsers, attempts, strict=True)
    answers = await asyncio.gather(
        *(browser.press("/sign-in/password", attempt=attempt, password="wrong") for browser, attempt in tries)
    )
    assert statuses(answers) <= {400, 429}
    assert (await nodes.failures())[ip] == MOST_FAILED
    # Now nobody gets in from there, anywhere, with the right one either; from elsewhere its owner does.
    for browser in (Browser(nodes.ours, ip=ip), nodes.later(ip)):
        refused = await browser.sign_in()
        assert (refused.status, browser.token) == (429, "")
    away = nodes.later("198.51.100.7")
    assert (await away.sign_in()).location.startswith("/authorize/resume")
    assert away.token


async def codes_by_mail(nodes: Nodes) -> None:
    ip = "192.0.2.11"
    first = Browser(nodes.ours, ip=ip)
    attempt = await nodes.named(first)
    assert (await first.press("/sign-in/send_code", attempt=attempt, channel="email")).status == 303
    code = (await nodes.ours.sent("sign_in_code"))["code"]
    wrong = "000000" if code != "000000" else "111111"
    browsers = nodes.browsers(ip)
    for browser in browsers:
        browser.cookies = dict(first.cookies)
    tries = 0
    while tries < MOST_CODES:  # of two at the same moment one is not looked at, and not counted
        answers = await asyncio.gather(
            *(browser.press("/sign-in/code", attempt=attempt, code=wrong) for browser in browsers)
        )
        assert statuses(answers) <= {400, 429}
        stored = await nodes.ours.database.store.get(nodes.ours.number, SignInAttempt, attempt)
        assert stored is not None
        assert stored.sent is not None
        assert tries < stored.sent.tries <= MOST_CODES
        tries = stored.sent.tries
    later = nodes.later(ip)
    later.cookies = dict(first.cookies)
    refused = await later.press("/sign-in/code", attempt=attempt, code=code)
    assert (refused.status, later.token) == (400, "")


async def enrol(nodes: Nodes) -> str:
    """Give the user an authenticator app; its secret."""
    secret = CODES.new_secret()
    sealed = SEALER.seal(secret.encode(), purpose=f"totp:{nodes.ours.user.id}")
    factor = Factor(
        id="f1", dev="d" * 16, kind="totp", secret=sealed, confirmed=True, created_at=nodes.world.house.clock.now()
    )
    await nodes.ours.change(factors=[factor])
    return secret


def shown(secret: str, nodes: Nodes) -> str:
    """What the app shows now."""
    return str(pyotp.TOTP(secret).at(nodes.world.house.clock.now() // 1000))


async def at_second_factor(nodes: Nodes, browser: Browser) -> str:
    attempt = await nodes.named(browser)
    assert (await browser.press("/sign-in/password", attempt=attempt, password=PASSWORD)).status == 303
    return attempt


async def time_based_codes(nodes: Nodes) -> None:
    ip = "192.0.2.12"
    secret = await enrol(nodes)
    right = shown(secret, nodes)
    wrong = "000000" if right != "000000" else "111111"
    browsers = nodes.browsers(ip)
    later = nodes.later(ip)
    attempts = await asyncio.gather(*(at_second_factor(nodes, browser) for browser in [*browsers, later]))
    tries = zip(browsers, attempts, strict=False)
    await asyncio.gather(
        *(
            browser.press("/sign-in/second_factor", attempt=attempt, kind="totp", code=wrong)
            for browser, attempt in tries
        )
    )
    assert (await nodes.failures())[ip] == MOST_FAILED
    await later.press("/sign-in/second_factor", attempt=attempts[-1], kind="totp", code=right)
    assert later.token == ""


async def one_time_based_code_signs_in_once(nodes: Nodes) -> None:
    ip = "192.0.2.13"
    code = shown(await enrol(nodes), nodes)
    browsers = nodes.browsers(ip, 3)
    attempts = await asyncio.gather(*(at_second_factor(nodes, browser) for browser in browsers))
    tries = zip(browsers, attempts, strict=True)
    await asyncio.gather(
        *(
            browser.press("/sign-in/second_factor", attempt=attempt, kind="totp", code=code)
            for browser, attempt in tries
        )
    )
    assert len([browser for browser in browsers if browser.token]) == 1


async def codes_that_devices_show(nodes: Nodes) -> None:
    ours = nodes.ours
    device = json.loads((await Browser(ours).post("/oauth/device/code", ours.client)).body)
    _, token = await ours.session()
    before = await ours.database.store.records(ours.number, UsedOnce)
    browsers = [*nodes.browsers("2001:db8::1"), *nodes.browsers("2001:db8::ffff:2")]
    for browser in browsers:
        browser.token = token
    answers = await asyncio.gather(*(browser.get("/device?user_code=BBBB-BBBB") for browser in browsers))
    assert sorted(answer.status for answer in answers) == [400] * MOST_USER_CODES + [429] * (
        len(browsers) - MOST_USER_CODES
    )
    assert len(await ours.database.store.records(ours.number, UsedOnce)) == len(before) + MOST_USER_CODES
    later = nodes.later("2001:db8::3")
    later.token, later.secret = token, "s" * 43
    right = device["user_code"]
    assert (await later.get(f"/device?user_code={right}")).status == 429
    assert (await later.press("/device", user_code=right, decision="allow")).status == 429
    elsewhere = nodes.later("2001:db8:0:1::1")
    elsewhere.token = token
    assert (await elsewhere.get(f"/device?user_code={right}")).status == 200


async def tickets(nodes: Nodes) -> None:
    ip = "192.0.2.15"
    ours = nodes.ours

    async def issue(tx: Transaction) -> str:
        return (await make_ticket(tx, await tx.need(User, ours.user.id), "sign_in", lifetime=3_600_000))[1]

    async def nearly_too_many(tx: Transaction) -> None:
        tally = await tx.get(Tally, address_id(ip))
        assert tally is not None
        assert tally.count == 2 * GUESSES
        tx.save(replace(tally, count=MOST_FAILURES - 1))

    ticket = await ours.act(issue)
    browsers = nodes.browsers(ip)
    attempts = await asyncio.gather(*(browser.attempt() for browser in browsers))
    tries = list(zip(browsers, attempts, strict=True))
    await asyncio.gather(*(browser.press("/sign-in/ticket", attempt=each, ticket="t" * 32) for browser, each in tries))
    await ours.act(nearly_too_many)
    browser, attempt = tries[0]
    assert (await browser.press("/sign-in/ticket", attempt=attempt, ticket="t" * 32)).status == 400
    later = nodes.later(ip)
    attempt = await later.attempt()
    assert (await later.press("/sign-in/ticket", attempt=attempt, ticket=ticket)).status == 429
    away = nodes.later("198.51.100.7")
    assert (await away.press("/sign-in/ticket", attempt=await away.attempt(), ticket=ticket)).status == 303


async def test_guessing_ends(migrated_url: str, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(migrated_url, tmp_path))
        others = [await stack.enter_async_context(another_node(world.house)) for _ in range(2)]
        nodes = Nodes(world, [world.web, *others])
        await passwords(nodes)
        await codes_by_mail(nodes)
        await codes_that_devices_show(nodes)
        await tickets(nodes)
        await time_based_codes(nodes)
        await one_time_based_code_signs_in_once(nodes)
