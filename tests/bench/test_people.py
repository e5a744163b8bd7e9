"""The driver of the sign-in cases before a server that misbehaves: what goes wrong is counted, and nothing is taken for done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bench.people import carry_out

Handler = Callable[[str, bytes], tuple[int, dict[str, str], bytes]]
"""From the line of a request and its body to status, headers and body."""

PAGE = b'<input type="hidden" name="csrf" value="c">\n<input type="hidden" name="attempt" value="a">'
TOKENS = {"access_token": "opaque", "id_token": "a.b.c", "refresh_token": "r1"}


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[dict[str, str]]:
    """What the driver is told of the shop whose provider answers like this."""

    talks = set[asyncio.Task[None] | None]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("Content-Length:")), 0)
                status, headers, body = handler(head.partition("\r\n")[0], await reader.readexactly(length))
                told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                writer.write(f"HTTP/1.1 {status} X\r\n{told}content-length: {len(body)}\r\n\r\n".encode() + body)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    shop = {"app_id": "shop", "secret": "s", "redirect_uri": "https://shop.example.com/", "scope": "openid"}
    try:
        yield {"url": f"http://127.0.0.1:{port}", "issuer": "https://id.example.com/", **shop}
    finally:
        server.close()
        await asyncio.gather(*filter(None, talks))


def provider(line: str, _: bytes) -> tuple[int, dict[str, str], bytes]:
    """One who lets everybody in."""
    match line.split()[:2]:
        case ["GET", target] if target.startswith("/authorize?"):
            return 302, {"location": "/sign-in?attempt=a", "set-cookie": "muster_browser=b; Path=/"}, b""
        case ["POST", "/sign-in/identify"]:
            return 303, {"location": "/sign-in?attempt=a"}, b""
        case ["POST", "/sign-in/password"]:
            return 303, {"location": "https://shop.example.com/?code=the-code"}, b""
        case ["POST", "/oauth/token"]:
            return 200, {}, json.dumps(TOKENS).encode()
        case _:
            return 200, {}, PAGE


def but(line: str, status: int, body: bytes = b"") -> Handler:
    """The same provider, which answers this to requests that begin so."""

    def handler(asked: str, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        return (status, {}, body) if asked.startswith(line) else provider(asked, sent)

    return handler


def done(handler: Handler, do: str, **task: Any) -> dict[str, Any]:
    """The report of a task."""

    async def run() -> dict[str, Any]:
        async with served(handler) as shop:
            return await carry_out({"do": do, "shop": shop, **task})

    told: Coroutine[Any, Any, dict[str, Any]] = run()
    return asyncio.run(told)


PEOPLE = {"people": ["ann@example.com", "bob@example.com"], "password": "p"}


def test_a_sign_in_is_done_when_the_application_has_its_tokens() -> None:
    sent: list[tuple[str, bytes]] = []

    def handler(line: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        sent.append((line.split()[1].partition("?")[0], body))
        return provider(line, body)

    told = done(handler, "tokens", **PEOPLE, at_once=1)
    assert (told["tokens"], told["errors"]) == ([TOKENS, TOKENS], {})
    assert [target for target, _ in sent[:6]] == [
        *("/authorize", "/sign-in", "/sign-in/identify", "/sign-in", "/sign-in/password", "/oauth/token")
    ]
    assert sent[2][1] == b"csrf=c&attempt=a&identifier=ann%40example.com"
    assert sent[4][1] == b"csrf=c&attempt=a&password=p"
    assert b"code=the-code" in sent[5][1]


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (but("GET /authorize", 429), "GET /authorize answered 429"),
        (but("POST /sign-in/password", 503), "POST /sign-in/password answered 503"),
        (but("POST /sign-in/password", 200, PAGE), "the browser ended at a page without a code"),
        (but("POST /oauth/token", 400), "POST /oauth/token answered 400"),
        (but("POST /oauth/token", 200, b"{}"), "tokens are missing"),
    ],
)
def test_whatever_keeps_somebody_out_is_counted_and_nobody_has_signed_in(handler: Handler, error: str) -> None:
    told = done(handler, "tokens", **PEOPLE, at_once=1)
    assert (told["tokens"], told["errors"]) == ([], {error: 2})


def test_sign_ins_are_counted_from_the_first_to_the_last() -> None:
    told = done(provider, "sign_in", **PEOPLE, seconds=0.0, at_once=2)
    assert told["signed_in"] >= 2
    assert told["counted"] >= 1
    assert told["seconds"] > 0
    assert told["errors"] == {}


def test_each_program_holds_the_token_that_it_was_given_last() -> None:
    told = done(provider, "refresh", held=["r0", "r0"], seconds=0.05)
    assert (told["held"], told["sample"], told["errors"]) == (["r1", "r1"], TOKENS, {})
    assert told["answered"] >= 2


def test_a_program_that_is_refused_ends_and_is_counted() -> None:
    told = done(but("POST /oauth/token", 400), "refresh", held=["r0", "r0"], seconds=0.05)
    assert (told["answered"], told["errors"]) == (0, {"POST /oauth/token answered 400": 2})


def test_wrong_passwords_are_timed_only_where_they_are_refused() -> None:
    names = {"known": ["ann@example.com"], "unknown": ["nobody@example.com"]}
    told = done(but("POST /sign-in/password", 400, PAGE), "wrong", **names, tries=4, at_once=2)
    assert (told["tried"], told["errors"]) == (4, {})
    told = done(but("POST /sign-in/password", 429, PAGE), "wrong", **names, tries=4, at_once=2)
    assert (told["tried"], told["errors"]) == (0, {"POST /sign-in/password answered 429": 8})


def test_whoever_is_told_to_come_later_is_no_error_and_slow_reads_are_seen() -> None:
    task = {**PEOPLE, "seconds": 0.05, "ahead": 1, "per_second": 100.0, "targets": ["/user"], "headers": {}}
    told = done(but("POST /sign-in/password", 503), "overload", **task)
    assert (told["arrived"], told["turned_away"], told["signed_in"], told["reads"]) == (5, 6, 0, 10)
    assert 0 < told["p50_ms"] <= told["p99_ms"] <= told["most_ms"]
    assert told["errors"] == {}
    assert done(but("GET /user", 500), "overload", **task)["errors"] == {"GET answered 500": 10}
