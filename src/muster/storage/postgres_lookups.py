"""Rows that are looked up by key while another look-up of the same kind is on its way are asked for together.

Each query costs the server and the event loop more than the row it finds. A look-up that meets no other leaves at once, so
nobody waits for company; those that come meanwhile leave as one query when it is back.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from muster.storage.engine import Row, Value
from muster.storage.postgres_connections import translate

MOST_TOGETHER: Final = 64

_ARRAYS: Final = {int: "bigint[]", str: "key_text[]"}

Read = Callable[[str, Sequence[Value]], Awaitable[Sequence[Row]]]


class _Asked(NamedTuple):
    params: Sequence[Value]
    answer: "asyncio.Future[Row | None]"


class Lookups:
    """Look-ups on one server; `read` runs one query."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._waiting: dict[str, list[_Asked]] = {}
        """Those who wait, by query; a query that is not here is not on its way."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def row(self, sql: str, params: Sequence[Value]) -> Row | None:
        """The first row of a query by key, whose parameters are whole numbers and texts."""
        waiting = self._waiting.get(sql)
        if waiting is not None:
            answer: asyncio.Future[Row | None] = asyncio.get_running_loop().create_future()
            waiting.append(_Asked(params, answer))
            return await answer
        self._waiting[sql] = []
        try:
            return await self._alone(sql, params)
        finally:
            self._go_on(sql)

    async def _alone(self, sql: str, params: Sequence[Value]) -> Row | None:
        rows = await self._read(sql, params)
        return rows[0] if rows else None

    def _go_on(self, sql: str) -> None:
        """Ask for those who came meanwhile, or have nobody on the way."""
        waiting = self._waiting[sql]
        asked, self._waiting[sql] = waiting[:MOST_TOGETHER], waiting[MOST_TOGETHER:]
        asked = [one for one in asked if not one.answer.done()]
        if not asked:
            del self._waiting[sql]
            return
        task = asyncio.ensure_future(self._together(sql, asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _together(self, sql: str, asked: Sequence[_Asked]) -> None:
        try:
            found = await self._rows(sql, asked)
        except Exception as error:  # noqa: BLE001 - it is theirs who wait
            for one in asked:
                if not one.answer.done():
                    one.answer.set_exception(error)
        else:
            for place, one in enumerate(asked, 1):
                if not one.answer.done():
                    one.answer.set_result(found.get(place))
        finally:
            self._go_on(sql)

    async def _rows(self, sql: str, asked: Sequence[_Asked]) -> dict[int, Row]:
        types = tuple(_ARRAYS[type(param)] for param in asked[0].params)
        columns: list[Any] = list(zip(*(one.params for one in asked), strict=True))
        found: dict[int, Row] = {}
        for row in await self._read(_for_many(sql, types), columns):
            found.setdefault(row[0], tuple(row)[1:])
        return found


@functools.lru_cache(maxsize=256)
def _for_many(sql: str, types: tuple[str, ...]) -> str:
    """The same query for many rows of parameters at once; the place of each stands before what it found."""
    arrays = ", ".join(f"?::{type_}" for type_ in types)
    names = tuple(f"k.p{number}" for number in range(len(types)))
    columns = ", ".join(f"p{number}" for number in range(len(types)))
    return (
        f"SELECT k.place, q.* FROM unnest({arrays}) WITH ORDINALITY AS k({columns}, place) "
        f"CROSS JOIN LATERAL ({translate(sql, names)}) q"
    )
