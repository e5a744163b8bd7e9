"""`muster import`: users from elsewhere, with their password hashes and ids."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from muster.cli.options import wait_for, with_database, with_tenant
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.connections.model import Connection
    from muster.core.store import Store
    from muster.importers.reading import Source
    from muster.importers.report import RejectedFile, Report

SOME_REJECTED, INTERRUPTED = 3, 130
SECONDS_BETWEEN_LINES = 5.0

AUTH0 = """\b
Examples:
  muster import auth0 users.ndjson
  muster import auth0 export.json.gz --upsert
  gunzip -c export.gz | muster import auth0 - --connection Customers

\b
FILE has one JSON object a line, or is one JSON array, in UTF-8; a name that ends in .gz is unpacked, and - is
standard input. Rows have the members of Auth0's bulk import; hashes of bcrypt and argon2 are kept as they are.
Rows that cannot be imported are written to FILE.rejected.ndjson with the reasons, secrets masked.

\b
The server may go on serving meanwhile. An import that was stopped can simply be run again: those who are in
already are rejected as duplicates, or updated with --upsert.

\b
Exit status: 0 when every row was imported, 3 when some were rejected, 1 when the import could not be
finished, 130 when it was interrupted."""


@click.group("import")
def import_group() -> None:
    """Bring users in from a file."""


@import_group.command(epilog=AUTH0)
@with_database
@with_tenant
@click.argument("file")
@click.option("--connection", metavar="NAME", help="Connection to import into.  [default: the tenant's default one]")
@click.option("--upsert", is_flag=True, help="Update users who exist, found by e-mail: names, picture, metadata.")
def auth0(settings: Settings, tenant: str, file: str, connection: str | None, upsert: bool) -> int:  # noqa: FBT001
    """Import users in the format of Auth0's bulk import."""
    from muster.importers.reading import FileDamaged, open_source
    from muster.importers.report import RejectedFile, Report

    report, rejects, began = Report(), RejectedFile.beside(file), time.monotonic()
    try:
        with contextlib.closing(rejects), open_source(file) as source, _progress(source) as tell:
            work = _import(settings, tenant, connection, source, rejects, report, tell, upsert=upsert)
            wait_for(work)
    except KeyboardInterrupt:
        report.interrupted = True
    except FileDamaged as damage:
        _tell(report, rejects, began)
        raise click.ClickException(f"{file}: {damage}") from None
    except Exception:
        if report.read:
            _tell(report, rejects, began)
            click.echo(f"muster: {file}: stopped after row {report.line}", err=True)
        raise
    _tell(report, rejects, began)
    if report.interrupted:
        click.echo(f"muster: {file}: interrupted after row {report.line}", err=True)
        return INTERRUPTED
    return SOME_REJECTED if report.rejected else 0


async def _import(
    settings: Settings,
    tenant_name: str,
    connection_name: str | None,
    source: "Source",
    rejects: "RejectedFile",
    report: "Report",
    tell: "Callable[[Report], None]",
    *,
    upsert: bool,
) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.first_start import master_key
    from muster.importers.auth0 import Auth0Rows
    from muster.importers.run import Importer, Target

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        realm = await _connection(database.store, tenant.number, connection_name)
        vendor = Auth0Rows(realm, _scheme_of, await master_key(settings, database))
        into = Target(database.runner, tenant.number, operator(), realm)
        importer = Importer(into, vendor, report, upsert=upsert, on_progress=tell)
        await importer.run(source, rejects)


async def _connection(store: "Store", tenant_id: int, name: str | None) -> "Connection":
    """The connection of that name, or the default one; only a database of users that is in use will do."""
    from muster.core.connections.model import Connection

    found = [connection for connection in await store.records(tenant_id, Connection) if not connection.internal]
    for connection in found:
        if connection.name == name or (name is None and connection.default):
            if connection.kind != "database":
                raise click.ClickException(f"{connection.name} is no database connection; users live in those alone")
            if connection.disabled:
                raise click.ClickException(f"the connection {connection.name} is disabled; enable it first")
            return connection
    names = ", ".join(connection.name for connection in found if connection.kind == "database")
    raise click.ClickException(f"there is no connection {name or 'by default'}; there are: {names}")


def _scheme_of(hash_: str) -> str:
    from muster.core.errors import Invalid
    from muster.crypto.passwords import HashRefused, check_hash

    try:
        return check_hash(hash_)
    except HashRefused as refused:
        raise Invalid("hash_refused", reason=refused.reason) from None


def _tell(report: "Report", rejects: "RejectedFile", began: float) -> None:
    where = f" ({rejects.path})" if report.rejected else ""
    click.echo(
        f"read {report.read}, inserted {report.inserted}, updated {report.updated}, rejected {report.rejected}{where}"
        f" in {time.monotonic() - began:.1f} s"
    )


@contextlib.contextmanager
def _progress(source: "Source") -> "Iterator[Callable[[Report], None]]":
    """A bar on a terminal, else a line every few seconds; both on standard error."""
    if not sys.stderr.isatty():
        yield _Lines(source)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.fields[rows]:,} rows"),
        BarColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=source.total, rows=0, rate=0.0)

        def show(report: "Report") -> None:
            rate = report.read / max(time.monotonic() - began, 0.001)
            progress.update(task, completed=source.position(), rows=report.read, rate=rate)

        yield show


class _Lines:
    """Progress for a log: how far, how fast, how long still."""

    def __init__(self, source: "Source") -> None:
        self._source = source
        self._began = self._last = time.monotonic()

    def __call__(self, report: "Report") -> None:
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        seconds = now - self._began
        line = f"{report.read:,} rows, {report.read / seconds:,.0f}/s, {report.rejected:,} rejected"
        done = self._source.position()
        if self._source.total and done:
            left = seconds * (self._source.total / done - 1)
            line += f", {done / self._source.total:.0%} of the file, about {left:.0f} s left"
        click.echo(line, err=True)
