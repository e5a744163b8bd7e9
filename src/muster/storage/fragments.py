"""Statements and parts of them, with what is bound to each, and how they are put together.

Engines limit how deep a statement may be nested and how long a chain may be: 100 symbols that wait to be understood, 500
statements in one UNION, 1,000 conditions in one AND (SQLite, "Implementation Limits"). So long chains are cut into groups, and
what would be nested is named and stands before the statement (`Steps`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from muster.storage.engine import Value

LONGEST_CHAIN: Final = 100
"""Parts of one AND, OR or UNION."""


class Sql(NamedTuple):
    """A statement or a part of one, with what is bound to it."""

    text: str
    params: tuple[Value, ...] = ()


Probe = Callable[[str], Sql]
"""Asks about one user, whose number is in the column named: a few point reads."""


class Steps:
    """Statements with names, each of which may read those before it."""

    def __init__(self) -> None:
        self._statements: list[Sql] = []

    def named(self, sql: Sql) -> Sql:
        """The same users, read by name."""
        self._statements.append(sql)
        return Sql(f"SELECT n FROM c{len(self._statements)}")

    def before(self, sql: Sql) -> Sql:
        """The statement with all that it may read by name."""
        if not self._statements:
            return sql
        named = ", ".join(f"c{i} AS ({step.text})" for i, step in enumerate(self._statements, 1))
        return Sql(f"WITH {named} {sql.text}", (*params_of(self._statements), *sql.params))


def params_of(parts: Iterable[Sql]) -> tuple[Value, ...]:
    """What is bound to them, one after the other."""
    return tuple(param for part in parts for param in part.params)


def every(conditions: Sequence[Sql]) -> Sql:
    """All of them."""
    return _chain(" AND ", conditions) if conditions else Sql("1 = 1")


def some(conditions: Sequence[Sql]) -> Sql:
    """Any of them."""
    text, params = _chain(" OR ", [Sql(f"({condition.text})", condition.params) for condition in conditions])
    return Sql(f"({text})", params)


def _chain(word: str, conditions: Sequence[Sql]) -> Sql:
    while len(conditions) > LONGEST_CHAIN:
        groups = [_chain(word, group) for group in grouped(conditions)]
        conditions = [Sql(f"({group.text})", group.params) for group in groups]
    return Sql(word.join(condition.text for condition in conditions), params_of(conditions))


def grouped(parts: Sequence[Sql]) -> Iterator[Sequence[Sql]]:
    """As many of them at a time as one chain may have."""
    for start in range(0, len(parts), LONGEST_CHAIN):
        yield parts[start : start + LONGEST_CHAIN]


def negation(condition: Sql) -> Sql:
    """Not that."""
    return Sql(f"NOT ({condition.text})", condition.params)


def union(statements: Sequence[Sql]) -> Sql:
    """The users of them all, each once; at most `LONGEST_CHAIN` statements."""
    return statements[0] if len(statements) == 1 else combined_by("UNION", statements)


def combined_by(operation: str, statements: Sequence[Sql]) -> Sql:
    """Either engine reads every side once. A join or NOT EXISTS could read all of one again for every user."""
    text = f" {operation} ".join(f"SELECT s{i}.n FROM ({sql.text}) s{i}" for i, sql in enumerate(statements))
    return Sql(text, params_of(statements))
