from __future__ import annotations

import asyncio
from pathlib import Path

from muster.core.actor import operator
from muster.core.jobs import actions
from muster.core.jobs.model import Job
from muster.settings import Settings
from muster.wiring import opened
from tests.cli.conftest import Cli


def make_job(muster: Cli, id_: str) -> None:
    """An export that no server does, since none runs."""

    async def make() -> None:
        options = dict(zip(muster.database[::2], muster.database[1::2], strict=True))
        settings = Settings(data_dir=Path(options["--data-dir"]), database_url=options["--database-url"])
        wanted = Job(id=id_, kind="users_export", door="auth0", caller=("", ""), external_id="nightly")
        async with opened(settings) as database:
            tenant = await database.store.tenant("default")
            assert tenant is not None
            await database.runner.run(tenant.number, operator(), actions.create_job, wanted)

    asyncio.run(make())


def test_a_job_is_listed_shown_and_cancelled_once(muster: Cli) -> None:
    make_job(muster, "Hk2p9rQ7tYx0ZbNc")
    (job,) = [row for row in muster("jobs", "list", "--json").json if row["id"] == "job_Hk2p9rQ7tYx0ZbNc"]
    assert job == {
        "id": "job_Hk2p9rQ7tYx0ZbNc",
        "kind": "users_export",
        "state": "pending",
        "door": "auth0",
        "connection": None,
        "external_id": "nightly",
        "done": 0,
        "total": None,
        "inserted": 0,
        "updated": 0,
        "failed": 0,
        "problem": None,
        "asked_by": "operator operator",
        "created_at": job["created_at"],
        "started_at": None,
        "finished_at": None,
    }
    assert muster("jobs", "show", job["id"], "--json").json == job
    assert "state        pending\n" in muster("jobs", "show", "Hk2p9rQ7tYx0ZbNc").out
    (line,) = [line for line in muster("jobs", "list").out.splitlines() if job["id"] in line]
    assert "users_export" in line

    assert muster("jobs", "cancel", job["id"]).out == "cancelled job_Hk2p9rQ7tYx0ZbNc (0 done)\n"
    ended = muster("jobs", "show", job["id"], "--json").json
    assert (ended["state"], ended["problem"]) == ("cancelled", "The job was cancelled.")
    again = muster("jobs", "cancel", job["id"])
    assert (again.code, again.err) == (1, "muster: job_Hk2p9rQ7tYx0ZbNc has ended already: cancelled\n")


def test_the_latest_come_first(muster: Cli) -> None:
    for number in range(3):
        make_job(muster, f"latest{number:010}")
    shown = [row["id"] for row in muster("jobs", "list", "--limit", "2", "--json").json]
    assert shown == ["job_latest0000000002", "job_latest0000000001"]


def test_an_unknown_job(muster: Cli) -> None:
    for command in ("show", "cancel"):
        refused = muster("jobs", command, "job_none")
        assert (refused.code, refused.err) == (
            1,
            "muster: there is no job job_none; muster jobs list shows those of the last day\n",
        )
