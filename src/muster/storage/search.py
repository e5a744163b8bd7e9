"""Searches: which listed users match, in which order, and how many.

Pages are cut on user numbers alone and documents are joined last. Where a condition leaves few candidates, and where no index
can tell (users with more facts than are indexed, or indexed by an older version; long texts), the documents themselves are
looked at by the core's own matcher.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from muster.core.errors import Invalid, Unavailable
from muster.core.query import Everyone, Not, Order, Page, Query
from muster.core.users.matching import matches, sort_key
from muster.core.users.model import User
from muster.core.users.terms import TERMS_VERSION
from muster.storage.conditions import condition
from muster.storage.engine import Engine, Row
from muster.storage.fragments import Sql, combined_by, union
from muster.storage.query_sql import (
    MOST_CONDITIONS,
    MOST_PARAMETERS,
    UNKNOWN,
    Leaf,
    Part,
    among,
    combined,
    count_of,
    decided,
    leaves_of,
    refuse_too_large,
    simplified,
    sizes_of,
)
from muster.storage.sorting import NO_TEST, Sorted, ordering_by, page_of, sorted_by
from muster.storage.sources import Condition, everyone
from muster.storage.users import COLUMNS, WITH_ACTIVITY, UserTable

SHORT_READ: Final = 1000
"""Index rows that a read may walk over within the event loop."""

FEW: Final = 200
"""Users whose documents are looked at rather than that large parts of an index are read."""

SHORT_LOOK: Final = 50
"""Documents that are decoded within the event loop: as many as a page has."""

MEASURED: Final = 10_000
"""How far the users of a condition are counted before it is decided what to read first."""

MOST_LOOKED_AT: Final = 20_000
"""Documents that one search looks at; more would take longer than a search may."""

LONGEST_SEARCH: Final = 4.0
"""Seconds for all statements and looks that find out who matches; each may take two."""

LOOKING_SECONDS: Final = 2.0
LOOKING_AT_ONCE: Final = 2
"""Searches that look at documents at a time: they hold Python's lock, which the event loop wants too."""


class Found(NamedTuple):
    """Those who match: as statements (None for everyone), or the users themselves where there are few.

    `is_plain` says that it is one condition that an index decides of everybody.
    """

    part: Part | None
    users: list[User] | None = None
    is_plain: bool = False


class Search:
    """Searches on one engine."""

    def __init__(self, engine: Engine, users: UserTable) -> None:
        self._engine = engine
        self._users = users
        self._looking = asyncio.Semaphore(LOOKING_AT_ONCE)

    async def page(self, tenant_id: int, query: Query, order: Order, page: Page) -> list[User]:
        """One page, in order. Descending is the exact reverse among those who have the field; the others still come last."""
        found = await self._found(tenant_id, _readable(query), measured=order.field != "seq")
        return await self._page_of(tenant_id, found, order, page)

    async def count(self, tenant_id: int, query: Query) -> int:
        """How many match, exactly."""
        query = _readable(query)
        asked = query.part if isinstance(query, Not) else query
        found = await self._found(tenant_id, asked, whole=True)
        return await self._count_of(tenant_id, found, others=asked is not query)

    async def page_and_count(self, tenant_id: int, query: Query, order: Order, page: Page) -> tuple[list[User], int]:
        """Both at the cost of little more than the page, where it is the last one or much had to be found out first."""
        query = _readable(query)
        found = await self._found(tenant_id, query, measured=order.field != "seq")
        users = await self._page_of(tenant_id, found, order, page)
        if len(users) < page.limit and (users or not page.offset):
            return users, page.offset + len(users)
        if isinstance(query, Not):
            return users, await self.count(tenant_id, query)
        return users, await self._count_of(tenant_id, found)

    async def _found(self, tenant_id: int, query: Query, *, measured: bool = False, whole: bool = False) -> Found:
        """Those who match; `measured` where it matters how many they are, `whole` where all are wanted."""
        if isinstance(query, Everyone):
            return Found(None)
        leaves = [condition(tenant_id, leaf) for leaf in leaves_of(query)]
        if not measured and await self._is_plain(tenant_id, query, leaves):
            (leaf,) = leaves
            return Found(Part(leaf.numbers, leaf.probe, leaf.in_order), is_plain=True)
        try:
            async with asyncio.timeout(LONGEST_SEARCH):
                return await self._find(tenant_id, query, leaves, whole=whole)
        except TimeoutError:
            raise Unavailable("search_timeout", retry_after=1) from None

    async def _page_of(self, tenant_id: int, found: Found, order: Order, page: Page) -> list[User]:
        if found.users is not None:
            return _in_order(found.users, order)[page.offset :][: page.limit]
        holders = sorted_by(tenant_id, order)
        at_once = holders.all if found.part is None else found.is_plain and found.part.in_order
        short = at_once and page.offset + page.limit <= SHORT_READ
        return await self._page(tenant_id, found.part, holders, order, page, short=short)

    async def _count_of(self, tenant_id: int, found: Found, *, others: bool = False) -> int:
        """How many those are who were found; `others`: how many all others are."""
        if found.users is not None:
            few = len(found.users)
            return await self._count_all(tenant_id) - few if others else few
        if found.part is None:
            return 0 if others else await self._count_all(tenant_id)
        numbers = found.part.numbers
        if found.is_plain and found.part.in_order:
            first = Sql(f"SELECT n FROM ({numbers.text}) f LIMIT ?", (*numbers.params, SHORT_READ + 1))
            row = await self._engine.row(*_counted(tenant_id, first))
            if row is not None and row[0] <= SHORT_READ:
                return int(row[int(others)])
        (counted,) = await self._scan(_counted(tenant_id, numbers))
        return int(counted[int(others)])

    async def _count_all(self, tenant_id: int) -> int:
        row = await self._engine.row(_COUNT_ALL, (tenant_id,))
        return int(row[0]) if row is not None else 0

    # ------------------------------------------------------------------------------------------------- who matches

    async def _any_to_look_at(self, tenant_id: int) -> bool:
        return await self._engine.row(_ANY_TO_LOOK_AT, (tenant_id,)) is not None

    async def _is_plain(self, tenant_id: int, query: Query, leaves: Sequence[Condition]) -> bool:
        """Whether it is one condition that an index decides of everybody."""
        if not isinstance(query, Leaf) or leaves[0].to_look_at is not None or leaves[0].candidates is not None:
            return False
        return not await self._any_to_look_at(tenant_id)

    async def _find(self, tenant_id: int, query: Query, leaves: Sequence[Condition], *, whole: bool) -> Found:
        """Those who match; users themselves, if there are few who could."""
        sizes = iter(await self._sizes([leaf.numbers for leaf in leaves if leaf.is_read]))
        measured = [
            Part(leaf.numbers, leaf.probe, leaf.in_order, next(sizes) if leaf.is_read else UNKNOWN) for leaf in leaves
        ]
        unsure = await self._unsure(tenant_id)
        asked = list(leaves_of(query))
        parts = [
            await self._answered(tenant_id, leaf, of_it, part)
            for leaf, of_it, part in zip(asked, leaves, measured, strict=True)
        ]
        part = combined(tenant_id, query, iter(parts), whole=whole)
        if part.most <= FEW and len(unsure) <= FEW:
            candidates = await self._documents(tenant_id, part.numbers) if part.most else []
            known = {user.seq for user in candidates}
            every_one = [*candidates, *(user for user in unsure if user.seq not in known)]
            return Found(part, await self._matching(every_one, query))
        matching = await self._matching(unsure, query)
        return Found(decided(tenant_id, part, [user.seq for user in unsure], [user.seq for user in matching]))

    async def _sizes(self, parts: Sequence[Sql]) -> list[int]:
        """How many users each has, as far as that is looked at."""
        if not parts:
            return []
        (row,) = await self._scan(sizes_of(parts, MEASURED))
        return [int(size) if size < MEASURED else UNKNOWN for size in row]

    async def _answered(self, tenant_id: int, leaf: Leaf, asked: Condition, part: Part) -> Part:
        """A condition with those in it whom only their documents decide."""
        if asked.candidates is not None:
            ((size,),) = await self._scan(sizes_of([asked.candidates], FEW + 1))
            if size <= FEW:
                few = await self._documents(tenant_id, asked.candidates)
                return _listed(tenant_id, await self._matching(few, leaf))
        if asked.to_look_at is None:
            return part
        users = await self._documents(tenant_id, asked.to_look_at, MOST_LOOKED_AT + 1)
        if len(users) > MOST_LOOKED_AT:
            raise Unavailable("search_timeout", retry_after=1)
        matching = await self._matching(users, leaf)
        if not matching:
            return part
        more = _listed(tenant_id, matching)
        return Part(union([part.numbers, more.numbers]), None, in_order=False, most=min(UNKNOWN, part.most + more.most))

    async def _unsure(self, tenant_id: int) -> list[User]:
        """Those of whom the index does not know all."""
        if not await self._any_to_look_at(tenant_id):
            return []
        users = await self._documents(tenant_id, Sql(_TO_LOOK_AT, (tenant_id,)), MOST_LOOKED_AT + 1)
        if len(users) > MOST_LOOKED_AT:
            raise Unavailable("search_timeout", retry_after=1)
        return users

    async def _documents(self, tenant_id: int, numbers: Sql, limit: int | None = None) -> list[User]:
        cut = Sql(" LIMIT ?", (limit,)) if limit is not None else Sql("")
        text = (
            f"SELECT {COLUMNS} FROM (SELECT n FROM ({numbers.text}) i{cut.text}) p "
            f"CROSS JOIN users u {WITH_ACTIVITY} WHERE u.tenant_id = ? AND u.seq = p.n AND u.internal = 0"
        )
        rows = await self._scan(Sql(text, (*numbers.params, *cut.params, tenant_id)))
        if len(rows) <= SHORT_LOOK:
            return self._users_of(rows)
        return await self._in_thread(lambda: self._users_of(rows))

    async def _matching(self, users: Sequence[User], query: Query) -> list[User]:
        """Those whose documents say so."""
        if not users:
            return []

        def look() -> list[User]:
            ends = time.monotonic() + LOOKING_SECONDS
            found = []
            for user in users:
                if time.monotonic() > ends:
                    raise Unavailable("search_timeout", retry_after=1)
                if matches(user, query):
                    found.append(user)
            return found

        return await self._in_thread(look)

    async def _in_thread(self, look: Callable[[], list[User]]) -> list[User]:
        async with self._looking:
            return await asyncio.to_thread(look)

    # ------------------------------------------------------------------------------------------------------- pages

    async def _page(
        self, tenant_id: int, found: Part | None, holders: Sorted, order: Order, page: Page, *, short: bool
    ) -> list[User]:
        if holders.all:
            return await self._read(tenant_id, page_of(found, holders, order, page), order, holders.by, short=short)
        first = await self._walked(tenant_id, found, holders, page)
        if first is None:
            first = await self._read(tenant_id, page_of(found, holders, order, page), order, holders.by)
        if len(first) == page.limit:
            return first
        numbers = everyone(tenant_id).numbers if found is None else found.numbers
        before = page.offset + len(first)
        if not first and page.offset:
            ((before,),) = await self._scan(count_of(combined_by("INTERSECT", [numbers, holders.sql])))
        others = Part(combined_by("EXCEPT", [numbers, holders.sql]), None, in_order=False)
        rest = Page(max(0, page.offset - before), page.limit - len(first))
        by_number = sorted_by(tenant_id, Order())
        return first + await self._read(tenant_id, page_of(others, by_number, order, rest), order, ())

    async def _walked(self, tenant_id: int, found: Part | None, holders: Sorted, page: Page) -> list[User] | None:
        """A page of users who may have several values, from the beginning of an index; None where that is not enough.

        Whoever is met first is met with the value that counts.
        """
        wanted = page.offset + page.limit
        if holders.walk is None or wanted > SHORT_READ or (found is not None and found.probe is None):
            return None
        test = found.probe("s.n") if found is not None and found.probe is not None else NO_TEST
        limit = 4 * wanted + 16
        rows = await self._scan(holders.walk(test, limit))
        met = list(dict.fromkeys(row[0] for row in rows))
        if len(met) < wanted and len(rows) == limit:
            return None
        numbers = met[page.offset : wanted]
        if not numbers:
            return []
        users = {user.seq: user for user in await self._documents(tenant_id, _numbers(tenant_id, numbers))}
        return [users[n] for n in numbers if n in users]

    async def _read(
        self, tenant_id: int, page: Sql, order: Order, by: tuple[str, ...], *, short: bool = False
    ) -> list[User]:
        text = (
            f"SELECT {COLUMNS} FROM ({page.text}) p JOIN users u ON u.tenant_id = ? AND u.seq = p.n {WITH_ACTIVITY} "
            f"ORDER BY {ordering_by('p', by, descending=order.descending)}"
        )
        asked = Sql(text, (*page.params, tenant_id))
        return self._users_of(await (self._engine.rows(*asked) if short else self._scan(asked)))

    async def _scan(self, sql: Sql) -> Sequence[Row]:
        if len(sql.params) > MOST_PARAMETERS:
            raise Invalid("query_too_large", limit=MOST_CONDITIONS)
        return await self._engine.scan(*sql)

    def _users_of(self, rows: Sequence[Row]) -> list[User]:
        return [self._users.record_of(row) for row in rows]


def _readable(query: Query) -> Query:
    refuse_too_large(query)
    return simplified(query)


def _in_order(users: list[User], order: Order) -> list[User]:
    """As the index would: those who have what is sorted by, then the others."""
    keys = {user.seq: sort_key(user, order) for user in users}
    having = sorted(
        (user for user in users if keys[user.seq] is not None),
        key=lambda user: (keys[user.seq], user.seq),
        reverse=order.descending,
    )
    without = [user for user in users if keys[user.seq] is None]
    return having + sorted(without, key=lambda user: user.seq, reverse=order.descending)


def _numbers(tenant_id: int, numbers: Sequence[int]) -> Sql:
    text = f"SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0 AND {among('seq', numbers)}"
    return Sql(text, (tenant_id,))


def _listed(tenant_id: int, users: Sequence[User]) -> Part:
    """These users, as a part of a query."""
    numbers = [user.seq for user in users]
    known = _numbers(tenant_id, numbers)
    return Part(known, lambda column: Sql(among(column, numbers)), in_order=False, most=len(numbers))


def _counted(tenant_id: int, numbers: Sql) -> Sql:
    """How many there are, and how many others, as of one moment."""
    text = f"SELECT c.n, ({_COUNT_ALL}) - c.n FROM (SELECT count(*) AS n FROM ({numbers.text}) f) c"
    return Sql(text, (tenant_id, *numbers.params))


_COUNT_ALL: Final = "SELECT CAST(coalesce(sum(users), 0) AS bigint) FROM user_counts WHERE tenant_id = ?"
_IS_UNSURE: Final = f"(overflow = 1 OR terms_version < {TERMS_VERSION})"
_ANY_TO_LOOK_AT: Final = f"SELECT seq FROM users WHERE tenant_id = ? AND {_IS_UNSURE} LIMIT 1"
_TO_LOOK_AT: Final = f"SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0 AND {_IS_UNSURE}"
