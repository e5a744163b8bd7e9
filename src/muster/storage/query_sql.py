"""The query tree as SQL text: which listed users match and how they are sorted, as numbers (`n`, a user's `seq`).

Every part of a query becomes the read of one index. Texts are the same for both engines, and written so that neither can choose
to walk over a large index once per user.
"""

from typing import Final, NamedTuple

from muster.core.query import All, Is, Order, Page, Query, Scalar
from muster.core.users.terms import term
from muster.storage.engine import Value
from muster.storage.text import bound, term_row

_USER_COLUMNS: Final = frozenset({"seq", "created_at", "updated_at"})
_ACTIVITY_COLUMNS: Final = {"logins": "logins", "last_login": "last_login_at", "last_ip": "last_login_ip"}

# Facts of which a user has at most one: their index can be walked in order without grouping by user first.
_SINGLE_TEXTS: Final = frozenset(
    {"email", "email.domain", "phone", "username", "given_name", "family_name", "middle_name"}
    | {"shown_name", "shown_nickname", "external_id", "realm"}
)
_SINGLE_TRUTHS: Final = frozenset({"email_verified", "phone_verified", "suspended"})

_LARGEST_INTEGER: Final = 2**63 - 1


class Sql(NamedTuple):
    """A statement with what is bound to it."""

    text: str
    params: tuple[Value, ...] = ()


class Found(NamedTuple):
    """Those who match: the users whom a statement gives, and some others who were found by looking at them."""

    indexed: Sql
    others: tuple[int, ...] = ()

    def numbers(self, tenant_id: int) -> Sql:
        """The numbers of them all, each once."""
        if not self.others:
            return self.indexed
        listed = self._listed()
        text = f"{self.indexed.text} UNION SELECT seq AS n FROM users WHERE tenant_id = ? AND seq IN ({listed})"
        return Sql(text, (*self.indexed.params, tenant_id))

    def holds(self, column: str) -> Sql:
        """A condition: the number in the column is one of theirs.

        `IS TRUE` keeps PostgreSQL from making a join of it, which it would order by guesses about single values.
        """
        text = f"EXISTS (SELECT 1 FROM ({self.indexed.text}) f WHERE f.n = {column}) IS TRUE"
        listed = self._listed()
        return Sql(f"({text} OR {column} IN ({listed}))" if listed else text, self.indexed.params)

    def _listed(self) -> str:
        # Numbers that storage gave, not a caller's text; there may be more of them than a statement takes parameters.
        return ", ".join(map(str, self.others))


class Sorted(NamedTuple):
    """Users by what they are sorted by: `n` and the columns `by`. `all` says that no listed user is without."""

    sql: Sql
    by: tuple[str, ...]
    all: bool


_NOBODY: Final = Sql("SELECT seq AS n FROM users WHERE seq IS NULL")


def asked_in(query: Query) -> list[Is]:
    """The facts that must all be true, each once."""
    if isinstance(query, Is):
        return [query]
    inner = [fact for part in query.parts for fact in asked_in(part)] if isinstance(query, All) else []
    return list(dict.fromkeys(inner))


def holding(tenant_id: int, part: Is) -> Sql:
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


def meeting(parts: list[Sql]) -> Sql:
    """Those who are in every part. SQLite looks into what is CROSS JOINed in the order given; PostgreSQL knows best."""
    if len(parts) == 1:
        return parts[0]
    joined = " CROSS JOIN ".join(f"({part.text}) f{i}" for i, part in enumerate(parts))
    same = " AND ".join(f"f{i}.n = f0.n" for i in range(1, len(parts)))
    params = tuple(param for part in parts for param in part.params)
    return Sql(f"SELECT f0.n FROM {joined} WHERE {same}", params)


def sorted_by(tenant_id: int, order: Order) -> Sorted:
    """The listed users who have what they are to be sorted by."""
    field = order.field
    if field == "seq":
        return Sorted(_everyone(tenant_id), (), all=True)
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
    field, _ = term(order.field, "")
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


def page_of(tenant_id: int, found: Found | None, holders: Sorted, order: Order, page: Page) -> Sql:
    """The numbers of one page of the holders who were found, with what they are sorted by."""
    text, params = f"({holders.sql.text}) s", holders.sql.params
    if found is not None and not holders.by:
        text, params = _as(found.numbers(tenant_id), "s")
    elif found is not None and holders.all:
        among = _as(found.numbers(tenant_id), "f")
        text, params = f"{among.text} JOIN {text} ON s.n = f.n", (*among.params, *params)
    elif found is not None:
        test = found.holds("s.n")
        text, params = f"{text} WHERE {test.text}", (*params, *test.params)
    columns = ", ".join(f"s.{column}" for column in ("n", *holders.by))
    ordering = ordering_by("s", holders.by, descending=order.descending)
    return Sql(f"SELECT {columns} FROM {text} ORDER BY {ordering} LIMIT ? OFFSET ?", (*params, page.limit, page.offset))


def ordering_by(table: str, by: tuple[str, ...], *, descending: bool) -> str:
    """What comes after ORDER BY; the number breaks every tie."""
    direction = " DESC" if descending else ""
    return ", ".join(f"{table}.{column}{direction}" for column in (*by, "n"))


def among(tenant_id: int, found: Found | None, holders: Sql) -> Sql:
    """Those of the found who are among the holders."""
    if found is None:
        return Sql(f"SELECT h.n FROM ({holders.text}) h", holders.params)
    return _combined(found.numbers(tenant_id), "INTERSECT", holders)


def without(tenant_id: int, found: Found | None, holders: Sql) -> Sql:
    """Those of the found who are not among the holders."""
    return _combined(_everyone(tenant_id) if found is None else found.numbers(tenant_id), "EXCEPT", holders)


def _combined(numbers: Sql, operation: str, holders: Sql) -> Sql:
    # Either engine reads both sides once. A join or NOT EXISTS could read all holders again for every user.
    text = f"SELECT o.n FROM ({numbers.text}) o {operation} SELECT h.n FROM ({holders.text}) h"
    return Sql(text, (*numbers.params, *holders.params))


def _everyone(tenant_id: int) -> Sql:
    return Sql("SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0", (tenant_id,))


def _as(sql: Sql, alias: str) -> Sql:
    return Sql(f"({sql.text}) {alias}", sql.params)


def count_of(found: Sql) -> Sql:
    """How many rows."""
    return Sql(f"SELECT count(*) FROM ({found.text}) c", found.params)


def _text(value: Scalar) -> str | None:
    return bound(value) if isinstance(value, str) else None


def _integer(value: Scalar) -> int | None:
    """The value as a number that a column can hold; None for whatever no column can hold."""
    if isinstance(value, (str, bool)) or abs(value) > _LARGEST_INTEGER or value % 1 != 0:
        return None
    return int(value)
