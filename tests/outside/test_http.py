"""The only way out: where a request may go, and what may come back."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from unittest import mock

import pytest

from muster.core.outside import Fetched, OutsideError, OutsideFailed, OutsideRefused
from muster.outside.http import LONGEST, USER_AGENT, Outside
from tests.outside.certified import certified
from tests.outside.servers import Answer, Received, Server, plain, serving

HERE = ["127.0.0.1"]


def names(*answers: Sequence[str] | Exception) -> Resolve:
    return Resolve(list(answers))


class Resolve:
    """A resolver that says one thing after the other, and the last one for ever."""

    def __init__(self, answers: list[Sequence[str] | Exception]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def reason(outside: Outside, url: str, **more: object) -> str:
    with pytest.raises(OutsideError) as error:
        await outside.fetch("GET", url, **more)  # type: ignore[arg-type]
    return f"{type(error.value).__name__} {error.value.reason}"


# -------------------------------------------------------------------------------------------------- where it may go


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
async def test_an_inner_address_is_refused_by_whatever_name_it_comes(address: str) -> None:
    shown = f"[{address}]" if ":" in address else address
    assert await reason(Outside(), f"https://{shown}/") == "OutsideRefused address"
    assert await reason(Outside(resolve=names([address])), "https://innocent.example.com/") == "OutsideRefused address"


SPELLINGS = ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "localhost", "localhost.", "LOCALHOST")


async def test_every_spelling_of_this_machine_is_refused_or_no_name_at_all() -> None:
    async with serving(lambda _: plain()) as server:
        refused = {host: await reason(Outside(), f"https://{host}:{server.port}/") for host in SPELLINGS}
        assert set(refused.values()) <= {"OutsideRefused address", "OutsideRefused url", "OutsideFailed unresolved"}
        assert refused["2130706433"] == refused["0x7f000001"] == refused["localhost"] == "OutsideRefused address"
        assert server.connections == 0


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:25/", "scheme"),
        ("//example.com/", "scheme"),
        ("https://example.com@127.0.0.1/", "userinfo"),
        ("https://:pass@example.com/", "userinfo"),
        ("https://example.com\\@127.0.0.1/", "userinfo"),
        ("https://exa\\mple.com/", "url"),
        ("https://example.com/a b", "url"),
        ("https://example.com/\r\nX-Injected: 1", "url"),
        ("https:///path", "url"),
        ("https://exam\x00ple.com/", "url"),
        ("https://example.com:99999/", "url"),
        ("https://example.com:0/", "url"),
    ],
)
async def test_an_address_that_can_be_read_in_two_ways_is_refused(url: str, why: str) -> None:
    assert await reason(Outside(resolve=names(["93.184.216.34"])), url) == f"OutsideRefused {why}"


async def test_one_name_is_resolved_once_and_the_connection_goes_to_that_answer() -> None:
    async with serving(lambda _: plain(200, b"rebound")) as server:
        rebinding = names(["93.184.216.34"], HERE)
        connected: list[str] = []

        async def connect(_: object, host: str, *__: object, **___: object) -> object:
            connected.append(host)
            raise OSError("no network in tests")

        with mock.patch("httpcore._backends.auto.AutoBackend.connect_tcp", connect):
            outside = Outside(resolve=rebinding)
            with contextlib.suppress(OutsideError, OSError):
                await outside.fetch("GET", f"https://rebinding.example.com:{server.port}/")
        assert rebinding.asked == [("rebinding.example.com", server.port)]
        assert connected == ["93.184.216.34"]
        assert server.connections == 0


async def test_of_several_addresses_those_of_the_inner_network_are_left_out() -> None:
    async with serving(lambda _: plain()) as server:
        outside = Outside(["127.0.0.1"], resolve=names(["10.0.0.1", "127.0.0.1"]))
        # Plain http asks that all of them be allowed.
        assert await reason(outside, f"http://two.example.com:{server.port}/") == "OutsideRefused scheme"


async def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    async with serving(lambda _: plain(200, b"second")) as server:
        outside = Outside(["two.example.com"], resolve=names(["127.0.0.2", "127.0.0.1"]))
        answer = await outside.fetch("GET", f"http://two.example.com:{server.port}/")
        assert answer.body == b"second"


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "Hooks.example.com", "hooks.example.com."])
async def test_what_the_setting_names_may_be_reached_also_in_plain_text(allowed: str) -> None:
    async with serving(lambda _: plain(201, b"here", "X-A: 1", "X-A: 2")) as server:
        outside = Outside([allowed], resolve=names(HERE))
        url = f"http://hooks.example.com:{server.port}/path?a=1#not-sent"
        answer = await outside.fetch("POST", url, headers=[("X-Own", "yes"), ("Host", "evil")], body=b"text")
        assert answer == Fetched(201, {"content-length": "4", "x-a": "1, 2"}, b"here")
        assert server.received == [
            Received(
                "POST",
                "/path?a=1",
                {
                    "host": f"hooks.example.com:{server.port}",
                    "user-agent": USER_AGENT,
                    "accept": "*/*",
                    "accept-encoding": "identity",
                    "connection": "close",
                    "content-length": "4",
                    "x-own": "yes",
                },
                b"text",
            )
        ]


async def test_what_the_setting_does_not_name_stays_closed() -> None:
    outside = Outside(["hooks.example.com", "10.0.0.0/8", "fd00::/8"], resolve=names(HERE))
    assert await reason(outside, "https://other.hooks.example.com/") == "OutsideRefused address"
    assert await reason(outside, "http://other.example.com/") == "OutsideRefused scheme"


# ------------------------------------------------------------------------------------------------- whom it believes


async def test_the_certificate_is_checked_against_the_name_wherever_the_connection_goes(tmp_path: Path) -> None:
    tls, trusted = certified(tmp_path, "hooks.example.com")
    told: list[str | None] = []
    tls.sni_callback = lambda _, name, __: told.append(name)
    async with serving(lambda _: plain(200, b"good"), tls) as server:
        port = server.port
        outside = Outside(["127.0.0.1"], resolve=names(HERE), trusted=trusted)
        assert (await outside.fetch("GET", f"https://hooks.example.com:{port}/")).body == b"good"
        assert told == ["hooks.example.com"]
        assert await reason(outside, f"https://other.example.com:{port}/") == "OutsideFailed certificate"
        stranger = Outside(["127.0.0.1"], resolve=names(HERE))
        assert await reason(stranger, f"https://hooks.example.com:{port}/") == "OutsideFailed certificate"
        assert len(server.received) == 1


async def test_no_proxy_of_the_environment_is_used_and_no_password_of_netrc(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine hooks.example.com login me password secret\n")
    async with serving(lambda _: plain()) as server, serving(lambda _: plain()) as proxy:
        there = f"http://127.0.0.1:{proxy.port}"
        surroundings = dict.fromkeys(("http_proxy", "HTTPS_PROXY", "ALL_PROXY"), there) | {"HOME": str(tmp_path)}
        with mock.patch.dict(os.environ, surroundings):
            outside = Outside(["hooks.example.com"], resolve=names(HERE))
            await outside.fetch("GET", f"http://hooks.example.com:{server.port}/")
        assert proxy.connections == 0
        assert "authorization" not in server.received[0].headers


# ------------------------------------------------------------------------------------------------ what may come back


@contextlib.asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[tuple[Outside, str, Server]]:
    async with serving(lambda _: answer) as server:
        yield Outside(["127.0.0.1"]), f"http://127.0.0.1:{server.port}/", server


async def test_a_redirect_is_an_answer_like_any_other_and_a_cookie_is_forgotten() -> None:
    there = "Location: http://169.254.169.254/latest/meta-data/"
    async with answering(plain(302, b"", there, "Set-Cookie: a=b")) as (outside, url, server):
        answer = await outside.fetch("GET", url)
        assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data/")
        await outside.fetch("GET", url)
        assert [received.headers.get("cookie") for received in server.received] == [None, None]


async def test_a_name_that_does_not_resolve_and_a_port_that_is_closed() -> None:
    outside = Outside(["x.example.com"], resolve=names(OSError()))
    assert await reason(outside, "https://x.example.com/") == "OutsideFailed unresolved"
    async with serving(lambda _: plain()) as server:
        port = server.port
    assert await reason(Outside(["127.0.0.1"]), f"http://127.0.0.1:{port}/") == "OutsideFailed unreachable"


async def test_a_slow_drip_ends_with_the_time_that_all_of_it_has() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with answering(drip) as (outside, url, _):
        assert await reason(outside, url, timeout=0.15) == "OutsideFailed timeout"


async def test_a_resolver_that_hangs_costs_no_more_than_the_time_there_is() -> None:
    async def hang(*_: object) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    assert await reason(Outside(resolve=hang), "https://example.com/", timeout=0.05) == "OutsideFailed timeout"


async def test_an_endless_body_is_cut() -> None:
    written = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                await writer.drain()
                written += 65_536

    async with answering(flood) as (outside, url, _):
        assert await reason(outside, url) == "OutsideFailed too_long"
    assert written < 16 * LONGEST  # what fits into the buffers on the way


async def test_the_longest_body_is_taken_and_one_byte_more_is_not() -> None:
    async with answering(plain(200, b"x" * LONGEST)) as (outside, url, _):
        assert len((await outside.fetch("GET", url)).body) == LONGEST
    async with answering(plain(200, b"x" * (LONGEST + 1))) as (outside, url, _):
        assert await reason(outside, url) == "OutsideFailed too_long"


async def test_what_was_packed_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    async with answering(plain(200, bomb, "Content-Encoding: gzip")) as (outside, url, _):
        assert await reason(outside, url) == "OutsideFailed encoded"


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 two\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n"]
)
async def test_what_is_no_answer_is_told_as_such(said: bytes) -> None:
    async def nonsense(writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with answering(nonsense) as (outside, url, _):
        assert await reason(outside, url) == "OutsideFailed protocol"


@pytest.mark.parametrize("header", [("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("X-Ä", "1"), ("X-A", "\ud800")])
async def test_a_header_cannot_smuggle_another_one(header: tuple[str, str]) -> None:
    async with answering(plain()) as (outside, url, server):
        with pytest.raises((OutsideRefused, OutsideFailed)):
            await outside.fetch("GET", url, headers=[header])
        assert server.received == []
