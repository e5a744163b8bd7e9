"""Backups taken while others write, and restores of every kind of database into every other."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import stat
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from muster.core.errors import Conflict
from muster.storage.archive import ArchiveRefused, Header, TableStart, new_archive, read_archive
from muster.storage.backup import DatabaseNotEmpty, backup, restore
from muster.storage.engine import Engine, Returned, Row, Write
from muster.storage.migrator import OWN_TABLES, SchemaRefused, migrate, read_migrations, state
from muster.storage.opening import open_engine, open_session
from tests.conftest import ENGINES
from tests.databases import Databases

SCHEMA = read_migrations()[-1].number


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "muster.backup"


@pytest.fixture(params=ENGINES)
def target_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database to restore into, of either kind whatever the first one is."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    url = databases.empty()
    yield url
    databases.drop(url)


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Engine]:
    engine = open_engine(url)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def tenant(name: str) -> list[Write]:
    sql = "INSERT INTO tenants (name, version, created_at, updated_at, access_epoch) VALUES (?, 1, 5, 5, 0)"
    return [Write(sql, (name,))]


def user(id_: str) -> list[Write]:
    """A user as two rows, of which one names the number of the other."""
    return [
        Write(
            "INSERT INTO users (tenant_id, id, realm, internal, version, created_at, updated_at, terms_version, overflow, doc)"
            " VALUES (1, ?, '', 0, 1, 5, 5, 1, 0, ?) RETURNING seq",
            (id_, f'{{"b": 1.50, "a": "{id_} ü ’ \\u0000"}}'.encode()),
        ),
        Write(
            "INSERT INTO number_terms (tenant_id, field, value, n) VALUES (1, ?, ?, ?)",
            (zlib.crc32(id_.encode()), 3.0, Returned(0)),
        ),
    ]


async def fill(url: str, users: int) -> None:
    await migrate(url, now=0)
    async with opened(url) as engine:
        await engine.commit(tenant("default"))
        await asyncio.gather(*(engine.commit(user(f"u{n:04}")) for n in range(users)))


async def content(url: str) -> dict[str, list[tuple[object, ...]]]:
    session = await open_session(url)
    found = {}
    for table in await session.tables():
        if table.name not in OWN_TABLES:
            rows = await session.rows(f"SELECT {', '.join(table.columns)} FROM {table.name}")
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    await session.close()
    return found


async def test_a_backup_holds_everything_and_fits_every_database(
    database_url: str, target_url: str, file: Path
) -> None:
    await fill(database_url, 700)
    told: list[tuple[str, int]] = []
    await backup(database_url, file, lambda table, rows: told.append((table, rows)))
    assert [rows for table, rows in told if table == "users"] == [500, 700]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir() if "unfinished" in path.name] == []
    await restore(file, target_url, now=9)
    restored = await content(target_url)
    assert restored == await content(database_url)
    assert len(restored["users"]) == len(restored["number_terms"]) == 700
    assert {type(row[3]) for row in restored["number_terms"]} == {float}


async def test_a_number_that_was_given_is_not_given_again(database_url: str, target_url: str, file: Path) -> None:
    await fill(database_url, 3)
    async with opened(database_url) as engine:
        await engine.commit([Write("DELETE FROM users WHERE seq = 3", ())])
    await backup(database_url, file)
    await restore(file, target_url, now=9)
    async with opened(target_url) as engine:
        await engine.commit(user("next"))
        assert [tuple(row) for row in await engine.rows("SELECT seq FROM users ORDER BY seq")] == [(1,), (2,), (4,)]


async def test_a_backup_is_of_one_moment_while_others_write(database_url: str, target_url: str, file: Path) -> None:
    await fill(database_url, 300)
    written = 0
    async with opened(database_url) as engine:
        over = asyncio.Event()

        async def write(task: int) -> None:
            nonlocal written
            while not over.is_set():
                await engine.commit(user(f"w{task}-{written}"))
                written += 1

        writers = [asyncio.create_task(write(task)) for task in range(8)]
        for _ in range(3):
            await backup(database_url, file)
        over.set()
        await asyncio.gather(*writers)
    assert written > 10
    await restore(file, target_url, now=9)
    restored = await content(target_url)
    assert {row[0] for row in restored["users"]} == {row[1] for row in restored["number_terms"]}
    assert 300 < len(restored["users"]) <= 300 + written


async def test_what_is_written_during_a_backup_is_not_in_it(database_url: str, target_url: str, file: Path) -> None:
    await fill(database_url, 3)
    before = await content(database_url)

    async def add_one() -> None:
        async with opened(database_url) as engine:
            await engine.commit(user("late"))

    def add_one_after_half_of_it(table: str, _: int) -> None:
        if table == "number_terms":
            with ThreadPoolExecutor(1) as thread:
                thread.submit(lambda: asyncio.run(add_one())).result()

    await backup(database_url, file, add_one_after_half_of_it)
    assert len((await content(database_url))["users"]) == 4
    await restore(file, target_url, now=9)
    assert await content(target_url) == before


async def test_a_database_with_a_tenant_is_not_restored_into(database_url: str, target_url: str, file: Path) -> None:
    await fill(database_url, 2)
    await fill(target_url, 1)
    before = await content(target_url)
    await backup(database_url, file)
    with pytest.raises(DatabaseNotEmpty, match="already holds a tenant"):
        await restore(file, target_url, now=9)
    assert await content(target_url) == before


async def test_a_database_that_was_migrated_and_no_more_is_empty(
    database_url: str, target_url: str, file: Path
) -> None:
    await fill(database_url, 2)
    await migrate(target_url, now=0)
    await backup(database_url, file)
    await restore(file, target_url, now=9)
    assert await content(target_url) == await content(database_url)


async def test_there_is_nothing_to_back_up(database_url: str, file: Path) -> None:
    with pytest.raises(SchemaRefused):
        await backup(database_url, file)
    assert not file.exists()
    assert not database_url.startswith("sqlite") or not Path(database_url.removeprefix("sqlite:///")).exists()


async def test_a_backup_that_fails_leaves_the_last_one(database_url: str, file: Path) -> None:
    await fill(database_url, 600)
    await backup(database_url, file)
    before = file.read_bytes()

    def fail(table: str, rows: int) -> None:
        if (table, rows) == ("users", 500):
            raise Conflict("no")

    with pytest.raises(Conflict):
        await backup(database_url, file, fail)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if "unfinished" in path.name] == []


# ------------------------------------------------------------------------------------------------------ damaged archives


async def untouched(url: str) -> bool:
    if url.startswith("sqlite"):
        return not Path(url.removeprefix("sqlite:///")).exists()
    return await content(url) == {} and (await state(url)).applied == 0


async def test_a_cut_or_damaged_backup_is_refused_and_touches_nothing(
    database_url: str, tmp_path: Path, file: Path
) -> None:
    await fill(database_url, 20)
    await backup(database_url, file)
    whole = file.read_bytes()
    target = f"sqlite:///{tmp_path / 'target.db'}"
    damaged = [whole[:n] for n in (0, 1, 9, 200, len(whole) // 2, len(whole) - 9, len(whole) - 1)]
    damaged += [whole[:n] + bytes([whole[n] ^ 16]) + whole[n + 1 :] for n in range(12, len(whole), len(whole) // 40)]
    for data in damaged:
        file.write_bytes(data)
        with pytest.raises(ArchiveRefused):
            await restore(file, target, now=9)
        assert await untouched(target)


def edited(file: Path, edit: Callable[[list[str]], list[str]]) -> None:
    """Change the lines of a backup and pack it again, so that gzip's own check is content."""
    file.write_bytes(
        gzip.compress("".join(edit(gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True))).encode())
    )


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda lines: lines[:-1], id="no end"),
        pytest.param(lambda lines: lines[:5] + lines[6:], id="a line gone"),
        pytest.param(lambda lines: [*lines, lines[-1]], id="two ends"),
        pytest.param(lambda lines: lines[1:], id="no header"),
        pytest.param(lambda lines: [lines[0], *lines], id="two headers"),
        pytest.param(lambda lines: [lines[0], "[1]\n", *lines[1:]], id="a row of no table"),
        pytest.param(lambda lines: [line.replace("u0001", "u9999") for line in lines], id="other content"),
        pytest.param(lambda lines: [*lines[:5], "{}\n", *lines[5:]], id="an unknown line"),
        pytest.param(lambda lines: [*lines[:5], "[1, 2\n", *lines[5:]], id="no JSON"),
        pytest.param(lambda lines: [lines[0].replace('"format":1', '"format":2'), *lines[1:]], id="a later format"),
        pytest.param(lambda lines: [lines[0].replace('"schema":', '"schema":999'), *lines[1:]], id="a later schema"),
        pytest.param(lambda _: [], id="nothing"),
        pytest.param(lambda _: ["hello\n"], id="no backup"),
    ],
)
async def test_a_backup_that_was_tampered_with_is_refused(
    tmp_path: Path, target_url: str, file: Path, edit: Callable[[list[str]], list[str]]
) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    await fill(source, 5)
    await backup(source, file)
    edited(file, edit)
    with pytest.raises(ArchiveRefused):
        await restore(file, target_url, now=9)
    assert await untouched(target_url)


@pytest.mark.parametrize("bad", ["a row twice", "an unknown table"])
async def test_a_restore_that_fails_in_the_middle_leaves_no_row(target_url: str, file: Path, bad: str) -> None:
    columns = ["number", "name", "version", "created_at", "updated_at", "access_epoch"]
    row: Row = [1, "default", 1, 5, 5, 0]
    with new_archive(file) as archive:
        archive.header(Header("9.9.9", SCHEMA))
        archive.table(TableStart("tenants", columns, 1))
        archive.rows([row, row] if bad == "a row twice" else [row])
        if bad == "an unknown table":
            archive.table(TableStart("aliens", ["id"], 0))
    await migrate(target_url, now=0)
    before = await content(target_url)
    with pytest.raises(Exception, match=r"(?i)unique|aliens"):
        await restore(file, target_url, now=9)
    assert await content(target_url) == before


def test_bytes_survive_an_archive(file: Path) -> None:
    rows: list[Row] = [[b"\x00\xff", None, "ü", 2**63 - 1, 0.1], [b"", "", "", -1, 1e300]]
    with new_archive(file) as archive:
        archive.header(Header("0.1.0", 1))
        archive.table(TableStart("things", list("abcde"), 0))
        archive.rows(rows)
    assert list(read_archive(file)) == [Header("0.1.0", 1), TableStart("things", list("abcde"), 0), *rows]
