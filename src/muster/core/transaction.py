"""Acts and how they are carried out.

An act is an async function that reads through a `Transaction` and only *collects* what it wants to change. Nothing slow
(hashing, HTTP) runs inside one, and no database transaction is open while it waits. `TransactionRunner.run` commits what
was collected; when what the act had read has changed meanwhile, the act runs again on fresh data, so that the last intent
wins and no other is lost.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import msgspec

from muster.core.actor import Actor
from muster.core.clock import Clock
from muster.core.errors import Conflict, Lost, NotFound, Refusal, Taken
from muster.core.events import Context, Event, Message
from muster.core.ids import new_id
from muster.core.records import Key, OwnedRecord, Record
from muster.core.store import Change, Store, Unit
from muster.core.users.model import User

R = TypeVar("R", bound=Record)
Owned = TypeVar("Owned", bound=OwnedRecord)
T = TypeVar("T")
P = ParamSpec("P")

ATTEMPTS = 8


class Transaction:
    """What one act sees and wants: its reads show its own changes."""

    def __init__(self, store: Store, tenant_id: int, actor: Actor, now: int, context: Context | None = None) -> None:
        self.store = store
        self.tenant_id = tenant_id
        self.actor = actor
        self.now = now
        self.context = context or Context()
        self.unit = Unit(tenant_id)
        self._outliving = Unit(tenant_id)
        self._read: dict[tuple[type[Record], str], Record] = {}
        self._wanted: dict[tuple[type[Record], str], Record | None] = {}
        self._expected: dict[tuple[type[Record], str], Record] = {}
        self._surviving: dict[tuple[type[Record], str], Record] = {}
        self._noted: dict[tuple[str, str], list[dict[str, Any]]] = {}

    async def get(self, kind: type[R], id_: str) -> R | None:
        """The record as this act has it, or None."""
        key = (kind, id_)
        if key in self._wanted:
            return cast("R | None", self._wanted[key])
        return self._seen(kind, await self.store.get(self.tenant_id, kind, id_))

    async def need(self, kind: type[R], id_: str) -> R:
        """The record as this act has it; `NotFound("<kind>")` when there is none."""
        record = await self.get(kind, id_)
        if record is None:
            raise NotFound(kind.__name__.lower(), id=id_)
        return record

    async def find(self, kind: type[R], key: Key) -> R | None:
        """The record that holds the key, as this act has it."""
        found = await self.store.find(self.tenant_id, kind, key)
        if found is not None and (kind, found.id) in self._wanted:
            return cast("R | None", self._wanted[kind, found.id])
        return self._seen(kind, found)

    async def records(self, kind: type[R]) -> list[R]:
        """Every record of a kind that there are few of, oldest first."""
        return self._as_wanted(kind, await self.store.records(self.tenant_id, kind))

    async def owned(self, kind: type[Owned], user_id: str) -> list[Owned]:
        """Every record of a kind that one user has, oldest first."""
        records = self._as_wanted(kind, await self.store.owned(self.tenant_id, kind, user_id))
        return [record for record in records if record.user_id == user_id]

    async def older(self, kind: type[R], before: int, limit: int, *, after: tuple[int, str]) -> list[R]:
        """The oldest records of a kind as they are stored, as `Store.older` tells; to be deleted or changed by this act."""
        found = await self.store.older(self.tenant_id, kind, before, limit, after=after)
        for record in found:
            self._seen(kind, record)
        return [*found]

    def insert(self, record: R) -> R:
        """Want a new record. Its id must be new, which the commit checks as it checks the keys."""
        if self._wanted.get((type(record), record.id)) is not None:
            raise Taken("id", record.id)
        record = msgspec.structs.replace(record, version=1, updated_at=record.updated_at or self.now)
        self._wanted[type(record), record.id] = record
        return record

    def save(self, after: R, *, quietly: bool = False) -> R:
        """Want a record that this act has read to become `after`. A change of nothing is no change: no new version or time.

        `quietly` keeps `updated_at`: for a change that nobody is ever shown, such as a stronger hash of the same password.
        """
        key = (type(after), after.id)
        current = self._wanted.get(key, self._read.get(key))
        if current is None:
            raise LookupError(f"{key} is saved but was neither read nor inserted by this act")
        if after == current:
            return current
        before = self._read.get(key)
        if _without_activity(after) != _without_activity(current):
            version = before.version + 1 if before is not None else 1
            updated_at = current.updated_at if quietly else self.now
            after = msgspec.structs.replace(after, version=version, updated_at=updated_at)
        self._wanted[key] = after
        return after

    def even_if_refused(self, after: Record) -> None:
        """Want a record to become `after`, or to be there, if the act is refused, as a counted failure must be.

        It is guarded as a saved one is: when the record changed meanwhile, the act runs again and decides anew. An act that
        is not refused keeps nothing of this.
        """
        key = (type(after), after.id)
        before = self._read.get(key)
        if before is None:
            after = msgspec.structs.replace(after, version=1, updated_at=self.now)
        elif _without_activity(after) != _without_activity(before):
            after = msgspec.structs.replace(after, version=before.version + 1, updated_at=self.now)
        self._surviving[key] = after

    def delete(self, record: Record) -> None:
        """Want a record that this act has read to be gone."""
        self._wanted[type(record), record.id] = None

    def expect(self, record: Record) -> None:
        """Demand that a record that was read has not changed by the commit; one that this act changes is guarded anyway."""
        self._expected[type(record), record.id] = record

    def revoke_cached_access(self) -> None:
        """Make every process forget the credentials it has checked, once this commits."""
        self.unit.revokes = True

    def note(self, kind: str, *, user_id: str = "", **data: Any) -> None:
        """Record what happened, in the same commit. The same fact about the same user is recorded once."""
        noted = self._noted.setdefault((kind, user_id), [])
        if data not in noted:
            noted.append(data)
            self.unit.events.append(self._event(kind, user_id, data))

    def note_even_if_refused(self, kind: str, *, user_id: str = "", **data: Any) -> None:
        """Record what happened if the act is refused: it outlives the refusal as a unit of its own."""
        self._outliving.events.append(self._event(kind, user_id, data))

    def send(self, kind: str, to: str, *, user_id: str = "", **data: Any) -> None:
        """Send a message if, and only if, this commits."""
        self.unit.messages.append(Message(new_id(self.now), kind, to, self.now, user_id, data))

    def collected(self) -> Unit:
        """What is to be committed."""
        self.unit.changes = [
            change
            for (kind, id_), after in self._wanted.items()
            for change in _split(self._read.get((kind, id_)), after)
        ]
        # A change guards its own row. A user whose activity alone changes is not changed, and stays expected.
        guarded = {(type(r), r.id) for change in self.unit.changes for r in (change.before, change.after) if r}
        self.unit.expects = [record for key, record in self._expected.items() if key not in guarded]
        return self.unit

    def outliving(self) -> Unit:
        """What is to be committed although the act was refused."""
        self._outliving.changes = [
            change for key, after in self._surviving.items() for change in _split(self._read.get(key), after)
        ]
        return self._outliving

    def _event(self, kind: str, user_id: str, data: dict[str, Any]) -> Event:
        actor = self.actor
        return Event(new_id(self.now), kind, self.now, actor.kind, actor.id, actor.door, user_id, data, self.context)

    def _as_wanted(self, kind: type[R], stored: Sequence[R]) -> list[R]:
        for record in stored:
            self._seen(kind, record)
        mine = [cast("R | None", self._wanted.get((kind, record.id), record)) for record in stored]
        known = {record.id for record in stored}
        added = [r for (k, id_), r in self._wanted.items() if k is kind and id_ not in known and r is not None]
        return [record for record in mine if record is not None] + cast("list[R]", added)

    def _seen(self, kind: type[R], record: R | None) -> R | None:
        if record is not None:
            self._read.setdefault((kind, record.id), record)
        return record


def _without_activity(record: Record) -> Record:
    return msgspec.structs.replace(record, activity=None) if isinstance(record, User) else record


def _split(before: Record | None, after: Record | None) -> list[Change]:
    """A user's activity is a row of its own: its change neither needs nor makes a new version of the user."""
    if not isinstance(before, User) and not isinstance(after, User):
        return [] if before == after else [Change(before, after)]
    old, new = before and _without_activity(before), after and _without_activity(after)
    changes = [] if old == new else [Change(old, new)]
    was = before.activity if isinstance(before, User) else None
    now = after.activity if isinstance(after, User) else None
    if now is not None and now != was:
        version = was.version + 1 if was is not None else 1
        changes.append(Change(was, msgspec.structs.replace(now, id=after.id if after else "", version=version)))
    return changes


class RowLocks:
    """In-process queues for rows that several acts fight over, so that a retry waits its turn instead of losing again."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    @contextlib.asynccontextmanager
    async def hold(self, row: tuple[str, str] | None) -> AsyncIterator[None]:
        """Hold the row's turn; no row, no wait."""
        if row is None:
            yield
            return
        lock, waiting = self._locks.get(row, (asyncio.Lock(), 0))
        self._locks[row] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[row]
            if waiting == 1:
                del self._locks[row]
            else:
                self._locks[row] = (lock, waiting - 1)


class TransactionRunner:
    """Carries out acts on one store, one clock, and the queues of the rows fought over."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._locks = RowLocks()

    async def run(
        self,
        tenant_id: int,
        actor: Actor,
        act: Callable[Concatenate[Transaction, P], Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the act and commit it; see `run_from` for a caller that knows where it is called from."""
        return await self.run_from(Context(), tenant_id, actor, act, *args, **kwargs)

    async def run_from(
        self,
        context: Context,
        tenant_id: int,
        actor: Actor,
        act: Callable[Concatenate[Transaction, P], Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the act and commit what it collected, up to `ATTEMPTS` times while others change what it read.

        From the second try on, the acts of this process that want the same row take turns. Raises the act's own refusal,
        `Taken` from the commit, or `Conflict("too_many_writers")` when every try was lost.
        """
        fought_over: tuple[str, str] | None = None
        for _ in range(ATTEMPTS):
            async with self._locks.hold(fought_over):
                tx = Transaction(self.store, tenant_id, actor, self.clock.now(), context)
                try:
                    return await self._carry_out(tx, act(tx, *args, **kwargs))
                except Lost as lost:
                    fought_over = lost.row
        raise Conflict("too_many_writers")

    async def _carry_out(self, tx: Transaction, acting: Awaitable[T]) -> T:
        """One try. What outlives a refusal may be lost to another writer too: then the refusal was decided on old data."""
        try:
            result = await acting
            unit = tx.collected()
            if unit:
                await self.store.commit(unit)
        except Refusal:
            outliving = tx.outliving()
            if outliving:
                await self._commit_outliving(outliving)
            raise
        return result

    async def _commit_outliving(self, unit: Unit) -> None:
        try:
            await self.store.commit(unit)
        except Taken as taken:
            # Somebody made the same record first, and the refusal was decided without it.
            raise Lost((taken.kind, taken.value)) from None
