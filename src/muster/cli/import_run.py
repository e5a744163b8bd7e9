"""How `muster import` carries a file over: into which connections, from where on, and with what help."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

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

SECONDS_BETWEEN_LOOKS = 2.0
MANY = 2_000
"""New users after whom the database looks again at what is in its tables."""


class Wanted(NamedTuple):
    """What the command line asks for."""

    form: str
    file: str
    tenant: str
    connection: str | None
    upsert: bool = False
    restart: bool = False


async def import_users(
    settings: Settings,
    wanted: Wanted,
    source: "Source",
    rejects: "RejectedFile",
    report: "Report",
    show: "Callable[[Report], None]",
) -> None:
    """Carry the rows of the file over, by another process if there are many; `show` is called after each commit."""
    from muster.cli.tenants import started, tenant_named
    from muster.core.actor import operator
    from muster.core.errors import Unavailable
    from muster.first_start import master_key
    from muster.importers.beside import WORTH_IT, beside, collect_rarely
    from muster.importers.pace import Pace
    from muster.importers.run import Importer, Target
    from muster.storage.statistics import refresh

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
            on_progress=show,
            pace=Pace(_served(settings)),
        )
        if source.total is None or source.total < WORTH_IT:
            await importer.run(source, rejects)
        else:
            collect_rarely()
            with beside(wanted.file, functools.partial(_task, settings, wanted, realms, tenant.number)) as batches:
                await importer.run(batches, rejects)
    if report.read - report.before >= MANY and not report.interrupted:
        with contextlib.suppress(asyncio.CancelledError, Unavailable):  # everybody is in, whatever happens here
            await refresh(settings.database)


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
