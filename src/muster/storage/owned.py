"""Tables of what belongs to one user: kept among that user's rows, never without the user, and gone with the user."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

from muster.core.errors import Lost
from muster.core.query import Page
from muster.core.records import OwnedRecord
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Value
from muster.storage.records import RecordTable
from muster.storage.text import bound

Owned = TypeVar("Owned", bound=OwnedRecord)

# Held until the commit, so that whoever deletes the user comes before this (and it is lost) or after it (and it goes too).
_HOLD_USER: Final = "SELECT seq FROM users WHERE tenant_id = ? AND id = ? FOR SHARE"
_FREE_KEYS: Final = "DELETE FROM locators WHERE tenant_id = ? AND user_id = ? AND user_id <> ''"


class OwnedTable(RecordTable[Owned], Generic[Owned]):
    """The table of one kind, keyed `(tenant_id, user_id, id)`. Whoever has the id alone comes through `locators`.

    A kind therefore gives its own id as a key: `Key("", "<kind in lower case>", id)`.
    """

    def __init__(self, kind: type[Owned], name: str) -> None:
        super().__init__(kind, name)
        columns = "r.id, r.version, r.created_at, r.updated_at, r.doc"
        located = (
            f"SELECT {columns} FROM locators l "
            f"JOIN {name} r ON r.tenant_id = l.tenant_id AND r.user_id = l.user_id AND r.id = l.record_id "
            f"WHERE l.record_kind = '{kind.__name__}' AND l.tenant_id = ?"
        )
        self.by_id = f"{located} AND l.realm = '' AND l.kind = '{kind.__name__.lower()}' AND l.value = ?"
        self.by_key = f"{located} AND l.realm = ? AND l.kind = ? AND l.value = ?"
        self._listing = f"SELECT {columns} FROM {name} r WHERE r.tenant_id = ?"
        self._insert = (
            f"INSERT INTO {name} (tenant_id, user_id, id, version, created_at, updated_at, doc) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"
        )
        unchanged = "WHERE tenant_id = ? AND user_id = ? AND id = ? AND version = ? RETURNING id"
        self._update = f"UPDATE {name} SET version = ?, created_at = ?, updated_at = ?, doc = ? {unchanged}"
        self._delete = f"DELETE FROM {name} {unchanged}"
        self._expect = f"SELECT id FROM {name} WHERE tenant_id = ? AND user_id = ? AND id = ? AND version = ? FOR SHARE"
        self._delete_of_user = f"DELETE FROM {name} WHERE tenant_id = ? AND user_id = ?"

    def listed(
        self, tenant_id: int, user_id: str | None, *, newest_first: bool, page: Page | None
    ) -> tuple[str, Sequence[Value]]:
        """The text and parameters that read one user's records, or everybody's, in order of creation."""
        sql, params = self._listing, list[Value]([tenant_id])
        if user_id is not None:
            sql += " AND r.user_id = ?"
            params.append(bound(user_id))
        sql += " ORDER BY r.created_at DESC, r.id DESC" if newest_first else " ORDER BY r.created_at, r.id"
        if page is not None:
            sql += " LIMIT ? OFFSET ?"
            params += [page.limit, page.offset]
        return sql, params

    def insert(self, batch: Batch, after: Owned) -> None:
        batch.write(_HOLD_USER, batch.tenant_id, bound(after.user_id), judge=some_row_or(Lost(("User", after.user_id))))
        super().insert(batch, after)

    def delete_of_user(self, batch: Batch, user_id: str) -> None:
        """Every row of the user; `delete_all_of` frees their keys."""
        batch.write(self._delete_of_user, batch.tenant_id, bound(user_id))

    def _key(self, batch: Batch, record: Owned) -> tuple[Value, ...]:
        return batch.tenant_id, bound(record.user_id), bound(record.id)


def delete_all_of(batch: Batch, user_id: str, tables: Iterable[OwnedTable[Any]]) -> None:
    """Whatever belongs to the user goes in the commit that deletes the user, whether or not that act has read it."""
    for table in tables:
        table.delete_of_user(batch, user_id)
    batch.write(_FREE_KEYS, batch.tenant_id, bound(user_id))
