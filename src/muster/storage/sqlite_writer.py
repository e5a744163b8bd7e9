"""Group commit for SQLite: one thread writes whatever batches wait as one transaction, so that they share one fsync.

Each batch runs in a savepoint of its own: one that is refused leaves no trace and does not touch its neighbours. Nobody is
answered, not even with a refusal, before the COMMIT: a refusal may rest on what a neighbour wrote.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from muster.core.errors import Unavailable
from muster.storage.engine import Row, Write
from muster.storage.sqlite_file import refusal, translate

GROUP_SIZE: Final = 500
GROUP_SECONDS: Final = 0.05
QUEUE_LIMIT: Final = 10_000

_log = logging.getLogger(__name__)


class _Batch(NamedTuple):
    writes: Sequence[Write]
    done: asyncio.Future[None]


class Writer:
    """The only thread of this process that writes to the file. It owns the connection, and closes it at the end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._thread.start()

    async def commit(self, writes: Sequence[Write]) -> None:
        """Return once the batch is on the disk, or raise. A caller that is cancelled does not take its batch back."""
        if self._stopping or self._queue.qsize() >= QUEUE_LIMIT:
            raise Unavailable("too_many_writes_waiting", retry_after=1)
        done = self._loop.create_future()
        self._queue.put(_Batch(writes, done))
        await done

    async def stop(self) -> None:
        """Commit what waits, then end."""
        self._stopping = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            self._commit_group(first)
        self._connection.close()

    def _commit_group(self, first: _Batch) -> None:
        group: list[asyncio.Future[None]] = []
        refusals: list[Exception | None] = []
        ends = time.monotonic() + GROUP_SECONDS
        batch: _Batch | None = first
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            while batch is not None:
                group.append(batch.done)
                refusals.append(self._run(batch.writes))
                batch = self._next() if len(group) < GROUP_SIZE and time.monotonic() < ends else None
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 — whatever it was, those who wait must hear of it, and the thread live on
            group, refusals = self._give_up(error, group or [first.done])
        self._answer(group, refusals)

    def _run(self, writes: Sequence[Write]) -> Exception | None:
        """Run a batch in its savepoint; what it is refused with, in which case nothing of it stays."""
        execute = self._connection.execute
        execute("SAVEPOINT batch")
        refused: Exception | None = None
        try:
            refused = self._try(writes)
        except Exception as error:
            # After a full disk or an I/O error SQLite may have dropped the whole transaction, neighbours and all.
            if not self._connection.in_transaction:
                raise
            refused = refusal(error) or error
        if refused is not None:
            execute("ROLLBACK TO batch")
        execute("RELEASE batch")
        return refused

    def _try(self, writes: Sequence[Write]) -> Exception | None:
        results: list[Sequence[Row]] = []
        for write in writes:
            rows: Sequence[Row] = ()
            if write.many:
                self._connection.executemany(translate(write.sql), write.rows_filled_in(results))
            else:
                rows = self._connection.execute(translate(write.sql), write.filled_in(results)).fetchall()
            results.append(rows)
            refused = write.judge(rows) if write.judge is not None else None
            if refused is not None:
                return refused
        return None

    def _give_up(
        self, error: Exception, group: list[asyncio.Future[None]]
    ) -> tuple[list[asyncio.Future[None]], list[Exception | None]]:
        """Nothing of the group is kept. Where the database was locked, all who wait have waited long enough."""
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        told = refusal(error)
        if told is None:
            _log.error("the writer failed", exc_info=error)
            told = Unavailable("database_failed", retry_after=1)
        if told.code == "database_busy":
            while (batch := self._next()) is not None:
                group.append(batch.done)
        return group, [Unavailable(told.code, retry_after=told.retry_after) for _ in group]

    def _next(self) -> _Batch | None:
        """The next batch that waits, if one does."""
        try:
            batch = self._queue.get_nowait()
        except queue.Empty:
            return None
        if batch is None:
            self._queue.put(None)  # the end is for `_work` to see
        return batch

    def _answer(self, group: list[asyncio.Future[None]], refusals: list[Exception | None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, group, refusals)


def _resolve(group: list[asyncio.Future[None]], refusals: list[Exception | None]) -> None:
    for done, refused in zip(group, refusals, strict=True):
        if done.done():
            continue
        if refused is None:
            done.set_result(None)
        else:
            done.set_exception(refused)
