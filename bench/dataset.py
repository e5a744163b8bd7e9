"""The users that are measured with, made once by `muster demo` and `muster import auth0` and kept for the next time."""

from __future__ import annotations

import hashlib
import shutil
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.databases import Engine
from bench.machine import CHECKOUT, pinned
from bench.processes import muster, running, serve

SHAPED_BY = ("storage/migrations", "demo", "importers", "core/users", "first_start.py")
"""What decides how the kept users lie in the database: when any of it changes, they are made again."""

SEED = "1"


class Dataset(NamedTuple):
    """The file that was imported, and the folder with the kept database."""

    people: Path
    kept: Path


def provide(engine: Engine, users: int, cache: Path, work: Path, core: int) -> Dataset:
    """The users in a kept database of this engine."""
    folder = cache / f"users-{users}-{_fingerprint()}"
    for outdated in cache.glob(f"users-{users}-*"):
        if outdated != folder:
            shutil.rmtree(outdated)
    folder.mkdir(parents=True, exist_ok=True)
    people, kept = folder / "people.ndjson", folder / engine.name
    if not people.exists():
        print(f"inventing {users:,} users", flush=True)
        unfinished = folder / "unfinished.ndjson"
        muster(["demo", "--users", str(users), "--seed", SEED, "--out", str(unfinished)], work)
        unfinished.rename(people)
    if not kept.exists():
        print(f"importing them into {engine.name}", flush=True)
        import_into_new(engine, people, work / "fill", core)
        unfinished = folder / f"{engine.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        engine.keep(work / "fill", unfinished)
        unfinished.rename(kept)
    return Dataset(people, kept)


def import_into_new(engine: Engine, people: Path, data_dir: Path, core: int) -> float:
    """Import a file into a database that only had its first start; the seconds that the import's command took."""
    engine.empty(data_dir)
    options = engine.options(data_dir)
    with running(serve(data_dir, options), core, data_dir.with_suffix(".log")):
        pass
    begin = time.perf_counter()
    with pinned(core):
        muster(["import", "auth0", str(people), "--data-dir", str(data_dir), *options], data_dir.parent)
    return time.perf_counter() - begin


def head(people: Path, rows: int, file: Path) -> int:
    """Write the first rows of the file to another; how many there were."""
    with people.open("rb") as source, file.open("wb") as target:
        written = list(islice(source, rows))
        target.writelines(written)
    return len(written)


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
