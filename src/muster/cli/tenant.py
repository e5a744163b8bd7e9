"""`muster tenant`: organisations whose users are kept apart."""

from typing import Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_settings
from muster.settings import Settings

EPILOG = """\b
Examples:
  muster tenant create acme
  muster tenant list
  MUSTER_HOSTS=users.acme.example=acme muster serve
      a tenant other than the default one is reached by a host name of its own"""

CREATE = """\b
Examples:
  muster tenant create acme
  muster credentials --tenant acme

\b
Restart the server with --hosts NAME=acme: a tenant is reached by the host names bound to it."""


@click.group(epilog=EPILOG)
def tenant() -> None:
    """List and create tenants: organisations whose users are kept apart."""


@tenant.command("list")
@with_database
@with_json
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the tenants, oldest first."""
    from muster.cli.output import print_json, print_table

    rows = wait_for(_tenants(settings))
    if as_json:
        print_json(rows)
    else:
        print_table(("name", "users", "created"), [(row["name"], row["users"], row["created_at"]) for row in rows])


@tenant.command(epilog=CREATE)
@with_settings("data_dir", "database_url", "master_key_file", "public_url")
@click.argument("name")
def create(settings: Settings, name: str) -> None:
    """Make a tenant with its connection, keys and administrator."""
    from muster.first_start import create_tenant

    if not name.isascii() or not name.replace("-", "").isalnum() or name != name.lower() or len(name) > 63:
        raise click.UsageError(
            "A tenant's name has 1 to 63 small letters, digits and hyphens.", click.get_current_context()
        )
    wait_for(create_tenant(settings, name))
    click.echo(f"made tenant {name}; bind a host to it: muster serve --hosts users.example.com={name}")


async def _tenants(settings: Settings) -> list[dict[str, Any]]:
    from muster.cli.output import timestamp
    from muster.cli.tenants import started
    from muster.core.query import Everyone

    async with started(settings) as database:
        return [
            {
                "name": tenant.name,
                "users": await database.store.count_users(tenant.number, Everyone()),
                "created_at": timestamp(tenant.created_at),
            }
            for tenant in await database.store.tenants()
        ]
