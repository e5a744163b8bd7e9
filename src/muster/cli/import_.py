"""`muster import`: users from elsewhere, with their password hashes and ids."""

import contextlib
import functools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from muster.cli.import_credentials import mattr_credentials
from muster.cli.options import wait_for, with_database, with_tenant
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.connections.model import Connection
    from muster.core.security import SecretBox
    from muster.core.store import Store
    from muster.importers.batches import Task
    from muster.importers.mark import Mark
    from muster.importers.reading import Source
    from muster.importers.record import Vendor
    from muster.importers.report import RejectedFile, Report
    from muster.importers.run import Target

SOME_REJECTED, INTERRUPTED = 3, 130
SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_LOOKS = 2.0

_RUNS = """
\b
The server may go on serving meanwhile. An import that was stopped, by whatever, is run again with the same words:
it goes on behind the last row that was settled, and its counts go on too. --restart begins at the first row again.
Standard input cannot be gone on with: those who are in already are rejected as duplicates.

\b
Exit status: 0 when every row was imported, 3 when some were rejected, 1 when the import could not be
finished, 130 when it was interrupted."""

AUTH0 = f"""\b
Examples:
  muster import auth0 users.ndjson
  muster import auth0 export.json.gz --upsert
  gunzip -c export.gz | muster import auth0 - --connection Customers

\b
FILE has one JSON object a line, or is one JSON array, in UTF-8; a name that ends in .gz is unpacked, and - is
standard input. Rows have the members of Auth0's bulk import; password hashes are kept as they are.
Rows that cannot be imported are written to FILE.rejected.ndjson with the reasons, secrets masked.
{_RUNS}"""

NDJSON = f"""\b
Examples:
  muster export ndjson --output users.ndjson
  muster import ndjson users.ndjson --data-dir /var/lib/muster-new
  muster import ndjson users.ndjson.gz --tenant other --connection Customers

\b
FILE is what muster export ndjson wrote: each user comes back whole, with ids, times, hashes and second factors.
Users go into the connections that their rows name, which must exist, or all into the one of --connection.
Rows that cannot be imported are written to FILE.rejected.ndjson with the reasons, secrets masked.
{_RUNS}"""


class Wanted(NamedTuple):
    """What the command line asks for."""

    form: str
    file: str
    tenant: str
    connection: str | None
    upsert: bool = False
    restart: bool = False


GROUP = """\b
Examples:
  muster import auth0 users.ndjson
  muster import ndjson users.ndjson"""


@click.group("import", epilog=GROUP)
def import_group() -> None:
    """Bring users in from a file."""


import_group.add_command(mattr_credentials)


_restart_option = click.option(
    "--restart", is_flag=True, help="Begin at the first row, wherever an earlier run stopped."
)


@import_group.command(epilog=AUTH0)
@with_database
@with_tenant
@click.argument("file")
@click.option("--connection", metavar="NAME", help="Connection to import into.  [default: the tenant's default one]")
@click.option("--upsert", is_flag=True, help="Update users who exist, found by e-mail: names, picture, metadata.")
@_restart_option
def auth0(
    settings: Settings,
    tenant: str,
    file: str,
    connection: str | None,
    upsert: bool,  # noqa: FBT001
    restart: bool,  # noqa: FBT001
) -> int:
    """Import users in the format of Auth0's bulk import."""
    return _run(settings, Wanted("auth0", file, tenant, connection, upsert, restart))


@import_group.command(epilog=NDJSON)
@with_database
@with_tenant
@click.argument("file")
@click.option("--connection", metavar="NAME", help="Connection to import into.  [default: the one that each row names]")
@_restart_option
def ndjson(settings: Settings, tenant: str, file: str, connection: str | None, restart: bool) -> int:  # noqa: FBT001
    """Import users whom `muster export ndjson` wrote."""
    return _run(settings, Wanted("ndjson", file, tenant, connection, restart=restart))


def _run(settings: Settings, wanted: Wanted) -> int:
    from muster.core.errors import Conflict
    from muster.importers.mark import ELSEWHERE, NotAsItWas
    from muster.importers.reading import FileDamaged, open_source
    from muster.importers.report import RejectedFile, RejectsMissing, Report

    file = wanted.file
    report, rejects, began = Report(), RejectedFile.beside(file), time.monotonic()
    try:
        with contextlib.closing(rejects), open_source(file) as source, _progress(source) as tell:
            wait_for(_import(settings, wanted, source, rejects, report, tell))
    except KeyboardInterrupt:
        report.interrupted = True
    except (FileDamaged, NotAsItWas, RejectsMissing) as damage:
        if isinstance(damage, FileDamaged):
            _tell(report, rejects, began)
        raise click.ClickException(f"{file}: {damage}") from None
    except Exception as error:
        if isinstance(error, Conflict) and error.code == ELSEWHERE:
            raise click.ClickException(
                f"{file}: another import of this file has come further; is one running?"
            ) from None
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
    wanted: Wanted,
    source: "Source",
    rejects: "RejectedFile",
    report: "Report",
    tell: "Callable[[Report], None]",
) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.first_start import master_key
    from muster.importers.beside import WORTH_IT, beside, collect_rarely
    from muster.importers.run import Importer, Target

    async with started(settings) as database:
        tenant = await tenant_named(database.store, wanted.tenant)
        realms = await _realms(database.store, tenant.number, wanted)
        box = await master_key(settings, database)
        into = Target(database.runner, tenant.number, operator(), realms[0], tuple(realms[1:]))
        vendor = _vendor(wanted, realms, box)
        mark = await _mark(wanted, source, into)
        if mark is not None and mark.standing is not None:
            click.echo(f"muster: {wanted.file}: going on after row {mark.standing.line}", err=True)
        importer = Importer(
            into,
            vendor,
            report,
            upsert=wanted.upsert,
            mark=mark,
            on_progress=tell,
            others_wait=_served(settings),
        )
        if source.total is None or source.total < WORTH_IT:
            await importer.run(source, rejects)
            return
        collect_rarely()
        with beside(wanted.file, functools.partial(_task, settings, wanted, realms, tenant.number)) as batches:
            await importer.run(batches, rejects)


def _vendor(wanted: Wanted, realms: "Sequence[Connection]", box: "SecretBox") -> "Vendor":
    """The form of the rows."""
    if wanted.form == "auth0":
        from muster.crypto.passwords import scheme_of
        from muster.importers.auth0 import Auth0Rows

        return Auth0Rows(realms[0], scheme_of, box)
    from muster.importers.ndjson import NdjsonRows

    names = {realm.name: realm.id for realm in realms}
    return NdjsonRows(names, box, into=realms[0].id if wanted.connection else None)


def _task(settings: Settings, wanted: Wanted, realms: "Sequence[Connection]", tenant_id: int) -> "Task":
    """What the process that reads the file is to make of its rows; called there, since a master key is not sent about."""
    from muster.core.actor import operator
    from muster.importers.batches import Task
    from muster.storage.store import SqlStore
    from muster.wiring import sealer

    vendor = _vendor(wanted, realms, sealer(settings))
    return Task(vendor, {realm.id: realm for realm in realms}, tenant_id, operator(), SqlStore.prepare, wanted.upsert)


async def _mark(wanted: Wanted, source: "Source", into: "Target") -> "Mark | None":
    """How far an earlier run came; None where a file cannot be gone on with."""
    from muster.importers.mark import FileImport, Mark, forget, refuse_others

    if source.total is None or wanted.file == "-":
        return None
    options = " ".join((wanted.form, *(["--upsert"] if wanted.upsert else [])))
    goal = into.realm.id if wanted.connection or wanted.form == "auth0" else ""
    this = FileImport.of(wanted.file, goal, options)
    if wanted.restart:
        await into.runner.run(into.tenant_id, into.actor, forget, this)
    else:
        await refuse_others(into.runner.store, into.tenant_id, this)
    return await Mark.of(into.runner.store, into.tenant_id, this)


def _served(settings: Settings) -> "Callable[[], bool]":
    """Whether a server writes to the same file. Other databases let several writers in."""
    from muster.storage.address import local_file
    from muster.storage.locks import is_served

    file = local_file(settings.database)
    if file is None:
        return lambda: False
    looked, served = -SECONDS_BETWEEN_LOOKS, False

    def served_now() -> bool:
        nonlocal looked, served
        if time.monotonic() - looked >= SECONDS_BETWEEN_LOOKS:
            looked, served = time.monotonic(), is_served(file)
        return served

    return served_now


async def _realms(store: "Store", tenant_id: int, wanted: Wanted) -> "list[Connection]":
    """The connections that users may go into, the one that is meant first; only a database in use will do."""
    from muster.core.connections.model import Connection

    found = [realm for realm in await store.records(tenant_id, Connection) if not realm.internal]
    name = wanted.connection
    for realm in found:
        if realm.name == name or (name is None and realm.default):
            if realm.kind != "database":
                raise click.ClickException(f"{realm.name} is no database connection; users live in those alone")
            if realm.disabled:
                raise click.ClickException(f"the connection {realm.name} is disabled; enable it first")
            if wanted.form == "auth0":
                return [realm]
            return [realm, *(other for other in found if not other.disabled and other.id != realm.id)]
    names = ", ".join(realm.name for realm in found if realm.kind == "database")
    raise click.ClickException(f"there is no connection {name or 'by default'}; there are: {names}")


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
        yield _Lines(source.total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.fields[rows]:,} rows"),
        BarColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    pace = _Pace()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=source.total, rows=0, rate=0.0)

        def show(report: "Report") -> None:
            progress.update(task, completed=report.position, rows=report.read, rate=pace.of(report))

        yield show


class _Pace:
    """Rows a second of this run, whatever earlier ones did."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._before: int | None = None

    def of(self, report: "Report") -> float:
        """How fast it goes; the first call begins the count."""
        if self._before is None:
            self._before = report.before
        return (report.read - self._before) / max(time.monotonic() - self._began, 0.001)


class _Lines:
    """Progress for a log: how far, how fast, how long still."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._pace = _Pace()
        self._last = time.monotonic()

    def __call__(self, report: "Report") -> None:
        now = time.monotonic()
        rate = self._pace.of(report)
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        line = f"{report.read:,} rows, {rate:,.0f}/s, {report.rejected:,} rejected"
        if self._total and report.position and rate:
            done = report.position / self._total
            line += f", {done:.0%} of the file, about {report.read * (1 / done - 1) / rate:.0f} s left"
        click.echo(line, err=True)
