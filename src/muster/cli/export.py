"""`muster export`: all users as a file, in the forms that `muster import` and spreadsheets read."""

import functools

import click

from muster.cli.export_forms import auth0_form, csv_form, ndjson_form
from muster.cli.export_run import Wanted, export_users
from muster.cli.options import wait_for, with_database, with_tenant
from muster.settings import Settings

_RUNS = """
\\b
The server may go on serving meanwhile; users are read in short steps, in the order they were made, so the file is
of no single moment (muster backup is). It appears under its name when it is whole, readable by its owner alone."""

_SECRETS = """
\\b
The file holds PASSWORD HASHES AND SECOND FACTORS' SECRETS in the clear: whoever reads it can try passwords and
make codes. It needs the master key of the database, and belongs where that key belongs."""

AUTH0 = f"""\\b
Examples:
  muster export auth0 --output users.ndjson
  muster export auth0 --connection Customers --output - | gzip > customers.ndjson.gz
  muster import auth0 users.ndjson --data-dir /var/lib/muster-new

\\b
One object a line with the members of Auth0's bulk import: primary e-mail and phone, user name, names, picture,
blocked, user_metadata, app_metadata, user_id, the password's hash, second factors. That form has no room for times,
further addresses, identities elsewhere, passkeys and backup codes; muster export ndjson has. Who has no e-mail address
is left out and counted.
{_SECRETS}
{_RUNS}

\\b
Exit status: 0 when all of every user that the form can hold is in the file, 3 when a user or a hash had to be left out,
1 when it could not be written, 130 when it was interrupted."""

NDJSON = f"""\\b
Examples:
  muster export ndjson --output users.ndjson
  muster import ndjson users.ndjson --data-dir /var/lib/muster-new

\\b
One object a line with everything that is known of the user: ids of every kind, times, addresses, names, metadata,
identities elsewhere, passkeys, second factors, locks. Imported into an empty database and exported again it is the
same, byte for byte.
{_SECRETS}
{_RUNS}"""

CSV = f"""\\b
Examples:
  muster export csv --output users.csv
  muster export csv --fields email,name,connection,private_metadata.plan,last_login_at --output plans.csv

\\b
Fields: id, connection, email, email_verified, phone, username, name, given_name, family_name, nickname, picture,
external_id, suspended, has_password, second_factors, logins, last_login_at, created_at, updated_at, and what is in
public_metadata, private_metadata and unsafe_metadata, by its path.

\\b
No secret is in it. A text that a spreadsheet would run as a formula has an apostrophe before it, phone numbers too.
{_RUNS}"""


GROUP = """\b
Examples:
  muster export ndjson --output users.ndjson
  muster export auth0 --output - | gzip > users.ndjson.gz
  muster export csv --fields email,name --output users.csv"""


@click.group("export", epilog=GROUP)
def export() -> None:
    """Write users to a file."""


_connection = click.option("--connection", metavar="NAME", help="Only users of this one.  [default: all]")
_output = click.option("--output", metavar="FILE", default="-", help="File to write.  [default: - for standard output]")


@export.command(epilog=AUTH0)
@with_database
@with_tenant
@click.option("--connection", metavar="NAME", help="Whose users; an import goes into one.  [default: the default one]")
@_output
def auth0(settings: Settings, tenant: str, connection: str | None, output: str) -> int:
    """Write users in the format of Auth0's bulk import, hashes and secrets included."""
    return wait_for(export_users(settings, Wanted(tenant, connection, output, of_default_alone=True), auth0_form))


@export.command(epilog=NDJSON)
@with_database
@with_tenant
@_connection
@_output
def ndjson(settings: Settings, tenant: str, connection: str | None, output: str) -> int:
    """Write users whole, one a line, hashes and secrets included."""
    return wait_for(export_users(settings, Wanted(tenant, connection, output), ndjson_form))


@export.command("csv", epilog=CSV)
@with_database
@with_tenant
@_connection
@_output
@click.option("--fields", metavar="LIST", help="Columns, with commas between them.")
def csv_(settings: Settings, tenant: str, connection: str | None, output: str, fields: str | None) -> int:
    """Write chosen fields of users as a table, without secrets."""
    from muster.exporters.csv import DEFAULT

    names = tuple(fields.split(",")) if fields is not None else DEFAULT
    return wait_for(export_users(settings, Wanted(tenant, connection, output), functools.partial(csv_form, names)))
