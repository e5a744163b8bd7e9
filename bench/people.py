"""People and programs who go step by step, each request with what the last was answered: what no generator of requests can send.

    python -m bench.people TASK

TASK is JSON: `do` (one of `TASKS`) and what that takes. The report is one line of JSON: what the task says it tells, `errors` by
what went wrong, and `driver_share`, the part of a core that this process had.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import ipaddress
import itertools
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import uvloop

from bench.connection import Browser, Connection, Unexpected, basic

SECONDS_FOR_THE_REST = 60.0
"""However short a run is, it goes on until there is something to tell, or for so long."""

READS, READERS = 200, 8
"""A second, and on so many connections."""

ADDRESSES = map(str, map(ipaddress.IPv4Address, itertools.count(0x0A000000 + secrets.randbelow(1 << 23))))
"""Everybody comes from another address, since few may sign in from the same in a second, and fewer fail to."""

WRONG = "not-the-password-0"
BUSY, REFUSED = 503, 400


@dataclass
class Shop:
    """An application that people sign in to, at a server, and the public address of that."""

    url: str
    issuer: str
    app_id: str
    secret: str
    redirect_uri: str
    scope: str
    errors: Counter[str] = field(default_factory=Counter)
    connections: list[Connection] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.issuer.rstrip("/")

    async def arrive(self, browser: Browser, email: str, challenge: str = "") -> None:
        """From the application to the page that asks for the password."""
        asked = {
            "client_id": self.app_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": self.scope,
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            **({"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}),
        }
        await browser.open(f"/authorize?{urlencode(asked)}")
        await browser.submit("/sign-in/identify", identifier=email)

    async def sign_in(self, program: Connection, email: str, password: str) -> dict[str, Any]:
        """The whole code flow in a new browser; the application's program exchanges the code on its own connection."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        browser = Browser(await Connection.to(self.url), self.origin, next(ADDRESSES))
        try:
            await self.arrive(browser, email, challenge)
            back = await browser.submit("/sign-in/password", password=password)
        finally:
            await browser.connection.close()
        values = parse_qs(urlsplit(back).query)
        if not back.startswith(self.redirect_uri) or "code" not in values:
            raise ValueError(f"the browser ended at {back.partition('?')[0] or 'a page'} without a code")
        code = {"grant_type": "authorization_code", "code": values["code"][0], "redirect_uri": self.redirect_uri}
        headers = basic(self.app_id, self.secret)
        answer = await program.form("/oauth/token", {**code, "code_verifier": verifier}, headers)
        if answer.status != 200:
            raise Unexpected("POST /oauth/token", answer)
        tokens: dict[str, Any] = msgspec.json.decode(answer.body)
        if not {"access_token", "id_token"} <= tokens.keys():
            raise ValueError("tokens are missing")
        return tokens

    async def connected(self) -> Connection:
        """A connection that is kept until the task is done."""
        self.connections.append(await Connection.to(self.url))
        return self.connections[-1]

    def failed(self, failure: Exception) -> None:
        """Count what went wrong."""
        self.errors[str(failure) or repr(failure)] += 1


FAILURES = (Unexpected, ValueError, OSError, EOFError)
"""What may come of a server that answers otherwise than it should, or not at all."""


# ------------------------------------------------------------------------------------------------------------- sign-ins


async def sign_in(shop: Shop, *, people: list[str], password: str, seconds: float, at_once: int) -> dict[str, Any]:
    """So many people sign in at a time, each person again when all others have.

    Tells `signed_in`, of them those `counted`, and the `seconds` for these: from the first to be done until the last, so that
    as many were under way at the beginning as at the end.
    """
    done: list[float] = []
    names, end = itertools.cycle(people), time.perf_counter() + seconds

    async def one_after_another() -> None:
        program = await shop.connected()
        while (now := time.perf_counter()) < end or (len(done) < 2 and now < end + SECONDS_FOR_THE_REST):
            try:
                await shop.sign_in(program, next(names), password)
            except FAILURES as failure:
                shop.failed(failure)
                await asyncio.sleep(0.01)
            else:
                done.append(time.perf_counter())

    await _all(one_after_another for _ in range(min(at_once, len(people))))
    counted = [at for at in done if at <= max(end, done[1])] if len(done) > 1 else []
    return {
        "signed_in": len(done),
        "counted": max(0, len(counted) - 1),
        "seconds": counted[-1] - counted[0] if counted else 0.0,
    }


async def tokens(shop: Shop, *, people: list[str], password: str, at_once: int) -> dict[str, Any]:
    """Each person signs in once. Tells the `tokens` that the application was given, as it was answered."""
    names, given = iter(people), []

    async def one_after_another() -> None:
        program = await shop.connected()
        for name in names:
            try:
                given.append(await shop.sign_in(program, name, password))
            except FAILURES as failure:
                shop.failed(failure)

    await _all(one_after_another for _ in range(at_once))
    return {"tokens": given}


async def overload(
    shop: Shop,
    *,
    people: list[str],
    password: str,
    seconds: float,
    ahead: int,
    per_second: float,
    targets: list[str],
    headers: dict[str, str],
) -> dict[str, Any]:
    """New people arrive at a steady rate however many still wait, `ahead` of them before the rest; meanwhile the targets are read in
    turn, at a steady rate too.

    A read takes from the moment when it is due, so that one that waits for another to end counts its waiting. Tells how many
    `arrived` in the `window`, `signed_in` and were `turned_away` in all, and of the reads `p50_ms`, `p95_ms`, `p99_ms`, `most_ms`.
    """
    names, wanted, turned_away, done = itertools.cycle(people), itertools.cycle(targets), 0, 0
    programs, times = asyncio.Queue[Connection](), list[float]()

    async def visit(name: str) -> None:
        nonlocal turned_away, done
        connection = await shop.connected() if programs.empty() else programs.get_nowait()
        try:
            await shop.sign_in(connection, name, password)
        except Unexpected as refused:
            if refused.status == BUSY:
                turned_away += 1
            else:
                shop.failed(refused)
        except FAILURES as failure:
            shop.failed(failure)
        else:
            done += 1
        programs.put_nowait(connection)

    readers = asyncio.Queue[Connection]()
    for _ in range(READERS):
        readers.put_nowait(await shop.connected())

    async def read(due: float) -> None:
        reader = await readers.get()
        try:
            answer = await reader.ask("GET", next(wanted), headers)
            if answer.status != 200:
                raise Unexpected("GET", answer)
            times.append(time.perf_counter() - due)
        except FAILURES as failure:
            shop.failed(failure)
        finally:
            readers.put_nowait(reader)

    visits = [asyncio.create_task(visit(next(names))) for _ in range(ahead)]
    await asyncio.sleep(min(seconds / 4, 1.0))
    begin = time.perf_counter()
    arrivals, reading = list[asyncio.Task[None]](), list[asyncio.Task[None]]()
    async with asyncio.TaskGroup() as paced:
        paced.create_task(_at_a_pace(begin, seconds, per_second, arrivals, lambda _: visit(next(names))))
        paced.create_task(_at_a_pace(begin, seconds, READS, reading, read))
    window = time.perf_counter() - begin
    await asyncio.gather(*visits, *arrivals, *reading)
    ordered = sorted(times) or [0.0]
    told = {f"p{part}_ms": 1000 * ordered[len(ordered) * part // 100] for part in (50, 95, 99)}
    return {
        "arrived": len(arrivals),
        "window": window,
        "signed_in": done,
        "turned_away": turned_away,
        "reads": len(times),
        "most_ms": 1000 * ordered[-1],
        **told,
    }


async def _at_a_pace(
    begin: float, seconds: float, per_second: float, tasks: list[asyncio.Task[None]], do: Callable[[float], Any]
) -> None:
    """Start so many a second, the first at once, for so long; each is told when it was due."""
    for number in itertools.count():
        due = begin + number / per_second
        if due >= begin + seconds:
            return
        await asyncio.sleep(due - time.perf_counter())
        tasks.append(asyncio.create_task(do(due)))


# ------------------------------------------------------------------------------------------------------- wrong passwords


async def wrong(shop: Shop, *, known: list[str], unknown: list[str], tries: int, at_once: int) -> dict[str, Any]:
    """Wrong passwords for people who are known and for people who are not, `tries` of each, in an order of chance.

    Tells the medians of both, `known_ms` and `unknown_ms`, from the form to the page that refuses it, and `tried`, of each. Only the
    password is timed: everybody has come to the page that asks for it before.
    """
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    at_once = min(at_once, tries, len(known), len(unknown))
    chance = Random(1)  # noqa: S311 - who comes after whom is no secret

    async def one_after_another(part: int) -> None:
        connection, browsers = await shop.connected(), dict[str, Browser]()
        own = range(part, tries, at_once)
        turns = [
            (kind, names[part::at_once][turn % len(names[part::at_once])])
            for kind, names in (("known", known), ("unknown", unknown))
            for turn in range(len(own))
        ]
        for name in dict.fromkeys(name for _, name in turns):
            browsers[name] = Browser(connection, shop.origin, next(ADDRESSES))
            try:
                await shop.arrive(browsers[name], name)
            except FAILURES as failure:
                shop.failed(failure)
                return
        chance.shuffle(turns)
        for kind, name in turns:
            browsers[name].ip = next(ADDRESSES)
            begin = time.perf_counter()
            try:
                answer = await browsers[name].post("/sign-in/password", password=WRONG)
                took = time.perf_counter() - begin
                if answer.status != REFUSED:
                    raise Unexpected("POST /sign-in/password", answer)
                times[kind].append(took)
            except FAILURES as failure:
                shop.failed(failure)

    await _all(functools.partial(one_after_another, part) for part in range(at_once))
    told = {f"{kind}_ms": 1000 * median(found) if found else 0.0 for kind, found in times.items()}
    return {**told, "tried": min(map(len, times.values()))}


# ------------------------------------------------------------------------------------------------------------- programs


class _Refreshed(msgspec.Struct):
    refresh_token: str
    access_token: str
    id_token: str


async def refresh(shop: Shop, *, held: list[str], seconds: float) -> dict[str, Any]:
    """Programs that exchange their refresh token for the next, each on a connection of its own.

    Tells how many were `answered` within the `seconds`, `p50_ms` and `p99_ms`, what each holds at the end (`held`), and the last
    `sample` of an answer. An exchange that is under way at the end is waited for, and not counted: its token is the next.
    """
    done, newest, sample = list[tuple[float, float]](), list(held), dict[str, str]()
    decode, proof = msgspec.json.Decoder(_Refreshed).decode, basic(shop.app_id, shop.secret)
    connections = [await shop.connected() for _ in held]
    begin = time.perf_counter()
    end = begin + seconds

    async def one_after_another(number: int) -> None:
        connection, sent_at = connections[number], begin
        while sent_at < end:
            form = {"grant_type": "refresh_token", "refresh_token": newest[number]}
            answer = await connection.form("/oauth/token", form, proof)
            now = time.perf_counter()
            if answer.status != 200:
                raise Unexpected("POST /oauth/token", answer)
            given = decode(answer.body)
            newest[number] = given.refresh_token
            if now <= end or not done:
                done.append((now, now - sent_at))
                sample.update(msgspec.to_builtins(given))
            sent_at = now

    async def until_it_fails(number: int) -> None:
        try:
            await one_after_another(number)
        except FAILURES as failure:  # what is held now is unknown, so the chain ends here
            shop.failed(failure)

    await _all(functools.partial(until_it_fails, number) for number in range(len(held)))
    ordered = sorted(took for _, took in done) or [0.0]
    return {
        "answered": len(done),
        "seconds": max([end, *(at for at, _ in done)]) - begin,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[len(ordered) * 99 // 100],
        "held": newest,
        "sample": sample,
    }


# ---------------------------------------------------------------------------------------------------------------- tasks

TASKS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "sign_in": sign_in,
    "tokens": tokens,
    "overload": overload,
    "wrong": wrong,
    "refresh": refresh,
}


async def _all(tasks: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    async with asyncio.TaskGroup() as group:
        for task in tasks:
            group.create_task(task())


async def carry_out(task: dict[str, Any]) -> dict[str, Any]:
    """The report of a task."""
    shop, before, begin = Shop(**task.pop("shop")), time.process_time(), time.perf_counter()
    try:
        told = await TASKS[task.pop("do")](shop, **task)
    finally:
        for connection in shop.connections:
            await connection.close()
    share = (time.process_time() - before) / (time.perf_counter() - begin)
    return {**told, "errors": dict(shop.errors), "driver_share": round(share, 3)}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(carry_out(json.loads(Path(sys.argv[1]).read_text("utf-8"))))))
