"""Connections to a PostgreSQL server, lent out one at a time, and what its faults mean to a caller.

asyncpg's own pool resets a connection at every return, which halves the reads a second. Nothing here needs the reset: a
connection that does not come back clean is closed.
"""

import asyncio
import collections
import functools
import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

import asyncpg

from muster.core.errors import Lost, Unavailable
from muster.storage.address import PostgresServer

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection  # takes no parameter at run time

CONNECT_SECONDS: Final = 5.0
_STATEMENTS_KEPT: Final = 512
# Ours, beyond the server's own limits: a network that swallows packets must not hold a caller for ever.
COMMAND_SECONDS: Final = 30.0

_NO_SETTINGS: Final[Mapping[str, str]] = {}
_SETTINGS: Final = {
    "application_name": "muster",
    "search_path": "public",
    "default_transaction_isolation": "read committed",
    "jit": "off",  # compiling costs more than any statement of ours saves
}
# By the first characters of the SQLSTATE (PostgreSQL's Appendix A).
_REASONS: Final = {
    "08": ("database_away", 1),  # connection exception
    "25006": ("database_read_only", 5),  # a standby, or a server set so
    "28": ("database_refuses_login", 30),
    "3D": ("database_missing", 30),
    "53100": ("database_full", 30),
    "53": ("database_busy", 1),  # out of memory or connections
    "55P03": ("database_busy", 1),  # a lock not granted in time
    "57014": ("database_busy", 1),  # statement_timeout
    "57P": ("database_away", 1),  # shut down or starting
    "58": ("database_failed", 5),  # input or output of the server
    "XX001": ("database_damaged", 60),
    "XX002": ("database_damaged", 60),
}
# A migration beside a running server changed what a prepared statement returns: on fresh data it is prepared anew.
_RUN_AGAIN: Final = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,
)

_log = logging.getLogger(__name__)

_QUOTED_OR_MARK: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\?""")


@functools.lru_cache(maxsize=4096)
def translate(sql: str, marks: tuple[str, ...] | None = None) -> str:
    """The text with `?` as `$1`, `$2`, …, or as the given marks, except in quotes and comments."""
    count = 0

    def number(match: re.Match[str]) -> str:
        nonlocal count
        if match[0] != "?":
            return match[0]
        count += 1
        return f"${count}" if marks is None else marks[count - 1]

    return _QUOTED_OR_MARK.sub(number, sql)


def refusal(error: Exception, *, closed: bool) -> Exception | None:
    """What to answer when the fault is the server's or another writer's; None when it is ours.

    `closed` says that the connection did not survive, whatever asyncpg calls it.
    """
    if isinstance(error, _RUN_AGAIN):
        return Lost(("database", "deadlock"))
    state = getattr(error, "sqlstate", None) or ""
    reason = next((_REASONS[state[:n]] for n in (5, 3, 2) if state[:n] in _REASONS), None)
    if reason is None and (closed or isinstance(error, OSError)):
        reason = ("database_away", 1)
    if reason is None:
        return None
    _log.error("PostgreSQL: %s: %s", type(error).__name__, error)
    return Unavailable(reason[0], retry_after=reason[1])


def reraise(error: Exception, *, closed: bool) -> NoReturn:
    """Raise what callers are told of the server's fault, or the fault itself when it is ours."""
    told = refusal(error, closed=closed)
    if told is not None:
        raise told from error
    raise error


async def connect(
    server: PostgresServer, settings: Mapping[str, str] = _NO_SETTINGS, *, seconds: float | None = COMMAND_SECONDS
) -> Connection:
    """A connection with more server settings, on which no command may take longer than `seconds`.

    `ValueError` where asyncpg cannot make sense of the URL.
    """
    try:
        connection = await asyncpg.connect(
            server.dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=seconds,
            statement_cache_size=_STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            server_settings={**_SETTINGS, **settings},
        )
        await connection.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")
    except (ValueError, asyncpg.ClientConfigurationError):
        # The original may quote a part of the URL, and the part may be of the password.
        raise ValueError(f"{server} cannot be connected to: a part of its URL is malformed") from None
    except Exception as error:  # noqa: BLE001 — is raised again, in our words where they fit
        reraise(error, closed=True)
    return connection


async def say_goodbye(connection: Connection) -> None:
    """Close a connection politely, or just leave when the server does not answer."""
    try:
        await connection.close(timeout=1)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection.terminate()


class Connections:
    """At most `limit` connections, opened when needed. Whoever takes one gives it back clean or drops it."""

    def __init__(self, server: PostgresServer, limit: int, seconds: float, settings: Mapping[str, str]) -> None:
        self._server = server
        self._settings = settings
        self._limit = limit
        self._seconds = seconds
        self._open = 0
        self._idle: list[Connection] = []
        self._leaving: set[asyncio.Future[None]] = set()
        # Each waits for a connection, or for None: the right to open one.
        self._waiting: collections.deque[asyncio.Future[Connection | None]] = collections.deque()

    async def take(self) -> Connection:
        """A connection of one's own; `Unavailable` when none is free in time or the server is away."""
        if self._limit == 0:
            raise Unavailable("stopping", retry_after=1)
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open -= 1
        if self._open < self._limit:
            self._open += 1
        elif (handed := await self._wait()) is not None:
            return handed
        try:
            return await connect(self._server, self._settings)
        except BaseException:
            self._pass_on(None)
            raise

    def give(self, connection: Connection) -> None:
        """Hand back a connection after a clean end."""
        self._pass_on(None if connection.is_closed() else connection)

    def drop(self, connection: Connection) -> None:
        """Close a connection in an unknown state: what runs on it is stopped and what was open is rolled back."""
        leaving = asyncio.ensure_future(self._leave(connection))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Lend no more, let those who already wait have their turn, and close every connection."""
        self._limit = 0
        try:
            while self._open:
                connection = self._idle.pop() if self._idle else await self._wait()
                self._open -= 1
                if connection is not None:
                    await say_goodbye(connection)
        except Unavailable:
            _log.warning("PostgreSQL: %d connections were still in use at the end", self._open)

    async def _leave(self, connection: Connection) -> None:
        # A server does not notice that its client has gone while it works for it; asyncpg tells it to stop first.
        await say_goodbye(connection)
        self._pass_on(None)

    def _pass_on(self, connection: Connection | None) -> None:
        """Hand a connection, or the right to open one, to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._open -= 1
        else:
            self._idle.append(connection)

    async def _wait(self) -> Connection | None:
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                return await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if not turn.cancelled():  # handed over in the very moment of giving up
                self._pass_on(turn.result())
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise Unavailable("database_busy", retry_after=1) from None
            raise
