"""Whoever has proved nothing writes a row by beginning to sign in: from one network address only so often."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from muster.core.clock import TurnedClock
from muster.core.errors import TooMany
from muster.core.oauth.model import DeviceCode
from muster.core.sign_in.model import SignInAttempt
from muster.dialects.kit.limits import TokenBucket
from tests.attacks.world import SECRET, Browser, World, open_world
from tests.databases import Databases

PER_SECOND = 2
AT_ONCE = 60

PAGES = ("/sign-in", "/sign-up", "/sign-in/forgotten", "/sign-in/ticket", "/device", "/account", "/account/security")
"""Pages that begin a sign-in of their own."""


async def attempts(world: World) -> int:
    return len(await world.ours.database.store.records(world.ours.number, SignInAttempt))


async def test_one_address_begins_only_so_often(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path, sign_ins_per_second=PER_SECOND) as world:
        ours, clock = world.ours, world.house.clock
        for number in range(AT_ONCE):
            path = (*PAGES, "/authorize")[number % (len(PAGES) + 1)]
            browser = Browser(ours)
            answer = await (browser.authorize() if path == "/authorize" else browser.get(path))
            assert answer.status in (200, 303), (path, answer.text)
        assert await attempts(world) == AT_ONCE
        for path in PAGES:
            answer = await Browser(ours).get(path)
            assert (answer.status, answer.header("retry-after"), answer.is_page) == (429, "1", True), path
            assert answer.header("content-security-policy")
        refused = await Browser(ours).authorize()
        assert (refused.status, refused.header("retry-after"), refused.is_page) == (429, "1", True)
        assert refused.header("content-security-policy")
        # A cookie, another tenant of the server and a made-up proxy change nothing; another address has its own.
        assert (await Browser(ours).get("/sign-in", x_forwarded_for="198.51.100.7")).status == 429
        assert (await Browser(world.theirs).get("/sign-in")).status == 429
        assert (await Browser(ours, ip="198.51.100.7").get("/sign-in")).status == 303
        assert await attempts(world) == AT_ONCE + 1
        clock.turn(seconds=1)
        assert [(await Browser(ours).get("/sign-in")).status for _ in range(3)] == [303, 303, 429]


async def test_who_is_on_the_way_or_signed_in_is_not_held_back(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path, sign_ins_per_second=PER_SECOND) as world:
        person = Browser(world.ours)
        attempt = await person.attempt()
        statuses = [(await Browser(world.ours).get("/sign-in")).status for _ in range(AT_ONCE)]
        assert statuses[-1] == 429
        done = await person.sign_in(attempt)
        assert (await person.get(done.location)).values["code"]
        assert (await person.authorize()).values["code"]
        assert (await person.get("/account")).status == 200


async def test_one_ipv6_network_is_one_address_and_a_trusted_proxys_word_counts(
    sqlite_databases: Databases, tmp_path: Path
) -> None:
    settings = {"sign_ins_per_second": 1, "trusted_proxies": ("10.0.0.0/8",)}
    async with open_world(sqlite_databases.migrated(), tmp_path, **settings) as world:

        async def statuses(ips: Mapping[str, int]) -> dict[str, int]:
            """Of the last of so many at each address, behind our own proxy."""
            found = {}
            for ip, count in ips.items():
                browser = Browser(world.ours, ip="10.1.2.3")
                browser.more = {"x_forwarded_for": f"8.8.8.8, {ip}"}
                found[ip] = [(await browser.get("/sign-in")).status for _ in range(count)][-1]
            return found

        assert await statuses({"2001:db8::1": 15, "2001:db8::2": 15, "2001:db8::3": 1, "2001:db8:0:1::1": 1}) == {
            "2001:db8::1": 303,
            "2001:db8::2": 303,
            "2001:db8::3": 429,
            "2001:db8:0:1::1": 303,
        }


async def test_an_application_without_a_secret_begins_no_more_often(
    sqlite_databases: Databases, tmp_path: Path
) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path, sign_ins_per_second=1) as world:
        ours = world.ours
        await ours.change_app(authentication="none", secret=None)
        public = {"client_id": ours.client_id}
        statuses = [(await Browser(ours).post("/oauth/device/code", public)).status for _ in range(31)]
        assert statuses == [200] * 30 + [429]
        assert len(await ours.database.store.records(ours.number, DeviceCode)) == 30
        mail = {**public, "connection": "email", "email": "bob@example.com"}
        start = await Browser(ours).post("/passwordless/start", mail)
        assert (start.status, await attempts(world)) == (429, 0)
        assert start.header("retry-after") == "2"
        # One that has proved itself speaks for many people.
        await ours.change_app(authentication="client_secret", secret=ours.sealed_secret)
        known = {**mail, "client_secret": SECRET}
        assert (await Browser(ours).post("/passwordless/start", known)).status == 200
        assert (await Browser(ours).post("/oauth/device/code", {**public, "client_secret": SECRET})).status == 200


def test_a_flood_from_everywhere_is_not_remembered_for_ever() -> None:
    class Small(TokenBucket):
        MOST_CALLERS = 3

    bucket = Small(TurnedClock(0), burst=1, per_second=1)
    for address in ("a", "b", "c"):
        bucket.take(address)
    with pytest.raises(TooMany):
        bucket.take("a")
    bucket.take("d")  # takes the place of b, who was away for longest
    bucket.take("b")
    with pytest.raises(TooMany):
        bucket.take("a")
