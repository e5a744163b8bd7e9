"""`muster export`: all users as a file, in the forms that `muster import` and spreadsheets read."""

import asyncio
import contextlib
import functools
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from muster.cli.options import wait_for, with_database, with_tenant
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.connections.model import Connection
    from muster.core.store import Store
    from muster.core.users.model import User
    from muster.wiring import Opened

SOME_LEFT_OUT, INTERRUPTED = 3, 130
STEP = 200
"""Users between two breaths, in which an interrupt is heard and the database may tidy up behind the reads."""

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


class Wanted(NamedTuple):
    """What the command line asks for."""

    tenant: str
    connection: str | None
    output: str
    of_default_alone: bool = False


class Counts:
    """What became of the users."""

    written = left_out = without_hash = 0


Row = Callable[["User", Counts], bytes | None]
"""One user's line, or None for somebody whom the form cannot hold."""


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
    return wait_for(_export(settings, Wanted(tenant, connection, output, of_default_alone=True), _auth0))


@export.command(epilog=NDJSON)
@with_database
@with_tenant
@_connection
@_output
def ndjson(settings: Settings, tenant: str, connection: str | None, output: str) -> int:
    """Write users whole, one a line, hashes and secrets included."""
    return wait_for(_export(settings, Wanted(tenant, connection, output), _ndjson))


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
    return wait_for(_export(settings, Wanted(tenant, connection, output), functools.partial(_csv, names)))


# ---- the forms


class Form(NamedTuple):
    """How users become lines, and what stands before the first."""

    row: Row
    head: bytes = b""
    secret: bool = True


class Place(NamedTuple):
    """Where users are taken from; `realms` are its connections by id."""

    settings: Settings
    database: "Opened"
    realms: "dict[str, Connection]"


FormOf = Callable[[Place], Awaitable[Form]]


async def _auth0(place: Place) -> Form:
    import msgspec

    from muster.exporters.auth0 import HASHES, row_of
    from muster.first_start import master_key

    box, encode = await master_key(place.settings, place.database), msgspec.json.Encoder().encode

    def line(user: "User", counts: Counts) -> bytes | None:
        row = row_of(user, box)
        if row is None:
            return None
        if user.password is not None and row.keys().isdisjoint(HASHES):
            counts.without_hash += 1
        return encode(row) + b"\n"

    return Form(line)


async def _ndjson(place: Place) -> Form:
    from muster.exporters.ndjson import line_of
    from muster.first_start import master_key

    box = await master_key(place.settings, place.database)
    names = {realm.id: realm.name for realm in place.realms.values()}
    return Form(lambda user, _: line_of(user, names, box))


async def _csv(fields: tuple[str, ...], place: Place) -> Form:
    from muster.exporters.csv import FIELDS, Table, UnknownField

    try:
        table = Table(fields, {realm.id: realm.name for realm in place.realms.values()})
    except UnknownField as unknown:
        there = ", ".join(("connection", *FIELDS))
        raise click.UsageError(f"there is no field {unknown}; there are: {there}, and those within metadata.") from None
    return Form(lambda user, _: table.line(user), table.head(), secret=False)


# ---- the run


async def _export(settings: Settings, wanted: Wanted, form_of: "FormOf") -> int:
    from muster.cli.tenants import started, tenant_named
    from muster.core.connections.model import Connection
    from muster.exporters.writing import new_file

    counts = Counts()
    async with started(settings) as database:
        tenant = await tenant_named(database.store, wanted.tenant)
        realms = {realm.id: realm for realm in await database.store.records(tenant.number, Connection)}
        chosen = _chosen(realms, wanted)
        form = await form_of(Place(settings, database, realms))
        if form.secret:
            if wanted.output == "-" and sys.stdout.isatty():
                raise click.UsageError("The file holds secrets and is not for a terminal: give --output FILE.")
            click.echo(
                f"muster: {_name(wanted.output)} holds password hashes and secrets; keep it from others", err=True
            )
        try:
            with new_file(wanted.output) as write, _progress(await _how_many(database.store, tenant.number)) as tell:
                write(form.head)
                await _write_users(database.store, tenant.number, chosen, form, write, counts, tell)
        except asyncio.CancelledError:
            click.echo(f"muster: interrupted; {_name(wanted.output)} was not written", err=True)
            return INTERRUPTED
    return _told(wanted, counts)


async def _write_users(
    store: "Store",
    tenant_id: int,
    chosen: str | None,
    form: Form,
    write: Callable[[bytes], object],
    counts: Counts,
    tell: Callable[[int], None],
) -> None:
    read = 0
    async for user in store.export_users(tenant_id):
        read += 1
        if read % STEP == 0:
            tell(read)
            await asyncio.sleep(0)
        if chosen is not None and user.realm != chosen:
            continue
        line = form.row(user, counts)
        if line is None:
            counts.left_out += 1
        else:
            write(line)
            counts.written += 1


def _chosen(realms: "dict[str, Connection]", wanted: Wanted) -> str | None:
    """The id of the connection whose users are wanted; None for all."""
    name = wanted.connection
    if name is None and not wanted.of_default_alone:
        return None
    for realm in realms.values():
        if not realm.internal and (realm.name == name or (name is None and realm.default)):
            return realm.id
    names = ", ".join(realm.name for realm in realms.values() if not realm.internal)
    raise click.ClickException(f"there is no connection {name or 'by default'}; there are: {names}")


def _name(output: str) -> str:
    return "what is written" if output == "-" else output


def _told(wanted: Wanted, counts: Counts) -> int:
    """Say what is in the file and what is not."""
    click.echo(f"muster: wrote {counts.written:,} users to {_name(wanted.output)}", err=True)
    if counts.left_out:
        click.echo(
            f"muster: left out {counts.left_out:,} users without an e-mail address, which this form needs", err=True
        )
    if counts.without_hash:
        click.echo(
            f"muster: {counts.without_hash:,} users are without their hash, of a kind this form cannot hold", err=True
        )
    return SOME_LEFT_OUT if counts.left_out or counts.without_hash else 0


async def _how_many(store: "Store", tenant_id: int) -> int:
    from muster.core.query import Everyone

    return await store.count_users(tenant_id, Everyone())


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("users", total=total)
        yield lambda done: progress.update(task, completed=done)
