"""What happens to a job when the process that works on it ends, in order or not: nothing is done twice or left out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from muster.core.jobs import actions
from muster.core.jobs.model import LEASE_MS, Job
from muster.core.jobs.work import Claim, Work
from muster.core.transaction import Transaction
from muster.importers import job as job_import
from muster.jobs import exports
from muster.jobs.runner import JobRunner
from tests.dialects.auth0.jobs import do_jobs, people, post_import, runner_of
from tests.dialects.auth0.service import Auth0


class Killed(BaseException):
    """What a process does not live to see."""


class DyingClaim(Claim):
    """The process ends after so many commits."""

    left = 0

    async def commit(self, *args: Any, **kwargs: Any) -> None:
        if not self.left:
            raise Killed
        self.left -= 1
        await super().commit(*args, **kwargs)

    async def end(self, *_: Any) -> None:
        raise Killed


@pytest.fixture
async def client(auth0: Auth0) -> AsyncIterator[httpx.AsyncClient]:
    async with auth0.client() as client:
        yield client


async def killed_after(auth0: Auth0, job: dict[str, Any], commits: int) -> None:
    """A process takes the job, commits so many steps, and is gone."""
    taken = await auth0.act(actions.take, job["id"].removeprefix("job_"), "dead")
    assert taken is not None
    claim = DyingClaim(auth0.runner, auth0.tenant.number, taken, "dead")
    claim.left = commits
    with pytest.raises(Killed):  # noqa: PT012 - it ends wherever the commits are used up
        await runner_of(auth0)._works[taken.kind](claim)
        await claim.end("completed")


async def shown(client: httpx.AsyncClient, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/jobs/{job['id']}")).json()
    return found


async def created_events(auth0: Auth0) -> int:
    ((count,),) = await auth0.engine.rows("SELECT count(*) FROM events WHERE kind = 'user.created'")
    return int(count)


@pytest.mark.parametrize("commits", range(7))
async def test_an_import_goes_on_where_a_killed_process_stopped(
    auth0: Auth0, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    monkeypatch.setattr(job_import, "ROWS_PER_STEP", 3)
    rows: list[Any] = [*people(6), {"email": "p1@example.com", "name": "again"}, 7, *people(3, "q"), {"email": "no"}]
    made = (await post_import(client, auth0, rows)).json()
    await killed_after(auth0, made, commits)
    await do_jobs(auth0)
    assert (await shown(client, made))["status"] == "processing"  # the lease has not run out

    auth0.clock.turn(ms=LEASE_MS)
    await do_jobs(auth0)

    job = await shown(client, made)
    assert (job["status"], job["summary"]) == ("completed", {"failed": 3, "updated": 0, "inserted": 9, "total": 12})
    errors = (await client.get(f"/jobs/{made['id']}/errors")).json()
    assert [error["errors"][0]["message"] for error in errors] == [
        "A user with this email was already provided.",
        "The row is not an object",
        "Object didn't pass validation for format email: no",
    ]
    assert await created_events(auth0) == 9


async def test_a_row_is_not_updated_twice(
    auth0: Auth0, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_import, "ROWS_PER_STEP", 1)
    await post_import(client, auth0, people(2))
    await do_jobs(auth0)
    rows = [{**row, "user_metadata": {"by": "the file"}} for row in people(2)]
    made = (await post_import(client, auth0, rows, upsert="true")).json()
    await killed_after(auth0, made, 2)  # the first commit is about the number of rows
    first = (await client.get("/users-by-email", params={"email": "p0@example.com"})).json()[0]
    assert first["user_metadata"] == {"by": "the file"}
    await client.patch(f"/users/{first['user_id']}", json={"user_metadata": {"by": "hand"}})

    auth0.clock.turn(ms=LEASE_MS)
    await do_jobs(auth0)

    assert (await shown(client, made))["summary"] == {"failed": 0, "updated": 2, "inserted": 0, "total": 2}
    metadata = [
        (await client.get("/users-by-email", params={"email": f"p{number}@example.com"})).json()[0]["user_metadata"]
        for number in range(2)
    ]
    assert metadata == [{"by": "hand"}, {"by": "the file"}]


@pytest.mark.parametrize("commits", range(5))
async def test_an_export_goes_on_where_a_killed_process_stopped(
    auth0: Auth0, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    monkeypatch.setattr(exports, "USERS_PER_SLICE", 2)
    monkeypatch.setattr(exports, "SLICES_PER_STEP", 2)
    await post_import(client, auth0, people(9))
    await do_jobs(auth0)
    made = (await client.post("/jobs/users-exports", json={"fields": [{"name": "email"}], "limit": 8})).json()
    await killed_after(auth0, made, commits)
    auth0.clock.turn(ms=LEASE_MS)
    await do_jobs(auth0)
    answer = await client.get((await shown(client, made))["location"])
    assert answer.text.splitlines() == ['"email"', *(f'"\'p{number}@example.com"' for number in range(8))]


async def test_two_workers_race_for_jobs(auth0: Auth0, client: httpx.AsyncClient) -> None:
    first, second = runner_of(auth0), runner_of(auth0)
    made = [(await post_import(client, auth0, people(40, name))).json() for name in "ab"]
    await asyncio.gather(do_jobs(auth0, first), do_jobs(auth0, second))
    for job in made:
        summary = {"failed": 0, "updated": 0, "inserted": 40, "total": 40}
        assert ((await shown(client, job))["status"], (await shown(client, job))["summary"]) == ("completed", summary)
    assert await created_events(auth0) == 80


def runner_with(auth0: Auth0, work: Work) -> JobRunner:
    return JobRunner(auth0.runner, auth0.store.jobs, {"users_import": work})


async def test_a_worker_that_stops_leaves_its_job_to_the_next_at_once(auth0: Auth0, client: httpx.AsyncClient) -> None:
    working = asyncio.Event()

    async def endless(claim: Claim) -> None:
        await claim.commit(_count)
        working.set()
        await asyncio.Event().wait()

    stopping = runner_with(auth0, endless)
    stopping.start()
    made = (await post_import(client, auth0, people(1))).json()
    stopping.wake()
    await working.wait()
    assert (await shown(client, made))["percentage_done"] == 0
    await stopping.stop()
    job = await shown(client, made)
    assert job["status"] == "pending"
    await do_jobs(auth0)
    assert (await shown(client, made))["summary"]["inserted"] == 1


async def _count(_: Transaction, job: Job) -> Job:
    return job


async def test_what_breaks_fails_the_job_and_not_the_worker(
    auth0: Auth0, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Claim) -> None:
        raise RuntimeError("secret")

    made = (await post_import(client, auth0, people(1))).json()
    await do_jobs(auth0, runner_with(auth0, broken))
    job = await shown(client, made)
    assert (job["status"], job["status_details"]) == ("failed", "An internal error occurred.")
    assert "a job failed" in caplog.text
    after = (await post_import(client, auth0, people(1))).json()
    await do_jobs(auth0)
    assert (await shown(client, after))["status"] == "completed"


async def test_how_far_a_job_is(auth0: Auth0, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_import, "ROWS_PER_STEP", 1)
    made = (await post_import(client, auth0, people(4))).json()
    await killed_after(auth0, made, 2)
    auth0.clock.turn(seconds=4)
    job = await shown(client, made)
    assert (job["status"], job["percentage_done"], job["time_left_seconds"]) == ("processing", 25, 12)


async def test_long_exports_keep_no_short_work_waiting(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await post_import(client, auth0, people(1))
    await do_jobs(auth0)
    user = (await client.get("/users-by-email", params={"email": "p0@example.com"})).json()[0]
    for _ in range(3):
        await client.post("/jobs/users-exports", json={})
    mail = (await client.post("/jobs/verification-email", json={"user_id": user["user_id"]})).json()
    working = asyncio.Event()

    async def endless(_: Claim) -> None:
        working.set()
        await asyncio.Event().wait()

    works = {**runner_of(auth0)._works, "users_export": endless}
    runner = JobRunner(auth0.runner, auth0.store.jobs, works)
    await runner.take_due()
    await working.wait()
    assert sorted(running.kind for running in runner._running) == ["users_export", "verification_email"]
    await asyncio.wait([task for running, task in runner._running.items() if running.kind != "users_export"])
    assert (await shown(client, mail))["status"] == "completed"
    await runner.stop()
    states = await auth0.store.jobs.newest(auth0.tenant.number, 10)
    assert [job.state for job in states if job.kind == "users_export"] == ["pending"] * 3
