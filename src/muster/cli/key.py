"""`muster key`: what programs call the dialects with, and what tokens are signed with. Each dialect's keys are in `keys.py`."""

from typing import TYPE_CHECKING, Any

import click

from muster.cli.options import wait_for, with_database, with_json, with_tenant
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.signing.model import Purpose
    from muster.crypto.tokens import Algorithm

EPILOG = """\b
Examples:
  muster key create "nightly sync" --scopes read:users,update:users
  muster key create billing --dialect clerk --scopes all
  muster key list
  muster key revoke ID
  muster key rotate"""

CREATE = """\b
Examples:
  muster key create "nightly sync" --scopes read:users,update:users
  muster key create billing --dialect clerk --scopes all
  muster key create billing --dialect monocloud --scopes users:read,groups:read
  muster key create wallet --dialect mattr --scopes issuer --json

\b
The secret is shown here; keep it where your program finds it. A key works at once, and may do what the
scopes given here allow at most: scopes for auth0, roles for mattr, permissions of the server for clerk
and monocloud. An unknown one is answered with those there are. Netwrix's programs have no key: they sign
in with a user's name and password."""

REVOKE = """\b
Example:
  muster key revoke 3Zt5uV0r...

\b
ID is what muster key list shows. Tokens that were given to the key are refused at once, on PostgreSQL by
every process within 5 seconds. Where the key is an application, that stays, without its secret."""

ROTATE = """\b
Examples:
  muster key rotate
  muster key rotate --purpose access --alg ES256
  muster key rotate --purpose management --at-once

\b
A new key signs a few seconds from now, when every process knows it. The one it takes the place of
verifies until the longest token it signed has died, so nobody is signed out. Purposes:
  identity    ID tokens, session tokens and logout tokens
  access      access tokens for the tenant's own APIs
  management  tokens that the management APIs are called with
Of identity and access there is a key for each algorithm, and an application or API says which is used;
a rotation takes the place of the one with the same algorithm."""

NO_KEYS = (
    "netwrix has no keys: its programs sign in with a user's name and password. "
    "muster credentials shows the first one's, who can add others"
)


@click.group(epilog=EPILOG)
def key() -> None:
    """List, create and revoke keys that programs call with; rotate those that tokens are signed with."""


@key.command("list")
@with_database
@with_tenant
@with_json
def list_(settings: Settings, tenant: str, *, as_json: bool) -> None:
    """List the keys of every dialect, oldest first; their secrets are not shown."""
    from muster.cli.output import print_json, print_table

    rows = wait_for(_list(settings, tenant))
    if as_json:
        print_json(rows)
    else:
        columns = ("dialect", "id", "name", "usable", "scopes", "created_at")
        print_table(columns, [[_cell(row, column) for column in columns] for row in rows])


@key.command(epilog=CREATE)
@with_database
@with_tenant
@with_json
@click.argument("name")
@click.option("--dialect", metavar="NAME", default="auth0", show_default=True, help="Which API it is for.")
@click.option("--scopes", metavar="LIST", required=True, help="What it may do, comma-separated; all for everything.")
def create(settings: Settings, tenant: str, *, as_json: bool, name: str, dialect: str, scopes: str) -> None:
    """Make a key called NAME and show its secret."""
    from muster.cli.keys import KINDS
    from muster.cli.output import print_json, print_pairs
    from muster.sites import DIALECTS

    if dialect not in DIALECTS:
        raise click.UsageError(f"No such dialect: {dialect}. There are: {', '.join(KINDS)}.", _context())
    if dialect not in KINDS:
        raise click.UsageError(f"{NO_KEYS}.", _context())
    there_are = KINDS[dialect].scopes
    wanted = None if scopes == "all" else list(dict.fromkeys(scope.strip() for scope in scopes.split(",")))
    unknown = [scope for scope in wanted or () if scope not in there_are]
    if unknown:
        raise click.UsageError(f"No such scope: {', '.join(unknown)}. There are: {', '.join(there_are)}.", _context())
    made: dict[str, Any] = {"dialect": dialect, **wait_for(_create(settings, tenant, dialect, name, wanted))}
    made |= {"name": name, "scopes": list(there_are) if wanted is None else wanted}
    if as_json:
        print_json(made)
    else:
        print_pairs([(column, _cell(made, column)) for column in made])


@key.command(epilog=REVOKE)
@with_database
@with_tenant
@click.argument("id_", metavar="ID")
def revoke(settings: Settings, tenant: str, id_: str) -> None:
    """Make the key ID open nothing any more, whichever dialect it is of."""
    wait_for(_revoke(settings, tenant, id_))
    click.echo(f"revoked {id_}")


@key.command(epilog=ROTATE)
@with_database
@with_tenant
@with_json
@click.option(
    "--purpose", type=click.Choice(("identity", "access", "management")), default="identity", show_default=True
)
@click.option("--alg", type=click.Choice(("RS256", "ES256", "EdDSA")), default="RS256", show_default=True)
@click.option("--at-once", is_flag=True, help="The old key is known to somebody: its tokens count no more.")
def rotate(
    settings: Settings, tenant: str, *, as_json: bool, purpose: "Purpose", alg: "Algorithm", at_once: bool
) -> None:
    """Let a new key sign tokens."""
    from muster.cli.output import print_json, print_pairs

    made = wait_for(_rotate(settings, tenant, purpose, alg, at_once=at_once))
    if as_json:
        print_json(made)
    else:
        print_pairs([(name, ", ".join(value) if isinstance(value, list) else value) for name, value in made.items()])


def _context() -> click.Context:
    return click.get_current_context()


def _cell(row: dict[str, Any], column: str) -> object:
    from muster.cli.keys import KINDS

    value = row[column]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "all" if set(value) >= set(KINDS[row["dialect"]].scopes) else " ".join(value)
    return value


async def _list(settings: Settings, tenant_name: str) -> list[dict[str, Any]]:
    from muster.cli.keys import list_keys
    from muster.cli.output import timestamp
    from muster.cli.tenants import started, tenant_named

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        rows = await list_keys(database.store, tenant.number)
        return [{**row, "created_at": timestamp(row["created_at"])} for row in rows]


async def _create(
    settings: Settings, tenant_name: str, dialect: str, name: str, scopes: list[str] | None
) -> dict[str, str]:
    from muster.cli.keys import KINDS
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.first_start import master_key

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        box = await master_key(settings, database)
        return await database.runner.run(tenant.number, operator(), KINDS[dialect].make, name, scopes, box)


async def _revoke(settings: Settings, tenant_name: str, key_id: str) -> None:
    from muster.cli.keys import revoke_key
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.first_start import master_key

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        box = await master_key(settings, database)
        await database.runner.run(tenant.number, operator(), revoke_key, key_id, box)


async def _rotate(
    settings: Settings, tenant_name: str, purpose: "Purpose", alg: "Algorithm", *, at_once: bool
) -> dict[str, Any]:
    from muster.cli.output import timestamp
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.ids import random_text
    from muster.core.signing.rotation import rotate
    from muster.first_start import KEY_ID_LENGTH, master_key, new_key

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        box = await master_key(settings, database)
        now = database.runner.clock.now()
        new = new_key(box, purpose, alg, random_text(KEY_ID_LENGTH), now)
        replaced = await database.runner.run(tenant.number, operator(), rotate, new, at_once=at_once)
    return {
        "key_id": new.id,
        "purpose": purpose,
        "algorithm": alg,
        "replaces": [each.id for each in replaced],
        "verify_until": timestamp(max((each.verifies_until or now for each in replaced), default=now)),
    }
