"""Migrations: in order, once, wholly or not at all, and never under an older Muster's feet."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from muster.storage.engine import Row
from muster.storage.migrator import Migration, SchemaRefused, SchemaState, migrate, read_migrations, state, statements
from muster.storage.opening import open_engine, open_session

FIRST = "CREATE TABLE first (id key_text PRIMARY KEY) WITHOUT ROWID;\n"
SECOND = "CREATE TABLE second (n integer PRIMARY KEY AUTOINCREMENT, id key_text NOT NULL);\n"
THIRD = "ALTER TABLE first ADD COLUMN doc json_text;\n"


class Releases:
    """The migrations that Musters of different ages come with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def __call__(self, *texts: str) -> Path:
        self._made += 1
        folder = self._folder / f"release-{self._made}"
        folder.mkdir()
        for number, text in enumerate(texts, start=1):
            (folder / f"{number:04}_step{number}.sql").write_text(text, "utf-8")
        return folder


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


def names(applied: Sequence[Migration]) -> list[str]:
    return [migration.name for migration in applied]


async def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    engine = open_engine(url)
    await engine.start()
    found: Sequence[Row] = await engine.rows(sql)
    await engine.stop()
    return [tuple(row) for row in found]


async def tables(url: str) -> list[str]:
    session = await open_session(url)
    found = [table.name for table in await session.tables()]
    await session.close()
    return found


async def test_what_is_missing_is_applied_in_order_and_once(database_url: str, releases: Releases) -> None:
    old, new = releases(FIRST), releases(FIRST, SECOND, THIRD)
    assert names(await migrate(database_url, now=1000, folder=old)) == ["0001_step1"]
    assert await state(database_url, folder=new) == SchemaState(1, 3, ["0002_step2", "0003_step3"])
    assert names(await migrate(database_url, now=2000, folder=new)) == ["0002_step2", "0003_step3"]
    assert names(await migrate(database_url, now=3000, folder=new)) == []
    assert await state(database_url, folder=new) == SchemaState(3, 3, [])
    assert await rows(database_url, "SELECT number, name, applied_at FROM schema_history ORDER BY number") == [
        (1, "0001_step1", 1000),
        (2, "0002_step2", 2000),
        (3, "0003_step3", 2000),
    ]


async def test_the_state_of_nothing(database_url: str, releases: Releases) -> None:
    assert await state(database_url, folder=releases(FIRST)) == SchemaState(0, 1, ["0001_step1"])
    if database_url.startswith("sqlite"):
        assert not Path(database_url.removeprefix("sqlite:///")).exists()
    else:
        assert await tables(database_url) == []


async def test_processes_that_start_at_once_take_turns(database_url: str, releases: Releases) -> None:
    folder = releases(FIRST, SECOND, THIRD)
    applied = await asyncio.gather(*(migrate(database_url, now=n, folder=folder) for n in range(6)))
    assert sorted(names(each) for each in applied) == [[]] * 5 + [["0001_step1", "0002_step2", "0003_step3"]]


async def test_a_migration_that_fails_leaves_nothing_of_itself(database_url: str, releases: Releases) -> None:
    broken = releases(FIRST, SECOND + "INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(Exception, match="nowhere"):
        await migrate(database_url, now=0, folder=broken)
    assert await tables(database_url) == ["first", "schema_compatibility", "schema_history"]
    mended = releases(FIRST, SECOND)
    assert names(await migrate(database_url, now=0, folder=mended)) == ["0002_step2"]


MIGRATE = """
import asyncio, sys
from pathlib import Path
from muster.storage.migrator import migrate
asyncio.run(migrate(sys.argv[1], now=0, folder=Path(sys.argv[2])))
"""


async def test_a_process_killed_in_the_middle_leaves_nothing_of_the_migration(
    tmp_path: Path, releases: Releases
) -> None:
    """SQLite alone: a PostgreSQL server finishes the statement of a client that died, and then rolls it back as well."""
    url = f"sqlite:///{tmp_path / 'muster.db'}"
    endless = (
        "INSERT INTO second (id) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000)"
        " SELECT n FROM c;\n"
    )
    killed = subprocess.Popen([sys.executable, "-c", MIGRATE, url, releases(FIRST, SECOND + endless)])
    log = tmp_path / "muster.db-wal"
    # Rows that do not fit into memory go to the log: then it is in the middle.
    while not log.exists() or log.stat().st_size < 4_000_000:
        assert killed.poll() is None
        await asyncio.sleep(0.01)
    killed.kill()
    killed.wait()
    assert await tables(url) == ["first", "schema_compatibility", "schema_history"]
    assert names(await migrate(url, now=0, folder=releases(FIRST, SECOND))) == ["0002_step2"]
    assert await rows(url, "SELECT count(*) FROM second") == [(0,)]


async def test_an_old_muster_refuses_a_newer_one_s_database(database_url: str, releases: Releases) -> None:
    old, new = releases(FIRST), releases(FIRST, SECOND)
    await migrate(database_url, now=0, folder=new)
    for act in (migrate(database_url, now=0, folder=old), state(database_url, folder=old)):
        with pytest.raises(SchemaRefused, match=r"newer Muster.*0002_step2.*knows migration 0002.*ends at 0001"):
            await act


async def test_an_old_muster_works_on_where_the_newer_one_allows_it(database_url: str, releases: Releases) -> None:
    oldest, old = releases(), releases(FIRST)
    new = releases(FIRST, "-- A table that nobody else reads.\n-- compatible-with: 1\n" + SECOND)
    await migrate(database_url, now=0, folder=new)
    assert await migrate(database_url, now=0, folder=old) == []
    assert await state(database_url, folder=old) == SchemaState(2, 1, [])
    with pytest.raises(SchemaRefused):
        await migrate(database_url, now=0, folder=oldest)


async def test_an_applied_migration_that_was_edited_is_refused(database_url: str, releases: Releases) -> None:
    await migrate(database_url, now=0, folder=releases(FIRST))
    with pytest.raises(SchemaRefused, match="0001_step1 was applied to this database with another content"):
        await migrate(database_url, now=0, folder=releases(FIRST + SECOND))


async def test_the_same_text_makes_the_same_tables(database_url: str, releases: Releases) -> None:
    session = await open_session(database_url)
    await migrate(database_url, now=0, folder=releases(FIRST, SECOND, THIRD))
    found = {table.name: (list(table.columns), table.numbered) for table in await session.tables()}
    await session.close()
    assert found == {
        "first": (["id", "doc"], None),
        "schema_compatibility": (["lowest_reader"], None),
        "schema_history": (["number", "name", "applied_at", "checksum"], None),
        "second": (["n", "id"], "n"),
    }


async def test_a_statement_may_be_for_one_engine_alone(database_url: str, releases: Releases) -> None:
    text = (
        FIRST
        + "-- only: sqlite\nCREATE TABLE lite (n int);\n-- only: postgresql\nCREATE TABLE large (n int);\n"
        + SECOND
    )
    await migrate(database_url, now=0, folder=releases(text))
    own = "lite" if database_url.startswith("sqlite") else "large"
    assert [name for name in await tables(database_url) if not name.startswith("schema_")] == sorted(
        ["first", own, "second"]
    )


async def test_today_s_schema(database_url: str) -> None:
    assert names(await migrate(database_url, now=0)) == [migration.name for migration in read_migrations()]
    assert {"tenants", "users"} <= set(await tables(database_url))
    assert (await state(database_url)).pending == []


# ------------------------------------------------------------------------------------------------------------ the files


def test_a_statement_ends_with_a_semicolon_at_the_end_of_a_line() -> None:
    text = "-- a; comment;\nSELECT 'a;b'\n  FROM x;\n\n  -- another\nSELECT 2; \n"
    assert statements(text, "sqlite") == ["SELECT 'a;b'\n  FROM x;", "SELECT 2; "]


def test_a_statement_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="has no end: SELECT 2"):
        statements("SELECT 1;\nSELECT 2\n", "sqlite")


def test_a_folder_with_a_gap_is_refused(releases: Releases) -> None:
    folder = releases(FIRST, SECOND, THIRD)
    (folder / "0002_step2.sql").unlink()
    with pytest.raises(ValueError, match="after 0001 is 0003_step3"):
        read_migrations(folder)


@pytest.mark.parametrize("name", ["1_short.sql", "0002-dash.sql", "0002_Upper.sql", "notes.sql"])
def test_a_file_with_another_name_is_refused(releases: Releases, name: str) -> None:
    folder = releases(FIRST)
    (folder / name).touch()
    with pytest.raises(ValueError, match=r"is not named NNNN_name\.sql"):
        read_migrations(folder)


def test_a_migration_is_not_compatible_with_what_comes_later(releases: Releases) -> None:
    with pytest.raises(ValueError, match="comes after it"):
        read_migrations(releases("-- compatible-with: 2\n" + FIRST))
