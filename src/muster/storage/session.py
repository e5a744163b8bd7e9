"""One connection whose transaction stays open while a coroutine waits: for migrations, backups and restores, never for requests.

Nothing here hurries, so SQLite runs in threads too, and the event loop goes on while a lock is waited for.
"""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeVar

from muster.storage.engine import Row, Value
from muster.storage.locks import hold_schema_lock

T = TypeVar("T")

CHUNK: Final = 500


class Table(NamedTuple):
    """A table and its columns in order; `numbered` is the column whose numbers the database gives, if there is one."""

    name: str
    columns: Sequence[str]
    numbered: str | None


class Session(Protocol):
    """One connection, for one task. Texts are as an `Engine` takes them; those of `define` are as in `migrations/`."""

    async def define(self, sql: str) -> None:
        """Run a statement that makes or changes tables."""
        ...

    async def prepare(self) -> None:
        """Give a database that has none the types that migrations use."""
        ...

    async def execute(self, sql: str, params: Sequence[Value] = ()) -> None: ...

    async def rows(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]: ...

    def stream(self, sql: str) -> AsyncIterator[Sequence[Row]]:
        """All rows of a long read in chunks; within a transaction."""
        ...

    async def load(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows as they are, numbers the database would give included."""
        ...

    async def last_number(self, table: Table) -> int:
        """The highest number ever given by the table's numbered column, 0 before the first."""
        ...

    async def continue_after(self, table: Table, number: int) -> None:
        """Let the next number of the table be higher than `number`."""
        ...

    async def tables(self) -> Sequence[Table]:
        """Every table of the schema, by name."""
        ...

    async def measure(self, tables: Sequence[str]) -> None:
        """Look at what these tables hold, so that reads are planned by it; nothing where they never are."""
        ...

    def schema_lock(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold off everybody else who would migrate or restore this database."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[None]:
        """All that is done within is durable at the end, or undone by an exception."""
        ...

    def snapshot(self) -> contextlib.AbstractAsyncContextManager[None]:
        """All that is read within is of one moment, while others go on writing."""
        ...

    async def close(self) -> None: ...


class SqliteSession:
    """A `Session` on a file."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        # One thread, so that what a statement leaves behind is tidied up before the next one runs: SQLite keeps and
        # reuses prepared statements, and two threads at the same one are a misuse that it reports.
        self._thread = ThreadPoolExecutor(1, "session")

    async def define(self, sql: str) -> None:
        await self.execute(sql)

    async def prepare(self) -> None:
        """SQLite takes any name for a type; what has TEXT in it holds text."""

    async def execute(self, sql: str, params: Sequence[Value] = ()) -> None:
        await self.rows(sql, params)

    async def rows(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]:
        return await self._in_thread(lambda: self._connection.execute(sql, params).fetchall())

    async def stream(self, sql: str) -> AsyncIterator[Sequence[Row]]:
        cursor = self._connection.cursor()
        await self._in_thread(lambda: cursor.execute(sql))
        while chunk := await self._in_thread(lambda: cursor.fetchmany(CHUNK)):
            yield chunk

    async def load(self, table: Table, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" for _ in table.columns)
        sql = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
        await self._in_thread(lambda: self._connection.executemany(sql, rows).close())

    async def last_number(self, table: Table) -> int:
        found = await self.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,))
        return int(found[0][0]) if found else 0

    async def continue_after(self, table: Table, number: int) -> None:
        number = max(number, await self.last_number(table))
        await self.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
        await self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, number))

    async def tables(self) -> Sequence[Table]:
        found = await self.rows(
            "SELECT l.name, s.sql FROM pragma_table_list AS l JOIN sqlite_schema AS s ON s.name = l.name"
            " WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY l.name"
        )
        return [await self._table(name, sql) for name, sql in found]

    async def measure(self, tables: Sequence[str]) -> None:
        """Our statements are written for the plans that SQLite makes without knowing sizes."""

    def schema_lock(self) -> contextlib.AbstractAsyncContextManager[None]:
        return hold_schema_lock(self._path)

    def transaction(self) -> contextlib.AbstractAsyncContextManager[None]:
        return self._transaction("BEGIN EXCLUSIVE")

    def snapshot(self) -> contextlib.AbstractAsyncContextManager[None]:
        return self._transaction("BEGIN")

    async def close(self) -> None:
        await self._in_thread(self._connection.close)
        self._thread.shutdown()

    async def _in_thread(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    async def _table(self, name: str, sql: str) -> Table:
        columns = await self.rows("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (name,))
        is_numbered = re.search(r"\bAUTOINCREMENT\b", sql, re.IGNORECASE) is not None
        key = next((column for column, pk in columns if pk), None) if is_numbered else None
        return Table(name, [column for column, _ in columns], key)

    @contextlib.asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[None]:
        await self.execute(begin)
        try:
            yield
            await self.execute("COMMIT")
        except BaseException:
            # Behind whatever still runs there for a caller that was cancelled; nobody waits long for it.
            self._thread.submit(self._roll_back).result()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
