"""Runs the load generator on its own core: wrk where it is installed, else our own."""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.generator import NUMBER, Traffic, generate
from bench.machine import CHECKOUT, CannotMeasure, pinned, python

CONNECTIONS = 32
PLACEHOLDER = NUMBER.decode()
NUL = b"\0"
SATURATED = 0.95
NO_WRK = """bench: wrk is not installed, so the load comes from a slower generator of our own, which can be the limit itself;
       figures that it may have limited are marked. On Debian and Ubuntu: apt-get install wrk"""


class Run(NamedTuple):
    """What one burst of load measured. `first` is where its numbers begin; a share of 1.0 is a whole core."""

    first: int
    per_second: float
    answered: int
    errors: int
    bytes_each: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    generator_share: float


class Generator:
    """Whatever makes the load on this machine."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._wrk = shutil.which("wrk")
        self._number = 0

    @property
    def is_wrk(self) -> bool:
        return self._wrk is not None

    def describe(self) -> str:
        """Which generator it is, for the results."""
        if self._wrk is None:
            return "built-in (asyncio, uvloop)"
        version = subprocess.run([self._wrk, "-v"], capture_output=True, text=True, check=False).stdout.split("[")[0]
        return version.strip().removesuffix("Copyright").strip()

    def run(self, url: str, requests: Path, seconds: float, connections: int = CONNECTIONS) -> Run:
        """Send the requests of a file in turn for so many seconds, as many at a time as there are connections."""
        first, before = self._number, _processor_seconds_of_children()
        if seconds < 1:
            traffic = Traffic(requests.read_bytes().split(NUL), first)
            told: Mapping[str, Any] = asyncio.run(generate(url, traffic, seconds, connections))
        else:
            told = self._in_a_process(url, requests, round(seconds), connections)
        spent = _processor_seconds_of_children() - before
        answered = int(told["requests"])
        # Requests that were sent and not answered in time have used numbers too.
        self._number += answered + 2 * connections
        return Run(
            first=first,
            per_second=round(answered / told["seconds"], 1),
            answered=answered,
            errors=int(told["errors"]),
            bytes_each=round(told["bytes"] / answered, 1) if answered else 0.0,
            p50_ms=round(told["p50_ms"], 3),
            p95_ms=round(told["p95_ms"], 3),
            p99_ms=round(told["p99_ms"], 3),
            generator_share=round(spent / told["seconds"], 2),
        )

    def _in_a_process(self, url: str, requests: Path, seconds: int, connections: int) -> Mapping[str, Any]:
        number = str(self._number)
        if self._wrk is not None:
            script = str(CHECKOUT / "bench" / "wrk.lua")
            command: Sequence[str] = [
                *(self._wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script, url),
                *("--", str(requests), number),
            ]
        else:
            command = python("-m", "bench.generator", url, str(requests), number, str(seconds), str(connections))
        with pinned(self._core):
            done = subprocess.run(
                command, cwd=CHECKOUT, capture_output=True, text=True, timeout=seconds + 60, check=False
            )
        lines = done.stdout.splitlines()
        if done.returncode or not lines:
            raise CannotMeasure(f"the load generator failed: {done.stderr[-1000:]}{done.stdout[-1000:]}")
        told: dict[str, Any] = json.loads(lines[-1])
        return told


def _processor_seconds_of_children() -> float:
    """The time on a core of all children that have ended; within one run that is the generator alone."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def over_the_wire(host: str, headers: Mapping[str, str], method: str, target: str, body: str = "") -> bytes:
    """A request as it is sent. A number in its body keeps its length."""
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Accept: */*"]
    if body:
        headers = {"Content-Type": "application/json", **headers, "Content-Length": str(len(body.encode()))}
    head += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()
