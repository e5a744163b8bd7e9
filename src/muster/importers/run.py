"""Carries a file's rows into the database, in short commits beside a running server.

A commit holds a batch of rows, whose size follows the time that commits take, and the mark of how far the file has come. One
that is refused is made again without the rows that are to blame, so that only these are rejected.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, TypeVar

from msgspec import json
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Taken, Unavailable
from muster.core.records import Key
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User
from muster.importers.acts import insert_prepared, keep_person
from muster.importers.batches import Batch, Batches, Fit, Maker, Task, person_of, prepared
from muster.importers.mark import ELSEWHERE, Mark, NotAsItWas, Standing
from muster.importers.pace import Pace
from muster.importers.reading import Source
from muster.importers.record import Person, Vendor
from muster.importers.report import Rejected, RejectedFile, Report

P = ParamSpec("P")
T = TypeVar("T")

BUSY: Final = frozenset({"database_busy", "too_many_writes_waiting"})
"""Refusals after which nothing was changed and another try makes sense."""

_PATIENCE: Final = 12


class Target(NamedTuple):
    """Where the users go, and who brings them. `others` are connections of the tenant that a row may name instead."""

    runner: TransactionRunner
    tenant_id: int
    actor: Actor
    realm: Connection
    others: tuple[Connection, ...] = ()

    def task(self, vendor: Vendor, *, upsert: bool) -> Task:
        """What is to be made of the rows."""
        realms = {realm.id: realm for realm in (self.realm, *self.others)}
        return Task(vendor, realms, self.tenant_id, self.actor, self.runner.store.prepare, upsert)


class Importer:
    """One run. `report` is true at any moment; `on_progress` is called after each commit, with the place in the file.

    With a `mark` the run goes on where the last one of the same file stopped.
    """

    def __init__(
        self,
        into: Target,
        vendor: Vendor,
        report: Report,
        *,
        upsert: bool = False,
        mark: Mark | None = None,
        on_progress: Callable[[Report], None] = lambda _: None,
        pace: Pace | None = None,
    ) -> None:
        if into.realm.internal or into.realm.kind != "database":
            raise Invalid("connection_not_database", name=into.realm.name)
        if into.realm.disabled:
            raise Invalid("connection_disabled", name=into.realm.name)
        into.actor.must(May.JOBS_IMPORT)
        self.report = report
        self._into = into
        self._vendor = vendor
        self._task = into.task(vendor, upsert=upsert)
        self._mark = mark
        self._on_progress = on_progress
        self._pace = pace or Pace()
        self._standing = Standing(began=into.runner.clock.now())

    async def run(self, source: Source | Batches, rejects: RejectedFile) -> Report:
        """Import every row. When the task is cancelled, the commit that runs is finished and the report says so.

        `FileDamaged`, `Unavailable` and `OSError` end the run; what was settled before stays, and `report` tells of it.
        """
        batches = Maker(self._task, source) if isinstance(source, Source) else source
        try:
            await self._go_on(batches, rejects)
            while batch := await batches.next(self._pace.rows, self._into.runner.clock.now()):
                settling = asyncio.ensure_future(self._settle(batch, rejects))
                try:
                    await asyncio.shield(settling)
                except asyncio.CancelledError:
                    await settling
                    raise
                self.report.position = batch.position
                self._on_progress(self.report)
                await self._pace.make_way()
        except asyncio.CancelledError:
            self.report.interrupted = True
            return self.report
        if self._mark is not None:
            await self._patiently(self._mark.remove)
        rejects.finish()
        return self.report

    async def _go_on(self, batches: Batches, rejects: RejectedFile) -> None:
        """Pass over what an earlier run has settled; `NotAsItWas` when those rows are others."""
        standing = self._mark.standing if self._mark is not None else None
        if standing is None:
            return
        if await batches.skip(standing.digest_line) != standing.digest:
            raise NotAsItWas(standing.line)
        await batches.skip(standing.line)
        rejects.go_on(standing.rejected_bytes)
        self._standing = standing
        self._tell(standing)
        self.report.before = self.report.read

    def _tell(self, standing: Standing) -> None:
        report = self.report
        report.inserted, report.updated, report.rejected = standing.inserted, standing.updated, standing.rejected
        report.line = standing.line

    # ---- one batch

    async def _settle(self, batch: Batch, rejects: RejectedFile) -> None:
        """Commit a batch, without the rows that are refused."""
        if self._pace.is_too_long(len(batch.fits)):
            for piece in _pieces(batch, self._pace.rows):
                await self._settle(piece, rejects)
                await self._pace.make_way()
            return
        before = rejects.size
        try:
            await self._commit(batch, rejects)
        except Refusal as refusal:
            if isinstance(refusal, Unavailable):
                raise  # it may have been committed all the same; if not, the next run cuts off what is beyond the mark
            rejects.cut(before)
            if _ends_the_run(refusal):
                raise
            found = await self._taken(batch)
            if not found and len(batch.fits) > 1:
                for piece in _pieces(batch, 1):
                    await self._settle(piece, rejects)
                return
            (one, *_) = batch.fits  # without a row there is nothing to refuse
            await self._settle(await self._without(batch, found or {one.line: refusal}), rejects)

    async def _commit(self, batch: Batch, rejects: RejectedFile) -> None:
        runner = self._into.runner
        # The rejected rows are on the disk before the mark that says so; what is beyond a mark is cut off by the next run.
        rejects.write(batch.rejected)
        people: list[tuple[Person, User]] = []
        writes = batch.prepared
        if not writes and batch.fits:
            people = [self._person(fit) for fit in batch.fits]
            if not self._task.upsert:
                writes = prepared(self._task, [user for _, user in people], runner.clock.now())
        standing = await self._patiently(self._keep, batch, writes, people, rejects.size)
        if self._mark is not None:
            self._mark.moved()
        if batch.fits:
            self._pace.end(len(batch.fits))
            self.report.slowest = self._pace.slowest
        self._standing = standing
        self._tell(standing)

    async def _keep(
        self,
        tx: Transaction,
        batch: Batch,
        writes: Sequence[Any],
        people: list[tuple[Person, User]],
        rejected_bytes: int,
    ) -> Standing:
        """The act: the rows that fit, and the mark behind them; where the import then stands."""
        inserted = updated = 0
        if self._task.upsert:
            for person, user in people:
                fate = await keep_person(tx, user.realm, user, person, self._email_key(user))
                inserted += fate == "inserted"
                updated += fate == "updated"
        elif batch.fits:
            inserted = len(batch.fits)
            await insert_prepared(tx, self._task.realms, writes)
        was = self._standing
        standing = replace(
            was,
            line=batch.line,
            inserted=was.inserted + inserted,
            updated=was.updated + updated,
            rejected=was.rejected + len(batch.rejected),
            rejected_bytes=rejected_bytes,
            digest=batch.digest or was.digest,
            digest_line=batch.line if batch.digest else was.digest_line,
        )
        if self._mark is not None:
            await self._mark.move(tx, standing)
        return standing

    async def _patiently(
        self, act: Callable[Concatenate[Transaction, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act, again while the database is busy with others."""
        for _ in range(_PATIENCE):
            self._pace.begin()
            try:
                return await self._into.runner.run(self._into.tenant_id, self._into.actor, act, *args, **kwargs)
            except Unavailable as refusal:
                if refusal.code not in BUSY:
                    raise
                await self._pace.wait(refusal.retry_after)
        self._pace.begin()
        return await self._into.runner.run(self._into.tenant_id, self._into.actor, act, *args, **kwargs)

    # ---- who is to blame

    async def _taken(self, batch: Batch) -> dict[int, Refusal]:
        """The rows that want what somebody has already, by their lines."""
        found: dict[int, Refusal] = {}
        for fit in batch.fits:
            _, user = self._person(fit)
            taken = await self._first_taken(user)
            if taken is not None:
                found[fit.line] = taken
        return found

    async def _first_taken(self, user: User) -> Taken | None:
        store, tenant_id = self._into.runner.store, self._into.tenant_id
        if self._task.upsert and await store.find(tenant_id, User, self._email_key(user)) is not None:
            return None
        if await store.get(tenant_id, User, user.id) is not None:
            return Taken("id", user.id)
        for key in sorted(user.keys()):
            if await store.find(tenant_id, User, key) is not None:
                return Taken(key.kind, key.value)
        return None

    async def _without(self, batch: Batch, refused: dict[int, Refusal]) -> Batch:
        """The batch with these rows among the rejected."""
        rejected = [*batch.rejected]
        for fit in batch.fits:
            if fit.line in refused:
                sent = json.decode(fit.sent)
                refusal = refused[fit.line]
                twice = isinstance(refusal, Taken) and await self._was_made_here(refusal, self._person(fit)[1])
                error = (
                    self._vendor.provided_twice(refusal.kind)
                    if isinstance(refusal, Taken) and twice
                    else self._vendor.refused(refusal, upsert=self._task.upsert)
                )
                rejected.append(Rejected(fit.line, self._vendor.masked(sent), [error]))
        fits = [fit for fit in batch.fits if fit.line not in refused]
        return batch._replace(fits=fits, prepared=(), rejected=sorted(rejected, key=lambda row: row.line))

    async def _was_made_here(self, taken: Taken, user: User) -> bool:
        """Whether the value belongs to a user whom an earlier row of this file made."""
        store, tenant_id = self._into.runner.store, self._into.tenant_id
        if taken.kind == "id":
            holder = await store.get(tenant_id, User, taken.value)
        else:
            key = next(iter(held for held in user.keys() if held[1:] == (taken.kind, taken.value)))  # noqa: SIM118
            holder = await store.find(tenant_id, User, key)
        return holder is not None and holder.origin.via == "import" and holder.created_at >= self._standing.began

    def _person(self, fit: Fit) -> tuple[Person, User]:
        now = self._into.runner.clock.now()
        return person_of(self._vendor, json.decode(fit.sent), self._task.realms, now, upsert=self._task.upsert)

    def _email_key(self, user: User) -> Key:
        return Key(user.realm, "email", user.emails[0].value)


def _pieces(batch: Batch, size: int) -> Iterator[Batch]:
    """The rows that fit, so many at a time and each time with the rejected ones before them; the rest of those comes last."""
    rejected = list(batch.rejected)
    for at in range(0, len(batch.fits), size):
        fits = batch.fits[at : at + size]
        line = fits[-1].line
        before = [row for row in rejected if row.line < line]
        rejected = rejected[len(before) :]
        yield Batch(fits, before, (), line, "", batch.position)
    yield batch._replace(fits=(), prepared=(), rejected=rejected)


def _ends_the_run(refusal: Refusal) -> bool:
    """Whether it is not about the row: the database is away, or the connection was closed or deleted meanwhile."""
    return (
        isinstance(refusal, (Unavailable, NotFound, NotAllowed))
        or refusal.code in ("connection_disabled", ELSEWHERE)
        or (type(refusal) is Conflict and refusal.code == "too_many_writers")
    )
