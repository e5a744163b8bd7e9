"""Searches: which listed users match, in which order, and how many.

Pages are cut on user numbers alone and documents are joined last. A user with more facts than are indexed is a candidate of
every search, and is looked at itself.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from muster.core.query import Is, Order, Page, Query
from muster.core.users.matching import matches
from muster.core.users.model import User
from muster.storage.engine import Engine, Row
from muster.storage.query_sql import (
    Found,
    Sql,
    among,
    asked_in,
    count_of,
    holding,
    meeting,
    ordering_by,
    page_of,
    sorted_by,
    without,
)
from muster.storage.users import COLUMNS, WITH_ACTIVITY, UserTable

SHORT_READ: Final = 1000
"""Index rows that a read may walk over within the event loop."""


class Search:
    """Searches on one engine."""

    def __init__(self, engine: Engine, users: UserTable) -> None:
        self._engine = engine
        self._users = users

    async def page(self, tenant_id: int, query: Query, order: Order, page: Page) -> list[User]:
        """One page, in order. Descending is the exact reverse among those who have the field; the others still come last."""
        found = await self._find(tenant_id, query)
        holders = sorted_by(tenant_id, order)
        sql = page_of(tenant_id, found, holders, order, page)
        if holders.all:
            # Walks one index from its beginning, unless several facts must meet or be sorted.
            walks = found is None or (isinstance(query, Is) and order.field == "seq")
            short = walks and page.offset + page.limit <= SHORT_READ
            return await self._read(tenant_id, sql, order, holders.by, short=short)
        first = await self._read(tenant_id, sql, order, holders.by)
        if len(first) == page.limit:
            return first
        before = page.offset + len(first)
        if not first and page.offset:
            before = await self._count(among(tenant_id, found, holders.sql))
        others = Found(without(tenant_id, found, holders.sql))
        rest = Page(max(0, page.offset - before), page.limit - len(first))
        sql = page_of(tenant_id, others, sorted_by(tenant_id, Order()), order, rest)
        return first + await self._read(tenant_id, sql, order, ())

    async def count(self, tenant_id: int, query: Query) -> int:
        """How many match, exactly."""
        found = await self._find(tenant_id, query)
        if found is None:
            row = await self._engine.row(_COUNT_ALL, (tenant_id,))
            return int(row[0] or 0) if row is not None else 0
        numbers = found.numbers(tenant_id)
        if isinstance(query, Is):
            few = Sql(f"SELECT n FROM ({numbers.text}) f LIMIT ?", (*numbers.params, SHORT_READ + 1))
            row = await self._engine.row(*count_of(few))
            if row is not None and row[0] <= SHORT_READ:
                return int(row[0])
        return await self._count(numbers)

    async def _count(self, numbers: Sql) -> int:
        ((counted,),) = await self._engine.scan(*count_of(numbers))
        return int(counted)

    async def _read(
        self, tenant_id: int, page: Sql, order: Order, by: tuple[str, ...], *, short: bool = False
    ) -> list[User]:
        text = (
            f"SELECT {COLUMNS} FROM ({page.text}) p JOIN users u ON u.tenant_id = ? AND u.seq = p.n {WITH_ACTIVITY} "
            f"ORDER BY {ordering_by('p', by, descending=order.descending)}"
        )
        read = self._engine.rows if short else self._engine.scan
        return self._users_of(await read(text, (*page.params, tenant_id)))

    async def _find(self, tenant_id: int, query: Query) -> Found | None:
        """Those who match; None when that is every listed user."""
        facts = asked_in(query)
        if not facts:
            return None
        indexed = meeting(await self._rarest_first([holding(tenant_id, fact) for fact in facts]))
        if await self._engine.row(_ANY_OVERFLOWING, (tenant_id,)) is None:
            return Found(indexed)
        overflowing = await self._engine.scan(_OVERFLOWING, (tenant_id,))
        return Found(indexed, tuple(await asyncio.to_thread(self._matching, overflowing, query)))

    async def _rarest_first(self, parts: list[Sql]) -> list[Sql]:
        """The order in which to look: from few users the many others are asked about, and not the reverse."""
        if len(parts) == 1:
            return parts
        counts = ", ".join(
            f"(SELECT count(*) FROM (SELECT n FROM ({part.text}) p LIMIT {SHORT_READ}) f)" for part in parts
        )
        params = [param for part in parts for param in part.params]
        (sizes,) = await self._engine.scan(f"SELECT {counts}", params)
        return [part for _, part in sorted(zip(sizes, parts, strict=True), key=lambda sized: int(sized[0]))]

    def _matching(self, rows: Sequence[Row], query: Query) -> list[int]:
        return [user.seq for user in self._users_of(rows) if matches(user, query)]

    def _users_of(self, rows: Sequence[Row]) -> list[User]:
        return [self._users.record_of(row) for row in rows]


_COUNT_ALL: Final = "SELECT CAST(sum(users) AS bigint) FROM user_counts WHERE tenant_id = ?"
_ANY_OVERFLOWING: Final = "SELECT seq FROM users WHERE tenant_id = ? AND overflow = 1 LIMIT 1"
_OVERFLOWING: Final = f"SELECT {COLUMNS} FROM users u {WITH_ACTIVITY} WHERE u.tenant_id = ? AND u.overflow = 1"
