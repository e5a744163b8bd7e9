"""Jobs by when they are due and by when they were made, and the end of their files."""

from collections.abc import Sequence
from typing import Final

from muster.core.jobs.model import Job
from muster.core.jobs.work import QueuedJob
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Engine, Write
from muster.storage.records import RecordTable, lost
from muster.storage.text import bound

_COLUMNS: Final = "r.id, r.version, r.created_at, r.updated_at, r.doc"
_PARTS_AT_ONCE: Final = 32


class JobTable(RecordTable[Job]):
    """Jobs, with the moment at which each is due in a column of its own."""

    _DUE: Final = "UPDATE jobs SET due_at = ? WHERE tenant_id = ? AND id = ? AND version = ? RETURNING id"

    def __init__(self) -> None:
        super().__init__(Job, "jobs")

    def insert(self, batch: Batch, after: Job) -> None:
        super().insert(batch, after)
        self._set_due(batch, after)

    def update(self, batch: Batch, before: Job, after: Job) -> None:
        super().update(batch, before, after)
        self._set_due(batch, after)

    def _set_due(self, batch: Batch, after: Job) -> None:
        params = (after.due_at, batch.tenant_id, bound(after.id), after.version)
        batch.write(self._DUE, *params, judge=some_row_or(lost(after)))


class Jobs:
    """The `JobQueue` on one engine, and the list that operators see."""

    _NEXT: Final = (
        f"SELECT r.tenant_id, {_COLUMNS} FROM jobs r WHERE r.due_at <= ? ORDER BY r.due_at, r.tenant_id, r.id LIMIT ?"
    )
    _NEWEST: Final = (
        f"SELECT {_COLUMNS} FROM jobs r WHERE r.tenant_id = ? ORDER BY r.created_at DESC, r.id DESC LIMIT ?"
    )
    # "." comes just before "/", so these are the ids that begin with the job's and a dot.
    _PARTS: Final = "SELECT id FROM job_files WHERE tenant_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?"
    _REMOVE: Final = "DELETE FROM job_files WHERE tenant_id = ? AND id = ?"

    def __init__(self, engine: Engine, table: JobTable) -> None:
        self._engine = engine
        self._table = table

    async def due(self, now: int, limit: int) -> Sequence[QueuedJob]:
        rows = await self._engine.rows(self._NEXT, (now, limit))
        return [QueuedJob(tenant_id, self._table.record_of(row)) for tenant_id, *row in rows]

    async def newest(self, tenant_id: int, limit: int) -> Sequence[Job]:
        """The tenant's jobs, the latest first."""
        return [self._table.record_of(row) for row in await self._engine.rows(self._NEWEST, (tenant_id, limit))]

    async def remove_files(self, tenant_id: int, job_id: str) -> None:
        first, last = bound(f"{job_id}."), bound(f"{job_id}/")
        while rows := await self._engine.rows(self._PARTS, (tenant_id, first, last, _PARTS_AT_ONCE)):
            await self._engine.commit([Write(self._REMOVE, [(tenant_id, id_) for (id_,) in rows], many=True)])
