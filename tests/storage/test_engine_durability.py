"""What was answered is kept: the settings that make it so, and a process killed in the middle of its writes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from muster.storage import sqlite_writer
from muster.storage.engine import Write
from muster.storage.migrator import migrate
from muster.storage.opening import open_engine
from muster.storage.sqlite import SqliteEngine

# Each task writes pairs and says so once it was told that a pair is durable.
WRITER = """
import asyncio, os, sys
from muster.storage import sqlite_writer
from muster.storage.engine import Write
from muster.storage.opening import open_engine

async def write(engine, task):
    for n in range(100_000):
        name = f"{task}-{n}"
        await engine.commit([
            Write("INSERT INTO pairs (name, half) VALUES (?, 1)", (name,)),
            Write("INSERT INTO pairs (name, half) VALUES (?, 2) RETURNING half", (name,), judge=lambda rows: None),
        ])
        os.write(1, f"{name}\\n".encode())

async def main(url):
    engine = open_engine(url)
    await engine.start()
    await asyncio.gather(*(write(engine, task) for task in range(16)))

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
async def pairs_url(database_url: str, tmp_path: Path) -> str:
    table = "CREATE TABLE pairs (name key_text NOT NULL, half integer NOT NULL, PRIMARY KEY (name, half));"
    (tmp_path / "0001_pairs.sql").write_text(table, "utf-8")
    await migrate(database_url, now=0, folder=tmp_path)
    return database_url


async def test_a_killed_process_keeps_what_it_answered_and_no_half(pairs_url: str) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, pairs_url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    answered = [writer.stdout.readline().strip() for _ in range(300)]
    writer.send_signal(signal.SIGKILL)
    answered += [line.strip() for line in writer.stdout if line.endswith("\n")]
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    engine = open_engine(pairs_url)
    await engine.start()
    halves = {
        str(name): int(count) for name, count in await engine.rows("SELECT name, count(*) FROM pairs GROUP BY name")
    }
    await engine.stop()
    assert set(answered) <= halves.keys()
    assert set(halves.values()) == {2}


async def test_the_writer_waits_for_the_disk_and_nobody_has_weakened_it(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "muster.db")
    await engine.start()
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "wal_autocheckpoint": 4000,
        "mmap_size": 0,
        "foreign_keys": 0,
        "temp_store": 2,
    }
    writer = engine._writer._connection
    assert {name: writer.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
    await engine.stop()


class Gate:
    """A judge that holds the writer until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = threading.Event()
        self._loop = asyncio.get_running_loop()

    def __call__(self, _: object) -> Exception | None:
        self._loop.call_soon_threadsafe(self.reached.set)
        assert self.open.wait(30)
        return None


async def test_nobody_is_answered_before_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one whose refusal is certain: it may rest on a neighbour's write that is yet to fail."""
    monkeypatch.setattr(sqlite_writer, "GROUP_SECONDS", 60)
    engine = SqliteEngine(tmp_path / "muster.db")
    await engine.start()
    first, last = Gate(), Gate()
    batches = [Write("SELECT 1", (), judge=first)]
    batches += [Write("SELECT 1", ()), Write("SELECT 1", (), judge=lambda _: KeyError("refused"))]
    batches += [Write("SELECT 1", (), judge=last)]
    tasks = [asyncio.create_task(engine.commit([batch])) for batch in batches]
    await first.reached.wait()
    first.open.set()
    await last.reached.wait()
    assert [task.done() for task in tasks] == [False] * 4
    last.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), type(None), KeyError, type(None)]
    await engine.stop()
