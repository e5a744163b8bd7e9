"""Carries the file of an import job into its connection, a few rows at a time.

A step is one commit: its rows, what is wrong with those that were refused, and the job's position behind them. So whoever
takes a job over goes on exactly where the last commit ended, and no row is carried over or told of twice.
"""

import asyncio
import io
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple, cast

import msgspec
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.errors import NotAllowed, NotFound, Refusal, Unavailable
from muster.core.jobs import actions
from muster.core.jobs.model import Job
from muster.core.jobs.work import Claim, JobFailed
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import born
from muster.core.users.model import User
from muster.importers.acts import insert_people, keep_person
from muster.importers.reading import FileDamaged, Row, Source
from muster.importers.record import Person, RowError, RowRefused, Vendor
from muster.importers.report import Rejected

USERS, ERRORS = "users", "errors"
"""The file that is read, and the one that is written: JSON objects, separated by commas."""

ROWS_PER_STEP: Final = 25
"""Rows that fit: their commit takes a few milliseconds, while others wait for it."""

MOST_PER_STEP: Final = 1_000
"""Rows that do not fit cost nothing but their text."""

_encode: Final = msgspec.json.Encoder().encode


class Fitting(NamedTuple):
    """A row that fits, and the user it would become."""

    row: Row
    person: Person
    user: User


Entry = Fitting | Rejected


class JobImporter:
    """The work `users_import`. `vendor_of` gives the format of a job's file."""

    def __init__(self, vendor_of: Callable[[Job, Connection], Vendor]) -> None:
        self._vendor_of = vendor_of

    async def __call__(self, claim: Claim) -> None:
        realm = await claim.store.get(claim.tenant_id, Connection, claim.job.realm or "")
        if realm is None:
            raise JobFailed("The connection does not exist.")
        if realm.disabled:
            raise JobFailed("Connection must be enabled.")
        sent = b"".join([part async for part in actions.read_file(claim.store, claim.tenant_id, claim.job, USERS)])
        rows, damage = await asyncio.to_thread(_read, sent)
        await claim.commit(_begin, len(rows))
        file = _File(rows, realm, self._vendor_of(claim.job, realm), upsert=claim.job.asked.get("upsert") is True)
        while step := await asyncio.to_thread(file.next, claim.runner.clock.now(), claim.job.position):
            await _settle(claim, file, step)
        if damage:
            raise JobFailed(f"The file cannot be read: {damage}.")


def _read(sent: bytes) -> tuple[list[Row], str]:
    """The rows of the file, and why there are no more of them, if it is damaged."""
    rows: list[Row] = []
    try:
        rows.extend(Source(cast("BinaryIO", io.BufferedReader(io.BytesIO(sent)))).rows())
    except FileDamaged as damage:
        return rows, str(damage)
    return rows, ""


class _File:
    """The rows, made ready step by step."""

    def __init__(self, rows: Sequence[Row], realm: Connection, vendor: Vendor, *, upsert: bool) -> None:
        self.realm = realm
        self.upsert = upsert
        self._rows = iter(rows)
        self._vendor = vendor
        # Every key that the file has named: a row that names one again must not update what an earlier one made.
        self._provided: set[Key] = set()

    def next(self, now: int, position: int) -> list[Entry]:
        """The rows of the next step; those up to `position` are settled and only their keys are kept in mind."""
        step: list[Entry] = []
        fitting = 0
        for row in self._rows:
            entry = self._entry(row, now)
            if row.line > position:
                step.append(entry)
                fitting += isinstance(entry, Fitting)
            if fitting == ROWS_PER_STEP or len(step) == MOST_PER_STEP:
                break
        return step

    def refused(self, entry: Fitting, refusal: Refusal) -> Rejected:
        """How it is told that the core refused a row."""
        return self._rejected(entry.row, [self._vendor.refused(refusal, upsert=self.upsert)])

    def email_key(self, entry: Fitting) -> Key | None:
        """What leads to the user whom a row may update."""
        return Key(self.realm.id, "email", entry.user.emails[0].value) if self.upsert else None

    def _entry(self, row: Row, now: int) -> Entry:
        if row.fault:
            return self._rejected(row, [self._vendor.unreadable(row.fault)])
        try:
            person = self._vendor.person(row.sent, now)
            user = born(person.new, self.realm.id, now)
        except RowRefused as refused:
            return self._rejected(row, refused.errors)
        except Refusal as refusal:
            return self._rejected(row, [self._vendor.refused(refusal, upsert=self.upsert)])
        keys = user.keys() | {Key("", "id", user.id)}
        twice = keys & self._provided
        if twice:
            return self._rejected(row, [self._vendor.provided_twice(min(twice).kind)])
        self._provided |= keys
        return Fitting(row, person, user)

    def _rejected(self, row: Row, errors: Sequence[RowError]) -> Rejected:
        return Rejected(row.line, self._vendor.masked(row.sent), errors)


async def _settle(claim: Claim, file: _File, step: Sequence[Entry]) -> None:
    """Commit the step; one that is refused is tried again row by row, so that only the culprits are rejected."""
    try:
        await claim.commit(_keep, file, step)
    except Refusal as refusal:
        _end_if_not_about_a_row(refusal)
    else:
        return
    rejected: list[Entry] = []
    for entry in step:
        if isinstance(entry, Rejected):
            rejected.append(entry)
            continue
        try:
            await claim.commit(_keep, file, [*rejected, entry])
        except Refusal as refusal:
            _end_if_not_about_a_row(refusal)
            rejected.append(file.refused(entry, refusal))
        else:
            rejected = []
    if rejected:
        await claim.commit(_keep, file, rejected)


def _end_if_not_about_a_row(refusal: Refusal) -> None:
    if isinstance(refusal, Unavailable):
        raise refusal
    if isinstance(refusal, (NotFound, NotAllowed)) or refusal.code == "connection_disabled":
        raise JobFailed("The connection was closed meanwhile.") from None


async def _begin(_: Transaction, job: Job, total: int) -> Job:
    return replace(job, total=total)


async def _keep(tx: Transaction, job: Job, file: _File, step: Sequence[Entry]) -> Job:
    """The rows of a step, what is wrong with the others, and the position behind them."""
    fitting = [entry for entry in step if isinstance(entry, Fitting)]
    inserted = updated = 0
    if file.upsert:
        for entry in fitting:
            fate = await keep_person(tx, file.realm.id, entry.user, entry.person, file.email_key(entry))
            inserted += fate == "inserted"
            updated += fate == "updated"
    elif fitting:
        await insert_people(tx, file.realm.id, [entry.user for entry in fitting])
        inserted = len(fitting)
    rejected = [entry for entry in step if isinstance(entry, Rejected)]
    if rejected:
        told = b",".join(_errors(rejected))
        job = actions.add_to_file(tx, job, ERRORS, b"," + told if job.failed else told)
    last = step[-1]
    return replace(
        job,
        position=last.line if isinstance(last, Rejected) else last.row.line,
        done=job.done + len(step),
        inserted=job.inserted + inserted,
        updated=job.updated + updated,
        failed=job.failed + len(rejected),
    )


def _errors(rejected: Sequence[Rejected]) -> Iterator[bytes]:
    for row in rejected:
        yield _encode({"user": row.user, "errors": row.errors})
