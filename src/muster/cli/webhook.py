"""`muster webhook`: which addresses are told of events."""

from datetime import UTC, datetime
from typing import Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster webhook add https://crm.example.com/muster --kind user.* --kind session.started
  muster webhook list
  muster webhook replay ID --since 2026-11-20T08:00
  muster webhook remove ID"""

ADD = """\b
Examples:
  muster webhook add https://crm.example.com/muster
  muster webhook add https://crm.example.com/muster --kind user.* --kind session.started --json

\b
The secret is shown here and never again; your program checks with it that a call is ours, by any library
for Standard Webhooks or Svix. Without --kind it is told of everything that happens from now on; docs/events.md
lists the kinds. An address of your own network needs the setting outbound_allow; so does one without TLS."""

REPLAY = """\b
Examples:
  muster webhook replay ID --since 2026-11-20T08:00
  muster webhook replay ID --since 2026-11-20 --until 2026-11-21

\b
Times are UTC. What is sent again has the id that it had, so that a program can tell what it knows already."""

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.group(epilog=EPILOG)
def webhook() -> None:
    """List, add and remove the addresses that are told of events; send events again."""


@webhook.command(epilog=ADD)
@with_database
@with_tenant
@with_json
@click.argument("url")
@click.option(
    "--kind", "kinds", metavar="KIND", multiple=True, help="What to tell of: user.created, user.*; any number."
)
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
def add(settings: Settings, tenant: str, *, as_json: bool, url: str, kinds: tuple[str, ...], description: str) -> None:
    """Tell URL of events from now on, and show the secret."""
    from muster.cli.output import print_json, print_pairs

    made = wait_for(_add(settings, tenant, url, kinds, description))
    if as_json:
        print_json(made)
    else:
        print_pairs([(name, " ".join(value) if isinstance(value, list) else value) for name, value in made.items()])


@webhook.command("list")
@with_database
@with_tenant
@with_json
def list_(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """List the addresses, oldest first, and how each is doing."""
    from muster.cli.output import print_listing

    columns = ("id", "url", "kinds", "state", "late", "created_at")
    print_listing(wait_for(_list(settings, tenant)), columns, as_json=as_json, cell=_cell)


@webhook.command()
@with_database
@with_tenant
@click.argument("id_", metavar="ID")
def remove(settings: Settings, tenant: str, id_: str) -> None:
    """Tell the address ID of nothing any more."""
    wait_for(_remove(settings, tenant, id_))
    click.echo(f"removed {id_}")


@webhook.command()
@with_database
@with_tenant
@click.argument("id_", metavar="ID")
def enable(settings: Settings, tenant: str, id_: str) -> None:
    """Go on with the address ID, which was disabled because it took nothing for days."""
    wait_for(_enable(settings, tenant, id_))
    click.echo(f"enabled {id_}")


@webhook.command(epilog=REPLAY)
@with_database
@with_tenant
@click.argument("id_", metavar="ID")
@click.option("--since", metavar="TIME", type=_MOMENT, required=True, help="From when on.")
@click.option("--until", metavar="TIME", type=_MOMENT, help="Until before when.  [default: now]")
def replay(settings: Settings, tenant: str, id_: str, since: datetime, until: datetime | None) -> None:
    """Send the address ID once more what happened in a range of time."""
    wait_for(_replay(settings, tenant, id_, _moment(since), _moment(until or datetime.now(UTC))))
    click.echo(f"replaying to {id_}")


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(value) or "all"
    return value


def _moment(at: datetime) -> int:
    """Milliseconds UTC."""
    return round(at.replace(tzinfo=UTC).timestamp() * 1000)


async def _add(
    settings: Settings, tenant_name: str, url: str, kinds: tuple[str, ...], description: str
) -> dict[str, Any]:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.webhooks.actions import create_endpoint
    from muster.first_start import master_key

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        box = await master_key(settings, database)
        after = await database.store.events.last_position()
        endpoint, secret = await database.runner.run(
            tenant.number, operator(), create_endpoint, url, box, kinds=kinds, description=description, after=after
        )
        return {"id": endpoint.id, "url": url, "kinds": endpoint.kinds, "secret": secret}


async def _list(settings: Settings, tenant_name: str) -> list[dict[str, Any]]:
    from muster.cli.output import timestamp
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.webhooks.actions import list_endpoints

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        return [
            {
                "id": endpoint.id,
                "url": endpoint.url,
                "description": endpoint.description,
                "kinds": endpoint.kinds,
                "state": "disabled" if endpoint.disabled else "failing" if endpoint.failing_since else "good",
                "late": len(endpoint.late),
                "created_at": timestamp(endpoint.created_at),
            }
            for endpoint in await list_endpoints(database.store, tenant.number, operator())
        ]


async def _remove(settings: Settings, tenant_name: str, id_: str) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.webhooks.actions import delete_endpoint

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        await database.runner.run(tenant.number, operator(), delete_endpoint, id_)


async def _enable(settings: Settings, tenant_name: str, id_: str) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.webhooks.actions import update_endpoint

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        await database.runner.run(tenant.number, operator(), update_endpoint, id_, disabled=False)


async def _replay(settings: Settings, tenant_name: str, id_: str, since: int, until: int) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.webhooks import actions
    from muster.core.webhooks.model import Replay

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        store = database.store
        wanted = Replay(
            after=await store.webhooks.position_before(tenant.number, since),
            last=await store.events.last_position(),
            since=since,
            until=until,
        )
        await database.runner.run(tenant.number, operator(), actions.replay, id_, wanted)
