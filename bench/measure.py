"""Takes the figures of one engine. Over HTTP the measured server and the bare one take turns, run by run."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import dataset
from bench.cases import Case, Cases, Client
from bench.databases import Engine
from bench.load import SATURATED, Generator, Run
from bench.machine import CannotMeasure, Cores, Memory, family, memory, processor_seconds, python
from bench.processes import Server, muster, running, serve

OVER_HTTP = ("get", "list", "search", "patch", "create")  # those that write come last: each begins with fresh tables
ALL = (*OVER_HTTP, "memory", "start", "import")
ROWS_IMPORTED = 20_000
SETTLE_SECONDS = 2.0
PROFILED_LINES = 40
BUSY = 0.85  # a bare server that is asked without pause and has less of its core than this shares it with strangers


@dataclass(frozen=True)
class Plan:
    """What to measure and how: seconds of one run, how many runs a median is made of."""

    users: int
    seconds: int
    runs: int
    only: Sequence[str]
    profile: bool


@dataclass(frozen=True)
class Measured:
    """One burst of load on one server; `server_share` is of the core that it and its database have."""

    run: Run
    server_share: float


class Bench:
    """The figures of one engine, in a work folder that is nobody else's."""

    def __init__(self, plan: Plan, engine: Engine, cores: Cores, work: Path, users: dataset.Dataset) -> None:
        self._plan = plan
        self._engine = engine
        self._cores = cores
        self._work = work
        self._users = users
        self._generator = Generator(cores.load)
        self.profile = work.parent / f"{engine.name}.profile"

    def figures(self) -> dict[str, dict[str, Any]]:
        """Every figure of the plan by its name."""
        found: dict[str, dict[str, Any]] = {}
        data_dir = self._work / "loaded"
        if set(self._plan.only) - {"start", "import"}:
            self._engine.load(self._users.kept, data_dir)
        if "memory" in self._plan.only:
            found["memory"] = self._memory(data_dir)
        if set(self._plan.only) & set(OVER_HTTP):
            over_http, after_load = self._over_http(data_dir)
            found |= over_http
            if "memory" in found:
                found["memory"]["after_load"] = after_load._asdict()
        if "start" in self._plan.only:
            found["start"] = self._start()
        if "import" in self._plan.only:
            found["import"] = self._import()
        return {name: found[name] for name in ALL if name in found}

    # ---------------------------------------------------------------------------------------------------- over HTTP

    def _over_http(self, data_dir: Path) -> tuple[dict[str, dict[str, Any]], Memory]:
        """The figures, and what the server holds after all of that load."""
        options = self._engine.options(data_dir)
        command = serve(data_dir, options, profile=self.profile if self._plan.profile else None)
        found: dict[str, dict[str, Any]] = {}
        with running(command, self._cores.server, self._work / "muster.log") as server:
            client = self._client(server, data_dir)
            there = client.count()
            if there != self._plan.users:
                raise CannotMeasure(
                    f"the database has {there:,} users instead of {self._plan.users:,}; remove its cache"
                )
            cases = Cases(client, self._users.people, self._plan.users)
            for name in OVER_HTTP:
                if name in self._plan.only:
                    case: Case = getattr(cases, name)()
                    found[name] = self._take_turns(case, server, client)
            client.close()
            return found, memory(server.pid)

    def _take_turns(self, case: Case, server: Server, client: Client) -> dict[str, Any]:
        """A B A B …, after a warm-up of each."""
        requests, answers = case.write(self._work)
        plan, measured, bare_measured = self._plan, [], []
        log = self._work / "bare.log"
        with running(python("-m", "bench.bare", str(answers)), self._cores.server, log) as bare:
            print(f"  {case.title}", end="", flush=True)
            warm_up = [self._burst(each, requests, max(1, plan.seconds // 3)).run for each in (server, bare)]
            for _ in range(plan.runs):
                measured.append(self._burst(server, requests, plan.seconds))
                bare_measured.append(self._burst(bare, requests, plan.seconds))
                print(".", end="", flush=True)
            print(flush=True)
        figure = _figure(case, measured, bare_measured, precise=self._generator.is_wrk)
        if lost := case.lost(client, [warm_up[0], *(each.run for each in measured)]):
            figure["faults"].append(f"{lost:,} writes were answered and are not there")
        return figure

    def _burst(self, server: Server, requests: Path, seconds: int) -> Measured:
        pids = [*family(server.pid), *self._engine.pids()]
        before, begin = processor_seconds(pids), time.perf_counter()
        run = self._generator.run(server.url, requests, seconds)
        spent, elapsed = processor_seconds(pids) - before, time.perf_counter() - begin
        return Measured(run, round(spent / elapsed, 2))

    def _client(self, server: Server, data_dir: Path) -> Client:
        options = ["--data-dir", str(data_dir), *self._engine.options(data_dir)]
        told = json.loads(muster(["credentials", "--json", *options], self._work))
        return Client(server.url, told["auth0"])

    # ------------------------------------------------------------------------------------------- memory, start, import

    def _memory(self, data_dir: Path) -> dict[str, Any]:
        """Of a server that has all users, has answered each kind of request once, and rests."""
        command = serve(data_dir, self._engine.options(data_dir))
        with running(command, self._cores.server, self._work / "muster.log") as server:
            client = self._client(server, data_dir)
            id_ = client.ask("GET", "/api/v2/users?per_page=1")[0]["user_id"]
            for target in (f"/api/v2/users/{id_}", "/api/v2/users?q=email%3A%22nobody%40example.com%22"):
                client.ask("GET", target)
            client.ask("PATCH", f"/api/v2/users/{id_}", {"user_metadata": {"rest": True}})
            client.close()
            time.sleep(SETTLE_SECONDS)
            held = memory(server.pid)
        counted = held.rss if held.processes == 1 else held.pss
        figure = {"title": "memory at rest", "unit": "MB", "value": counted}
        return {**figure, "at_rest": held._asdict()}

    def _start(self) -> dict[str, Any]:
        """From nothing at all to the line that says ready."""
        seconds = []
        for number in range(self._plan.runs):
            data_dir = self._work / f"empty{number}"
            self._engine.empty(data_dir)
            command = serve(data_dir, self._engine.options(data_dir))
            with running(command, self._cores.server, self._work / "start.log") as server:
                seconds.append(round(server.start_seconds, 3))
        return {"title": "first start to ready", "unit": "s", "value": median(seconds), "runs": seconds}

    def _import(self) -> dict[str, Any]:
        """The command as a whole, its own start and end included."""
        file = self._work / "some.ndjson"
        rows = dataset.head(self._users.people, ROWS_IMPORTED, file)
        rates = []
        for number in range(self._plan.runs):
            data_dir = self._work / f"imported{number}"
            rates.append(round(rows / dataset.import_into_new(self._engine, file, data_dir, self._cores.server), 1))
            shutil.rmtree(data_dir)
        return {"title": f"import {rows:,} users", "unit": "/s", "value": median(rates), "runs": rates}


def _figure(case: Case, measured: Sequence[Measured], bare: Sequence[Measured], *, precise: bool) -> dict[str, Any]:
    """The medians, and their ratio pair by pair, so that a slow minute of the machine counts on both sides."""
    ratios = [a.run.per_second / b.run.per_second for a, b in zip(measured, bare, strict=True) if b.run.per_second]
    every = [each.run for each in (*measured, *bare)]
    faults = [f"{errors:,} requests failed"] if (errors := sum(run.errors for run in every)) else []
    if any(not run.answered for run in every):
        faults.append("a run had no answer at all")
    # A ratio to what the generator could send, and not to what the bare server could answer, is no ratio.
    if not precise and median(run.run.generator_share for run in bare) >= SATURATED:
        faults.append("the built-in generator was the limit; install wrk")
    share = median(each.server_share for each in bare)
    notes = [f"the bare server had {share:.2f} of its core: something else runs here"] if share < BUSY else []
    return {
        "title": case.title,
        "unit": "/s",
        "value": _median(measured, "per_second"),
        "ratio": round(median(ratios), 3) if ratios else 0.0,
        "ratios": [round(ratio, 3) for ratio in ratios],
        "faults": faults,
        "notes": notes,
        "muster": _side(measured),
        "bare": _side(bare),
    }


def _side(measured: Sequence[Measured]) -> dict[str, Any]:
    return {
        "runs": [each.run.per_second for each in measured],
        **{name: _median(measured, name) for name in ("per_second", "p50_ms", "p99_ms", "bytes_each")},
        "errors": sum(each.run.errors for each in measured),
        "server_share": round(median(each.server_share for each in measured), 2),
        "generator_share": _median(measured, "generator_share"),
    }


def _median(measured: Sequence[Measured], name: str) -> float:
    return round(float(median(getattr(each.run, name) for each in measured)), 2)
