"""`python -m bench`: measure, compare with the floors, write the results. Exit status 1 when a floor is missed, a figure
is invalid, or nothing can be measured.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import pstats
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import dataset, report
from bench.databases import engine as running_engine
from bench.load import CONNECTIONS, NO_WRK, Generator
from bench.machine import (
    CHECKOUT,
    MEMORY_FILESYSTEMS,
    CannotMeasure,
    choose_cores,
    facts,
    pinned,
)
from bench.measure import ALL, OVER_HTTP, PROFILED_LINES, Bench, Plan

CACHE = CHECKOUT / ".cache" / "bench"
RESULTS = CHECKOUT / "bench" / "results"
RECORD_USERS, RECORD_RUNS, RECORD_SECONDS = 100_000, 5, 5


def main() -> int:
    options = _options()
    plan = Plan(options.users, options.seconds, options.runs, options.only, options.profile)
    engines = ("sqlite", "postgres") if options.engine == "both" else (options.engine,)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end with us
    try:
        met = [_measure(name, plan) for name in engines]
    except CannotMeasure as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if all(met) else 1


def _measure(name: str, plan: Plan) -> bool:
    """Measure one engine; whether its floors are met."""
    cores, machine = choose_cores(), facts()
    generator = Generator(cores.load)
    if not generator.is_wrk:
        print(NO_WRK, file=sys.stderr)
    print(f"{name}: {plan.users:,} users, {plan.runs} runs of {plan.seconds} s, {CONNECTIONS} connections", flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context((CACHE / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotMeasure("another run is under way in this checkout") from None
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="work-", dir=CACHE)))
        stack.enter_context(pinned(cores.load))
        engine = stack.enter_context(running_engine(name, cores.server))
        users = dataset.provide(engine, plan.users, CACHE, work, cores.server)
        bench = Bench(plan, engine, cores, work, users)
        database = engine.facts(work)
        figures = bench.figures()
    if database["filesystem"] in MEMORY_FILESYSTEMS:
        for figure in (figures[each] for each in ("patch", "create") if each in figures):
            figure["faults"].append(f"the database is on {database['filesystem']}, where nothing is durable")
    met = report.judge(figures, name)
    print(report.table(figures))
    result: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "engine": name,
        "users": plan.users,
        "runs": plan.runs,
        "seconds_each": plan.seconds,
        "connections": CONNECTIONS,
        "generator": generator.describe(),
        "machine": machine,
        "database": database,
        "figures": figures,
    }
    if plan.profile:
        pstats.Stats(str(bench.profile)).sort_stats("tottime").print_stats(PROFILED_LINES)
        print(f"all of it: python -m pstats {bench.profile}")
    else:
        file = (RESULTS if _is_record(plan) else CACHE) / f"{result['date']}-{name}.json"
        report.write(file, result)
        print(f"written to {file.relative_to(CHECKOUT)}\n")
    return met


def _is_record(plan: Plan) -> bool:
    """Whether the figures are worth keeping: all of them, and measured no more briefly than the floors ask."""
    enough = plan.users >= RECORD_USERS and plan.runs >= RECORD_RUNS and plan.seconds >= RECORD_SECONDS
    return enough and set(plan.only) == set(ALL)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=f"What is measured: {', '.join(ALL)}.")
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--users", type=_whole, default=RECORD_USERS, help="how many there are (%(default)s)")
    parser.add_argument("--seconds", type=_whole, default=RECORD_SECONDS, help="of one run (%(default)s)")
    parser.add_argument("--runs", type=_whole, default=RECORD_RUNS, help="that a median is made of (%(default)s)")
    parser.add_argument("--only", type=_names, default=ALL, help="comma-separated; not kept as a record")
    parser.add_argument(
        "--profile", action="store_true", help="run the server under cProfile; figures mean nothing then"
    )
    options = parser.parse_args()
    if options.profile and not set(options.only) & set(OVER_HTTP):
        parser.error(f"--profile needs one of {', '.join(OVER_HTTP)}")
    return options


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in ALL]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such figure: {', '.join(unknown)}; there are: {', '.join(ALL)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
