"""Records of issued credentials from a file: no operation of the vendor's API makes them, so they come in by a command.

A record whose id is there already is brought to the state that the row tells, so that a file may be imported again, after
an interruption or when statuses have changed.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from muster.core.actor import Actor
from muster.core.errors import Conflict
from muster.core.ids import UserId
from muster.core.issued_credentials.actions import record_issued
from muster.core.issued_credentials.model import IssuedCredential
from muster.core.records import Key
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User
from muster.importers.reading import Row, Source
from muster.importers.record import RowError, RowRefused
from muster.importers.report import Rejected, RejectedFile, Report

STEP: Final = 50
"""Rows of one commit."""

SECONDS_FOR_OTHERS: Final = 0.01
"""How long others are left alone with the database after each commit."""

_UNREADABLE: Final = {
    "too_long": "the row is too long",
    "not_utf8": "the row is not UTF-8",
    "not_json": "the row is not JSON",
    "too_deep": "the row has too many levels",
}
_CONFLICTS: Final = {
    "other_holder": RowError("other_holder", "a credential of this id belongs to another user", "id"),
    "too_many_issued": RowError("too_many", "the user has too many credentials"),
}
_NO_USER: Final = RowError("no_such_user", "there is no user of this id", "userId")


class Held(NamedTuple):
    """A record, and by what its holder is looked for, in this order."""

    holder: Sequence[UserId | Key]
    record: IssuedCredential


Read = Callable[[object], Held]
"""What a decoded row says; `RowRefused` with every reason when it is no record."""


async def import_credentials(
    runner: TransactionRunner,
    tenant_id: int,
    actor: Actor,
    source: Source,
    read: Read,
    rejects: RejectedFile,
    report: Report,
) -> None:
    """Every row of the file, in its order; `report` counts those whose fate is sealed."""
    rows = source.rows()
    while step := list(islice(rows, STEP)):
        outcomes = await runner.run(tenant_id, actor, _keep, [(row, _read(row, read)) for row in step])
        refused = [
            Rejected(row.line, row.sent, why)
            for row, why in zip(step, outcomes, strict=True)
            if not isinstance(why, bool)
        ]
        rejects.write(refused)
        report.inserted += outcomes.count(True)
        report.updated += outcomes.count(False)
        report.rejected += len(refused)
        report.line = step[-1].line
        await asyncio.sleep(SECONDS_FOR_OTHERS)
    rejects.finish()


Outcome = bool | Sequence[RowError]
"""Whether the record is new; or why there is none."""


def _read(row: Row, read: Read) -> Held | Sequence[RowError]:
    if row.fault:
        return [RowError("unreadable", _UNREADABLE[row.fault])]
    try:
        return read(row.sent)
    except RowRefused as refused:
        return refused.errors


async def _keep(tx: Transaction, rows: Sequence[tuple[Row, Held | Sequence[RowError]]]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for _, held in rows:
        if not isinstance(held, Held):
            outcomes.append(held)
            continue
        user = await _holder(tx, held.holder)
        if user is None:
            outcomes.append([_NO_USER])
            continue
        try:
            outcomes.append(await record_issued(tx, user, held.record))
        except Conflict as refused:
            outcomes.append([_CONFLICTS[refused.code]])
    return outcomes


async def _holder(tx: Transaction, names: Sequence[UserId | Key]) -> User | None:
    for name in names:
        user = await (tx.find(User, name) if isinstance(name, Key) else tx.get(User, name))
        if user is not None and not user.internal:
            return user
    return None
