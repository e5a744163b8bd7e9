"""Cases that are requests over HTTP: the measured server and the bare one take turns, run by run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

from bench.case import Figure, Measurement
from bench.load import CONNECTIONS, SATURATED, Run
from bench.place import BUSY, Answers, Measured, Place, Site
from bench.processes import Server


@dataclass
class Load:
    """The requests of a case and the answers to them. `lost` looks afterwards how many answered writes are not there; `hits`
    is how many users a search finds; `facts` are told with the figure.
    """

    requests: list[bytes]
    answers: Answers
    hits: float | None = None
    lost: Callable[[Sequence[Run]], int] = field(default=lambda _: 0)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpCase:
    """Requests per second with 32 connections, or the 95th percentile of the time that one client waits. `proxied`: see
    `Place.served`.
    """

    name: str
    title: str
    load: Callable[[Site], Load]
    grows: bool = False
    told: Literal["per_second", "p95_ms"] = "per_second"
    proxied: bool = False

    @property
    def connections(self) -> int:
        return CONNECTIONS if self.told == "per_second" else 1

    @contextmanager
    def prepare(self, place: Place) -> Iterator[Measurement]:
        bench, site = place.bench, place.served(proxied=self.proxied)
        load = self.load(site)
        requests = bench.work / f"{self.name}.requests"
        requests.write_bytes(b"\0".join(load.requests))
        runs = PairedRuns(self, place, load, requests, (site.server, bench.bare.answer(load.answers)))
        runs.warm_up()
        yield runs


class PairedRuns:
    """A B A B …, after a warm-up of each."""

    def __init__(self, case: HttpCase, place: Place, load: Load, requests: Path, pair: tuple[Server, Server]) -> None:
        self._case = case
        self._place = place
        self._load = load
        self._requests = requests
        self._server, self._bare_server = pair
        self._warm: list[Run] = []
        self._measured: list[Measured] = []
        self._bare: list[Measured] = []

    def warm_up(self) -> None:
        seconds = self._place.bench.plan.warm_up
        if seconds:
            self._warm = [self._burst(self._server, seconds).run]
            self._burst(self._bare_server, seconds)

    def run(self) -> None:
        self._measured.append(self._burst(self._server))
        self._bare.append(self._burst(self._bare_server))

    def figure(self) -> Figure:
        """The medians, and their ratio pair by pair, so that a slow minute of the machine counts on both sides."""
        case, load = self._case, self._load
        pairs = zip(self._measured, self._bare, strict=True)
        ratios = [a.run.per_second / b.run.per_second for a, b in pairs if b.run.per_second]
        lost = load.lost([*self._warm, *(each.run for each in self._measured)])
        return {
            "title": case.title,
            "unit": "/s" if case.told == "per_second" else "ms",
            "value": _median(self._measured, case.told),
            "ratio": round(median(ratios), 3) if ratios else 0.0,
            "ratios": [round(ratio, 3) for ratio in ratios],
            **self._selectivity(),
            **load.facts,
            "faults": self._faults() + ([f"{lost:,} writes were answered and are not there"] if lost else []),
            "notes": self._notes(),
            "muster": _side(self._measured),
            "bare": _side(self._bare),
        }

    def _burst(self, server: Server, seconds: float = 0) -> Measured:
        return self._place.bench.burst(server, self._requests, self._case.connections, seconds)

    def _selectivity(self) -> dict[str, Any]:
        if self._load.hits is None:
            return {}
        return {"hits": self._load.hits, "selectivity": round(self._load.hits / self._place.users, 7)}

    def _faults(self) -> list[str]:
        runs = [each.run for each in (*self._measured, *self._bare)]
        faults = [f"{errors:,} requests failed"] if (errors := sum(run.errors for run in runs)) else []
        if any(not run.answered for run in runs):
            faults.append("a run had no answer at all")
        # A ratio to what the generator could send, and not to what the bare server could answer, is no ratio.
        share = median(each.run.generator_share for each in self._bare)
        if not self._place.bench.generator.is_wrk and share >= SATURATED:
            faults.append("the built-in generator was the limit; install wrk")
        return faults

    def _notes(self) -> list[str]:
        if self._case.connections == 1:
            return []  # a single client leaves the bare server idle for most of the time
        share = median(each.server_share for each in self._bare)
        return [f"the bare server had {share:.2f} of its core: something else runs here"] if share < BUSY else []


def _side(measured: Sequence[Measured]) -> dict[str, Any]:
    return {
        "runs": [each.run.per_second for each in measured],
        **{name: _median(measured, name) for name in ("per_second", "p50_ms", "p95_ms", "p99_ms", "bytes_each")},
        "errors": sum(each.run.errors for each in measured),
        "server_share": round(median(each.server_share for each in measured), 2),
        "generator_share": _median(measured, "generator_share"),
    }


def _median(measured: Sequence[Measured], name: str) -> float:
    return round(float(median(getattr(each.run, name) for each in measured)), 3)
