"""A batch of writes in one round trip where that can be, else in as many as it has statements.

The one statement has every write as a part of its own (PostgreSQL manual, 7.8.4, data-modifying WITH) and fails as a whole when
one of them did not touch the rows that it must. Which one, and what to say about it, is then found out the long way.
"""

import functools
import itertools
import operator
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

import asyncpg

from muster.storage.engine import NewRows, Returned, Row, Value, Write
from muster.storage.postgres_connections import Connection, translate

MOST_PARTS: Final = 24
"""Texts of more parts are too many different ones for the server to keep prepared."""

WORTH_A_COPY: Final = 100
"""New rows that are brought in by COPY (PostgreSQL manual, "COPY") and not by statements."""

_ADDS: Final = operator.attrgetter("adds")


class _Part(NamedTuple):
    """A write's text, how many rows must come back, and for each parameter the write whose answer it is, if it is one."""

    name: str
    sql: str
    wanted: int | None
    answers: tuple[int | None, ...]


async def commit(connection: Connection, writes: Sequence[Write]) -> Exception | None:
    """Run the batch and commit it; or change nothing and answer what a judge said."""
    # A statement alone is a transaction of its own; with a judge it must still be possible to undo it.
    if len(writes) == 1 and writes[0].judge is None:
        return await _run(connection, writes)
    if sum(map(_parts_of, writes)) <= MOST_PARTS and all(map(_can_be_part, writes)):
        parts, values = _parts(writes)
        try:
            await connection.fetch(_together(parts), *values)
        except asyncpg.DivisionByZeroError:
            pass
        else:
            return None
    await connection.execute("BEGIN")
    refused = await _run(connection, writes)
    await connection.execute("COMMIT" if refused is None else "ROLLBACK")
    return refused


def _parts_of(write: Write) -> int:
    return len(write.params) if write.many else 1


def _can_be_part(write: Write) -> bool:
    """Whether it means the same beside the others as after them.

    Not when only a judge can tell what is wrong, nor when it goes by anything but whole keys: it would not see the rows of
    those whom an earlier write has just waited for. And a part that only reads is not run at all when nobody looks at its rows.
    """
    if write.judge is not None:
        return write.returns is not None and not write.several
    return write.many or write.sql.startswith("INSERT ")


async def _run(connection: Connection, writes: Sequence[Write]) -> Exception | None:
    results: list[Sequence[Row]] = []
    for adds, alike in itertools.groupby(writes, _ADDS):
        group = list(alike)
        if adds is not None and _rows_of(group) >= WORTH_A_COPY:
            await _copy(connection, adds, group, results)
            results += [()] * len(group)
            continue
        for write in group:
            rows: Sequence[Row] = ()
            if write.many:
                await connection.executemany(translate(write.sql), write.rows_filled_in(results))
            else:
                rows = await connection.fetch(translate(write.sql), *write.filled_in(results))
            results.append(rows)
            refused = write.judge(rows) if write.judge is not None else None
            if refused is not None:
                return refused
    return None


def _rows_of(writes: Sequence[Write]) -> int:
    """How many rows these add."""
    return sum(len(w.params) if w.many else len(w.params) // len(w.adds.columns) for w in writes if w.adds is not None)


async def _copy(
    connection: Connection, adds: NewRows, writes: Sequence[Write], results: Sequence[Sequence[Row]]
) -> None:
    """Bring in all their rows at once: it costs half as much on both sides as statements with parameters."""
    records: list[Sequence[Value]] = []
    for write in writes:
        if write.many:
            records += write.rows_filled_in(results)
        else:
            values = iter(write.filled_in(results))
            records += zip(*[values] * len(adds.columns), strict=True)
    await connection.copy_records_to_table(adds.table, records=records, columns=adds.columns)


def _parts(writes: Sequence[Write]) -> tuple[tuple[_Part, ...], list[Value]]:
    parts: list[_Part] = []
    values: list[Value] = []
    for number, write in enumerate(writes):
        rows = cast("Sequence[Sequence[Value | Returned]]", write.params if write.many else (write.params,))
        for row in rows:
            answers = tuple(param.write if isinstance(param, Returned) else None for param in row)
            wanted = write.returns
            parts.append(_Part(f"w{len(parts)}" if write.many else f"r{number}", write.sql, wanted, answers))
            values += [param for param in row if not isinstance(param, Returned)]
            if wanted is not None:
                values.append(wanted)
    return tuple(parts), values


@functools.lru_cache(maxsize=1024)
def _together(parts: tuple[_Part, ...]) -> str:
    """One statement for them all: to divide by zero is to undo everything."""
    texts, tests, count = [], ["true"], 0
    for part in parts:
        marks = []
        for answer in part.answers:
            count += answer is None
            marks.append(f"${count}" if answer is None else f"(SELECT r.c FROM r{answer} AS r(c))")
        texts.append(f"{part.name} AS ({translate(part.sql, tuple(marks))})")
        if part.wanted is not None:
            count += 1
            tests.append(f"(SELECT count(*) FROM {part.name}) = ${count}")
    return f"WITH {', '.join(texts)} SELECT 1 / CASE WHEN {' AND '.join(tests)} THEN 1 ELSE 0 END"
