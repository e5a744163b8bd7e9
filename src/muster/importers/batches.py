"""Makes the rows of a file ready: read, checked, and turned into users and the writes that keep them, a batch at a time.

Nothing here touches the database, so that it can be done in a process of its own (`beside.py`).
"""

from array import array
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol, cast

from muster.core.actor import Actor
from muster.core.connections.model import Connection
from muster.core.errors import Refusal
from muster.core.records import Key
from muster.core.store import Store, Unit
from muster.core.transaction import Transaction
from muster.core.users.actions import born
from muster.core.users.model import User
from muster.importers.acts import note_created
from muster.importers.reading import FileDamaged, Row, Source
from muster.importers.record import Person, RowRefused, Vendor
from muster.importers.report import Rejected

MOST_ROWS, MOST_BYTES = 2_000, 4 * 1024 * 1024
"""What a batch holds at most, those that do not fit included."""

_EIGHT_BYTES: Final = 0xFFFF_FFFF_FFFF_FFFF


class Fit(NamedTuple):
    """A row that fits, as it was sent: whoever needs the person again makes it again."""

    line: int
    sent: bytes


class Batch(NamedTuple):
    """Rows in order, up to and including `line`; `digest` is of the file so far, `position` in bytes of it.

    `prepared` are the writes of all that fit (`Store.prepare`); none where rows may update, which only the database can tell.
    """

    fits: Sequence[Fit]
    rejected: Sequence[Rejected]
    prepared: Sequence[Any]
    line: int
    digest: str
    position: int


class Task(NamedTuple):
    """What is asked of a file's rows: whose they become, and how they are kept."""

    vendor: Vendor
    realms: dict[str, Connection]
    tenant_id: int
    actor: Actor
    prepare: Callable[[Unit], Sequence[Any]]
    upsert: bool = False


class Batches(Protocol):
    """Where an importer gets its batches from."""

    async def skip(self, line: int) -> str:
        """Pass over the rows up to a line that an earlier run has settled; the digest of what was passed over."""
        ...

    async def next(self, size: int, now: int) -> Batch | None:
        """The next rows, until so many fit; None at the end. `FileDamaged` where the file is, after what stands before it."""
        ...


class Maker:
    """Makes batches of one source."""

    def __init__(self, task: Task, source: Source) -> None:
        self._task = task
        self._source = source
        self._rows = source.rows()
        self._damage: FileDamaged | None = None
        self._seen = Seen() if task.upsert else None
        self._line = 0

    async def skip(self, line: int) -> str:
        return self.skip_now(line)

    async def next(self, size: int, now: int) -> Batch | None:
        return self.next_now(size, now)

    def skip_now(self, line: int) -> str:
        """As `skip`."""
        if self._seen is None:
            self._source.undecoded = line
        while self._line < line and (row := next(self._rows, None)) is not None:
            if row.line <= line:
                self._entry(row, 0, set())
            self._line = row.line
        return self._source.digest()

    def next_now(self, size: int, now: int) -> Batch | None:
        """As `next`."""
        if self._damage is not None:
            raise self._damage
        fits: list[tuple[Row, User]] = []
        rejected: list[Rejected] = []
        claimed: set[Key] = set()
        read = line = 0
        try:
            for row in self._rows:
                entry = self._entry(row, now, claimed)
                if isinstance(entry, Rejected):
                    rejected.append(entry)
                else:
                    fits.append((row, entry))
                read += len(row.raw)
                line = row.line
                if len(fits) == size or len(fits) + len(rejected) == MOST_ROWS or read > MOST_BYTES:
                    break
        except FileDamaged as damage:
            if not line:
                raise
            self._damage = damage  # what came before it is settled first
        if not line:
            return None
        fits, prepared = self._prepared(fits, rejected, now)
        sent = [Fit(row.line, row.raw) for row, _ in fits]
        return Batch(sent, rejected, prepared, line, self._source.digest(), self._source.position())

    # ---- one row

    def _entry(self, row: Row, now: int, claimed: set[Key]) -> User | Rejected:
        """The user that a row becomes; none of a batch claims a key of another."""
        vendor = self._task.vendor
        try:
            if row.fault:
                raise RowRefused([vendor.unreadable(row.fault)])
            _, user = person_of(vendor, row.sent, self._task.realms, now, upsert=self._task.upsert)
            if self._seen is not None and not self._seen.first(user.emails[0].value):
                raise RowRefused([vendor.provided_twice("email")])
        except RowRefused as refused:
            return Rejected(row.line, vendor.masked(row.sent), refused.errors)
        keys = user.keys() | {Key("", "id", user.id)}
        if not claimed.isdisjoint(keys):
            twice = vendor.provided_twice(min(claimed & keys).kind)
            return Rejected(row.line, vendor.masked(row.sent), [twice])
        claimed |= keys
        return user

    def _prepared(
        self, fits: list[tuple[Row, User]], rejected: list[Rejected], now: int
    ) -> tuple[list[tuple[Row, User]], Sequence[Any]]:
        """The writes of those who fit; whoever cannot be written joins the rejected."""
        if self._task.upsert:
            return fits, ()
        try:
            return fits, prepared(self._task, [user for _, user in fits], now)
        except Refusal:
            good = []
            for row, user in fits:
                try:
                    prepared(self._task, [user], now)
                    good.append((row, user))
                except Refusal as refusal:
                    error = self._task.vendor.refused(refusal, upsert=False)
                    rejected.append(Rejected(row.line, self._task.vendor.masked(row.sent), [error]))
            rejected.sort(key=lambda row: row.line)
            return good, prepared(self._task, [user for _, user in good], now)


class Seen:
    """The addresses that a file has named so far: up to 24 bytes for each, since a file may name millions."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 1024))
        self._count = 0

    def first(self, address: str) -> bool:
        """Note an address; whether it is named for the first time."""
        if not self._put(hash(address) & _EIGHT_BYTES or 1):
            return False
        self._count += 1
        if 3 * self._count > 2 * len(self._slots):
            before, self._slots = self._slots, array("Q", bytes(2 * 8 * len(self._slots)))
            for digest in filter(None, before):
                self._put(digest)
        return True

    def _put(self, digest: int) -> bool:
        at = digest % len(self._slots)
        while there := self._slots[at]:
            if there == digest:
                return False
            at = (at + 1) % len(self._slots)
        self._slots[at] = digest
        return True


def person_of(
    vendor: Vendor, sent: Any, realms: dict[str, Connection], now: int, *, upsert: bool
) -> tuple[Person, User]:
    """What a row asks for, and the user it would become; `RowRefused` with every reason why not."""
    person = vendor.person(sent, now)
    if person.whole is not None:
        return person, person.whole
    try:
        (realm_id,) = realms
        return person, born(person.new, realm_id, now)
    except Refusal as refusal:
        raise RowRefused([vendor.refused(refusal, upsert=upsert)]) from None


def prepared(task: Task, users: Sequence[User], now: int) -> Sequence[Any]:
    """The writes that make these users, each with its event."""
    tx = Transaction(cast("Store", None), task.tenant_id, task.actor, now)  # nothing is read: everybody is new
    for user in users:
        note_created(tx, user, task.realms[user.realm])
    return task.prepare(tx.collected())
