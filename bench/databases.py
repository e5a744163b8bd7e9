"""The two engines as a measurement uses them: an empty database, one that is kept for the next time, a copy of that."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from bench.machine import CannotMeasure, family, filesystem, memory, pinned, syncs_per_second
from tests import postgres

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
DUMP = "muster.dump"


class Engine(Protocol):
    """Databases, each belonging to one data folder of Muster's."""

    name: str

    def empty(self, data_dir: Path) -> None:
        """Make the folder, and an empty database for it."""

    def options(self, data_dir: Path) -> list[str]:
        """What Muster's commands must be told to find that database."""

    def keep(self, data_dir: Path, kept: Path) -> None:
        """Copy folder and database, which nobody uses, to where they can be loaded from."""

    def load(self, kept: Path, data_dir: Path) -> None:
        """Make a folder and a database like those that were kept."""

    def drop(self, data_dir: Path) -> None:
        """Remove folder and database, which nobody uses."""

    def pids(self) -> list[int]:
        """The processes, beside Muster's own, that carry out what it asks."""

    def facts(self, folder: Path) -> dict[str, Any]:
        """Version, durability, and the disk that it rests on; `folder` is where data folders are made."""


class Sqlite:
    name = "sqlite"

    def empty(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700)

    def options(self, data_dir: Path) -> list[str]:  # noqa: ARG002 — the file is in the folder
        return []

    def keep(self, data_dir: Path, kept: Path) -> None:
        if (data_dir / "muster.db-wal").exists():
            raise CannotMeasure("the database was not closed: its write-ahead log is still there")
        shutil.copytree(data_dir, kept)

    def load(self, kept: Path, data_dir: Path) -> None:
        shutil.copytree(kept, data_dir)

    def drop(self, data_dir: Path) -> None:
        shutil.rmtree(data_dir)

    def pids(self) -> list[int]:
        return []

    def facts(self, folder: Path) -> dict[str, Any]:
        return {"durability": "WAL, synchronous=FULL (Muster knows no other)", **_disk(folder)}


class Postgres:
    """A server of our own, durable and on the measured server's core, that is gone when the run ends."""

    name = "postgres"

    def __init__(self, server: postgres.Server) -> None:
        self._server = server
        binaries = postgres.find_binaries()
        assert binaries is not None  # else the server would not run
        self._binaries = binaries

    def empty(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700)
        # Muster makes no key for a database on a server, which other machines may share.
        key = data_dir / "master.key"
        key.touch(0o600)
        key.write_text(secrets.token_hex(32) + "\n", "ascii")
        self._execute(f'CREATE DATABASE "{data_dir.name}" TEMPLATE template0')

    def options(self, data_dir: Path) -> list[str]:
        return ["--database-url", self._server.url(data_dir.name)]

    def keep(self, data_dir: Path, kept: Path) -> None:
        shutil.copytree(data_dir, kept)
        self._tool("pg_dump", "--format=custom", "--compress=1", "--file", kept / DUMP, data_dir.name)

    def load(self, kept: Path, data_dir: Path) -> None:
        shutil.copytree(kept, data_dir, ignore=shutil.ignore_patterns(DUMP))
        self._execute(f'CREATE DATABASE "{data_dir.name}" TEMPLATE template0')
        self._tool("pg_restore", "--exit-on-error", "--jobs=2", kept / DUMP, "--dbname", data_dir.name)
        # As after a night at work: statistics known, pages marked as visible to all, nothing waiting to be written.
        self._execute("VACUUM (ANALYZE)", data_dir.name)
        self._execute("CHECKPOINT")

    def drop(self, data_dir: Path) -> None:
        self._execute(f'DROP DATABASE "{data_dir.name}" WITH (FORCE)')
        shutil.rmtree(data_dir)

    def pids(self) -> list[int]:
        first = (self._server.directory / "cluster" / "postmaster.pid").read_text("utf-8").split()[0]
        return family(int(first))

    def facts(self, folder: Path) -> dict[str, Any]:  # noqa: ARG002 — its data are in a folder of its own
        names = ("server_version", *DURABLE, "shared_buffers", "wal_level")
        found = {name: self._value(f"SHOW {name}") for name in names}
        if any(found[name] != value for name, value in DURABLE.items()):
            raise CannotMeasure(f"PostgreSQL is not durable: {found}")
        held = memory(self.pids()[0])
        return {**found, **_disk(self._server.directory), "postgres_pss_mb": held.pss}

    def _tool(self, name: str, *arguments: str | Path) -> None:
        program = self._binaries / name
        if not program.exists():
            raise CannotMeasure(f"{name} is missing beside PostgreSQL's server: install its client tools")
        *before, database = arguments
        command = [str(program), *map(str, before), self._server.url(str(database))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotMeasure(f"{name} failed: {done.stderr[-1000:]}")

    def _execute(self, sql: str, database: str = "postgres") -> None:
        asyncio.run(_ask(self._server.url(database), sql))

    def _value(self, sql: str) -> str:
        return str(asyncio.run(_ask(self._server.url(), sql)))


async def _ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@contextlib.contextmanager
def engine(name: str, core: int) -> Iterator[Engine]:
    """The engine of that name, its server held to `core` where it has one."""
    if name == "sqlite":
        yield Sqlite()
        return
    try:
        with pinned(core):
            server = postgres.start(durable=True)
    except postgres.PostgresMissing as missing:
        raise CannotMeasure(f"PostgreSQL is missing: {missing}") from None
    try:
        server.wait_until_ready()
        yield Postgres(server)
    finally:
        server.stop()


def _disk(folder: Path) -> dict[str, Any]:
    return {"filesystem": filesystem(folder), "syncs_per_second": syncs_per_second(folder)}
