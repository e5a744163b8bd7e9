"""Where a case is measured: one engine with so many users, at rest or served, in folders that are nobody else's."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from bench.clients import AUTH0_USERS, Clients
from bench.databases import Engine
from bench.dataset import Dataset
from bench.load import CONNECTIONS, Generator, Run, over_the_wire
from bench.machine import Cores, Memory, family, memory, processor_seconds, python
from bench.plan import Plan
from bench.processes import Server, muster, running, serve

USERS_ASKED_FOR: Final = 2_000
"""Spread evenly over all users, and asked for in turn."""

PROXY: Final = "127.0.0.1/32"

BUSY: Final = 0.85
"""A bare server that is asked without pause and has less of its core than this shares it with strangers."""

ROUTES: Final = (AUTH0_USERS, f"{AUTH0_USERS}/{{id}}")


@dataclass(frozen=True)
class Measured:
    """One burst of load on one server; `server_share` is of the core that it and its database have."""

    run: Run
    server_share: float


@dataclass
class Answers:
    """What the bare server is to answer: `bodies` by target, and `fallback` to targets that are not among them."""

    fallback: str
    bodies: dict[str, str] = field(default_factory=dict)
    status: int = 200
    routes: tuple[str, str] = ROUTES

    def write(self, file: Path) -> None:
        told = {"routes": self.routes, "status": self.status, "fallback": self.fallback, "bodies": self.bodies}
        file.write_text(json.dumps(told), "utf-8")


class Bare:
    """The bare server of a run, which cases tell what to answer. `figures` are the yardstick's, in requests a second."""

    def __init__(self, server: Server, answers: Path) -> None:
        self.server = server
        self._answers = answers
        self.figures: list[float] = []

    def answer(self, answers: Answers) -> Server:
        """The server, which answers this from now on."""
        answers.write(self._answers)
        self.server.renew()
        return self.server


TARGET: Final = f"{AUTH0_USERS}/auth0%7C00000000000000000000000000000000"
YARDSTICK: Final = Answers(json.dumps({"user_id": "auth0|0", "name": "n" * 1_160}))
"""One user of 1.2 KB: what this machine can do at the moment is how often that is answered."""


@dataclass(frozen=True)
class Bench:
    """One run's measuring of one engine."""

    plan: Plan
    engine: Engine
    cores: Cores
    work: Path
    generator: Generator
    data: Dataset
    bare: Bare

    def burst(self, server: Server, requests: Path, connections: int = CONNECTIONS, seconds: float = 0) -> Measured:
        """Load on a server for the seconds of one run, or for so many."""
        pids = [*family(server.pid), *self.engine.pids()]
        before, begin = processor_seconds(pids), time.perf_counter()
        run = self.generator.run(server.url, requests, seconds or self.plan.seconds, connections)
        spent, elapsed = processor_seconds(pids) - before, time.perf_counter() - begin
        return Measured(run, round(spent / elapsed, 2))

    def yardstick(self) -> Measured:
        """What the bare server answers at the moment."""
        server = self.bare.answer(YARDSTICK)
        requests = self.work / "yardstick.requests"
        host = server.url.partition("//")[2]
        requests.write_bytes(over_the_wire(host, {"Authorization": "Bearer none"}, "GET", TARGET))
        found = self.burst(server, requests)
        self.bare.figures.append(found.run.per_second)
        return found

    @property
    def profile(self) -> Path:
        """Where the profile of the server goes, when one is wanted."""
        return self.work.parent / f"{self.engine.name}.profile"


@contextlib.contextmanager
def bare_server(core: int, work: Path) -> Iterator[Bare]:
    """A bare server on one core, until the end of the block."""
    file = work / "answers.json"
    YARDSTICK.write(file)
    with running(python("-m", "bench.bare", str(file)), core, work / "bare.log") as server:
        yield Bare(server, file)


class Site(Clients):
    """A served database: its server, a client for each vendor's API, and the users who are asked for."""

    def __init__(self, server: Server, told: dict[str, Any], emails: list[str], database: Bench) -> None:
        super().__init__(server.url, told)
        self.server = server
        self.emails = emails
        self.bench = database
        self.kept: dict[str, Any] = {}
        """What one case has found out and another needs too."""


class Place:
    """A copy of the kept database with so many users. Cases say whether they want it served or at rest."""

    def __init__(self, bench: Bench, users: int) -> None:
        self.bench = bench
        self.users = users
        self.data_dir = bench.work / f"loaded{users}"
        self.after_load: Memory | None = None
        self._stack = contextlib.ExitStack()
        self._site: Site | None = None
        self._asked: tuple[tuple[int, ...], bool] = (), False
        self._numbers = itertools.count()
        bench.engine.load(bench.data.kept(bench.engine, users), self.data_dir)

    @property
    def database(self) -> list[str]:
        """What Muster's commands must be told to find it."""
        return ["--data-dir", str(self.data_dir), *self.bench.engine.options(self.data_dir)]

    def served(self, *cores: int, proxied: bool = False) -> Site:
        """The one server of this place, on the core for servers or on these; started when it is first asked for like this.

        Where it is `proxied` it believes what a proxy on this machine says of where a request comes from.
        """
        bench = self.bench
        wanted = cores or (bench.cores.server,)
        if self._site is not None and self._asked != (wanted, proxied):
            self.rest()
        if self._site is None:
            self._asked = wanted, proxied
            profile = bench.profile if bench.plan.profile else None
            command = serve(self.data_dir, bench.engine.options(self.data_dir), profile=profile)
            command += ["--trusted-proxies", PROXY] if proxied else []
            server = self._stack.enter_context(running(command, wanted, bench.work / "muster.log"))
            self._site = Site(server, self._credentials(), self._emails, bench)
            self._stack.callback(self._site.close)
        return self._site

    def rest(self) -> None:
        """End the server, if there is one: nobody uses the database then."""
        if self._site is not None and self._site.server.is_up:
            self.after_load = memory(self._site.server.pid)
        self._site = None
        self._stack.close()

    def new_folder(self) -> Path:
        """Where nothing is yet, for a database of a case's own."""
        return self.bench.work / f"new{self.users}-{next(self._numbers)}"

    def close(self) -> None:
        """End the server and remove the copy."""
        self.rest()
        self.bench.engine.drop(self.data_dir)

    def _credentials(self) -> dict[str, Any]:
        """As they are now: with a free port at each start, audiences change."""
        told: dict[str, Any] = json.loads(muster(["credentials", "--json", *self.database], self.bench.work))
        return told

    @cached_property
    def _emails(self) -> list[str]:
        rows = self.bench.data.rows(0, self.users, max(1, self.users // USERS_ASKED_FOR))
        return [json.loads(row)["email"] for row in rows][:USERS_ASKED_FOR]
