"""The database in one file. Short reads run in the event loop, scans in threads of their own, and every write in the
one writer thread (`sqlite_writer`), because SQLite lets one writer in at a time.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from muster.core.errors import Unavailable
from muster.storage.engine import Row, Value, Write
from muster.storage.sqlite_file import connect, create, reraise
from muster.storage.sqlite_writer import Writer

SCANS_AT_ONCE: Final = 4
SCAN_SECONDS: Final = 2.0
_INSTRUCTIONS_BETWEEN_LOOKS: Final = 20_000

_log = logging.getLogger(__name__)


class SqliteEngine:
    """An `Engine` on one file, for one process and one event loop."""

    _reader: sqlite3.Connection
    _writer: Writer
    _scanners: ThreadPoolExecutor
    _loop: asyncio.AbstractEventLoop
    _reading = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle_scanners: deque[sqlite3.Connection] = deque()

    async def start(self) -> None:
        try:
            create(self._path)
            writing = connect(self._path, writable=True)
            self._reader = connect(self._path, writable=False)
        except OSError as error:
            _log.error("SQLite: %s", error)
            raise Unavailable("database_failed", retry_after=5) from error
        except sqlite3.Error as error:
            reraise(error)
        self._writer = Writer(writing)
        self._loop = asyncio.get_running_loop()
        self._scanners = ThreadPoolExecutor(SCANS_AT_ONCE, "scan")

    async def stop(self) -> None:
        await self._writer.stop()
        await asyncio.to_thread(self._scanners.shutdown)
        while self._idle_scanners:
            self._idle_scanners.pop().close()
        self._reader.close()

    async def row(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        try:
            if not self._reading:
                self._begin_reading()
            row: Row | None = self._reader.execute(sql, params).fetchone()
        except sqlite3.Error as error:
            reraise(error)
        return row

    lookup = row

    async def rows(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]:
        try:
            if not self._reading:
                self._begin_reading()
            return self._reader.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            reraise(error)

    def _begin_reading(self) -> None:
        """Let the reads of this turn of the event loop share one snapshot: to begin one costs more than a read.

        It ends before anything runs that could know of a later commit: who waits for a commit is woken in a later turn,
        behind the end of the snapshot, and a request that arrives after an answer is handled in a later turn as well.
        """
        self._reader.execute("BEGIN")
        self._reading = True
        self._loop.call_soon(self._end_reading)

    def _end_reading(self) -> None:
        self._reading = False
        with contextlib.suppress(sqlite3.Error):  # closed in the meantime, or already ended by a fault
            self._reader.execute("COMMIT")

    async def scan(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._scanners, self._scan, time.monotonic(), sql, params)

    async def commit(self, writes: Sequence[Write]) -> None:
        if writes:
            await self._writer.commit(writes)

    async def ping(self) -> None:
        # Reads the file's header; `SELECT 1` would answer without the file.
        await self.row("PRAGMA schema_version")

    def epochs(self) -> AsyncIterator[int] | None:
        return None

    def _scan(self, asked_at: float, sql: str, params: Sequence[Value]) -> Sequence[Row]:
        if time.monotonic() - asked_at > SCAN_SECONDS:
            raise Unavailable("search_timeout", retry_after=1)
        try:
            connection = self._idle_scanners.pop()
        except IndexError:
            connection = connect(self._path, writable=False)
        end = time.monotonic() + SCAN_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > end, _INSTRUCTIONS_BETWEEN_LOOKS)
        try:
            return connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise Unavailable("search_timeout", retry_after=1) from error
            reraise(error)
        finally:
            self._idle_scanners.append(connection)
