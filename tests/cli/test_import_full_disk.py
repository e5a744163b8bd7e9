"""Imports into a database whose disk fills: it is named, nobody is half there, and with more room the import goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from muster.cli.app import run
from muster.core.query import Range
from muster.settings import Settings
from muster.storage import address, sqlite_file
from muster.wiring import opened
from tests.cli.importing import first_words, ndjson, stored

ROWS = 700
TOLD = "muster: the disk of the database is full\n"


def people() -> list[dict[str, Any]]:
    return [
        {
            "email": f"user{n}@example.com",
            "name": f"Name {n}",
            "app_metadata": {f"k{k}": f"{n} {k}" * 5 for k in range(20)},
        }
        for n in range(ROWS)
    ]


@contextmanager
def full_after_some(settings: Settings) -> Iterator[None]:
    """A disk that takes a part of them. SQLite counts the pages itself; on the server a trigger fails as a full disk does."""
    where = address.parse(settings.database)
    if isinstance(where, address.SqliteFile):
        with sqlite3.connect(where.path) as file:
            (pages,) = file.execute("PRAGMA page_count").fetchone()
        file.close()
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(sqlite_file._WRITER, "max_page_count", pages + 400)
            yield
        return
    asyncio.run(
        on_server(
            where.dsn,
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF (SELECT count(*) FROM users) > 300 "
            "THEN RAISE EXCEPTION USING ERRCODE = ''disk_full''; END IF; RETURN NEW; END'",
            "CREATE TRIGGER full_disk BEFORE INSERT ON number_terms FOR EACH ROW EXECUTE FUNCTION full_disk()",
        )
    )
    yield
    asyncio.run(on_server(where.dsn, "DROP TRIGGER full_disk ON number_terms"))


async def on_server(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def found_by_search(settings: Settings) -> int:
    """How many have a term that is written last of all."""

    async def count() -> int:
        async with opened(settings) as database:
            return await database.store.count_users(1, Range("private.k19", low=""))

    return asyncio.run(count())


def test_a_disk_that_fills_is_named_and_the_import_goes_on_with_more_room(
    database: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("users.ndjson").write_bytes(ndjson(*people()))
    with full_after_some(database):
        assert run(["import", "auth0", "users.ndjson"]) == 1
    printed = capsys.readouterr()
    there = len(stored(database))
    assert 0 < there < ROWS
    assert first_words(printed.out) == f"read {there}, inserted {there}, updated 0, rejected 0"
    assert printed.err.endswith(f"muster: users.ndjson: stopped after row {there}\n{TOLD}")
    assert found_by_search(database) == there
    assert run(["import", "auth0", "users.ndjson"]) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith(f"muster: users.ndjson: going on after row {there}\n")
    assert first_words(printed.out) == f"read {ROWS}, inserted {ROWS}, updated 0, rejected 0"
    assert [user.emails[0].value for user in stored(database)] == [f"user{n}@example.com" for n in range(ROWS)]
    assert found_by_search(database) == ROWS
