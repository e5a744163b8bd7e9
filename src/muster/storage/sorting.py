"""In which order users are shown, as SQL text: every sort key is read from an index in its order."""

from collections.abc import Callable
from typing import Final, NamedTuple

from muster.core.query import Order, Page
from muster.storage.fragments import Sql
from muster.storage.query_sql import UNKNOWN, Part
from muster.storage.sources import ACTIVITY_COLUMNS, IS_LISTED, SINGLE_TEXTS, USER_COLUMNS, everyone
from muster.storage.text import field_number

SINGLE_TRUTHS: Final = frozenset({"email_verified", "phone_verified", "suspended"})

MOST_HELD: Final = 50_000
"""Users whose numbers are held in memory while an index is walked."""

NO_TEST: Final = Sql("1 = 1")


class Sorted(NamedTuple):
    """Users by what they are sorted by: `n` and the columns `by`. `all` says that no listed user is without.

    `walk` is there where a user may have several values, so that all would have to be grouped: the first rows in order of
    those who pass a test (on `s.n`), users as often as they have values.
    """

    sql: Sql
    by: tuple[str, ...]
    all: bool
    walk: Callable[[Sql, int], Sql] | None = None


def sorted_by(tenant_id: int, order: Order) -> Sorted:
    """The listed users who have what they are to be sorted by."""
    field = order.field
    if field == "seq":
        return Sorted(everyone(tenant_id).numbers, (), all=True)
    if field in USER_COLUMNS or field == "id":
        text = f"SELECT seq AS n, {field} AS k FROM users WHERE tenant_id = ? AND internal = 0"
        return Sorted(Sql(text, (tenant_id,)), ("k",), all=True)
    if field in ACTIVITY_COLUMNS:
        column = ACTIVITY_COLUMNS[field]
        text = (
            f"SELECT a.n AS n, a.{column} AS k FROM activity a "
            f"WHERE a.tenant_id = ? AND a.{column} IS NOT NULL AND {IS_LISTED}"
        )
        return Sorted(Sql(text, (tenant_id, tenant_id)), ("k",), all=False)
    if field in SINGLE_TEXTS or field in SINGLE_TRUTHS:
        table, name = ("text_terms", field) if field in SINGLE_TEXTS else ("number_terms", f"?{field}")
        text = f"SELECT n, value AS k FROM {table} WHERE tenant_id = ? AND field = ?"
        return Sorted(Sql(text, (tenant_id, field_number(name))), ("k",), all=False)
    return _sorted_by_any(tenant_id, order)


def _sorted_by_any(tenant_id: int, order: Order) -> Sorted:
    """By the least (descending: the greatest) of a user's values; truth values and numbers are less than any text."""
    best = "max" if order.descending else "min"
    is_text = "max(k0) = 1" if order.descending else "min(k0) = 1"
    values = " UNION ALL ".join(
        f"SELECT n, {0 if is_number else 1} AS k0, {'value' if is_number else 'CAST(NULL AS double precision)'} AS k1, "
        f"{'CAST(NULL AS key_text)' if is_number else 'value'} AS k2 "
        f"FROM {'number' if is_number else 'text'}_terms WHERE tenant_id = ? AND field = ?"
        for is_number in (True, True, False)
    )
    params = tuple(
        param for name in (order.field, f"?{order.field}", order.field) for param in (tenant_id, field_number(name))
    )
    text = (
        f"SELECT n, {best}(k0) AS k0, CASE WHEN {is_text} THEN NULL ELSE {best}(k1) END AS k1, "
        f"CASE WHEN {is_text} THEN {best}(k2) END AS k2 FROM ({values}) v GROUP BY n"
    )

    def walk(test: Sql, limit: int) -> Sql:
        direction = " DESC" if order.descending else ""
        parts: list[str] = []
        for kind, columns in (("number", "0 AS k0, s.value AS k1, CAST(NULL AS key_text) AS k2"),) * 2 + (
            ("text", "1 AS k0, CAST(NULL AS double precision) AS k1, s.value AS k2"),
        ):
            parts.append(
                f"SELECT * FROM (SELECT s.n, {columns} FROM {kind}_terms s WHERE s.tenant_id = ? AND s.field = ? "
                f"AND {test.text} ORDER BY s.value{direction}, s.n{direction} LIMIT ?) {kind[0]}{len(parts)}"
            )
        ordering = ordering_by("w", ("k0", "k1", "k2"), descending=order.descending)
        bound = [(*params[at : at + 2], *test.params, limit) for at in (0, 2, 4)]
        text = f"SELECT w.n FROM ({' UNION ALL '.join(parts)}) w ORDER BY {ordering} LIMIT ?"
        return Sql(text, (*(param for part in bound for param in part), limit))

    return Sorted(Sql(text, params), ("k0", "k1", "k2"), all=False, walk=walk)


def page_of(found: Part | None, holders: Sorted, order: Order, page: Page) -> Sql:
    """The numbers of one page of the holders who were found, with what they are sorted by."""
    text, params = f"({holders.sql.text}) s", holders.sql.params
    if found is not None:
        text, params = _met(found, holders)
    columns = ", ".join(f"s.{column}" for column in ("n", *holders.by))
    ordering = ordering_by("s", holders.by, descending=order.descending)
    return Sql(f"SELECT {columns} FROM {text} ORDER BY {ordering} LIMIT ? OFFSET ?", (*params, page.limit, page.offset))


def _met(found: Part, holders: Sorted) -> Sql:
    """Those of the holders who were found, as something to select from under the name s."""
    numbers, keys = found.numbers, holders.sql
    if not holders.by:
        return Sql(f"({numbers.text}) s", numbers.params)
    if found.probe is not None:
        test = found.probe("s.n")
        return Sql(f"({keys.text}) s WHERE {test.text}", (*keys.params, *test.params))
    if found.most < UNKNOWN:
        # The limit, which is never reached, tells PostgreSQL that they can be held in memory.
        among = f"s.n IN (SELECT i.n FROM ({numbers.text}) i LIMIT {MOST_HELD}) IS TRUE"
        return Sql(f"({keys.text}) s WHERE {among}", (*keys.params, *numbers.params))
    # Both sides are read once. A join could read all of one again for every user of the other.
    names = ", ".join(holders.by)
    nothing = ", ".join("NULL" for _ in holders.by)
    best = ", ".join(f"max({name}) AS {name}" for name in holders.by)
    both = f"SELECT n, {names} FROM ({keys.text}) h UNION ALL SELECT f.n, {nothing} FROM ({numbers.text}) f"
    text = f"(SELECT n, {best} FROM ({both}) b GROUP BY n HAVING count(*) = 2) s"
    return Sql(text, (*keys.params, *numbers.params))


def ordering_by(table: str, by: tuple[str, ...], *, descending: bool) -> str:
    """What comes after ORDER BY; the number breaks every tie."""
    direction = " DESC" if descending else ""
    return ", ".join(f"{table}.{column}{direction}" for column in (*by, "n"))
