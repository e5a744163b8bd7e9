"""Users and what signing in leaves behind: two tables that are read as one, and the terms and counts kept in step."""

from typing import Final

from msgspec.structs import force_setattr, replace

from muster.core.users.activity_facts import ACTIVITY_FACTS
from muster.core.users.model import Activity, User
from muster.core.users.terms import TERMS_VERSION, identifying_texts, moved_terms, names_changed, terms_of
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Row
from muster.storage.keys import check_id
from muster.storage.records import RecordTable, lost, restore
from muster.storage.sources import ACTIVITY_COLUMNS
from muster.storage.text import bound, document

COLUMNS: Final = "u.id, u.seq, u.version, u.created_at, u.updated_at, a.version, a.doc, u.doc"
"""What `UserTable.record_of` wants of a row of users `u` with their activity `a`."""

WITH_ACTIVITY: Final = "LEFT JOIN activity a ON a.tenant_id = u.tenant_id AND a.user_id = u.id"

_FACTS: Final = ", ".join(ACTIVITY_COLUMNS.values())
_MARKS: Final = ", ".join("?" * (len(ACTIVITY_COLUMNS) + 5))
_NEW_FACTS: Final = ", ".join(f"{column} = ?" for column in ACTIVITY_COLUMNS.values())


class ActivityTable(RecordTable[Activity]):
    """One narrow row per user who ever tried to sign in; it goes with the user."""

    _ADD: Final = (
        f"INSERT INTO activity (tenant_id, user_id, n, version, {_FACTS}, doc) "
        f"VALUES ({_MARKS}) ON CONFLICT DO NOTHING RETURNING user_id"
    )
    _UNCHANGED: Final = "WHERE tenant_id = ? AND user_id = ? AND version = ? RETURNING user_id"
    _CHANGE: Final = f"UPDATE activity SET version = ?, {_NEW_FACTS}, doc = ? {_UNCHANGED}"
    # A user who is being deleted must not leave an activity behind: the row is held until the commit.
    _HOLD_USER: Final = "SELECT seq FROM users WHERE tenant_id = ? AND id = ? FOR SHARE"

    def __init__(self) -> None:
        super().__init__(Activity, "activity")
        self.by_id = "SELECT a.user_id, a.version, a.doc FROM activity a WHERE a.tenant_id = ? AND a.user_id = ?"
        self._delete = f"DELETE FROM activity {self._UNCHANGED}"
        self._expect = f"UPDATE activity SET version = version {self._UNCHANGED}"

    def record_of(self, row: Row) -> Activity:
        id_, version, doc = row
        activity = self._decode(doc)
        restore(activity, ("id", "version"), (id_, version))
        return activity

    def insert(self, batch: Batch, after: Activity) -> None:
        hold = (batch.tenant_id, bound(after.id))
        n = batch.write(self._HOLD_USER, *hold, judge=some_row_or(lost(after)))
        params = (batch.tenant_id, bound(after.id), n, after.version, *_sorted_by(after), self._document(after))
        batch.write(self._ADD, *params, judge=some_row_or(lost(after)))

    def update(self, batch: Batch, before: Activity, after: Activity) -> None:
        values = (after.version, *_sorted_by(after), self._document(after))
        unchanged = (batch.tenant_id, bound(before.id), before.version)
        batch.write(self._CHANGE, *values, *unchanged, judge=some_row_or(lost(before)))

    def _document(self, record: Activity) -> bytes:
        return document(replace(record, id="", version=0), "activity")


class UserTable(RecordTable[User]):
    """The users of all tenants. An internal one is neither counted nor indexed, because no search shows it."""

    _ADD: Final = (
        "INSERT INTO users (tenant_id, id, realm, internal, version, created_at, updated_at, terms_version, overflow, doc) "
        "VALUES {} ON CONFLICT DO NOTHING RETURNING {}"
    )
    # `terms_version` stays: what an older version left out is for `muster reindex` to add.
    _CHANGE: Final = (
        "UPDATE users SET realm = ?, internal = ?, version = ?, created_at = ?, updated_at = ?, overflow = ?, doc = ? "
        "WHERE tenant_id = ? AND id = ? AND version = ? RETURNING seq"
    )
    _INDEXED: Final = (
        "UPDATE users SET terms_version = ?, overflow = ? WHERE tenant_id = ? AND id = ? AND version = ? RETURNING seq"
    )
    _DELETE_ACTIVITY: Final = "DELETE FROM activity WHERE tenant_id = ? AND user_id = ?"

    def __init__(self, activity: ActivityTable) -> None:
        super().__init__(User, "users")
        self._activity = activity
        self.by_id = f"SELECT {COLUMNS} FROM users u {WITH_ACTIVITY} WHERE u.tenant_id = ? AND u.id = ?"
        self.by_key = (
            f"SELECT {COLUMNS} FROM identifiers i JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.user_id "
            f"{WITH_ACTIVITY} WHERE i.tenant_id = ? AND i.realm = ? AND i.kind = ? AND i.value = ?"
        )
        self.next = (
            f"SELECT {COLUMNS} FROM users u {WITH_ACTIVITY} "
            "WHERE u.tenant_id = ? AND u.internal = 0 AND u.seq > ? ORDER BY u.seq LIMIT ?"
        )

        self.internal = (
            f"SELECT {COLUMNS} FROM users u {WITH_ACTIVITY} WHERE u.tenant_id = ? AND u.internal = 1 ORDER BY u.seq"
        )

    def record_of(self, row: Row) -> User:
        id_, seq, version, created_at, updated_at, activity_version, activity_doc, doc = row
        activity = None
        if activity_version is not None:
            activity = self._activity.record_of((id_, activity_version, activity_doc))
        user = self._decode(doc)
        # What is kept in columns is put back on a record that is nobody else's yet, one by one: this is the hottest path.
        force_setattr(user, "id", id_)
        force_setattr(user, "seq", seq)
        force_setattr(user, "version", version)
        force_setattr(user, "created_at", created_at)
        force_setattr(user, "updated_at", updated_at)
        if activity is not None:
            force_setattr(user, "activity", activity)
        return user

    def insert(self, batch: Batch, after: User) -> None:
        check_id("id", after.id)
        terms, overflow = terms_of(after)
        seq = batch.insert(
            self._ADD,
            "seq",
            after.id,
            batch.tenant_id,
            after.id,
            bound(after.realm),
            int(after.internal),
            after.version,
            after.created_at,
            after.updated_at,
            TERMS_VERSION,
            int(overflow),
            self._document(after),
        )
        batch.move_keys(None, after)
        if not after.internal:
            batch.move_terms(seq, (), terms)
            batch.keep_texts(seq, identifying_texts(after))
            batch.count_users(1)

    def update(self, batch: Batch, before: User, after: User) -> None:
        moved = moved_terms(before, after)
        batch.write(
            self._CHANGE,
            bound(after.realm),
            int(after.internal),
            after.version,
            after.created_at,
            after.updated_at,
            int(moved.overflow),
            self._document(after),
            batch.tenant_id,
            bound(before.id),
            before.version,
            judge=some_row_or(lost(before)),
        )
        batch.move_keys(before, after)
        batch.move_terms(before.seq, moved.freed, moved.added)
        if before.internal is not after.internal or names_changed(before, after):
            had, wants = _texts(before), _texts(after)
            if had != wants:
                batch.keep_texts(before.seq, wants)
        batch.count_users(before.internal - after.internal)

    def delete(self, batch: Batch, before: User) -> None:
        params = (batch.tenant_id, bound(before.id), before.version)
        batch.write(self._delete, *params, judge=some_row_or(lost(before)))
        batch.write(self._DELETE_ACTIVITY, batch.tenant_id, bound(before.id))
        batch.move_keys(before, None)
        if not before.internal:
            batch.move_terms(before.seq, terms_of(before)[0], ())
            batch.keep_texts(before.seq, ())
            batch.count_users(-1)

    def index_again(self, batch: Batch, user: User) -> None:
        """Add what an older version of the terms left out; `Lost` when the user has changed since it was read."""
        terms, overflow = terms_of(user)
        params = (TERMS_VERSION, int(overflow), batch.tenant_id, bound(user.id), user.version)
        batch.write(self._INDEXED, *params, judge=some_row_or(lost(user)))
        if not user.internal:
            batch.move_terms(user.seq, (), terms)
            batch.keep_texts(user.seq, identifying_texts(user))

    def _document(self, record: User) -> bytes:
        bare = replace(record, id="", seq=0, version=0, created_at=0, updated_at=0, activity=None)
        return document(bare, "user")


def _texts(user: User) -> list[str]:
    return [] if user.internal else identifying_texts(user)


def _sorted_by(activity: Activity) -> tuple[int | str | None, ...]:
    """What activity can be searched and sorted by, one column after the other."""
    facts = (ACTIVITY_FACTS[name](activity) for name in ACTIVITY_COLUMNS)
    return tuple((bound(fact) or None) if isinstance(fact, str) else fact for fact in facts)
