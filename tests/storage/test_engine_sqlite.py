"""Faults of the file and the machine under SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from muster.core.errors import Unavailable
from muster.storage.engine import Write
from muster.storage.sqlite import SqliteEngine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path / "data" / "muster.db")
    await engine.start()
    await engine.commit([Write("CREATE TABLE things (id text PRIMARY KEY, doc blob)", ())])
    yield engine
    await engine.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "muster.db"


def add(id_: str, size: int = 0) -> Write:
    return Write("INSERT INTO things VALUES (?, ?)", (id_, bytes(size)))


async def ids(engine: SqliteEngine) -> list[str]:
    return [row[0] for row in await engine.rows("SELECT id FROM things ORDER BY id")]


def codes(results: list[object]) -> set[object]:
    return {getattr(result, "code", result) for result in results}


async def test_nobody_else_may_read_the_file_or_its_folder(engine: SqliteEngine, path: Path) -> None:
    await engine.commit([add("a")])
    modes = {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in (path.parent, *path.parent.iterdir())}
    assert modes == {"data": "0o700", "muster.db": "0o600", "muster.db-shm": "0o600", "muster.db-wal": "0o600"}


async def test_a_file_that_others_may_read_is_pointed_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "open.db"
    path.touch()
    path.chmod(0o644)
    engine = SqliteEngine(path)
    await engine.start()
    await engine.stop()
    assert f"{path} can be read by other accounts" in caplog.text


async def test_a_full_database_refuses_and_recovers(engine: SqliteEngine) -> None:
    writer = engine._writer._connection
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages + 20}")
    results: list[object] = list(
        await asyncio.gather(
            engine.commit([add("small-1")]),
            engine.commit([add("before"), add("big", 1_000_000)]),
            engine.commit([add("small-2")]),
            return_exceptions=True,
        )
    )
    assert getattr(results[1], "code", None) == "database_full"
    # SQLite may drop the neighbours with it; then they are told so.
    assert codes(results) <= {None, "database_full"}
    kept = [id_ for id_, result in zip(("small-1", "big", "small-2"), results, strict=True) if result is None]
    assert await ids(engine) == kept
    writer.execute(f"PRAGMA max_page_count = {pages + 1000}")
    await engine.commit([add("big", 1_000_000)])
    assert "big" in await ids(engine)


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from muster.core.errors import Unavailable
from muster.storage.engine import Write
from muster.storage.sqlite import SqliteEngine

async def main():
    engine = SqliteEngine(Path(sys.argv[1]))
    await engine.start()
    await engine.commit([Write("CREATE TABLE things (id text PRIMARY KEY, doc blob)", ())])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit then fails as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    async def write(n):
        try:
            await engine.commit([Write("INSERT INTO things VALUES (?, ?)", (f"{n:04}", bytes(20_000)))])
            print("kept", n)
        except Unavailable as refused:
            print(refused.code, n)
    await asyncio.gather(*(write(n) for n in range(200)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await engine.commit([Write("INSERT INTO things VALUES ('again', NULL)", ())])
    await engine.stop()

asyncio.run(main())
"""


def test_a_disk_that_fills_up_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "muster.db"
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True, timeout=60
    )
    told = [line.split() for line in run.stdout.splitlines()]
    assert len(told) == 200
    assert {word for word, _ in told} - {"kept"} <= {"database_full", "database_failed"}
    refused = {int(n) for word, n in told if word != "kept"}
    assert refused
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {row[0] for row in file.execute("SELECT id FROM things")}
    assert found == {f"{n:04}" for n in range(200) if n not in refused} | {"again"}


async def test_a_writer_outside_is_waited_for(engine: SqliteEngine, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(engine.commit([add("a")]))
        done, _ = await asyncio.wait([waiting], timeout=0.05)
        assert not done
        assert await ids(engine) == []  # reading goes on
        other.execute("COMMIT")
        await waiting
    assert await ids(engine) == ["a"]


async def test_a_writer_outside_that_does_not_end_is_given_up_on(
    engine: SqliteEngine, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine._writer._connection.execute("PRAGMA busy_timeout = 300")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(engine.commit([add(str(n))]) for n in range(20)), return_exceptions=True)
        assert codes(list(results)) == {"database_busy"}
        assert {refused.retry_after for refused in results if isinstance(refused, Unavailable)} == {1}
        other.execute("COMMIT")
    # All who waited were told after one wait, not each after a wait of its own.
    assert caplog.text.count("database is locked") == 1
    await engine.commit([add("a")])
    assert await ids(engine) == ["a"]


async def test_a_read_of_a_first_row_holds_nothing_back(engine: SqliteEngine, path: Path) -> None:
    """A statement left in the middle would keep the log from ever being emptied."""
    await engine.commit([add("a"), add("b"), add("c")])
    assert await engine.row("SELECT id FROM things ORDER BY id") == ("a",)
    await engine.commit([add("d")])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)


async def test_the_loop_s_reader_cannot_write(engine: SqliteEngine) -> None:
    with pytest.raises(Unavailable, match="database_read_only"):
        await engine.row("DELETE FROM things RETURNING id")


@pytest.mark.parametrize("case", ["folder", "text"])
async def test_what_is_no_database_is_refused_at_the_start(tmp_path: Path, case: str) -> None:
    path = tmp_path / "muster.db"
    if case == "folder":
        path.mkdir(0o700)
    else:
        path.write_text("This is a shopping list, and it is long enough to be looked at. " * 20, "utf-8")
        path.chmod(0o600)
    with pytest.raises(Unavailable) as refused:
        await SqliteEngine(path).start()
    assert refused.value.code == {"folder": "database_failed", "text": "database_damaged"}[case]


async def test_a_queue_that_does_not_move_refuses_more(
    engine: SqliteEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.storage.sqlite_writer.QUEUE_LIMIT", 10)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [asyncio.create_task(engine.commit([add(f"{n:02}")])) for n in range(30)]
        done, _ = await asyncio.wait(waiting, timeout=0.1)
        assert codes([task.exception() for task in done]) == {"too_many_writes_waiting"}
        other.execute("COMMIT")
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert results.count(None) == len(await ids(engine)) >= 10
