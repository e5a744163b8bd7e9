"""Backups while the server runs, and restores into either kind of database. See `archive.py` for the file."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import muster
from muster.storage.archive import ArchiveRefused, ArchiveWriter, Header, TableStart, new_archive, read_archive
from muster.storage.engine import Row
from muster.storage.migrator import OWN_TABLES, SchemaRefused, migrate, read_migrations, state
from muster.storage.opening import open_session
from muster.storage.session import CHUNK, Session, Table

Progress = Callable[[str, int], None]
"""Told the table's name and how many of its rows are done."""


class DatabaseNotEmpty(Exception):
    """A restore would overwrite something; the message is for the operator."""


async def backup(database_url: str, file: Path, progress: Progress = lambda _table, _rows: None) -> None:
    """Write all that the database holds at one moment to `file`, replacing it when the new one is whole and on the disk.

    Servers go on reading and writing meanwhile. `SchemaRefused` when the database is a newer Muster's.
    """
    if (await state(database_url)).applied == 0:
        raise SchemaRefused("there is no database of Muster's to back up at this address")
    session = await open_session(database_url)
    try:
        async with session.snapshot():
            with new_archive(file) as archive:
                await _write(session, archive, progress)
    finally:
        await session.close()


async def restore(file: Path, database_url: str, *, now: int, progress: Progress = lambda _table, _rows: None) -> None:
    """Fill an empty database from a backup, all of it or nothing, and bring it to today's schema; `now` is in milliseconds.

    The file is read to its end before the database is touched. `ArchiveRefused` when it is damaged or too new,
    `DatabaseNotEmpty` when the database holds a tenant or another schema than the backup's.
    """
    schema = await asyncio.to_thread(_check, file)
    applied = (await state(database_url)).applied
    if applied not in (0, schema):
        raise DatabaseNotEmpty(
            f"the database has schema {applied} and the backup {schema}; restore into a new database"
        )
    await migrate(database_url, now=now, up_to=schema)
    session = await open_session(database_url)
    try:
        async with session.schema_lock(), session.transaction():
            # Everything belongs to a tenant; what is there without one was put there by the migrations.
            if await session.rows("SELECT 1 FROM tenants LIMIT 1"):
                raise DatabaseNotEmpty("the database already holds a tenant; restore into a new database")
            await _load(session, file, progress)
    finally:
        await session.close()
    await migrate(database_url, now=now)


async def _write(session: Session, archive: ArchiveWriter, progress: Progress) -> None:
    ((schema,),) = await session.rows("SELECT max(number) FROM schema_history")
    archive.header(Header(muster.__version__, schema))
    for table in await _tables(session):
        last_number = await session.last_number(table) if table.numbered else 0
        archive.table(TableStart(table.name, list(table.columns), last_number))
        done = 0
        async for rows in session.stream(f"SELECT {', '.join(table.columns)} FROM {table.name}"):
            await asyncio.to_thread(archive.rows, rows)
            done += len(rows)
            progress(table.name, done)


def _check(file: Path) -> int:
    """The schema of an archive that is whole from beginning to end."""
    schema = 0
    for item in read_archive(file):
        if isinstance(item, Header):
            schema = item.schema
    newest = read_migrations()[-1].number
    if schema > newest:
        raise ArchiveRefused(
            f"{file} was made by a newer Muster (schema {schema}; this one knows {newest}). Use that one."
        )
    return schema


async def _load(session: Session, file: Path, progress: Progress) -> None:
    tables = {table.name: table for table in await _tables(session)}
    for table in tables.values():
        await session.execute(f"DELETE FROM {table.name}")
    lines = _in_chunks(file)
    start: TableStart | None = None
    done = 0
    while (item := await asyncio.to_thread(next, lines, None)) is not None:
        if isinstance(item, TableStart):
            if item.name not in tables or set(item.columns) != set(tables[item.name].columns):
                raise ArchiveRefused(f"{file} has a table {item.name} that schema has not")
            start, done = item, 0
            if tables[item.name].numbered:
                await session.continue_after(tables[item.name], item.last_number)
        elif start is not None:
            await session.load(Table(start.name, start.columns, None), item)
            done += len(item)
            progress(start.name, done)


def _in_chunks(file: Path) -> Iterator[TableStart | Sequence[Row]]:
    """The archive's tables, each followed by its rows in lists of at most `CHUNK`."""
    for are_rows, items in itertools.groupby(read_archive(file), lambda item: isinstance(item, list)):
        if are_rows:
            while chunk := list(itertools.islice(items, CHUNK)):
                yield cast("Sequence[Row]", chunk)
        else:
            yield from (item for item in items if isinstance(item, TableStart))


async def _tables(session: Session) -> Sequence[Table]:
    return [table for table in await session.tables() if table.name not in OWN_TABLES]
