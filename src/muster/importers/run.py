"""Carries a file's rows into one connection, in short commits beside a running server.

Rows are committed in batches whose size follows the time a commit takes. The next batch is made ready between two commits,
not beside one: that is when other writers have their turn, and two threads would only take Python's lock from each other
while the database's is held. A batch that is refused is tried again row by row, so that only the culprits are rejected.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Concatenate, Final, Literal, NamedTuple, ParamSpec, TypeVar

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.errors import Invalid, NotAllowed, NotFound, Refusal, Taken, Unavailable
from muster.core.records import Key
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.actions import born
from muster.core.users.model import User
from muster.importers.acts import insert_people, keep_person
from muster.importers.reading import FileDamaged, Row, Source
from muster.importers.record import Person, RowError, RowRefused, Vendor
from muster.importers.report import Rejected, RejectedFile, Report

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_COMMIT: Final = 0.05
"""Seconds that a commit should take, its statements' making included, while others wait for it."""

FIRST_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 50, 20, 200
MOST_ROWS, MOST_BYTES = 2_000, 4 * 1024 * 1024
"""What a batch holds at most, those that do not fit included."""

BUSY: Final = frozenset({"database_busy", "too_many_writes_waiting"})
"""Refusals after which nothing was changed and another try makes sense."""

_PATIENCE: Final = 12


class _Ready(NamedTuple):
    """A row that fits, and the user it would become."""

    row: Row
    person: Person
    user: User


Fate = Literal["inserted", "updated"] | Rejected | BaseException
"""What becomes of a row; an exception where that could not be decided."""


class Target(NamedTuple):
    """Where the users go, and who brings them."""

    runner: TransactionRunner
    tenant_id: int
    actor: Actor
    realm: Connection


class Importer:
    """One run. `report` is true at any moment; `on_progress` is called after each commit."""

    def __init__(
        self,
        into: Target,
        vendor: Vendor,
        report: Report,
        *,
        upsert: bool = False,
        on_progress: Callable[[Report], None] = lambda _: None,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if into.realm.internal or into.realm.kind != "database":
            raise Invalid("connection_not_database", name=into.realm.name)
        if into.realm.disabled:
            raise Invalid("connection_disabled", name=into.realm.name)
        into.actor.must(May.JOBS_IMPORT)
        self.report = report
        self._into = into
        self._vendor = vendor
        self._upsert = upsert
        self._on_progress = on_progress
        self._wait = wait
        # A digest of each address that the file has named: a row that names one again must not update what an earlier one made.
        self._provided: set[int] = set()
        self._began = into.runner.clock.now()
        self._size = FIRST_BATCH
        self._damage: FileDamaged | None = None

    async def run(self, source: Source, rejects: RejectedFile) -> Report:
        """Import every row. When the task is cancelled, the commit that runs is finished and the report says so.

        `FileDamaged`, `Unavailable` and `OSError` end the run; what was settled before stays, and `report` tells of it.
        """
        rows = source.rows()
        while batch := self._next(rows):
            settling = asyncio.ensure_future(self._settle(batch, rejects))
            try:
                await asyncio.shield(settling)
            except asyncio.CancelledError:
                await settling
                self.report.interrupted = True
                return self.report
            self._on_progress(self.report)
        rejects.finish()
        return self.report

    # ---- making rows ready

    def _next(self, rows: Iterator[Row]) -> list[_Ready | Rejected]:
        """The next rows in order, as many as one commit should hold; none of those that fit claims a key of another."""
        now = self._into.runner.clock.now()
        batch: list[_Ready | Rejected] = []
        claimed: set[Key] = set()
        fit = size = 0
        if self._damage is not None:
            raise self._damage
        try:
            for row in rows:
                try:
                    batch.append(self._ready(row, now, claimed))
                    fit += 1
                except RowRefused as refused:
                    batch.append(self._rejected(row, refused.errors))
                size += row.size
                if fit == self._size or len(batch) == MOST_ROWS or size > MOST_BYTES:
                    break
        except FileDamaged as damage:
            if not batch:
                raise
            self._damage = damage  # what came before it is settled first
        return batch

    def _ready(self, row: Row, now: int, claimed: set[Key]) -> _Ready:
        if row.fault:
            raise RowRefused([self._vendor.unreadable(row.fault)])
        person = self._vendor.person(row.sent, now)
        try:
            user = born(person.new, self._into.realm.id, now)
        except Refusal as refusal:
            raise RowRefused([self._vendor.refused(refusal, upsert=self._upsert)]) from None
        digest = _digest(user)
        if digest in self._provided:
            raise RowRefused([self._vendor.provided_twice("email")])
        keys = user.keys() | {Key("", "id", user.id)}
        if not claimed.isdisjoint(keys):
            raise RowRefused([self._vendor.provided_twice(min(claimed & keys).kind)])
        self._provided.add(digest)
        claimed |= keys
        return _Ready(row, person, user)

    def _rejected(self, row: Row, errors: Sequence[RowError]) -> Rejected:
        return Rejected(row.line, self._vendor.masked(row.sent), errors)

    # ---- committing them

    async def _settle(self, batch: Sequence[_Ready | Rejected], rejects: RejectedFile) -> None:
        """Decide every row of a batch, then tell of it; what could not be decided is raised after that."""
        fates = await self._commit([row for row in batch if isinstance(row, _Ready)])
        rejected: list[Rejected] = []
        undecided: BaseException | None = None
        for entry in batch:
            fate = fates[entry.row.line] if isinstance(entry, _Ready) else entry
            match fate:
                case BaseException():
                    undecided = undecided or fate
                case Rejected():
                    rejected.append(fate)
                case "inserted":
                    self.report.inserted += 1
                case "updated":
                    self.report.updated += 1
            if undecided is None:
                self.report.line = entry.row.line if isinstance(entry, _Ready) else entry.line
        self.report.rejected += len(rejected)
        rejects.write(rejected)
        if undecided is not None:
            raise undecided

    async def _commit(self, ready: Sequence[_Ready]) -> dict[int, Fate]:
        """What becomes of each row, by its line."""
        known = await self._known(ready)
        new = [row for row in ready if row.row.line not in known]
        alone = [row for row in ready if row.row.line in known]
        fates: dict[int, Fate] = {}
        try:
            await self._insert(new)
            fates.update((row.row.line, "inserted") for row in new)
        except Refusal as refusal:
            if _ends_the_run(refusal):
                return dict.fromkeys((row.row.line for row in ready), refusal)
            alone = list(ready)
        # All at once: SQLite's writer puts them into one transaction, each in a savepoint of its own.
        found = await asyncio.gather(*(self._keep(row) for row in alone), return_exceptions=True)
        fates.update(zip((row.row.line for row in alone), found, strict=True))
        return fates

    async def _known(self, ready: Sequence[_Ready]) -> set[int]:
        """The lines of those who exist already, when such rows update."""
        if not self._upsert:
            return set()
        find = self._into.runner.store.find
        found = await asyncio.gather(*(find(self._into.tenant_id, User, self._email_key(row)) for row in ready))
        return {row.row.line for row, user in zip(ready, found, strict=True) if user is not None}

    async def _insert(self, new: Sequence[_Ready]) -> None:
        if not new:
            return
        started = time.monotonic()
        await self._patiently(insert_people, self._into.realm.id, [row.user for row in new])
        each = (time.monotonic() - started) / len(new)
        self._size = max(SMALLEST_BATCH, min(LARGEST_BATCH, 2 * self._size, round(LONGEST_COMMIT / each)))

    async def _keep(self, row: _Ready) -> Fate:
        """One row in a commit of its own."""
        key = self._email_key(row) if self._upsert else None
        try:
            return await self._patiently(keep_person, self._into.realm.id, row.user, row.person, key)
        except Refusal as refusal:
            if _ends_the_run(refusal):
                raise
            twice = isinstance(refusal, Taken) and await self._was_provided(refusal, row)
            error = (
                self._vendor.provided_twice(refusal.kind)
                if isinstance(refusal, Taken) and twice
                else self._vendor.refused(refusal, upsert=self._upsert)
            )
            return self._rejected(row.row, [error])

    async def _patiently(
        self, act: Callable[Concatenate[Transaction, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act, again while the database is busy with others."""
        for _ in range(_PATIENCE):
            try:
                return await self._into.runner.run(self._into.tenant_id, self._into.actor, act, *args, **kwargs)
            except Unavailable as refusal:
                if refusal.code not in BUSY:
                    raise
                await self._wait(refusal.retry_after)
        return await self._into.runner.run(self._into.tenant_id, self._into.actor, act, *args, **kwargs)

    async def _was_provided(self, taken: Taken, row: _Ready) -> bool:
        """Whether the value belongs to a user whom an earlier row of this file made."""
        store, tenant_id = self._into.runner.store, self._into.tenant_id
        if taken.kind == "id":
            holder = await store.get(tenant_id, User, taken.value)
        else:
            scope = "" if taken.kind.startswith("id:") else self._into.realm.id
            holder = await store.find(tenant_id, User, Key(scope, taken.kind, taken.value))
        if holder is None or not holder.emails or holder.created_at < self._began:
            return False
        return _digest(holder) in self._provided and _digest(holder) != _digest(row.user)

    def _email_key(self, row: _Ready) -> Key:
        return Key(self._into.realm.id, "email", row.user.emails[0].value)


def _ends_the_run(refusal: Refusal) -> bool:
    """Whether it is not about the row: the database is away, or the connection was closed or deleted meanwhile."""
    return isinstance(refusal, (Unavailable, NotFound, NotAllowed)) or refusal.code == "connection_disabled"


def _digest(user: User) -> int:
    """Eight bytes that stand for the user's first address, since a file may name millions."""
    return hash(user.emails[0].value)
