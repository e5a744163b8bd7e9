"""`muster reindex`: search rows made anew, after an upgrade that finds more in a user than before."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from muster.cli.options import wait_for, with_database
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.storage.reindexing import Progress

INTERRUPTED = 130
SECONDS_BETWEEN_LINES = 5.0

EPILOG = """\b
Examples:
  muster reindex
  muster reindex --all --data-dir /var/lib/muster

\b
The server may go on serving meanwhile. Searches are right all the same, because the documents of users who wait are
looked at; that is slow, and while more than 20,000 users of a tenant wait, its searches are refused. --all makes
everybody wait. One that was stopped can simply be run again without --all: it goes on with those who still wait.
Do not run two at a time.

\b
Exit status: 0 when it came to the end, 130 when it was interrupted."""


@click.command(epilog=EPILOG)
@with_database
@click.option(
    "--all",
    "everyone",
    is_flag=True,
    help="Remove all search rows first and make them all anew, not only those of an older version.",
)
def reindex(settings: Settings, *, everyone: bool) -> int:
    """Make the search rows of users anew."""
    done: list[Progress] = []
    began = time.monotonic()
    try:
        with _progress() as tell:
            wait_for(_reindex(settings, done, tell, everyone=everyone))
    except KeyboardInterrupt:
        _tell(done, began)
        click.echo("muster: interrupted; run it again to go on", err=True)
        return INTERRUPTED
    _tell(done, began)
    return 0


async def _reindex(
    settings: Settings, done: "list[Progress]", tell: "Callable[[Progress], None]", *, everyone: bool
) -> None:
    from muster.cli.tenants import started
    from muster.storage.reindexing import reindex

    async with started(settings) as database:
        async for progress in reindex(database.store.engine, everyone=everyone):
            done[:] = [progress]
            tell(progress)


def _tell(done: "list[Progress]", began: float) -> None:
    looked_at, indexed = done[-1][:2] if done else (0, 0)
    gone = f", {looked_at - indexed:,} deleted meanwhile" if looked_at > indexed else ""
    click.echo(f"indexed {indexed:,} users{gone} in {time.monotonic() - began:.1f} s")


@contextlib.contextmanager
def _progress() -> "Iterator[Callable[[Progress], None]]":
    """A bar on a terminal, else a line every few seconds; both on standard error."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        MofNCompleteColumn(), BarColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("")
        yield lambda progress: bar.update(task, completed=progress.looked_at, total=progress.total)


class _Lines:
    """Progress for a log."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, progress: "Progress") -> None:
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            click.echo(f"{progress.looked_at:,} of {progress.total:,} users", err=True)
