"""Gathers the writes of one unit and puts them into the order that keeps them right.

Rows come first, so that a lost race is found before anything else is written. All freed keys go before all claimed ones, so
that two records can swap. The counters, which other units want too, come last and are held for the shortest time.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple

from muster.core.errors import NotFound, Taken
from muster.core.records import Record
from muster.core.users.terms import Term
from muster.storage import keys
from muster.storage.engine import NewRows, Returned, Row, Value, Write
from muster.storage.text import bound, field_number, together

COUNT_SHARDS: Final = 16

_ROWS_INSERTED: Final = 100
"""New rows of records in one statement."""

Param = Value | Returned
Judge = Callable[[Sequence[Row]], Exception | None]

_TERMS: Final = ("text_terms", "number_terms")
_FREE_TERM: Final = {
    table: f"DELETE FROM {table} WHERE tenant_id = ? AND field = ? AND value = ? AND n = ?" for table in _TERMS
}
_NEW_TERMS: Final = {table: NewRows(table, ("tenant_id", "field", "value", "n")) for table in _TERMS}
_NEW_TEXTS: Final = NewRows("user_texts", ("tenant_id", "n", "text"))
# A row may be there already when the terms of an older version were made from a document that held more of them; of a new
# user there is none, and not to look for one saves PostgreSQL a third of the work.
_UNLESS_THERE: Final = " ON CONFLICT DO NOTHING"
_IN_ITS_PLACE: Final = " ON CONFLICT (n) DO UPDATE SET text = excluded.text"
_ROWS_PER_STATEMENT: Final = (512, 128, 32, 8, 2, 1)
"""Few sizes, so that each is prepared once. Many rows in one statement cost half as much, and texts a fourth: SQLite's index
of trigrams writes out what it has gathered before every statement."""


class _Adding(NamedTuple):
    """Statements that add rows to a table; `otherwise` is what to do about a row that is there, if one may be."""

    rows: NewRows
    sized: Sequence[tuple[int, str]]
    certain: bool

    @classmethod
    def of(cls, rows: NewRows, otherwise: str = "") -> "_Adding":
        return cls(rows, [(size, rows.insert(size) + otherwise) for size in _ROWS_PER_STATEMENT], not otherwise)

    def writes(self, params: Sequence[Param]) -> Iterator[Write]:
        """All of these rows, which stand end to end."""
        at, columns = 0, len(self.rows.columns)
        for size, sql in self.sized:
            while len(params) - at >= size * columns:
                part = params[at : at + size * columns]
                yield Write(sql, part, adds=self.rows if self.certain else None)
                at += size * columns


_ADD_TERMS: Final = {table: _Adding.of(rows) for table, rows in _NEW_TERMS.items()}
_ADD_MISSING_TERMS: Final = {table: _Adding.of(rows, _UNLESS_THERE) for table, rows in _NEW_TERMS.items()}
_ADD_TEXTS: Final = _Adding.of(_NEW_TEXTS)
_KEEP_TEXTS: Final = _Adding.of(_NEW_TEXTS, _IN_ITS_PLACE)
_FORGET_TEXTS: Final = "DELETE FROM user_texts WHERE tenant_id = ? AND n = ?"
_COUNT: Final = "UPDATE user_counts SET users = users + ? WHERE tenant_id = ? AND shard = ? RETURNING shard"


@dataclass(frozen=True)
class some_row_or:  # noqa: N801 - read as the words of a sentence
    """A judge: the statement must have touched a row. It can be sent to another process, as a whole unit's writes can."""

    refusal: Exception

    def __call__(self, rows: Sequence[Row]) -> Exception | None:
        return None if rows else self.refusal


@dataclass(frozen=True)
class _all_new:  # noqa: N801 - read as the words of a sentence
    """A judge: a row for every id must have been made, and be told in the order asked."""

    ids: list[str]

    def __call__(self, made: Sequence[Row]) -> Exception | None:
        ids = [row[1] for row in made]
        if ids == self.ids:
            return None
        missing = next((id_ for id_ in self.ids if id_ not in ids), None)
        return Taken("id", missing) if missing is not None else RuntimeError("rows came back in another order")


class _TermRows(NamedTuple):
    """Rows of the two tables of terms: value and user, by field."""

    texts: dict[str, list[tuple[str, Param]]]
    numbers: dict[str, list[tuple[float, Param]]]

    @classmethod
    def none(cls) -> "_TermRows":
        return cls(defaultdict(list), defaultdict(list))

    def add(self, n: int | Returned, terms: Iterable[Term]) -> None:
        texts, numbers = self
        for field, value in terms:
            if isinstance(value, str):
                texts[field].append((value if value.isprintable() else bound(value), n))
            else:
                numbers[field].append((value, n))

    def in_order(self, tenant_id: int) -> list[tuple[str, list[Param]]]:
        """Each table that gets any, with its rows, end to end, in the order of its index, where neighbours share pages.

        Of one value the users stay as they came, which is the order of their numbers.
        """
        tables = zip(_TERMS, (_in_order(tenant_id, self.texts), _in_order(tenant_id, self.numbers)), strict=True)
        return [(table, rows) for table, rows in tables if rows]


def _in_order(tenant_id: int, fields: Mapping[str, Sequence[tuple[str | float, Param]]]) -> list[Param]:
    numbers: dict[int, list[str]] = {}
    for field in fields:
        numbers.setdefault(field_number(field), []).append(field)
    by_value = itemgetter(0)
    params: list[Param] = []
    for number in sorted(numbers):
        first, *others = numbers[number]
        rows = fields[first]
        if others:  # names that somebody searched for long, until they had one number: their rows may be the same
            rows = list(dict.fromkeys(chain(rows, *(fields[other] for other in others))))
        for value, n in sorted(rows, key=by_value):
            params += (tenant_id, number, value, n)
    return params


class _Insertion(NamedTuple):
    """Rows of one table that one statement inserts, and the ids that must come back, in their order."""

    sql: str
    number: str
    rows: list[Sequence[Value]]
    ids: list[str]

    def write(self) -> Write:
        if len(self.rows) == 1:
            return Write(self._text(self.number), self.rows[0], some_row_or(Taken("id", self.ids[0])))
        params = list(chain.from_iterable(self.rows))
        text = self._text(f"{self.number}, id")
        return Write(text, params, _all_new(self.ids), returns=len(self.ids), several=True)

    def _text(self, returned: str) -> str:
        row = f"({', '.join('?' * len(self.rows[0]))})"
        return self.sql.format(", ".join([row] * len(self.rows)), returned)


class Batch:
    """The writes of one unit while they are being gathered."""

    def __init__(self, tenant_id: int) -> None:
        self.tenant_id = tenant_id
        self._rows: list[Write | _Insertion] = []
        self._freed: list[keys.Held] = []
        self._claimed: list[keys.Held] = []
        self._freed_terms = _TermRows.none()
        self._added_terms = _TermRows.none()
        self._first_terms = _TermRows.none()
        self._texts: list[Param] = []
        self._first_texts: list[Param] = []
        self._late: dict[str | NewRows, list[tuple[Param, ...]]] = {}
        self._more_users = 0

    def write(self, sql: str, *params: Param, judge: Judge | None = None) -> Returned:
        """A record's row; the answer stands for the first value that the statement returns."""
        self._rows.append(Write(sql, params, judge, returns=1 if judge is not None else None))
        return Returned(len(self._rows) - 1)

    def insert(self, sql: str, number: str, id_: str, *params: Value) -> Returned:
        """A record's new row, in one statement with its neighbours of the same text; `Taken("id", …)` when there is one.

        The answer stands for the column `number`, which the database gives. In the text the first `{}` stands for the rows and
        the second for what is returned.
        """
        last = self._rows[-1] if self._rows else None
        if not isinstance(last, _Insertion) or last.sql != sql or len(last.rows) == _ROWS_INSERTED:
            last = _Insertion(sql, number, [], [])
            self._rows.append(last)
        last.rows.append(params)
        last.ids.append(id_)
        return Returned(len(self._rows) - 1, len(last.rows) - 1)

    def write_late(self, wanted: str | NewRows, *params: Param) -> None:
        """A row that decides nothing, by a text or as a new one; those of one text or table are written together."""
        self._late.setdefault(wanted, []).append(params)

    def move_keys(self, before: Record | None, after: Record | None) -> None:
        """Free the keys that are no longer wanted and claim the new ones."""
        had = before.keys() if before is not None else frozenset()
        wants = after.keys() if after is not None else frozenset()
        if before is not None:
            self._freed += [keys.Held(key, before) for key in had - wants]
        if after is not None:
            self._claimed += [keys.Held(key, after) for key in wants - had]

    def move_terms(self, n: int | Returned, freed: Iterable[Term], added: Iterable[Term]) -> None:
        """The user is found by the new terms and no longer by the old."""
        self._freed_terms.add(n, freed)
        (self._first_terms if isinstance(n, Returned) else self._added_terms).add(n, added)

    def keep_texts(self, n: int | Returned, texts: Sequence[str]) -> None:
        """The user is found by any part of these texts; without any, by none."""
        if texts:
            kept = self._first_texts if isinstance(n, Returned) else self._texts
            kept += (self.tenant_id, n, together(texts))
        else:
            self.write_late(_FORGET_TEXTS, self.tenant_id, n)

    def count_users(self, more: int) -> None:
        """There are so many more listed users, or fewer."""
        self._more_users += more

    def writes(self) -> list[Write]:
        """All of it, in order."""
        return [
            *(row.write() if isinstance(row, _Insertion) else row for row in self._rows),
            *keys.freeing(self.tenant_id, self._freed),
            *keys.claiming(self.tenant_id, self._claimed),
            *self._freeing_terms(),
            *self._adding_terms(),
            *_ADD_TEXTS.writes(self._first_texts),
            *_KEEP_TEXTS.writes(self._texts),
            *(_together(wanted, rows) for wanted, rows in self._late.items()),
            *self._counting(),
        ]

    def _freeing_terms(self) -> Iterator[Write]:
        for table, params in self._freed_terms.in_order(self.tenant_id):
            yield Write(_FREE_TERM[table], [params[at : at + 4] for at in range(0, len(params), 4)], many=True)

    def _adding_terms(self) -> Iterator[Write]:
        for rows, statements in ((self._first_terms, _ADD_TERMS), (self._added_terms, _ADD_MISSING_TERMS)):
            for table, params in rows.in_order(self.tenant_id):
                yield from statements[table].writes(params)

    def _counting(self) -> list[Write]:
        if not self._more_users:
            return []
        params = (self._more_users, self.tenant_id, secrets.randbelow(COUNT_SHARDS))
        return [Write(_COUNT, params, some_row_or(NotFound("tenant", number=self.tenant_id)), returns=1)]


def _together(wanted: str | NewRows, rows: Sequence[tuple[Param, ...]]) -> Write:
    adds = wanted if isinstance(wanted, NewRows) else None
    sql = wanted.insert() if isinstance(wanted, NewRows) else wanted
    return Write(sql, rows[0], adds=adds) if len(rows) == 1 else Write(sql, rows, many=True, adds=adds)
