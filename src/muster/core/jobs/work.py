"""How a job is worked on: the claim that fences every commit, and what a runner needs of storage and of the works."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Concatenate, NamedTuple, ParamSpec, Protocol

from muster.core.actor import Actor
from muster.core.jobs import actions
from muster.core.jobs.model import LONGEST_MS, Job, State
from muster.core.store import Store
from muster.core.transaction import Transaction, TransactionRunner

P = ParamSpec("P")


class JobFailed(Exception):
    """The work cannot be done, and no other try would change that; the text is one sentence for who asked."""


class QueuedJob(NamedTuple):
    """A job and whose it is."""

    tenant_id: int
    job: Job


class JobQueue(Protocol):
    """The jobs of all tenants by when they are due. One indexed read, so that asking every second costs nothing."""

    async def due(self, now: int, limit: int) -> Sequence[QueuedJob]:
        """Those that are due, longest first: to be begun, to be taken over, to be forgotten."""
        ...

    async def remove_files(self, tenant_id: int, job_id: str) -> None:
        """Delete every part of every file of a job, in short commits."""
        ...


class Claim:
    """A job that this process holds. `job` is what the last commit made of it."""

    def __init__(self, runner: TransactionRunner, tenant_id: int, job: Job, owner: str) -> None:
        self.runner = runner
        self.tenant_id = tenant_id
        self.job = job
        kind, id_ = job.caller
        self.actor = Actor(kind=kind, id=id_, door=job.door, permissions=frozenset({actions.NEEDS[job.kind]}))
        self._owner = owner

    @property
    def store(self) -> Store:
        """For reads."""
        return self.runner.store

    async def commit(
        self, act: Callable[Concatenate[Transaction, Job, P], Awaitable[Job]], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Commit one step: what the act wants, and the job as it answers it, or nothing at all.

        `LeaseLost` when the job is no longer ours, `JobFailed` when it has taken too long.
        """

        async def fenced(tx: Transaction) -> Job:
            job = await actions.held(tx, self.job.id, self._owner)
            if tx.now - job.created_at > LONGEST_MS:
                raise JobFailed("The job timed out.")
            return actions.advance(tx, await act(tx, job, *args, **kwargs))

        self.job = await self.runner.run(self.tenant_id, self.actor, fenced)

    async def end(self, state: State, problem: str = "") -> None:
        """The job is over."""

        async def fenced(tx: Transaction) -> Job:
            return actions.end(tx, await actions.held(tx, self.job.id, self._owner), state, problem)

        self.job = await self.runner.run(self.tenant_id, self.actor, fenced)

    async def release(self) -> None:
        """Leave the job to whoever comes next."""
        await self.runner.run(self.tenant_id, self.actor, actions.release, self.job.id, self._owner)


Work = Callable[[Claim], Awaitable[None]]
"""Does one kind of job, from its `position` on, in commits of the claim; returns when it is done. `JobFailed` says why not."""
