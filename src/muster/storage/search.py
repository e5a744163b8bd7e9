"""The query tree as SQL: which listed users match, in which order, and how many.

Every part of a query becomes an index read that gives user numbers (`n`, the user's `seq`). Pages are cut on numbers alone and
documents are joined last. A user with more facts than are indexed is a candidate of every search, and is asked itself.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from muster.core.query import All, Is, Order, Page, Query, Scalar
from muster.core.users.matching import matches
from muster.core.users.model import User
from muster.core.users.terms import term
from muster.storage.engine import Engine, Row, Value
from muster.storage.text import bound, term_row
from muster.storage.users import COLUMNS, WITH_ACTIVITY, UserTable

SHORT_READ: Final = 1000
"""Index rows that a read may walk over within the event loop."""

_USER_COLUMNS: Final = frozenset({"seq", "created_at", "updated_at"})
_ACTIVITY_COLUMNS: Final = {"logins": "logins", "last_login": "last_login_at", "last_ip": "last_login_ip"}

# Facts of which a user has at most one: their index can be walked in order without grouping by user first.
_SINGLE_TEXTS: Final = frozenset(
    {"email", "email.domain", "phone", "username", "given_name", "family_name", "middle_name"}
    | {"auth0_name", "auth0_nickname", "external_id", "realm"}
)
_SINGLE_TRUTHS: Final = frozenset({"email_verified", "phone_verified", "suspended"})

_LARGEST_INTEGER: Final = 2**63 - 1


class Sql(NamedTuple):
    """A statement with what is bound to it."""

    text: str
    params: tuple[Value, ...] = ()


class Sorted(NamedTuple):
    """Users by what they are sorted by: `n` and the columns `by`. `all` says that no listed user is without."""

    sql: Sql
    by: tuple[str, ...]
    all: bool


class Search:
    """Searches on one engine."""

    def __init__(self, engine: Engine, users: UserTable) -> None:
        self._engine = engine
        self._users = users

    async def page(self, tenant_id: int, query: Query, order: Order, page: Page) -> list[User]:
        """One page, in order. Descending is the exact reverse among those who have the field; the others still come last."""
        found = await self._candidates(tenant_id, query)
        holders = _sorted(tenant_id, order)
        short = page.offset + page.limit <= SHORT_READ
        if holders.all:
            # Walks one index from its beginning, unless several facts must meet or be sorted.
            walks = found is None or (isinstance(query, Is) and order.field == "seq")
            return await self._read(
                tenant_id, _page(found, holders, order, page), order, holders.by, short=short and walks
            )
        first = await self._read(tenant_id, _page(found, holders, order, page), order, holders.by, short=False)
        if len(first) == page.limit:
            return first
        before = page.offset + len(first)
        if not first:
            (before,) = (await self._engine.scan(*_count(_among(found, holders.sql))))[0]
        rest = Page(max(0, page.offset - before), page.limit - len(first))
        others = _page(_without(tenant_id, found, holders.sql), _NUMBERS, order, rest)
        return first + await self._read(tenant_id, others, order, (), short=False)

    async def count(self, tenant_id: int, query: Query) -> int:
        """How many match, exactly."""
        found = await self._candidates(tenant_id, query)
        if found is None:
            row = await self._engine.row(_COUNT_ALL, (tenant_id,))
            return int(row[0] or 0) if row is not None else 0
        if isinstance(query, Is):
            few = Sql(f"SELECT n FROM ({found.text}) f LIMIT ?", (*found.params, SHORT_READ + 1))
            row = await self._engine.row(*_count(few))
            if row is not None and row[0] <= SHORT_READ:
                return int(row[0])
        return int((await self._engine.scan(*_count(found)))[0][0])

    async def _read(self, tenant_id: int, page: Sql, order: Order, by: tuple[str, ...], *, short: bool) -> list[User]:
        text = (
            f"SELECT {COLUMNS} FROM ({page.text}) p JOIN users u ON u.tenant_id = ? AND u.seq = p.n {WITH_ACTIVITY} "
            f"ORDER BY {_ordering('p', by, descending=order.descending)}"
        )
        read = self._engine.rows if short else self._engine.scan
        return self._users_of(await read(text, (*page.params, tenant_id)))

    async def _candidates(self, tenant_id: int, query: Query) -> Sql | None:
        """A statement that gives the number of every user who matches, each once; None when that is every listed user."""
        parts = list(dict.fromkeys(_facts(query)))
        if not parts:
            return None
        found = _meeting([_holding(tenant_id, part) for part in parts])
        if await self._engine.row(_ANY_OVERFLOWING, (tenant_id,)) is None:
            return found
        overflowing = await self._engine.scan(_OVERFLOWING, (tenant_id,))
        numbers = await asyncio.to_thread(self._matching, overflowing, query)
        if not numbers:
            return found
        # Numbers of our own, not text of a caller, so that there may be more of them than a statement takes parameters.
        listed = ", ".join(map(str, numbers))
        text = f"{found.text} UNION SELECT seq AS n FROM users WHERE tenant_id = ? AND seq IN ({listed})"
        return Sql(text, (*found.params, tenant_id))

    def _matching(self, rows: Sequence[Row], query: Query) -> list[int]:
        return [user.seq for user in self._users_of(rows) if matches(user, query)]

    def _users_of(self, rows: Sequence[Row]) -> list[User]:
        return [self._users.record_of(row) for row in rows]


_COUNT_ALL: Final = "SELECT CAST(sum(users) AS bigint) FROM user_counts WHERE tenant_id = ?"
_ANY_OVERFLOWING: Final = "SELECT seq FROM users WHERE tenant_id = ? AND overflow = 1 LIMIT 1"
_OVERFLOWING: Final = f"SELECT {COLUMNS} FROM users u {WITH_ACTIVITY} WHERE u.tenant_id = ? AND u.overflow = 1"
_NOBODY: Final = Sql("SELECT seq AS n FROM users WHERE seq IS NULL")
_NUMBERS: Final = Sorted(Sql(""), (), all=True)


def _facts(query: Query) -> list[Is]:
    if isinstance(query, Is):
        return [query]
    return [fact for part in query.parts for fact in _facts(part)] if isinstance(query, All) else []


def _holding(tenant_id: int, part: Is) -> Sql:
    """The listed users of whom one fact is true, by number, each once."""
    if part.field == "id":
        return _id(tenant_id, part.value)
    if part.field in _USER_COLUMNS:
        number = _integer(part.value)
        text = f"SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0 AND {part.field} = ?"
        return _NOBODY if number is None else Sql(text, (tenant_id, number))
    if part.field in _ACTIVITY_COLUMNS:
        column = _ACTIVITY_COLUMNS[part.field]
        asked = _text(part.value) if part.field == "last_ip" else _integer(part.value)
        text = f"SELECT h.n FROM ({_activity(column)} AND a.{column} = ?) h"
        return _NOBODY if asked is None else Sql(text, (tenant_id, asked))
    table, field, value = term_row(term(part.field, part.value))
    return Sql(f"SELECT n FROM {table} WHERE tenant_id = ? AND field = ? AND value = ?", (tenant_id, field, value))


def _id(tenant_id: int, value: Scalar) -> Sql:
    text = _text(value)
    sql = "SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0 AND id = ?"
    return _NOBODY if text is None else Sql(sql, (tenant_id, text))


def _activity(column: str) -> str:
    return (
        f"SELECT a.n AS n, a.{column} AS k FROM activity a JOIN users u ON u.tenant_id = a.tenant_id AND u.seq = a.n "
        f"WHERE a.tenant_id = ? AND u.internal = 0 AND a.{column} IS NOT NULL"
    )


def _meeting(parts: list[Sql]) -> Sql:
    """Those who are in every part."""
    if len(parts) == 1:
        return parts[0]
    joined = " ".join(f"JOIN ({part.text}) f{i} ON f{i}.n = f0.n" for i, part in enumerate(parts) if i)
    params = tuple(param for part in parts for param in part.params)
    return Sql(f"SELECT f0.n FROM ({parts[0].text}) f0 {joined}", params)


def _sorted(tenant_id: int, order: Order) -> Sorted:
    field = order.field
    if field == "seq":
        return Sorted(
            Sql("SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0", (tenant_id,)), (), all=True
        )
    if field in _USER_COLUMNS:
        text = f"SELECT seq AS n, {field} AS k FROM users WHERE tenant_id = ? AND internal = 0"
        return Sorted(Sql(text, (tenant_id,)), ("k",), all=True)
    if field in _ACTIVITY_COLUMNS:
        column = _ACTIVITY_COLUMNS[field]
        return Sorted(Sql(_activity(column), (tenant_id,)), ("k",), all=False)
    if field in _SINGLE_TEXTS or field in _SINGLE_TRUTHS:
        table, name = ("text_terms", field) if field in _SINGLE_TEXTS else ("number_terms", f"{field}?")
        text = f"SELECT n, value AS k FROM {table} WHERE tenant_id = ? AND field = ?"
        return Sorted(Sql(text, (tenant_id, name)), ("k",), all=False)
    return _sorted_by_any(tenant_id, order)


def _sorted_by_any(tenant_id: int, order: Order) -> Sorted:
    """By the least (descending: the greatest) of a user's values; truth values and numbers are less than any text."""
    field = term(order.field, "").field
    best = "max" if order.descending else "min"
    is_text = "max(t) IS NOT NULL" if order.descending else "min(m) IS NULL"
    text = (
        f"SELECT n, CASE WHEN {is_text} THEN 1 ELSE 0 END AS k0, CASE WHEN {is_text} THEN NULL ELSE {best}(m) END AS k1, "
        f"CASE WHEN {is_text} THEN {best}(t) END AS k2 FROM ("
        "SELECT n, value AS m, CAST(NULL AS key_text) AS t FROM number_terms WHERE tenant_id = ? AND field IN (?, ?) "
        "UNION ALL "
        "SELECT n, CAST(NULL AS double precision), value FROM text_terms WHERE tenant_id = ? AND field = ?"
        ") facts GROUP BY n"
    )
    name = bound(field)
    return Sorted(Sql(text, (tenant_id, name, f"{name}?", tenant_id, name)), ("k0", "k1", "k2"), all=False)


def _page(found: Sql | None, holders: Sorted, order: Order, page: Page) -> Sql:
    """The numbers of one page, with what they are sorted by."""
    columns = ", ".join(f"s.{column}" for column in ("n", *holders.by))
    if found is None:
        source = f"({holders.sql.text}) s"
        params = holders.sql.params
    elif not holders.by:
        source, params = f"({found.text}) s", found.params
    else:
        source = f"({found.text}) f JOIN ({holders.sql.text}) s ON s.n = f.n"
        params = (*found.params, *holders.sql.params)
    ordering = _ordering("s", holders.by, descending=order.descending)
    return Sql(
        f"SELECT {columns} FROM {source} ORDER BY {ordering} LIMIT ? OFFSET ?", (*params, page.limit, page.offset)
    )


def _ordering(table: str, by: tuple[str, ...], *, descending: bool) -> str:
    direction = " DESC" if descending else ""
    return ", ".join(f"{table}.{column}{direction}" for column in (*by, "n"))


def _among(found: Sql | None, holders: Sql) -> Sql:
    if found is None:
        return Sql(f"SELECT n FROM ({holders.text}) h", holders.params)
    return Sql(
        f"SELECT f.n FROM ({found.text}) f JOIN ({holders.text}) h ON h.n = f.n", (*found.params, *holders.params)
    )


def _without(tenant_id: int, found: Sql | None, holders: Sql) -> Sql:
    """Those of the found who are not among the holders."""
    everyone = Sql("SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0", (tenant_id,))
    of = found or everyone
    text = f"SELECT o.n FROM ({of.text}) o WHERE o.n NOT IN (SELECT h.n FROM ({holders.text}) h)"
    return Sql(text, (*of.params, *holders.params))


def _count(found: Sql) -> Sql:
    return Sql(f"SELECT count(*) FROM ({found.text}) c", found.params)


def _text(value: Scalar) -> str | None:
    return bound(value) if isinstance(value, str) else None


def _integer(value: Scalar) -> int | None:
    """The value as a number that a column can hold; None for whatever no column can hold."""
    if isinstance(value, (str, bool)) or abs(value) > _LARGEST_INTEGER or value % 1 != 0:
        return None
    return int(value)
