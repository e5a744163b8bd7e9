"""Takes the figures of one engine: with each number of users on the way those that show growth, at the end all of them."""

from __future__ import annotations

import contextlib
import time
from statistics import median
from typing import Any

from bench import floors
from bench.case import Case, Figure
from bench.cases import ALL
from bench.machine import CannotMeasure
from bench.place import BUSY, Bench, Place

Figures = dict[str, Figure]
ROWS_OF_ITS_OWN = "import-more"


def provide(bench: Bench) -> list[dict[str, Any]]:
    """Have the kept database of every stage; how long each import took when it was made."""
    plan, before = bench.plan, 0
    more = plan.runs * plan.imported if ROWS_OF_ITS_OWN in plan.only else 0
    bench.data.invent(plan.users + more, bench.work)
    for users in plan.stages:
        bench.data.provide(bench.engine, users, before, bench.work, bench.cores)
        before = users
    return [bench.data.built(bench.engine, users) for users in plan.stages]


def figures(bench: Bench) -> tuple[dict[int, Figures], float | None]:
    """The figures by the number of users they were taken with, and what the bare server did meanwhile (requests a second)."""
    found: dict[int, Figures] = {}
    cases = [case for name, case in ALL.items() if name in bench.plan.only]
    for users in bench.plan.stages:
        chosen = [case for case in cases if case.grows or users == bench.plan.users]
        if chosen:
            found[users] = _at(users, chosen, bench)
    for name, figure in found.get(bench.plan.users, {}).items():
        _add_growth(figure, [stage[name] for stage in found.values() if name in stage])
    return found, median(rates) if (rates := bench.bare.figures) else None


def _at(users: int, cases: list[Case], bench: Bench) -> Figures:
    print(f" with {users:,} users", flush=True)
    found: Figures = {}
    with contextlib.closing(Place(bench, users)) as place:
        for case in cases:
            found[case.name] = _measure(case, place)
        place.rest()
        if "memory" in found and place.after_load is not None:
            found["memory"]["after_load"] = place.after_load._asdict()
    return found


def _measure(case: Case, place: Place) -> Figure:
    """One case; what keeps it from being measured makes its figure invalid and does not end the others."""
    plan, begin = place.bench.plan, time.perf_counter()
    print(f"  {case.title} ", end="", flush=True)
    try:
        with case.prepare(place) as measurement:
            begin = time.perf_counter()
            for number in range(plan.runs_at(place.users)):
                if number and time.perf_counter() - begin > plan.longest:
                    break
                measurement.run()
                print(".", end="", flush=True)
        figure = measurement.figure()
        if floors.needs_yardstick(case.name):
            _add_yardstick(figure, place.bench)
    except CannotMeasure as reason:
        with contextlib.suppress(CannotMeasure):  # a server that died is told once
            place.rest()
        figure = {"title": case.title, "unit": "", "value": 0.0, "runs": [], "faults": [str(reason)], "notes": []}
    print(" invalid: " + "; ".join(figure["faults"]) if figure["faults"] else "", flush=True)
    return figure


def _add_yardstick(figure: Figure, bench: Bench) -> None:
    """What floors are scaled by; nothing where strangers had part of the core, which would excuse any figure."""
    found = bench.yardstick()
    if found.server_share < BUSY:
        figure["notes"].append(f"not scaled: the bare server had {found.server_share:.2f} of its core")
    else:
        figure["yardstick"] = found.run.per_second


def _add_growth(figure: Figure, stages: list[Figure]) -> None:
    """Of rates over HTTP, each as a share of bare: the last by the first."""
    if len(stages) > 1 and figure["unit"] == "/s" and "bare" in figure and stages[0].get("ratio"):
        figure["growth"] = round(figure["ratio"] / stages[0]["ratio"], 3)
