"""The unique values: who holds them, and how a unit frees and claims them.

`identifiers` leads to users and `locators` to every other kind of record. Their primary keys are the only guard against
duplicates; nobody checks first and inserts after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from muster.core.errors import Invalid, Taken
from muster.core.records import Key, OwnedRecord, Record
from muster.core.users.model import User
from muster.storage.engine import Row, Value, Write
from muster.storage.text import bound

LONGEST_KEY: Final = 1024
"""Bytes of a key: PostgreSQL refuses index rows over about 2,700 bytes in all."""

_ROWS_PER_STATEMENT: Final = 200


class Held(NamedTuple):
    """A key and the record that holds it, or is to hold it."""

    key: Key
    owner: Record


class _Table(NamedTuple):
    name: str
    owner_columns: tuple[str, ...]


_IDENTIFIERS: Final = _Table("identifiers", ("user_id",))
_LOCATORS: Final = _Table("locators", ("record_kind", "record_id", "user_id"))


def check_length(kind: str, *parts: str) -> None:
    """Refuse what no index can hold; the same on both engines."""
    if sum(map(len, parts)) * 4 > LONGEST_KEY and sum(len(part.encode()) for part in parts) > LONGEST_KEY:
        raise Invalid("key_too_long", kind=kind, limit=LONGEST_KEY)


def check_id(kind: str, id_: str) -> None:
    """Refuse an id or a name that could not be read back as it was written, or is too long."""
    check_length(kind, id_)
    if bound(id_) != id_:
        raise Invalid("key_malformed", kind=kind)


def freeing(tenant_id: int, held: Iterable[Held]) -> list[Write]:
    """Nobody holds these any more."""
    rows: dict[_Table, list[tuple[Value, ...]]] = {}
    for key, owner in held:
        rows.setdefault(_table(owner), []).append(_row(tenant_id, key, owner))
    return [Write(_delete(table), sorted(of_table), many=True) for table, of_table in sorted(rows.items())]


def claiming(tenant_id: int, wanted: Iterable[Held]) -> list[Write]:
    """These are held from now on; `Taken` when one of them already is, within the unit or outside."""
    rows: dict[_Table, dict[Key, tuple[Value, ...]]] = {}
    for key, owner in wanted:
        check_length(key.kind, key.realm, key.value)
        of_table = rows.setdefault(_table(owner), {})
        if key in of_table:
            raise Taken(key.kind, key.value)
        of_table[key] = _row(tenant_id, key, owner)
    writes = []
    for table, of_table in sorted(rows.items()):
        # Sorted, so that two units which want the same keys never wait for each other in a circle.
        ordered = sorted(of_table.items())
        for start in range(0, len(ordered), _ROWS_PER_STATEMENT):
            chunk = ordered[start : start + _ROWS_PER_STATEMENT]
            params = [value for _, row in chunk for value in row]
            judge = _all_inserted([key for key, _ in chunk])
            writes.append(Write(_insert(table, len(chunk)), params, judge, returns=len(chunk)))
    return writes


def _table(owner: Record) -> _Table:
    return _IDENTIFIERS if isinstance(owner, User) else _LOCATORS


def _row(tenant_id: int, key: Key, owner: Record) -> tuple[Value, ...]:
    where = (tenant_id, bound(key.realm), key.kind, bound(key.value))
    if isinstance(owner, User):
        return (*where, bound(owner.id))
    user_id = owner.user_id if isinstance(owner, OwnedRecord) else ""
    return (*where, type(owner).__name__, bound(owner.id), bound(user_id))


def _delete(table: _Table) -> str:
    owned = " AND ".join(f"{column} = ?" for column in table.owner_columns)
    return f"DELETE FROM {table.name} WHERE tenant_id = ? AND realm = ? AND kind = ? AND value = ? AND {owned}"


def _insert(table: _Table, rows: int) -> str:
    columns = ("tenant_id", "realm", "kind", "value", *table.owner_columns)
    row = f"({', '.join('?' * len(columns))})"
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([row] * rows)} "
        "ON CONFLICT DO NOTHING RETURNING realm, kind, value"
    )


@dataclass(frozen=True)
class _all_inserted:  # noqa: N801 - read as the words of a sentence
    """A judge: every key must have become a row."""

    wanted: Sequence[Key]

    def __call__(self, inserted: Sequence[Row]) -> Exception | None:
        if len(inserted) == len(self.wanted):
            return None
        made = {tuple(row) for row in inserted}
        missing = next(key for key in self.wanted if (bound(key.realm), key.kind, bound(key.value)) not in made)
        return Taken(missing.kind, missing.value)
