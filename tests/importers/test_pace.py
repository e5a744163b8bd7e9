"""How long the commits of an import take, by a clock that each row turns: the figures are the same on every machine."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, BinaryIO, cast

import msgspec
import pytest

from muster.core.transaction import TransactionRunner
from muster.importers.batches import Batch, Maker, Task
from muster.importers.pace import LARGEST_BATCH, LONGEST_COMMIT, LONGEST_COMMIT_ALONE, SMALLEST_BATCH, Pace
from muster.importers.reading import Source
from muster.importers.report import RejectedFile
from tests.importers.conftest import Place

CAP = 0.05
"""Seconds: what is promised to those who write beside an import."""


class Machine:
    """One on which a commit takes 2 ms, and so much for each row as `cost` says of the rows so far."""

    def __init__(self, cost: Callable[[int], float]) -> None:
        self.now = 0.0
        self.rows = 0
        self.commits: list[tuple[int, float]] = []
        self._cost = cost

    def timer(self) -> float:
        return self.now

    def commit(self, rows: int) -> None:
        took = 0.002 + rows * self._cost(self.rows)
        self.rows += rows
        self.now += took
        self.commits.append((rows, took))


def run(machine: Machine, pace: Pace, rows: int) -> None:
    while machine.rows < rows:
        size = pace.rows
        pace.begin()
        machine.commit(size)
        pace.end(size)


@pytest.mark.parametrize("each", [0.00002, 0.0001, 0.0006, 0.0019])
def test_no_commit_is_longer_than_promised_while_others_wait(each: float) -> None:
    machine = Machine(lambda _: each)
    pace = Pace(lambda: True, timer=machine.timer)
    run(machine, pace, 20_000)
    slowest = max(took for _, took in machine.commits)
    assert slowest <= CAP
    assert pace.slowest == pytest.approx(slowest)
    assert all(rows <= 2 * before for (before, _), (rows, _) in pairwise(machine.commits))
    # And it is not shorter than it need be either: what is fixed is paid for once, by as many rows as may be.
    assert machine.commits[-1][0] == LARGEST_BATCH or machine.commits[-1][1] > LONGEST_COMMIT * 0.9


def test_a_machine_that_becomes_slow_costs_one_long_commit() -> None:
    machine = Machine(lambda done: 0.0002 if done < 5_000 else 0.001)
    pace = Pace(lambda: True, timer=machine.timer)
    run(machine, pace, 10_000)
    assert sum(took > CAP for _, took in machine.commits) == 1
    assert machine.commits[-1][1] <= CAP


def test_where_nothing_is_quick_enough_commits_are_as_small_as_they_get() -> None:
    machine = Machine(lambda _: 0.02)
    run(machine, pace := Pace(lambda: True, timer=machine.timer), 200)
    assert {rows for rows, _ in machine.commits} == {SMALLEST_BATCH}
    assert pace.slowest == pytest.approx(0.402)


def test_alone_it_takes_its_time() -> None:
    machine = Machine(lambda _: 0.002)
    pace = Pace(timer=machine.timer)
    run(machine, pace, 5_000)
    assert CAP < max(took for _, took in machine.commits) <= LONGEST_COMMIT_ALONE
    assert pace.slowest == 0.0


async def test_others_who_come_are_left_alone_after_each_commit_and_their_leaving_is_noticed() -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    answers: Iterator[bool] = iter([False, True, True, False])
    pace, sizes = Pace(lambda: next(answers), wait=wait), []
    for _ in range(3):
        await pace.make_way()
        sizes.append(pace.rows)
    assert (waits, sizes) == ([0.03, 0.03], [20, 20, 40])


class Timed:
    """A place's runner, on a machine of that kind."""

    def __init__(self, place: Place, machine: Machine) -> None:
        self.store, self.clock = place.store, place.clock
        self._run, self._machine = place.into.runner.run, machine

    async def run(self, tenant_id: int, actor: Any, act: Any, batch: Batch, *arguments: Any) -> Any:
        kept = await self._run(tenant_id, actor, act, batch, *arguments)
        self._machine.commit(len(batch.fits))
        return kept


class Ahead:
    """Batches that were asked for long ago, as those are that another process has ready."""

    def __init__(self, task: Task, rows: bytes) -> None:
        self._maker = Maker(task, Source(cast("BinaryIO", io.BytesIO(rows))))

    async def skip(self, line: int) -> str:
        return self._maker.skip_now(line)

    async def next(self, size: int, now: int) -> Batch | None:
        return self._maker.next_now(250, now)


async def test_a_batch_made_while_nobody_waited_is_cut_for_those_who_come(place: Place) -> None:
    """A server that is started in the middle of an import: what is ready by then would hold it up."""
    machine = Machine(lambda _: 0.0005)

    async def no_time(_: float) -> None:
        """Others do what they want to do."""

    served = iter([False])  # at the beginning
    pace = Pace(lambda: next(served, True), wait=no_time, timer=machine.timer)
    into = place.into._replace(runner=cast("TransactionRunner", Timed(place, machine)))
    people = [{"email": "x" if n % 100 == 50 else f"user{n}@example.com"} for n in range(750)]
    rows = b"".join(msgspec.json.encode(person) + b"\n" for person in people)
    ahead = Ahead(into.task(place.vendor, upsert=False), rows)
    with contextlib.closing(RejectedFile(place.rejected)) as rejects:
        report = await place._replace(into=into).importer(pace=pace).run(ahead, rejects)
    assert (report.inserted, report.rejected, len(await place.users())) == (743, 7, 743)
    assert [row["line"] for row in place.left()] == list(range(51, 750, 100))
    assert machine.commits[0][0] > 2 * max(rows for rows, _ in machine.commits[1:])
    assert 0 < report.slowest == pace.slowest <= CAP
