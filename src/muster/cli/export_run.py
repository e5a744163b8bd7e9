"""How `muster export` writes a file: whose users, in short reads, and what is told of it."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from muster.cli.export_forms import Counts, Form, FormOf, Place
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.connections.model import Connection
    from muster.core.store import Store

SOME_LEFT_OUT, INTERRUPTED = 3, 130
STEP = 200
"""Users between two breaths, in which an interrupt is heard and the database may tidy up behind the reads."""


class Wanted(NamedTuple):
    """What the command line asks for."""

    tenant: str
    connection: str | None
    output: str
    of_default_alone: bool = False


async def export_users(settings: Settings, wanted: Wanted, form_of: FormOf) -> int:
    """Write the file and say what is in it; the exit status."""
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
