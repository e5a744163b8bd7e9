"""`muster import`: users from elsewhere, with their password hashes and ids."""

import contextlib
import time

import click

from muster.cli.import_credentials import mattr_credentials
from muster.cli.import_progress import progress, tell
from muster.cli.import_run import Wanted, import_users
from muster.cli.options import wait_for, with_database, with_tenant
from muster.settings import Settings

SOME_REJECTED, INTERRUPTED = 3, 130

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
    *,
    upsert: bool,
    restart: bool,
) -> int:
    """Import users in the format of Auth0's bulk import."""
    return _run(settings, Wanted("auth0", file, tenant, connection, upsert, restart))


@import_group.command(epilog=NDJSON)
@with_database
@with_tenant
@click.argument("file")
@click.option("--connection", metavar="NAME", help="Connection to import into.  [default: the one that each row names]")
@_restart_option
def ndjson(settings: Settings, tenant: str, file: str, connection: str | None, *, restart: bool) -> int:
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
        with contextlib.closing(rejects), open_source(file) as source, progress(source.total) as show:
            wait_for(import_users(settings, wanted, source, rejects, report, show))
    except KeyboardInterrupt:
        report.interrupted = True
    except (FileDamaged, NotAsItWas, RejectsMissing) as damage:
        if isinstance(damage, FileDamaged):
            tell(report, rejects, began)
        raise click.ClickException(f"{file}: {damage}") from None
    except Exception as error:
        if isinstance(error, Conflict) and error.code == ELSEWHERE:
            raise click.ClickException(
                f"{file}: another import of this file has come further; is one running?"
            ) from None
        if report.read:
            tell(report, rejects, began)
            click.echo(f"muster: {file}: stopped after row {report.line}", err=True)
        raise
    tell(report, rejects, began)
    if report.interrupted:
        click.echo(f"muster: {file}: interrupted after row {report.line}", err=True)
        return INTERRUPTED
    return SOME_REJECTED if report.rejected else 0
