"""Jobs done in this process, when a test says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from muster.core.connections.model import Connection
from muster.jobs.runner import JobRunner
from muster.wiring import Opened, job_runner
from tests.dialects.auth0.service import REALM, SECRETS, Auth0

BCRYPT = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"


def runner_of(auth0: Auth0) -> JobRunner:
    """One more process's share of the work."""
    return job_runner(Opened(auth0.engine, auth0.store, auth0.runner), SECRETS)


async def do_jobs(auth0: Auth0, runner: JobRunner | None = None) -> None:
    """Do all that is due, by one process."""
    runner = runner or runner_of(auth0)
    while True:
        await runner.take_due()
        if not runner._running:
            return
        await runner.finished()


async def connection_id(auth0: Auth0, name: str = REALM) -> str:
    records = await auth0.store.records(auth0.tenant.number, Connection)
    return "con_" + next(record.id for record in records if record.name == name)


def users_file(rows: Iterable[Any]) -> tuple[str, bytes, str]:
    return "users.json", json.dumps(list(rows)).encode(), "application/json"


def people(count: int, name: str = "p") -> list[dict[str, Any]]:
    return [{"email": f"{name}{number}@example.com", "email_verified": True} for number in range(count)]


async def post_import(client: httpx.AsyncClient, auth0: Auth0, rows: Sequence[Any], **texts: str) -> httpx.Response:
    form = {"connection_id": await connection_id(auth0), **texts}
    return await client.post("/jobs/users-imports", data=form, files={"users": users_file(rows)})


async def imported(client: httpx.AsyncClient, auth0: Auth0, rows: Sequence[Any], **texts: str) -> dict[str, Any]:
    """The job as it is shown when it is done."""
    made = await post_import(client, auth0, rows, **texts)
    assert made.status_code == 202, made.text
    await do_jobs(auth0)
    answer = await client.get(f"/jobs/{made.json()['id']}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown
