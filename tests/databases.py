"""Databases for tests: fresh ones, and copies of one that was migrated once.

Migrating takes far longer than copying, so each worker makes a template per engine and every test gets a copy:
a copied file on SQLite, `CREATE DATABASE … TEMPLATE` on PostgreSQL (about 25 ms, and 7 ms to drop).
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import asyncpg

from tests.postgres import Server

T = TypeVar("T")

MIGRATED_AT = 1_700_000_000_000  # milliseconds; a fixed moment, so that every run migrates the same


class Databases(Protocol):
    """One engine's databases. Every address returned is a database nobody else uses."""

    def empty(self) -> str: ...

    def migrated(self) -> str: ...

    def drop(self, url: str) -> None: ...

    def close(self) -> None: ...


def migrate_template(url: str) -> None:
    """Bring the empty database at `url` to today's schema and leave no connection behind."""
    from muster.storage.migrator import migrate

    # In a thread, so that it can be asked for from inside a test's own event loop too.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(migrate(url, now=MIGRATED_AT))).result()


class SqliteDatabases:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._template: Path | None = None

    def empty(self) -> str:
        return f"sqlite:///{self._new_file()}"

    def migrated(self) -> str:
        if self._template is None:
            template = self._new_file()
            migrate_template(f"sqlite:///{template}")
            # A log beside the file would mean that a connection is still open, and the copies would lack its pages.
            assert not template.with_name(f"{template.name}-wal").exists(), "the migration left its database open"
            self._template = template
        copy = self._new_file()
        shutil.copyfile(self._template, copy)
        return f"sqlite:///{copy}"

    def drop(self, url: str) -> None:
        for file in self._directory.glob(f"{Path(url.removeprefix('sqlite:///')).name}*"):
            file.unlink()

    def close(self) -> None:
        """Nothing is held open; pytest removes the folder."""

    def _new_file(self) -> Path:
        return self._directory / f"{uuid4().hex}.db"


class PostgresDatabases:
    def __init__(self, server: Server) -> None:
        server.wait_until_ready()
        self._server = server
        # A loop in a thread of its own, so that a test may ask from inside an event loop or outside any.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="databases", daemon=True)
        self._thread.start()
        self._admin = self._wait_for(asyncpg.connect(server.url()))
        # Copying files beats logging every page when nothing is to survive a crash; older servers know only that way.
        self._strategy = "STRATEGY file_copy" if self._admin.get_server_version().major >= 15 else ""
        self._template: str | None = None

    def empty(self) -> str:
        return self._server.url(self._create("template0"))

    def migrated(self) -> str:
        if self._template is None:
            name = self._create("template0")
            migrate_template(self._server.url(name))
            self._template = name
        return self._server.url(self._create(self._template))

    def drop(self, url: str) -> None:
        name = url.removeprefix("postgresql://postgres@/").partition("?")[0]
        self._wait_for(self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def close(self) -> None:
        self._wait_for(self._admin.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _create(self, template: str) -> str:
        name = f"t{uuid4().hex}"
        self._wait_for(self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {self._strategy}'))
        return name

    def _wait_for(self, answer: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(answer, self._loop).result(timeout=60)
