"""Makes the search rows of users anew, in short commits beside whoever reads and writes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Final, NamedTuple

from muster.core.errors import Lost
from muster.core.users.model import User
from muster.core.users.terms import TERMS_VERSION
from muster.storage.batch import Batch
from muster.storage.engine import Engine, Value, Write
from muster.storage.users import COLUMNS, WITH_ACTIVITY, ActivityTable, UserTable

LONGEST_STEP: Final = 0.05
"""Seconds that a commit should take while others wait for it."""

FIRST_STEP, LARGEST_STEP = 20, 200

FORGOTTEN_AT_ONCE: Final = 1_000
"""Rows that one commit marks or removes."""

_KEYS: Final = {
    "text_terms": ("tenant_id", "field", "value", "n"),
    "number_terms": ("tenant_id", "field", "value", "n"),
    "user_texts": ("n",),
}
_ATTEMPTS: Final = 8

_USERS: Final = UserTable(ActivityTable())
_OLD: Final = f"terms_version < {TERMS_VERSION}"
_LAST: Final = "SELECT coalesce(max(seq), 0) FROM users"


class Progress(NamedTuple):
    """How far it is: the users looked at, those whose rows were made anew, and all there were at the beginning."""

    looked_at: int
    indexed: int
    total: int


async def reindex(engine: Engine, *, everyone: bool = False) -> AsyncGenerator[Progress, None]:
    """Index the users of every tenant whose terms an older version made; tells of each step.

    Rows that are missing are added. With `everyone`, all users are first made old and every row that is of no other user is
    removed, so that what should not be there goes too. It can be stopped after any step: whoever was indexed is not old
    any more, and the documents of the others decide meanwhile.
    """
    (last,) = (await engine.scan(_LAST))[0]
    if everyone:
        async for _ in _forget(engine, last):
            yield Progress(0, 0, 0)
    (total,) = (await engine.scan(f"SELECT count(*) FROM users WHERE {_OLD}"))[0]
    after, size, looked_at, indexed = 0, FIRST_STEP, 0, 0
    while users := await _next(engine, after, last, size):
        began = time.monotonic()
        indexed += await _index(engine, users)
        looked_at, after = looked_at + len(users), users[-1][1].seq
        each = (time.monotonic() - began) / len(users)
        size = max(1, min(LARGEST_STEP, 2 * size, round(LONGEST_STEP / max(each, 1e-6))))
        yield Progress(looked_at, indexed, max(int(total), looked_at))


async def _forget(engine: Engine, last: int) -> AsyncGenerator[None, None]:
    """Make all users old, then remove every row of them and of nobody; who is made meanwhile keeps theirs."""
    for after in range(0, last, FORGOTTEN_AT_ONCE):
        params = (after, min(last, after + FORGOTTEN_AT_ONCE))
        await engine.commit([Write("UPDATE users SET terms_version = 0 WHERE seq > ? AND seq <= ?", params)])
        yield
    for table, columns in _KEYS.items():
        key, marks = ", ".join(columns), ", ".join("?" for _ in columns)
        current = f"EXISTS (SELECT 1 FROM users u WHERE {table}.n = u.seq AND NOT u.{_OLD})"
        start: Sequence[Value] | None = await _key(engine, f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 1", ())
        while start is not None:
            rest = f"FROM {table} WHERE ({key}) >= ({marks})"
            step = (*start, FORGOTTEN_AT_ONCE)
            end = await _key(engine, f"SELECT {key} {rest} ORDER BY {key} LIMIT 1 OFFSET ?", step)
            before, until = (f" AND ({key}) < ({marks})", end) if end is not None else ("", ())
            await engine.commit([Write(f"DELETE {rest}{before} AND NOT {current}", (*start, *until))])
            yield
            start = end


async def _key(engine: Engine, sql: str, params: Sequence[Value]) -> Sequence[Value] | None:
    rows = await engine.scan(sql, params)
    return tuple(rows[0]) if rows else None


async def _next(engine: Engine, after: int, last: int, size: int) -> Sequence[tuple[int, User]]:
    rows = await engine.scan(
        f"SELECT u.tenant_id, {COLUMNS} FROM users u {WITH_ACTIVITY} WHERE u.seq > ? AND u.seq <= ? AND u.{_OLD} "
        "ORDER BY u.seq LIMIT ?",
        (after, last, size),
    )
    return [(row[0], _USERS.record_of(row[1:])) for row in rows]


async def _index(engine: Engine, users: Sequence[tuple[int, User]]) -> int:
    """One commit for them all; each alone where somebody has changed one of them meanwhile."""
    batch_of: dict[int, Batch] = {}
    for tenant_id, user in users:
        _USERS.index_again(batch_of.setdefault(tenant_id, Batch(tenant_id)), user)
    try:
        await engine.commit([write for batch in batch_of.values() for write in batch.writes()])
    except Lost:
        return sum(await asyncio.gather(*(_index_one(engine, tenant_id, user) for tenant_id, user in users)))
    return len(users)


async def _index_one(engine: Engine, tenant_id: int, seen: User) -> bool:
    """False when the user is gone."""
    user = seen
    for _ in range(_ATTEMPTS):
        batch = Batch(tenant_id)
        _USERS.index_again(batch, user)
        try:
            await engine.commit(batch.writes())
        except Lost:
            row = await engine.row(_USERS.by_id, (tenant_id, user.id))
            if row is None:
                return False
            user = _USERS.record_of(row)
        else:
            return True
    raise Lost(("User", seen.id))
