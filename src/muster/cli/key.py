"""`muster key`: applications that may call the management API by themselves, with an id and a secret."""

from typing import Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.dialects.auth0.access import SCOPES
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster key create "nightly sync" --scopes read:users,update:users
  muster key list
  muster key revoke CLIENT_ID"""

CREATE = """\b
Examples:
  muster key create "nightly sync" --scopes read:users,update:users
  muster key create console --scopes all --json

\b
The secret is shown here; keep it where your program finds it. A key works at once, and its tokens carry
the scopes given here at most."""

REVOKE = """\b
Example:
  muster key revoke 3Zt5uV0r...

\b
Tokens that were given to the key are refused at once, on PostgreSQL by every process within 5 seconds."""


@click.group(epilog=EPILOG)
def key() -> None:
    """List, create and revoke keys: client ids and secrets for the management API."""


@key.command("list")
@with_database
@with_tenant
@with_json
def list_(settings: Settings, tenant: str, as_json: bool) -> None:  # noqa: FBT001
    """List the keys, oldest first; their secrets are not shown."""
    from muster.cli.output import print_json, print_table

    rows = wait_for(_keys(settings, tenant))
    if as_json:
        print_json(rows)
    else:
        columns = ("client_id", "name", "usable", "scopes", "created_at")
        print_table(columns, [[_cell(row[column]) for column in columns] for row in rows])


@key.command(epilog=CREATE)
@with_database
@with_tenant
@with_json
@click.argument("name")
@click.option("--scopes", metavar="LIST", required=True, help="What it may do, comma-separated; all for everything.")
def create(settings: Settings, tenant: str, as_json: bool, name: str, scopes: str) -> None:  # noqa: FBT001
    """Make a key called NAME and show its secret."""
    from muster.cli.output import print_json, print_pairs

    wanted = list(SCOPES) if scopes == "all" else list(dict.fromkeys(scope.strip() for scope in scopes.split(",")))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise click.UsageError(
            f"No such scope: {', '.join(unknown)}. There are: {', '.join(SCOPES)}.", click.get_current_context()
        )
    made = wait_for(_create(settings, tenant, name, wanted))
    if as_json:
        print_json(made)
    else:
        print_pairs([(name, _cell(value)) for name, value in made.items()])


@key.command(epilog=REVOKE)
@with_database
@with_tenant
@click.argument("client_id")
def revoke(settings: Settings, tenant: str, client_id: str) -> None:
    """Take CLIENT_ID's secret and grant away; the application itself stays."""
    wait_for(_revoke(settings, tenant, client_id))
    click.echo(f"revoked {client_id}")


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "all" if set(value) >= SCOPES.keys() else " ".join(value)
    return value


async def _keys(settings: Settings, tenant_name: str) -> list[dict[str, Any]]:
    from muster.cli.output import timestamp
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.apps import actions

    async with started(settings) as database:
        store, tenant = database.store, await tenant_named(database.store, tenant_name)
        apis = await actions.list_apis(store, tenant.number, operator())
        audience = next((api.identifier for api in apis if api.system), "")
        grants = {
            grant.app_id: grant.scopes
            for grant in await actions.list_grants(store, tenant.number, operator())
            if grant.audience == audience
        }
        return [
            {
                "client_id": app.id,
                "name": app.name,
                "usable": app.secret is not None and app.id in grants,
                "scopes": grants.get(app.id, []),
                "created_at": timestamp(app.created_at),
            }
            for app in await actions.list_apps(store, tenant.number, operator())
            if "mattr" not in app.vendor
        ]


async def _create(settings: Settings, tenant_name: str, name: str, scopes: list[str]) -> dict[str, Any]:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.dialects.auth0.furnish import create_management_client
    from muster.first_start import master_key

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        box = await master_key(settings, database)
        made = await database.runner.run(tenant.number, operator(), create_management_client, name, scopes, box)
    return {"client_id": made.client_id, "client_secret": made.client_secret, "name": name, "scopes": scopes}


async def _revoke(settings: Settings, tenant_name: str, client_id: str) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.dialects.auth0.furnish import revoke_management_client

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        await database.runner.run(tenant.number, operator(), revoke_management_client, client_id)
