"""`muster import mattr-credentials`: records of credentials that were issued elsewhere."""

import contextlib
import time
from typing import TYPE_CHECKING

import click

from muster.cli.import_progress import tell
from muster.cli.options import wait_for, with_database, with_tenant
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.importers.reading import Source
    from muster.importers.report import RejectedFile, Report

SOME_REJECTED = 3

EPILOG = """\b
Examples:
  muster import mattr-credentials issued.ndjson
  muster import mattr-credentials issued.json.gz --tenant other

\b
FILE has one JSON object a line, or is one JSON array, in UTF-8; a name that ends in .gz is unpacked, and - is
standard input. A row has userId, id, type and profile, and whatever else the vendor's list of a user's credentials
shows: issuedDate, validFrom, validUntil, status, offerId, ...
A record that is there already is brought to the state of the row, so a file may be imported again.
Rows that cannot be imported are written to FILE.rejected.ndjson with the reasons.

\b
Exit status: 0 when every row was imported, 3 when some were rejected, 1 when the import could not be finished."""


@click.command("mattr-credentials", epilog=EPILOG)
@with_database
@with_tenant
@click.argument("file")
def mattr_credentials(settings: Settings, tenant: str, file: str) -> int:
    """Import records of credentials issued through MATTR VII."""
    from muster.importers.reading import FileDamaged, open_source
    from muster.importers.report import RejectedFile, Report

    report, rejects, began = Report(), RejectedFile.beside(file), time.monotonic()
    try:
        with contextlib.closing(rejects), open_source(file) as source:
            wait_for(_import(settings, tenant, source, rejects, report))
    except FileDamaged as damage:
        raise click.ClickException(f"{file}: {damage}; {report.read} rows before it were read") from None
    tell(report, rejects, began)
    return SOME_REJECTED if report.rejected else 0


async def _import(
    settings: Settings, tenant_name: str, source: "Source", rejects: "RejectedFile", report: "Report"
) -> None:
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.dialects.mattr.wire.credential_rows import read_row
    from muster.importers.mattr_credentials import import_credentials

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        await import_credentials(database.runner, tenant.number, operator(), source, read_row, rejects, report)
