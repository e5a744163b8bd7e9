"""From a database URL to the engine or session that speaks to it: the only choice by kind of database that others ask for."""

import asyncio
import sqlite3

from muster.storage import address
from muster.storage.engine import Engine
from muster.storage.session import Session, SqliteSession
from muster.storage.sqlite_file import connect, create, reraise


def open_engine(database_url: str) -> Engine:
    """The engine for a database URL, not yet started; `ValueError` lists the forms that are understood."""
    where = address.parse(database_url)
    if isinstance(where, address.SqliteFile):
        from muster.storage.sqlite import SqliteEngine

        return SqliteEngine(where.path)
    # asyncpg costs memory and start time that a server on SQLite should not pay.
    from muster.storage.postgres import PostgresEngine

    return PostgresEngine(where)


async def open_session(database_url: str) -> Session:
    """A connection of one's own to the database, made (an empty file) if it is SQLite's and not there."""
    where = address.parse(database_url)
    if isinstance(where, address.SqliteFile):
        try:
            await asyncio.to_thread(create, where.path)
            return SqliteSession(where.path, await asyncio.to_thread(connect, where.path, writable=True))
        except sqlite3.Error as error:
            reraise(error)
    from muster.storage.postgres_session import open_postgres_session

    return await open_postgres_session(where)
