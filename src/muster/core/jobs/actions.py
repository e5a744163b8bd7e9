"""What can be done with jobs. Those who ask make, read and cancel them; those who work take, advance and end them.

A process that lost its lease can commit nothing more: every act of the second kind looks at the job itself, whose version
guards the commit.
"""

from collections.abc import AsyncIterator, Mapping

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, NotFound, TooMany
from muster.core.jobs.model import (
    AT_ONCE,
    LEASE_MS,
    LONGEST_MS,
    MOST_TRIES,
    PART_BYTES,
    Job,
    JobPart,
    Lease,
    State,
    part_id,
    slot_key,
)
from muster.core.store import Store
from muster.core.transaction import Transaction

RETRY_SECONDS = 2

NEEDS = {
    "users_import": May.JOBS_IMPORT,
    "users_export": May.JOBS_EXPORT,
    "verification_email": May.USERS_UPDATE,
}
"""What whoever makes a job must be allowed; it is all that the work itself is."""


class LeaseLost(Exception):
    """The job is another process's now, or nobody's; whoever worked on it stops."""


# ------------------------------------------------------------------------------------------------------ for those who ask


async def create_job(tx: Transaction, job: Job, files: Mapping[str, bytes] | None = None) -> Job:
    """A new job with the files it reads.

    `TooMany("too_many_jobs")` when the tenant has its fill. Two who want the last slot are told apart by the commit, which
    is `Taken("job_slot")` for one of them.
    """
    tx.actor.must(NEEDS[job.kind])
    slot = await _free_slot(tx, job.kind)
    job = replace(job, created_at=tx.now, caller=(tx.actor.kind, tx.actor.id), slot=slot)
    for name, data in (files or {}).items():
        job = add_to_file(tx, job, name, data)
    tx.note("job.created", job_id=job.id, job=job.kind)
    return tx.insert(job)


async def read_job(store: Store, tenant_id: int, actor: Actor, job_id: str) -> Job:
    """One job; `NotFound("job")` when there is none."""
    actor.must(May.JOBS_IMPORT, May.JOBS_EXPORT, May.USERS_READ)
    return await find_job(store, tenant_id, job_id)


async def find_job(store: Store, tenant_id: int, job_id: str) -> Job:
    """The same for a caller whose right to it was already shown, by a link that only this server can have signed."""
    job = await store.get(tenant_id, Job, job_id)
    if job is None:
        raise NotFound("job", id=job_id)
    return job


async def read_file(store: Store, tenant_id: int, job: Job, name: str) -> AsyncIterator[bytes]:
    """A job's file, part by part."""
    for number in range(job.files.get(name, 0)):
        part = await store.get(tenant_id, JobPart, part_id(job.id, name, number))
        if part is None:
            raise NotFound("job", id=job.id)
        yield part.data


async def cancel_job(tx: Transaction, job_id: str) -> Job:
    """End a job that waits or runs; what it has done stays. `Conflict("job_ended")` when there is nothing to end."""
    tx.actor.must(May.JOBS_IMPORT, May.JOBS_EXPORT)
    job = await tx.need(Job, job_id)
    if not job.active:
        raise Conflict("job_ended", state=job.state)
    return end(tx, job, "cancelled", "The job was cancelled.")


async def _free_slot(tx: Transaction, kind: str) -> int | None:
    most = AT_ONCE.get(kind)
    if most is None:
        return None
    for slot in range(most):
        if await tx.find(Job, slot_key(kind, slot)) is None:
            return slot
    raise TooMany("too_many_jobs", retry_after=RETRY_SECONDS, kind=kind, limit=most)


# ----------------------------------------------------------------------------------------------------- for those who work


async def take(tx: Transaction, job_id: str, owner: str) -> Job | None:
    """Lease a job that is due; None when there is nothing to do for the caller.

    One that was taken up too often, or is too old, ends here.
    """
    job = await tx.get(Job, job_id)
    if job is None or not job.active or job.due_at > tx.now:
        return None
    if job.tries >= MOST_TRIES:
        end(tx, job, "failed", "The job was given up: it ended every process that took it.")
        return None
    if tx.now - job.created_at > LONGEST_MS:
        end(tx, job, "failed", "The job timed out.")
        return None
    return tx.save(
        replace(
            job,
            state="processing",
            lease=Lease(owner, tx.now + LEASE_MS),
            tries=job.tries + 1,
            started_at=tx.now if job.started_at is None else job.started_at,
        )
    )


async def held(tx: Transaction, job_id: str, owner: str) -> Job:
    """The job, if it is still the owner's; else `LeaseLost`. A lease that ran out counts until somebody else takes the job."""
    job = await tx.get(Job, job_id)
    if job is None or not job.active or job.lease is None or job.lease.owner != owner:
        raise LeaseLost(job_id)
    return job


def advance(tx: Transaction, job: Job) -> Job:
    """Keep what the work has come to, and the lease with it."""
    assert job.lease is not None
    return tx.save(replace(job, lease=Lease(job.lease.owner, tx.now + LEASE_MS), tries=0))


async def release(tx: Transaction, job_id: str, owner: str) -> None:
    """Leave the job to whoever comes next, at once."""
    job = await held(tx, job_id, owner)
    tx.save(replace(job, state="pending", lease=None, tries=0))


def end(tx: Transaction, job: Job, state: State, problem: str = "") -> Job:
    """The job is over; its slot is free."""
    tx.note(
        f"job.{state}",
        job_id=job.id,
        job=job.kind,
        inserted=job.inserted,
        updated=job.updated,
        failed=job.failed,
        problem=problem,
    )
    return tx.save(replace(job, state=state, lease=None, finished_at=tx.now, problem=problem))


async def forget(tx: Transaction, job_id: str) -> None:
    """Delete a job whose time is over; its files are gone already."""
    job = await tx.get(Job, job_id)
    if job is not None and job.finished_at is not None and job.due_at <= tx.now:
        tx.delete(job)


def add_to_file(tx: Transaction, job: Job, name: str, data: bytes) -> Job:
    """Append to a file of the job, in the commit that keeps the position which the bytes belong to."""
    number = job.files.get(name, 0)
    for start in range(0, len(data), PART_BYTES):
        part = data[start : start + PART_BYTES]
        tx.insert(JobPart(id=part_id(job.id, name, number), data=part, created_at=tx.now))
        number += 1
    return replace(job, files={**job.files, name: number})
