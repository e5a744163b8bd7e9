"""One table per kind of record: how a record becomes a row, is found again, and is guarded by its version."""

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec.structs import force_setattr, replace

from muster.core.errors import Lost, Taken
from muster.core.records import Record
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Row, Value
from muster.storage.keys import check_id
from muster.storage.text import bound, document

R = TypeVar("R", bound=Record)

_STORED: Final = ("id", "version", "created_at", "updated_at")


def restore(record: Record, names: Sequence[str], values: Sequence[Any]) -> None:
    """Put what is kept in columns back on a record that was just decoded.

    The record is nobody else's yet, and `replace` would build it a second time on the hottest path there is.
    """
    for name, value in zip(names, values, strict=True):
        force_setattr(record, name, value)


def lost(record: Record) -> Lost:
    """The record is not what its reader saw."""
    return Lost((type(record).__name__, record.id))


class RecordTable(Generic[R]):
    """The table of one kind. Reads are texts, so that a caller chooses how to run them; writes go into a batch."""

    def __init__(self, kind: type[R], name: str) -> None:
        self.kind = kind
        self.name = name
        self._decode = msgspec.json.Decoder(kind).decode
        columns = ", ".join(f"r.{column}" for column in (*_STORED, "doc"))
        self.by_id = f"SELECT {columns} FROM {name} r WHERE r.tenant_id = ? AND r.id = ?"
        self.by_key = (
            f"SELECT {columns} FROM locators l JOIN {name} r ON r.tenant_id = l.tenant_id AND r.id = l.record_id "
            f"WHERE l.tenant_id = ? AND l.realm = ? AND l.kind = ? AND l.value = ? AND l.record_kind = '{kind.__name__}'"
        )
        self.all = f"SELECT {columns} FROM {name} r WHERE r.tenant_id = ? ORDER BY r.created_at, r.id"
        self.older = (
            f"SELECT {columns} FROM {name} r WHERE r.tenant_id = ? AND (r.created_at, r.id) > (?, ?) AND r.created_at < ? "
            "ORDER BY r.created_at, r.id LIMIT ?"
        )
        self._insert = (
            f"INSERT INTO {name} (tenant_id, {', '.join(_STORED)}, doc) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING id"
        )
        unchanged = "WHERE tenant_id = ? AND id = ? AND version = ? RETURNING id"
        self._update = f"UPDATE {name} SET version = ?, created_at = ?, updated_at = ?, doc = ? {unchanged}"
        self._delete = f"DELETE FROM {name} {unchanged}"
        # Nobody changes the row before the commit, but many may expect it at once. SQLite has one writer and drops the lock.
        self._expect = f"SELECT id FROM {name} WHERE tenant_id = ? AND id = ? AND version = ? FOR SHARE"

    def record_of(self, row: Row) -> R:
        """The record that a read's row holds."""
        *stored, doc = row
        record = self._decode(doc)
        restore(record, _STORED, stored)
        return record

    def insert(self, batch: Batch, after: R) -> None:
        """A new row; `Taken("id", …)` when there is one."""
        check_id("id", after.id)
        batch.write(
            self._insert,
            *self._key(batch, after),
            after.version,
            after.created_at,
            after.updated_at,
            self._document(after),
            judge=some_row_or(Taken("id", after.id)),
        )
        batch.move_keys(None, after)

    def update(self, batch: Batch, before: R, after: R) -> None:
        """The row, provided it still has the version that was read."""
        batch.write(
            self._update,
            after.version,
            after.created_at,
            after.updated_at,
            self._document(after),
            *self._row(batch, before),
            judge=some_row_or(lost(before)),
        )
        batch.move_keys(before, after)

    def delete(self, batch: Batch, before: R) -> None:
        """No row any more, provided it still has the version that was read."""
        batch.write(self._delete, *self._row(batch, before), judge=some_row_or(lost(before)))
        batch.move_keys(before, None)

    def expect(self, batch: Batch, seen: R) -> None:
        """The row must have the version that was read, and keep it until the commit."""
        batch.write(self._expect, *self._row(batch, seen), judge=some_row_or(lost(seen)))

    def _key(self, batch: Batch, record: R) -> tuple[Value, ...]:
        """The columns that name the row."""
        return batch.tenant_id, bound(record.id)

    def _row(self, batch: Batch, record: R) -> tuple[Value, ...]:
        """The row as it was read, and no other version of it."""
        return *self._key(batch, record), record.version

    def _document(self, record: R) -> bytes:
        # What has a column is left out: a default is not written.
        return document(replace(record, id="", version=0, created_at=0, updated_at=0), self.kind.__name__)
