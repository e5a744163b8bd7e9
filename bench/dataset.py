"""The users that are measured with: invented by `muster demo`, brought in by `muster import auth0`, and kept for the next time.

A larger number is made from the smaller one before it by importing the rows that follow, so that building the data is itself a
measured import, into an empty store first and then into a filled one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.databases import Engine
from bench.machine import CHECKOUT, CannotMeasure, Cores, pinned
from bench.processes import muster, running, serve

SHAPED_BY = ("storage/migrations", "demo", "importers", "core/users", "first_start.py")
"""What decides how the kept users lie in the database: when any of it changes, they are made again."""

SEED = "1"
OURS = "muster-bench-"
UNFINISHED = ".unfinished"
BUILT = "built.json"


class Dataset:
    """The people in the order of the file, and a kept database of each engine for each number of them, all in `keep`."""

    def __init__(self, keep: Path) -> None:
        self._folder = keep / f"{OURS}{_fingerprint()}"
        for outdated in keep.glob(f"{OURS}*"):
            if outdated != self._folder:
                shutil.rmtree(outdated)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._people: Path | None = None

    def invent(self, rows: int, work: Path) -> None:
        """Have so many people on file, or more. The first n are the same however many follow."""
        files = {int(file.stem.partition("-")[2]): file for file in self._folder.glob("people-*.ndjson")}
        if not files or max(files) < rows:
            print(f"inventing {rows:,} users (a minute or so for a million)", flush=True)
            file = self._folder / f"people-{rows}.ndjson"
            unfinished = file.with_suffix(UNFINISHED)
            muster(["demo", "--users", str(rows), "--seed", SEED, "--out", str(unfinished)], work, shown=True)
            unfinished.rename(file)
            for shorter in files.values():
                shorter.unlink()
            files = {rows: file}
        self._people = files[max(files)]

    def rows(self, first: int, end: int | None, step: int = 1) -> Iterator[bytes]:
        """The lines from one row on to before another."""
        if self._people is None:
            raise CannotMeasure("nobody was invented yet")
        with self._people.open("rb") as lines:
            yield from islice(lines, first, end, step)

    def write(self, first: int, end: int, file: Path) -> Path:
        """A file of these rows, to be imported."""
        with file.open("wb") as target:
            target.writelines(self.rows(first, end))
        return file

    def kept(self, engine: Engine, users: int) -> Path:
        """Where the folder and database with so many users are kept."""
        return self._folder / f"{engine.name}-{users}"

    def built(self, engine: Engine, users: int) -> dict[str, Any]:
        """How long the import that made it took: `rows`, `into` how many, `seconds`."""
        told: dict[str, Any] = json.loads(self._record(engine, users).read_text("utf-8"))
        return told

    def provide(self, engine: Engine, users: int, before: int, work: Path, cores: Cores) -> None:
        """Have a kept database of so many users, made from the one with `before` of them (0: from nothing)."""
        kept = self.kept(engine, users)
        if kept.exists():
            return
        print(f"importing {users - before:,} users into {engine.name} with {before:,}", flush=True)
        data_dir = work / f"fill{users}"
        if before:
            engine.load(self.kept(engine, before), data_dir)
        else:
            first_start(engine, data_dir, cores.server)
        file = self.write(before, users, work / "growth.ndjson")
        seconds = import_file(engine, file, data_dir, users - before, cores, shown=True)
        file.unlink()
        unfinished = kept.with_name(kept.name + UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        engine.keep(data_dir, unfinished)
        engine.drop(data_dir)
        record = {"rows": users - before, "into": before, "seconds": round(seconds, 2)}
        record["per_second"] = round((users - before) / seconds, 1)
        self._record(engine, users).write_text(json.dumps(record), "utf-8")
        unfinished.rename(kept)

    def _record(self, engine: Engine, users: int) -> Path:
        return self._folder / f"{engine.name}-{users}-{BUILT}"


def first_start(engine: Engine, data_dir: Path, core: int) -> None:
    """An empty database that the server has furnished."""
    engine.empty(data_dir)
    with running(serve(data_dir, engine.options(data_dir)), core, data_dir.with_suffix(".log")):
        pass


def import_file(engine: Engine, file: Path, data_dir: Path, rows: int, cores: Cores, *, shown: bool = False) -> float:
    """Import all of a file's rows; the seconds that the command took, its own start included. Each row must come in."""
    options = ["--data-dir", str(data_dir), *engine.options(data_dir)]
    begin = time.perf_counter()
    with pinned(*cores):
        told = muster(["import", "auth0", str(file), *options], data_dir.parent, shown=shown)
    seconds = time.perf_counter() - begin
    if f"inserted {rows}," not in told:
        raise CannotMeasure(f"of {rows:,} rows not all were imported: {told.strip()}")
    return seconds


def _fingerprint() -> str:
    seen = hashlib.sha256()
    for name in SHAPED_BY:
        place = CHECKOUT / "src" / "muster" / name
        files = (
            sorted(file for file in place.rglob("*") if file.suffix in (".py", ".sql")) if place.is_dir() else [place]
        )
        for file in files:
            seen.update(f"{file.relative_to(CHECKOUT)}\0".encode())
            seen.update(file.read_bytes())
    return seen.hexdigest()[:16]
