"""People who sign in with a password through the whole code flow, what the others notice of it, and what a stranger learns."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from bench.case import Findings, Once, Simple
from bench.cases.limits import argon2_limit
from bench.cases.reads import user_target
from bench.cases.shop import AT_ONCE, PASSWORD, shop_of
from bench.place import Place

WAITING: Final = 64
"""Callers that wait for one hashing thread before another is told to come later: so many arrive before the measuring begins."""

TRIES: Final = 200
"""Wrong passwords of each kind for each second of a run. With the people that there are then, each has a tenth of the failures in a
run that lock an account."""

TRIED_AT_ONCE: Final = 8

ENOUGH: Final = 1.9
"""People who arrive, for each who can be hashed: twice as many, as near as an arrival more or less allows."""


@contextmanager
def _sign_in(place: Place, findings: Findings, *, on_both: bool) -> Iterator[Once]:
    """From the application to the pages and back to its tokens, 32 people at a time, as a share of what argon2 alone allows."""
    bench = place.bench
    cores: Sequence[int] = tuple(bench.cores) if on_both else (bench.cores.server,)
    shop = shop_of(place.served(*cores, proxied=True))
    before, signed_in = shop.sign_ins(), 0

    def once() -> float:
        nonlocal signed_in
        limit = argon2_limit(bench, *cores)
        told = shop.drive(
            findings,
            "sign_in",
            bench.cores if on_both else (),
            people=shop.people,
            password=PASSWORD,
            seconds=bench.plan.seconds,
            at_once=AT_ONCE,
        )
        signed_in += told["signed_in"]
        if not told["counted"]:
            findings.faults.append("nobody signed in")
        per_second = told["counted"] / told["seconds"] if told["seconds"] else 0.0
        findings.add("argon2_per_second", limit)
        findings.add("ratio", per_second / limit)
        return per_second

    yield once
    if (lost := signed_in - (shop.sign_ins() - before)) > 0:
        findings.faults.append(f"{lost:,} sign-ins were answered and are not told of their users")


@contextmanager
def _get_while(place: Place, findings: Findings) -> Iterator[Once]:
    """The 99th percentile of what a read takes, while people arrive twice as fast as their passwords can be hashed."""
    bench, site = place.bench, place.served(proxied=True)
    shop, seconds = shop_of(site), place.bench.plan.seconds
    waiting = WAITING if seconds >= 1 else 0

    def once() -> float:
        limit = argon2_limit(bench)
        told = shop.drive(
            findings,
            "overload",
            people=shop.people,
            password=PASSWORD,
            seconds=seconds,
            ahead=waiting,
            per_second=2 * limit,
            targets=[user_target(id_) for id_ in shop.ids],
            headers=site.auth0.headers,
        )
        arrived = told["arrived"] / told["window"]
        if arrived < ENOUGH * limit:
            findings.faults.append(f"{arrived:,.1f} people/s arrived, and {2 * limit:,.1f} should have")
        if not told["reads"] or not told["signed_in"]:
            findings.faults.append("nobody signed in, or nothing was read")
        if waiting and not told["turned_away"]:
            findings.faults.append("nobody had to be told to come later: the server kept up")
        findings.add("argon2_per_second", limit)
        findings.add("arrived_per_second", arrived)
        for name in ("signed_in", "turned_away", "reads", "p50_ms", "p95_ms", "most_ms"):
            findings.add(name, told[name])
        return float(told["p99_ms"])

    yield once


@contextmanager
def _unknown_user(place: Place, findings: Findings) -> Iterator[Once]:
    """How far apart the medians are of a wrong password for somebody who is there and for somebody who is not."""
    shop = shop_of(place.served(proxied=True))
    tries = round(TRIES * place.bench.plan.seconds)
    strangers = [f"nobody-{email}" for email in shop.people]

    def once() -> float:
        told = shop.drive(findings, "wrong", known=shop.people, unknown=strangers, tries=tries, at_once=TRIED_AT_ONCE)
        if told["tried"] < tries:
            findings.faults.append(f"{told['tried']:,} tries of {tries:,} were refused as they should be")
        for name in ("known_ms", "unknown_ms", "tried"):
            findings.add(name, told[name])
        return abs(float(told["known_ms"] - told["unknown_ms"]))

    yield once


CASES: Final = (
    Simple("sign-in", "sign in with a password", "/s", functools.partial(_sign_in, on_both=False)),
    Simple("get-while-signing-in", "read a user meanwhile, p99", "ms", _get_while),
    Simple("unknown-user", "wrong password, known or not", "ms", _unknown_user),
    Simple("sign-in-two", "sign in, two cores for it", "/s", functools.partial(_sign_in, on_both=True)),
)
