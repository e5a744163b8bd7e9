"""The database on a PostgreSQL server. Every read is one round trip in a transaction of its own, and every batch one short
READ COMMITTED transaction on one connection.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final, cast

import asyncpg

from muster.core.errors import Unavailable
from muster.storage.address import PostgresServer
from muster.storage.engine import EngineRefused, Row, Value, Write
from muster.storage.postgres_commit import commit
from muster.storage.postgres_connections import Connection, Connections, connect, reraise, say_goodbye, translate
from muster.storage.postgres_lookups import Lookups

CONNECTIONS: Final = 10
SCANS_AT_ONCE: Final = 4
SCAN_SECONDS: Final = 2.0
EPOCHS_CHANNEL: Final = "muster_access"
_OLDEST_SERVER: Final = 130_000
_STATEMENT_SECONDS: Final = 10.0
_SECONDS_FOR_A_CONNECTION: Final = 5.0
_RECONNECT_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class PostgresEngine:
    """An `Engine` on a server, for one process and one event loop."""

    def __init__(self, server: PostgresServer, connections: int = CONNECTIONS) -> None:
        self._server = server
        self._limit = connections

    async def start(self) -> None:
        settings = {
            **await self._durability(),
            "statement_timeout": _milliseconds(_STATEMENT_SECONDS),
            # A process that froze in the middle of a batch must not hold its locks for ever.
            "idle_in_transaction_session_timeout": _milliseconds(_STATEMENT_SECONDS),
        }
        self._connections = Connections(self._server, self._limit, _SECONDS_FOR_A_CONNECTION, settings)
        limits = {"statement_timeout": _milliseconds(SCAN_SECONDS), "default_transaction_read_only": "on"}
        self._scans = Connections(self._server, SCANS_AT_ONCE, SCAN_SECONDS, limits)
        self._lookups = Lookups(self.rows)

    async def stop(self) -> None:
        await self._connections.close()
        await self._scans.close()

    async def lookup(self, sql: str, params: Sequence[Value]) -> Row | None:
        return await self._lookups.row(sql, params)

    async def row(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        rows = await self._read(self._connections, sql, params)
        return rows[0] if rows else None

    async def rows(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]:
        return await self._read(self._connections, sql, params)

    async def scan(self, sql: str, params: Sequence[Value] = ()) -> Sequence[Row]:
        try:
            return await self._read(self._scans, sql, params)
        except Unavailable as refused:
            if refused.code == "database_busy":
                raise Unavailable("search_timeout", retry_after=1) from refused
            raise

    async def commit(self, writes: Sequence[Write]) -> None:
        if not writes:
            return
        connection = await self._connections.take()
        try:
            refused = await commit(connection, writes)
        except Exception as error:  # noqa: BLE001 — is raised again, in our words where they fit
            closed = connection.is_closed()
            if closed or not isinstance(error, asyncpg.PostgresError):
                self._connections.drop(connection)
            else:
                await self._roll_back(connection)
            reraise(error, closed=closed)
        except BaseException:
            self._connections.drop(connection)
            raise
        self._connections.give(connection)
        if refused is not None:
            raise refused

    async def ping(self) -> None:
        await self.row("SELECT 1")

    def epochs(self) -> AsyncIterator[int] | None:
        return self._epochs()

    async def _read(self, connections: Connections, sql: str, params: Sequence[Value]) -> Sequence[Row]:
        text = translate(sql)
        for last_try in (False, True):
            connection = await connections.take()
            try:
                rows = await connection.fetch(text, *params)
            except BaseException as error:
                closed = connection.is_closed()
                connections.drop(connection)
                if not isinstance(error, Exception):
                    raise
                # The server may have gone and come back since the connection was last used.
                if last_try or not closed:
                    reraise(error, closed=closed)
            else:
                connections.give(connection)
                return cast("Sequence[Row]", rows)
        raise AssertionError  # the second try returns or raises

    async def _roll_back(self, connection: Connection) -> None:
        """Make a connection clean again after a statement failed, or give it up."""
        try:
            await connection.execute("ROLLBACK")
        except BaseException as error:
            self._connections.drop(connection)
            if not isinstance(error, Exception):
                raise
        else:
            self._connections.give(connection)

    async def _durability(self) -> dict[str, str]:
        """Look at the server once; the settings without which its sessions would not keep what we promise."""
        connection = await connect(self._server)
        try:
            version, encoding, fsync, synchronous = await _look(connection)
        except Exception as error:  # noqa: BLE001 — is raised again, in our words where they fit
            reraise(error, closed=connection.is_closed())
        finally:
            await say_goodbye(connection)
        if int(version) < _OLDEST_SERVER:
            raise EngineRefused(f"{self._server}: PostgreSQL 13 or newer is needed")
        if encoding != "UTF8":
            raise EngineRefused(f"{self._server}: the database's encoding is {encoding}; make it with ENCODING 'UTF8'")
        if fsync != "on":
            _log.warning("%s runs with fsync = %s: a power cut can lose or damage everything", self._server, fsync)
        return {"synchronous_commit": "on"} if synchronous == "off" else {}

    async def _epochs(self) -> AsyncIterator[int]:
        while True:
            try:
                connection = await connect(self._server)
            except Unavailable:
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            try:
                async for tenant in _announced(connection):
                    yield tenant
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                _log.warning("PostgreSQL: cannot listen: %s", error)
                await asyncio.sleep(_RECONNECT_SECONDS)
            finally:
                connection.terminate()


async def _look(connection: Connection) -> Sequence[str]:
    names = ("server_version_num", "server_encoding", "fsync", "synchronous_commit")
    return [str(await connection.fetchval("SELECT current_setting($1)", name)) for name in names]


async def _announced(connection: Connection) -> AsyncIterator[int]:
    """The tenants announced on a connection, until it ends."""
    heard: asyncio.Queue[object] = asyncio.Queue()
    connection.add_termination_listener(lambda _: heard.put_nowait(None))
    await connection.add_listener(EPOCHS_CHANNEL, lambda *told: heard.put_nowait(told[3]))
    while (payload := await heard.get()) is not None:
        if isinstance(payload, str) and payload.isdecimal():
            yield int(payload)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
