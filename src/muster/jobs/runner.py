"""Takes jobs that are due and runs them beside the requests of this process, a few at a time.

Every process has a runner. They need not know each other: a job is taken by a commit that only one of them can win, each
further commit extends the lease, and a job whose lease has run out is anybody's.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final, NamedTuple

from muster.core.actor import SYSTEM
from muster.core.errors import Unavailable
from muster.core.ids import random_text
from muster.core.jobs import actions
from muster.core.jobs.work import Claim, JobFailed, JobQueue, QueuedJob, Work
from muster.core.transaction import TransactionRunner
from muster.jobs.watch import Watch

AT_ONCE: Final = {"users_import": 2, "users_export": 1, "verification_email": 2}
"""How many of each kind one process works on, so that long exports do not keep short work waiting."""

LOOKED_AT: Final = 100
POLL_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class _Running(NamedTuple):
    kind: str
    tenant_id: int
    job_id: str


class JobRunner:
    """One process's share of the work. `works` says how each kind of job is done; `start` and `stop` belong to one loop."""

    def __init__(self, acts: TransactionRunner, queue: JobQueue, works: Mapping[str, Work]) -> None:
        self._acts = acts
        self._queue = queue
        self._works = works
        self._owner = random_text(16)
        self._running: dict[_Running, asyncio.Task[None]] = {}
        self._watch = Watch("jobs", self.take_due, every=POLL_SECONDS)

    def start(self) -> None:
        """Begin to look for jobs."""
        self._watch.start()

    def wake(self) -> None:
        """Look at once: a job was made in this process."""
        self._watch.wake()

    async def stop(self) -> None:
        """Stop between two commits and leave the jobs to others, or to this server's next start."""
        await self._watch.stop()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take_due(self) -> None:
        """Begin what is due, as far as there is room, and forget what is over."""
        while possible := [
            found
            for found in await self._queue.due(self._acts.clock.now(), LOOKED_AT)
            if not found.job.active or self._has_room(found)
        ]:
            await (self._take(possible[0]) if possible[0].job.active else self._forget(possible[0]))

    def _has_room(self, found: QueuedJob) -> bool:
        """Whether the job, which may be one of ours that is slow, can be begun here."""
        kinds = [running.kind for running in self._running]
        mine = _Running(found.job.kind, found.tenant_id, found.job.id)
        return mine not in self._running and kinds.count(mine.kind) < AT_ONCE[mine.kind]

    async def finished(self) -> None:
        """Return when nothing runs here."""
        while self._running:
            await asyncio.wait(self._running.values())

    async def _take(self, found: QueuedJob) -> None:
        tenant_id, job = found
        taken = await self._acts.run(tenant_id, SYSTEM, actions.take, job.id, self._owner)
        if taken is not None:
            claim = Claim(self._acts, tenant_id, taken, self._owner)
            task = asyncio.create_task(self._work(claim), name=f"job {job.id}")
            running = _Running(job.kind, tenant_id, job.id)
            self._running[running] = task
            task.add_done_callback(lambda _: self._done(running))

    def _done(self, running: "_Running") -> None:
        del self._running[running]
        self.wake()

    async def _work(self, claim: Claim) -> None:
        told = {"job": claim.job.id, "kind": claim.job.kind, "tenant": claim.tenant_id}
        try:
            try:
                await self._works[claim.job.kind](claim)
            except JobFailed as failed:
                await claim.end("failed", str(failed))
            except asyncio.CancelledError:
                await claim.release()
                raise
            except (actions.LeaseLost, Unavailable):
                raise
            except Exception:
                log.exception("a job failed", extra=told)
                await claim.end("failed", "An internal error occurred.")
            else:
                await claim.end("completed")
        except actions.LeaseLost:
            log.info("a job is no longer ours", extra=told)
        except Unavailable:
            log.warning("a job waits for the database", extra=told)  # and is due again when its lease has run out

    async def _forget(self, found: QueuedJob) -> None:
        await self._queue.remove_files(found.tenant_id, found.job.id)
        await self._acts.run(found.tenant_id, SYSTEM, actions.forget, found.job.id)
