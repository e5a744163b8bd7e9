"""Gathers the writes of one unit and puts them into the order that keeps them right.

Rows come first, so that a lost race is found before anything else is written. All freed keys go before all claimed ones, so
that two records can swap. The counters, which other units want too, come last and are held for the shortest time.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Final

from muster.core.errors import NotFound
from muster.core.records import Record
from muster.core.users.terms import Term
from muster.storage import keys
from muster.storage.engine import Returned, Row, Value, Write
from muster.storage.text import term_row

COUNT_SHARDS: Final = 16

Param = Value | Returned
Judge = Callable[[Sequence[Row]], Exception | None]

_FREE_TERM: Final = "DELETE FROM {} WHERE tenant_id = ? AND field = ? AND value = ? AND n = ?"
# A row may be there already when the terms of an older version were made from a document that held more of them.
_ADD_TERM: Final = "INSERT INTO {} (tenant_id, field, value, n) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_COUNT: Final = "UPDATE user_counts SET users = users + ? WHERE tenant_id = ? AND shard = ? RETURNING shard"


def some_row_or(refusal: Exception) -> Judge:
    """The statement must have touched a row."""
    return lambda rows: None if rows else refusal


class Batch:
    """The writes of one unit while they are being gathered."""

    def __init__(self, tenant_id: int) -> None:
        self.tenant_id = tenant_id
        self._rows: list[Write] = []
        self._freed: list[keys.Held] = []
        self._claimed: list[keys.Held] = []
        self._terms: dict[str, list[tuple[Param, ...]]] = {}
        self._late: dict[str, list[tuple[Param, ...]]] = {}
        self._more_users = 0

    def write(self, sql: str, *params: Param, judge: Judge | None = None) -> Returned:
        """A record's row; the answer stands for the first value that the statement returns."""
        self._rows.append(Write(sql, params, judge))
        return Returned(len(self._rows) - 1)

    def write_late(self, sql: str, *params: Param) -> None:
        """A row that decides nothing; those with the same text are written together."""
        self._late.setdefault(sql, []).append(params)

    def move_keys(self, before: Record | None, after: Record | None) -> None:
        """Free the keys that are no longer wanted and claim the new ones."""
        had = before.keys() if before is not None else frozenset()
        wants = after.keys() if after is not None else frozenset()
        if before is not None:
            self._freed += [keys.Held(key, before) for key in had - wants]
        if after is not None:
            self._claimed += [keys.Held(key, after) for key in wants - had]

    def move_terms(self, n: int | Returned, had: frozenset[Term], wants: frozenset[Term]) -> None:
        """The user is found by the new terms and no longer by the old."""
        for text, terms in ((_FREE_TERM, had - wants), (_ADD_TERM, wants - had)):
            for fact in terms:
                table, field, value = term_row(fact)
                self._terms.setdefault(text.format(table), []).append((self.tenant_id, field, value, n))

    def count_users(self, more: int) -> None:
        """There are so many more listed users, or fewer."""
        self._more_users += more

    def writes(self) -> list[Write]:
        """All of it, in order."""
        return [
            *self._rows,
            *keys.freeing(self.tenant_id, self._freed),
            *keys.claiming(self.tenant_id, self._claimed),
            *_together(self._terms),
            *_together(self._late),
            *self._counting(),
        ]

    def _counting(self) -> list[Write]:
        if not self._more_users:
            return []
        params = (self._more_users, self.tenant_id, secrets.randbelow(COUNT_SHARDS))
        return [Write(_COUNT, params, some_row_or(NotFound("tenant", number=self.tenant_id)))]


def _together(statements: dict[str, list[tuple[Param, ...]]]) -> list[Write]:
    return [Write(sql, rows[0]) if len(rows) == 1 else Write(sql, rows, many=True) for sql, rows in statements.items()]
