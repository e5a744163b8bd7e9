"""`make fuzz`: runs on both engines in turn, each on a new server, until the time is over. Says what it has found.

A run with a fault can be repeated exactly: its seed and the number of its requests are told with the fault.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests import postgres
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.fuzz.run import Report, fuzz

REQUESTS_OF_A_RUN = 4_000


async def run_for(seconds: float, engines: dict[str, Databases], seed: int) -> list[Report]:
    """Runs on the engines in turn, with seeds that follow each other, until so much time has gone by."""
    until = time.monotonic() + seconds
    reports: list[Report] = []

    async def over(report: Report) -> bool:
        if report.asked % 1_000 == 0:
            print(f"  {report}", flush=True)
        return time.monotonic() > until

    while time.monotonic() < until:
        for name, databases in engines.items():
            print(f"{name}:", flush=True)
            url = databases.migrated()
            with tempfile.TemporaryDirectory() as folder:
                reports.append(await fuzz(url, Path(folder), seed + len(reports), REQUESTS_OF_A_RUN, over))
            databases.drop(url)
            for fault in reports[-1].faults.values():
                print(f"\n{fault}\n", flush=True)
    return reports


def sqlite(folder: Path, stack: contextlib.ExitStack) -> Databases:
    databases = SqliteDatabases(folder)
    stack.callback(databases.close)
    return databases


def postgresql(_: Path, stack: contextlib.ExitStack) -> Databases:
    server = postgres.start()
    stack.callback(server.stop)
    databases = PostgresDatabases(server)
    stack.callback(databases.close)
    return databases


ENGINES: Final = {"SQLite": sqlite, "PostgreSQL": postgresql}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--only", choices=ENGINES, help="one engine instead of both")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("MUSTER_FUZZ_SEED") or secrets.randbits(32)))
    asked = parser.parse_args()
    os.umask(0o077)
    wanted = [asked.only] if asked.only else list(ENGINES)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        try:
            engines = {name: ENGINES[name](Path(folder), stack) for name in wanted}
        except postgres.PostgresMissing as missing:
            print(f"PostgreSQL is missing: {missing}\n{postgres.cure()}\nWithout it: --only SQLite", file=sys.stderr)
            return 2
        return told(asyncio.run(run_for(asked.minutes * 60, engines, asked.seed)))


def told(reports: list[Report]) -> int:
    """Print the sums of all runs; the exit status."""
    reached = sum((report.reached for report in reports), Counter[str]())
    never = sorted(set(reports[0].operations) - set(reached))
    faults = {name for report in reports for name in report.faults}
    print(
        f"{sum(report.asked for report in reports)} requests, {sum(report.successes for report in reports)} successful, "
        f"{len(reached)} of {len(reports[0].operations)} operations; {len(faults)} faults"
    )
    print("without a success:", *(never or ["none"]), sep="\n  ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
