"""`muster migrate`, `backup` and `restore`: the database as a whole."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from muster.cli.options import wait_for, with_database
from muster.settings import Settings

MIGRATE = """\b
Examples:
  muster migrate --data-dir /var/lib/muster
  MUSTER_DATABASE_URL=postgresql://... muster migrate

\b
muster serve does this by itself. Do it before, when the server's account may not change tables."""

BACKUP = """\b
Examples:
  muster backup muster-$(date +%F).backup
  MUSTER_DATABASE_URL=postgresql://... muster backup /backups/today

\b
The server may go on serving meanwhile; the backup is of one moment. Secrets in it are sealed with the master
key, which is NOT in it: keep <data-dir>/master.key, or MUSTER_MASTER_KEY, at another place."""

RESTORE = """\b
Examples:
  muster restore muster-2026-01-31.backup --data-dir /var/lib/muster-new
  muster restore today --database-url postgresql:///empty
      a backup of a file can be restored into PostgreSQL, and the other way

\b
The database must be empty, and the server stopped. Put the master key of the old server in place before the
next start: <data-dir>/master.key or MUSTER_MASTER_KEY."""


@click.command(epilog=MIGRATE)
@with_database
def migrate(settings: Settings) -> None:
    """Bring the database to this version's schema."""
    from muster.first_start import make_private_folders
    from muster.storage import migrator

    make_private_folders(settings)
    done = wait_for(migrator.migrate(settings.database, now=_now()))
    click.echo("\n".join(f"applied {migration.name}" for migration in done) or "nothing to do")


@click.command(epilog=BACKUP)
@with_database
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(settings: Settings, file: Path) -> None:
    """Write everything in the database to FILE, replacing it once the new one is whole."""
    from muster.storage.backup import backup

    with _progress() as tell:
        wait_for(backup(settings.database, file, tell))
    click.echo(f"wrote {file} ({file.stat().st_size:,} bytes)")


@click.command(epilog=RESTORE)
@with_database
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(settings: Settings, file: Path) -> None:
    """Fill an empty database from the backup FILE, all of it or nothing."""
    from muster.first_start import make_private_folders
    from muster.storage.backup import restore

    make_private_folders(settings)
    with _progress() as tell:
        wait_for(restore(file, settings.database, now=_now(), progress=tell))
    click.echo(f"restored {file}; put its master key in place before muster serve")


def _now() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """Show how many rows of which table are done, on a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _table, _rows: None
        return
    with console.status("beginning") as status:
        yield lambda table, rows: status.update(f"{table}: {rows:,} rows")
