"""Jobs on both engines: when they are due, who may have one, and what becomes of their files."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.errors import Conflict, NotAllowed, NotFound, Taken, TooMany
from muster.core.jobs import actions
from muster.core.jobs.model import AT_ONCE, KEPT_MS, LEASE_MS, LONGEST_MS, MOST_TRIES, PART_BYTES, Job, JobPart, Lease
from muster.core.jobs.work import Claim
from muster.core.store import Tenant
from muster.core.transaction import Transaction, TransactionRunner
from muster.storage.store import SqlStore
from tests.storage.contract.people import NOW


def job(id_: str = "j", **members: Any) -> Job:
    return Job(**{"id": id_, "kind": "users_import", "door": "muster", "caller": ("", ""), **members})


class Desk:
    """One tenant's jobs, and whoever works on them."""

    def __init__(self, runner: TransactionRunner, store: SqlStore, tenant: Tenant) -> None:
        self.runner, self.store, self.tenant = runner, store, tenant

    async def act(self, act: Any, *args: Any) -> Any:
        return await self.runner.run(self.tenant.number, SYSTEM, act, *args)

    async def take(self, id_: str = "j", owner: str = "a") -> Job | None:
        taken: Job | None = await self.act(actions.take, id_, owner)
        return taken

    async def claim(self, id_: str = "j", owner: str = "a") -> Claim:
        taken = await self.take(id_, owner)
        assert taken is not None
        return Claim(self.runner, self.tenant.number, taken, owner)

    async def due(self) -> list[str]:
        return [found.job.id for found in await self.store.jobs.due(self.runner.clock.now(), 10)]


@pytest.fixture
def desk(runner: TransactionRunner, store: SqlStore, tenant: Tenant) -> Desk:
    return Desk(runner, store, tenant)


async def step(_: Transaction, job: Job) -> Job:
    return replace(job, position=job.position + 1)


async def test_a_job_is_due_to_begin_to_be_taken_over_and_to_be_forgotten(desk: Desk, clock: TurnedClock) -> None:
    made = await desk.act(actions.create_job, job(), {"in": b"x"})
    assert made == await desk.store.get(desk.tenant.number, Job, "j")
    assert (made.caller, made.slot, made.files, made.created_at) == (("system", "muster"), 0, {"in": 1}, NOW)
    assert await desk.due() == ["j"]
    claim = await desk.claim()
    assert (claim.job.state, claim.job.lease, claim.job.tries) == ("processing", Lease("a", NOW + LEASE_MS), 1)
    assert await desk.due() == []
    assert await desk.take(owner="b") is None
    clock.turn(ms=LEASE_MS - 1)
    await claim.commit(step)
    assert (claim.job.position, claim.job.tries) == (1, 0)
    clock.turn(ms=LEASE_MS - 1)
    assert await desk.due() == []
    clock.turn(ms=1)
    assert await desk.due() == ["j"]
    await claim.commit(step)  # nobody was faster
    await claim.end("completed")
    assert (claim.job.finished_at, claim.job.lease) == (clock.now(), None)
    clock.turn(ms=KEPT_MS - 1)
    assert await desk.due() == []
    clock.turn(ms=1)
    assert await desk.due() == ["j"]
    await desk.store.jobs.remove_files(desk.tenant.number, "j")
    await desk.act(actions.forget, "j")
    assert await desk.due() == []
    assert await desk.store.records(desk.tenant.number, JobPart) == []


async def test_the_longest_due_comes_first_whosever_it_is(desk: Desk, clock: TurnedClock) -> None:
    other = await desk.store.create_tenant("other", NOW)
    await desk.runner.run(other.number, SYSTEM, actions.create_job, job("first"))
    clock.turn(ms=1)
    await desk.act(actions.create_job, job("second"))
    due = await desk.store.jobs.due(clock.now(), 10)
    assert [(found.tenant_id, found.job.id) for found in due] == [
        (other.number, "first"),
        (desk.tenant.number, "second"),
    ]
    assert [found.job.id for found in await desk.store.jobs.due(clock.now(), 1)] == ["first"]
    with pytest.raises(NotFound):
        await actions.read_job(desk.store, desk.tenant.number, SYSTEM, "first")
    assert [found.id for found in await desk.store.jobs.newest(desk.tenant.number, 10)] == ["second"]


async def test_one_of_many_takes_a_job(desk: Desk) -> None:
    await desk.act(actions.create_job, job())
    taken = await asyncio.gather(*(desk.take(owner=f"o{number}") for number in range(8)))
    assert len([found for found in taken if found is not None]) == 1


async def test_whoever_lost_the_lease_commits_nothing_more(desk: Desk, clock: TurnedClock) -> None:
    await desk.act(actions.create_job, job())
    slow = await desk.claim(owner="slow")
    clock.turn(ms=LEASE_MS)
    fast = await desk.claim(owner="fast")
    for act in (slow.commit(step), slow.end("completed"), slow.release()):
        with pytest.raises(actions.LeaseLost):
            await act
    await fast.commit(step)
    assert (fast.job.position, fast.job.state) == (1, "processing")


async def test_a_takeover_in_the_middle_of_a_commit(desk: Desk, clock: TurnedClock) -> None:
    await desk.act(actions.create_job, job())
    slow = await desk.claim(owner="slow")
    clock.turn(ms=LEASE_MS)

    async def overtaken(_: Transaction, seen: Job) -> Job:
        await desk.claim(owner="fast")
        return replace(seen, position=99)

    with pytest.raises(actions.LeaseLost):
        await slow.commit(overtaken)
    kept = await desk.store.get(desk.tenant.number, Job, "j")
    assert kept is not None
    assert (kept.position, kept.lease and kept.lease.owner) == (0, "fast")


async def test_the_slots_are_the_limit_even_at_once(desk: Desk) -> None:
    most = AT_ONCE["users_import"]
    made = await asyncio.gather(
        *(desk.act(actions.create_job, job(f"j{number}")) for number in range(6)), return_exceptions=True
    )
    refused = [found for found in made if isinstance(found, BaseException)]
    assert all(isinstance(found, (TooMany, Taken)) for found in refused)
    active = [found for found in await desk.store.records(desk.tenant.number, Job) if found.active]
    assert 1 <= len(active) <= most
    assert len({found.slot for found in active}) == len(active)
    while len(await desk.store.records(desk.tenant.number, Job)) < most:
        await desk.act(actions.create_job, job("late"))
    with pytest.raises(TooMany, match="too_many_jobs"):
        await desk.act(actions.create_job, job("one too many"))
    await desk.act(actions.create_job, job("of another kind", kind="users_export"))
    await desk.act(actions.cancel_job, active[0].id)
    await desk.act(actions.create_job, job("in its place"))


async def test_a_file_is_kept_in_parts_and_removed_with_its_job_alone(desk: Desk) -> None:
    data = bytes(range(256)) * (PART_BYTES // 256 * 2) + b"end"
    await desk.act(actions.create_job, job("j"), {"in": data, "more": b"m"})
    await desk.act(actions.create_job, job("j0"), {"in": b"other"})
    made = await actions.find_job(desk.store, desk.tenant.number, "j")
    assert made.files == {"in": 3, "more": 1}
    parts = [part async for part in actions.read_file(desk.store, desk.tenant.number, made, "in")]
    assert ([len(part) for part in parts], b"".join(parts)) == ([PART_BYTES, PART_BYTES, 3], data)
    assert [part async for part in actions.read_file(desk.store, desk.tenant.number, made, "none")] == []
    await desk.store.jobs.remove_files(desk.tenant.number, "j")
    assert [part.id for part in await desk.store.records(desk.tenant.number, JobPart)] == ["j0.in.000000"]
    with pytest.raises(NotFound):
        [part async for part in actions.read_file(desk.store, desk.tenant.number, made, "in")]


async def test_a_job_that_ends_processes_is_given_up(desk: Desk, clock: TurnedClock) -> None:
    await desk.act(actions.create_job, job())
    for _ in range(MOST_TRIES):
        assert await desk.take() is not None
        clock.turn(ms=LEASE_MS)
    assert await desk.take() is None
    found = await actions.find_job(desk.store, desk.tenant.number, "j")
    assert (found.state, found.problem) == ("failed", "The job was given up: it ended every process that took it.")


async def test_a_job_that_takes_too_long_fails(desk: Desk, clock: TurnedClock) -> None:
    await desk.act(actions.create_job, job("waits"))
    await desk.act(actions.create_job, job("runs"))
    claim = await desk.claim("runs")
    clock.turn(ms=LONGEST_MS + 1)
    from muster.core.jobs.work import JobFailed

    with pytest.raises(JobFailed, match="timed out"):
        await claim.commit(step)
    assert await desk.take("waits") is None
    assert (await actions.find_job(desk.store, desk.tenant.number, "waits")).state == "failed"


async def test_an_operator_ends_a_job(desk: Desk) -> None:
    await desk.act(actions.create_job, job())
    claim = await desk.claim()
    ended = await desk.act(actions.cancel_job, "j")
    assert (ended.state, ended.problem) == ("cancelled", "The job was cancelled.")
    with pytest.raises(actions.LeaseLost):
        await claim.commit(step)
    with pytest.raises(Conflict, match="job_ended"):
        await desk.act(actions.cancel_job, "j")
    with pytest.raises(NotFound):
        await desk.act(actions.cancel_job, "unknown")


async def test_nobody_makes_a_job_without_the_right_to_its_work(desk: Desk) -> None:
    nobody = replace(SYSTEM, permissions=frozenset())
    for kind in ("users_import", "users_export", "verification_email"):
        with pytest.raises(NotAllowed):
            await desk.runner.run(desk.tenant.number, nobody, actions.create_job, job(kind=kind))
    with pytest.raises(NotAllowed):
        await actions.read_job(desk.store, desk.tenant.number, nobody, "j")
