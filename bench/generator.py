"""A small load generator for machines without wrk: one process, raw connections, one request at a time on each.

    python -m bench.generator URL REQUESTS NUMBER SECONDS CONNECTIONS

REQUESTS and NUMBER mean the same as in wrk.lua, and the report has the same members.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

NUMBER = b"#########"
"""Where a request that must differ each time bears its number, which has as many digits."""

SECONDS_FOR_AN_ANSWER = 30
"""However short a run is, it goes on until there is a first answer, or for so long."""

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "


class Traffic:
    """The requests to send, and what came of them."""

    def __init__(self, requests: list[bytes], number: int) -> None:
        parts = [request.partition(NUMBER) for request in requests]
        self._requests = [(before, bool(mark), after) for before, mark, after in parts]
        self._number = number
        self.ended = False
        self.answered = asyncio.Event()
        self.errors = self.bytes = 0
        self.seconds: list[float] = []

    def next(self) -> bytes:
        before, numbered, after = self._requests[self._number % len(self._requests)]
        self._number += 1
        return b"%s%09d%s" % (before, self._number, after) if numbered else before


class Connection(asyncio.Protocol):
    """One client, which sends its next request when the answer to the last one is complete."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._received = bytearray()
        self._expected = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are like asyncio's, and not of their class.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        if not self._expected:
            head = received.find(HEAD_END)
            if head < 0:
                return
            at = received[:head].lower().find(LENGTH)
            length = int(received[at + len(LENGTH) : head].split(b"\r", 1)[0]) if at >= 0 else 0
            self._expected = head + len(HEAD_END) + length
        if len(received) < self._expected:
            return
        traffic = self._traffic
        if not traffic.ended:
            traffic.seconds.append(time.perf_counter() - self._sent)
            traffic.bytes += len(received)
            traffic.answered.set()
            traffic.errors += received[9:10] != b"2"
            self._expected = 0
            received.clear()
            self._send()

    def connection_lost(self, _: Exception | None) -> None:
        self._traffic.errors += not self._traffic.ended

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._traffic.next())


async def generate(url: str, traffic: Traffic, seconds: float, connections: int) -> dict[str, float]:
    """Send for so long, and until something is answered, and report; an answer that is on its way at the end is not counted."""
    loop, place = asyncio.get_running_loop(), urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    begin = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Connection(traffic), place.hostname, place.port)
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(traffic.answered.wait(), SECONDS_FOR_AN_ANSWER)
    traffic.ended = True
    elapsed = time.perf_counter() - begin
    for transport, _ in made:
        transport.abort()
    await asyncio.sleep(0)
    times = sorted(traffic.seconds) or [0.0]
    return {
        "requests": len(traffic.seconds),
        "seconds": elapsed,
        "bytes": traffic.bytes,
        "errors": traffic.errors,
        "p50_ms": 1000 * times[len(times) // 2],
        "p95_ms": 1000 * times[len(times) * 95 // 100],
        "p99_ms": 1000 * times[len(times) * 99 // 100],
    }


def main(url: str, requests: str, number: str, seconds: str, connections: str) -> None:
    traffic = Traffic(Path(requests).read_bytes().split(b"\0"), int(number))
    print(json.dumps(uvloop.run(generate(url, traffic, float(seconds), int(connections)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
