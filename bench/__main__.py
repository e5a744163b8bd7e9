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

from bench import floors, measure, report
from bench.cases import ALL, sign_ins, tokens
from bench.databases import engine as running_engine
from bench.dataset import Dataset
from bench.load import CONNECTIONS, NO_WRK, Generator
from bench.machine import CHECKOUT, MEMORY_FILESYSTEMS, CannotMeasure, choose_cores, facts, pinned
from bench.place import Bench, bare_server
from bench.plan import QUICK_USERS, RECORD_RUNS, RECORD_SECONDS, RECORD_USERS, Plan, stages
from bench.traffic import HttpCase

CACHE = CHECKOUT / ".cache" / "bench"
RESULTS = CHECKOUT / "bench" / "results"
NAMES = tuple(ALL)
OVER_HTTP = frozenset(
    name for name, case in ALL.items() if isinstance(case, HttpCase) or case in (*sign_ins.CASES, *tokens.CASES)
)
DURABLE = ("patch", "create", "create-password", "import", "import-more")
PROFILED_LINES = 40
SETTLE_SECONDS = 6.0  # memory that a hash took goes back after five


def main() -> int:
    options = _options()
    plan = _plan(options)
    engines = ("sqlite", "postgres") if options.engine == "both" else (options.engine,)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end with us
    try:
        met = [_measure(name, plan, options.keep) for name in engines]
    except CannotMeasure as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if all(met) else 1


def _measure(name: str, plan: Plan, keep: Path) -> bool:
    """Measure one engine, tell and write what was found; whether its floors are met."""
    machine = facts()
    generator = Generator(choose_cores().load)
    if not generator.is_wrk:
        print(NO_WRK, file=sys.stderr)
    print(
        f"{name}: {plan.users:,} users, {plan.runs} runs of {plan.seconds:g} s, {CONNECTIONS} connections", flush=True
    )
    result: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "engine": name,
        "users": plan.users,
        "runs": plan.runs,
        "seconds_each": plan.seconds,
        "connections": CONNECTIONS,
        "generator": generator.describe(),
        "machine": machine,
    }
    profile, found = run(name, plan, keep, generator)
    result |= found
    met = floors.judge(result["figures"], name)
    by_users = {**result["growth"], plan.users: result["figures"]}
    print(f"\n{report.table(result['figures'])}\n")
    if len(by_users) > 1:
        print(f"{report.growth(by_users)}\n")
    print(f"{report.building(result['built'])}\n")
    if plan.profile:
        pstats.Stats(str(profile)).sort_stats("tottime").print_stats(PROFILED_LINES)
        print(f"all of it: python -m pstats {profile}")
    else:
        file = (RESULTS if plan.is_record(NAMES) else CACHE) / f"{result['date']}-{name}-{plan.users}.json"
        report.write(file, result)
        print(f"written to {file.relative_to(CHECKOUT)}\n")
    return met


def run(name: str, plan: Plan, keep: Path, generator: Generator) -> tuple[Path, dict[str, Any]]:
    """Where a profile would be, and what was measured of one engine, with what there is to know of its database."""
    cores = choose_cores()
    with contextlib.ExitStack() as stack:
        keep.mkdir(parents=True, exist_ok=True)
        lock = stack.enter_context((keep / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotMeasure(f"another run is under way in {keep}") from None
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="work-", dir=keep)))
        stack.enter_context(pinned(cores.load))
        engine = stack.enter_context(running_engine(name, cores.server))
        bare = stack.enter_context(bare_server(cores.server, work))
        bench = Bench(plan, engine, cores, work, generator, Dataset(keep), bare)
        built = measure.provide(bench)
        database = engine.facts(work)
        by_users, per_second = measure.figures(bench)
    figures = by_users.pop(plan.users, {})
    if database["filesystem"] in MEMORY_FILESYSTEMS:
        for figure in (figures[each] for each in DURABLE if each in figures):
            figure["faults"].append(f"the database is on {database['filesystem']}, where nothing is durable")
    return bench.profile, {
        "bare_per_second": per_second,
        "database": database,
        "built": built,
        "figures": figures,
        "growth": by_users,
    }


def _plan(options: argparse.Namespace) -> Plan:
    if options.quick:
        return Plan((QUICK_USERS // 10, QUICK_USERS), 1, 1, options.only, options.profile)
    warm_up = max(1, options.seconds // 3)
    return Plan(
        stages(options.users), options.seconds, options.runs, options.only, options.profile, warm_up, SETTLE_SECONDS
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=f"What is measured: {', '.join(NAMES)}.")
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--users", type=_whole, default=RECORD_USERS, help="how many there are (%(default)s)")
    parser.add_argument("--seconds", type=_whole, default=RECORD_SECONDS, help="of one run (%(default)s)")
    parser.add_argument("--runs", type=_whole, default=RECORD_RUNS, help="that a median is made of (%(default)s)")
    parser.add_argument("--only", type=_names, default=NAMES, help="comma-separated; not kept as a record")
    parser.add_argument(
        "--keep", type=Path, default=CACHE, metavar="DIR", help="where users are kept for the next time (.cache/bench)"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"one second each with {QUICK_USERS} users, to see that it works"
    )
    parser.add_argument(
        "--profile", action="store_true", help="run the server under cProfile; figures mean nothing then"
    )
    options = parser.parse_args()
    if options.profile and not set(options.only) & OVER_HTTP:
        parser.error(f"--profile needs one of {', '.join(sorted(OVER_HTTP))}")
    options.keep = options.keep.resolve()
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
        raise argparse.ArgumentTypeError(f"no such figure: {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
