"""Every case of `make bench` is carried out once, with few users and for a moment: it must answer and lose nothing. No time is
looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench import floors, report
from bench.__main__ import run
from bench.cases import ALL
from bench.load import Generator
from bench.machine import choose_cores
from bench.plan import Plan

USERS = 40


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="measuring needs Linux and two cores",
)
def test_every_case_answers_and_loses_nothing(tmp_path: Path) -> None:
    plan = Plan((USERS // 2, USERS), seconds=0.05, runs=1, only=tuple(ALL))
    _, found = run("sqlite", plan, tmp_path, Generator(choose_cores().load))

    figures, before = found["figures"], found["growth"][USERS // 2]
    assert list(figures) == list(ALL)
    assert list(before) == [name for name, case in ALL.items() if case.grows]
    assert not [(name, figure["faults"]) for name, figure in (*before.items(), *figures.items()) if figure["faults"]]
    assert [step["rows"] for step in found["built"]] == [USERS // 2, USERS // 2]

    floors.judge(figures, "sqlite")
    judged = {floor.figure: floor.member for floor in floors.FLOORS}
    assert judged.keys() <= figures.keys()
    assert all(figures[name]["checks"] for name in judged)
    told = report.table(figures) + report.growth({USERS // 2: before, USERS: figures}) + report.building(found["built"])
    assert all(case.title in told for case in ALL.values())
