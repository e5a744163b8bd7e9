"""The process itself, and the commands that move many users: memory, start, import, export."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.case import Findings, Once, Simple
from bench.clients import AUTH0_USERS, MATTR_USERS
from bench.dataset import first_start, import_file
from bench.machine import memory, pinned
from bench.place import Place
from bench.processes import muster, running, serve


@contextmanager
def _memory(place: Place, findings: Findings) -> Iterator[Once]:
    """Of a server that has all users, has answered each kind of request once, and rests."""

    def once() -> float:
        place.rest()
        site = place.served()
        client = site.auth0
        id_ = client.ask("GET", f"{AUTH0_USERS}?per_page=1")[0]["user_id"]
        for target in (f"{AUTH0_USERS}/{id_}", f"{AUTH0_USERS}?q=email%3A%22nobody%40example.com%22"):
            client.ask("GET", target)
        client.ask("PATCH", f"{AUTH0_USERS}/{id_}", {"user_metadata": {"rest": True}})
        site.mattr.ask("GET", f"{MATTR_USERS}?limit=1")
        time.sleep(place.bench.plan.settle)
        held = memory(site.server.pid)
        findings.facts["at_rest"] = held._asdict()
        return held.rss if held.processes == 1 else held.pss

    yield once


@contextmanager
def _start(place: Place, _: Findings) -> Iterator[Once]:
    """From nothing at all to the line that says ready."""
    bench = place.bench

    def once() -> float:
        data_dir = place.new_folder()
        bench.engine.empty(data_dir)
        command = serve(data_dir, bench.engine.options(data_dir))
        with running(command, bench.cores.server, bench.work / "start.log") as server:
            seconds = server.start_seconds
        bench.engine.drop(data_dir)
        return seconds

    yield once


@contextmanager
def _import(place: Place, findings: Findings) -> Iterator[Once]:
    """The command as a whole, its own start and end included, into a store that only had its first start."""
    bench, rows = place.bench, place.bench.plan.imported
    file = bench.data.write(0, rows, bench.work / "some.ndjson")
    findings.facts["rows"] = rows

    def once() -> float:
        data_dir = place.new_folder()
        first_start(bench.engine, data_dir, bench.cores.server)
        seconds = import_file(bench.engine, file, data_dir, rows, bench.cores)
        bench.engine.drop(data_dir)
        return rows / seconds

    yield once
    file.unlink()


@contextmanager
def _import_more(place: Place, findings: Findings) -> Iterator[Once]:
    """The same into a store that holds everybody already; each run brings others."""
    place.rest()
    bench, rows = place.bench, place.bench.plan.imported
    findings.facts["rows"] = rows
    first = place.users

    def once() -> float:
        nonlocal first
        file = bench.data.write(first, first + rows, bench.work / f"from{first}.ndjson")
        seconds = import_file(bench.engine, file, place.data_dir, rows, bench.cores)
        file.unlink()
        first += rows
        return rows / seconds

    yield once


@contextmanager
def _export(form: str, place: Place, findings: Findings) -> Iterator[Once]:
    """The command as a whole, into a file on the same disk. Every user must be in it."""
    place.rest()
    bench = place.bench

    def once() -> float:
        file = bench.work / f"export.{form}"
        begin = time.perf_counter()
        with pinned(*bench.cores):
            muster(["export", form, "--output", str(file), *place.database], bench.work)
        seconds = time.perf_counter() - begin
        with file.open("rb") as lines:
            written = sum(1 for _ in lines)
        findings.facts["bytes_each"] = round(file.stat().st_size / written) if written else 0
        file.unlink()
        if written != place.users:
            findings.faults.append(f"{written:,} users were written, and there are {place.users:,}")
        return written / seconds

    yield once


MEMORY: Final = Simple("memory", "memory at rest", "MB", _memory)
START: Final = Simple("start", "first start to ready", "s", _start)
IMPORT: Final = Simple("import", "import into an empty store", "/s", _import)
IMPORT_MORE: Final = Simple("import-more", "import into a filled store", "/s", _import_more)
EXPORTS: Final = tuple(
    Simple(f"export-{form}", f"export {form}", "/s", functools.partial(_export, form)) for form in ("ndjson", "auth0")
)
