"""`muster jobs`: the imports, exports and mails that a tenant's programs have asked for."""

from typing import TYPE_CHECKING, Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.jobs.model import Job

EPILOG = """\b
Examples:
  muster jobs list
  muster jobs show job_Hk2p9rQ7tYx0ZbNc
  muster jobs cancel job_Hk2p9rQ7tYx0ZbNc

\b
A job is done by whichever server process is free, and goes on after a restart. It is deleted, files and all,
a day after its end."""

PREFIX = "job_"


@click.group(epilog=EPILOG)
def jobs() -> None:
    """List, show and cancel jobs."""


@jobs.command("list")
@with_database
@with_tenant
@with_json
@click.option("--limit", metavar="N", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
def list_(settings: Settings, tenant: str, *, as_json: bool, limit: int) -> None:
    """List jobs, the latest first."""
    from muster.cli.output import print_listing

    columns = ("id", "kind", "state", "done", "failed", "connection", "created_at")
    print_listing([_row(job) for job in wait_for(_newest(settings, tenant, limit))], columns, as_json=as_json)


@jobs.command()
@with_database
@with_tenant
@with_json
@click.argument("job")
def show(settings: Settings, tenant: str, *, as_json: bool, job: str) -> None:
    """Show one job."""
    from muster.cli.output import print_json, print_pairs

    row = _row(wait_for(_find(settings, tenant, job)))
    if as_json:
        print_json(row)
    else:
        print_pairs(row.items())


@jobs.command()
@with_database
@with_tenant
@click.argument("job")
def cancel(settings: Settings, tenant: str, job: str) -> None:
    """End a job that waits or runs; what it has done stays."""
    ended = wait_for(_cancel(settings, tenant, job))
    click.echo(f"cancelled {PREFIX}{ended.id} ({ended.done:,} done)")


def _row(job: "Job") -> dict[str, Any]:
    from muster.cli.output import timestamp

    return {
        "id": PREFIX + job.id,
        "kind": job.kind,
        "state": job.state,
        "door": job.door,
        "connection": job.realm_name,
        "external_id": job.external_id,
        "done": job.done,
        "total": job.total,
        "inserted": job.inserted,
        "updated": job.updated,
        "failed": job.failed,
        "problem": job.problem or None,
        "asked_by": " ".join(job.caller),
        "created_at": timestamp(job.created_at),
        "started_at": timestamp(job.started_at),
        "finished_at": timestamp(job.finished_at),
    }


async def _newest(settings: Settings, tenant_name: str, limit: int) -> "list[Job]":
    from muster.cli.tenants import started, tenant_named

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        return list(await database.store.jobs.newest(tenant.number, limit))


async def _find(settings: Settings, tenant_name: str, named: str) -> "Job":
    from muster.cli.tenants import started, tenant_named
    from muster.core.errors import NotFound
    from muster.core.jobs.actions import find_job

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        try:
            return await find_job(database.store, tenant.number, named.removeprefix(PREFIX))
        except NotFound:
            raise _unknown(named) from None


async def _cancel(settings: Settings, tenant_name: str, named: str) -> "Job":
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.errors import Conflict, NotFound
    from muster.core.jobs.actions import cancel_job

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        try:
            return await database.runner.run(tenant.number, operator(), cancel_job, named.removeprefix(PREFIX))
        except NotFound:
            raise _unknown(named) from None
        except Conflict as ended:
            raise click.ClickException(f"{named} has ended already: {ended.detail.get('state')}") from None


def _unknown(named: str) -> click.ClickException:
    return click.ClickException(f"there is no job {named}; muster jobs list shows those of the last day")
