"""The ground all storage tests stand on: real engines, and a database nobody else has touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from tests import postgres
from tests.databases import Databases


async def names_of_tables(url: str) -> list[str]:
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(path_of(url))) as file:
            return [name for (name,) in file.execute("SELECT name FROM sqlite_master")]
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row["tablename"] for row in rows]
    finally:
        await connection.close()


async def make_a_table(url: str) -> None:
    statement = "CREATE TABLE mark (n int)"
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(path_of(url))) as file:
            file.execute(statement)
        return
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def two_urls(databases: Databases) -> Iterator[tuple[str, str]]:
    urls = databases.empty(), databases.empty()
    yield urls
    for url in urls:
        databases.drop(url)


async def test_a_database_is_empty_and_shares_nothing(two_urls: tuple[str, str]) -> None:
    first, second = two_urls
    assert await names_of_tables(first) == []
    await make_a_table(first)
    assert await names_of_tables(first) == ["mark"]
    assert await names_of_tables(second) == []


async def test_a_migrated_database_is_a_copy_of_its_own(databases: Databases, migrated_url: str) -> None:
    second = databases.migrated()
    assert "users" in await names_of_tables(migrated_url)
    await make_a_table(migrated_url)
    assert "mark" in await names_of_tables(migrated_url)
    assert "mark" not in await names_of_tables(second)
    databases.drop(second)


async def test_a_dropped_database_is_gone(databases: Databases) -> None:
    url = databases.empty()
    await make_a_table(url)
    databases.drop(url)
    if url.startswith("sqlite:///"):
        assert path_of(url) not in set(path_of(url).parent.iterdir())
    else:
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(url)


async def test_the_run_s_postgres_is_reached_by_its_socket_alone(postgres_server: postgres.Server) -> None:
    connection = await asyncpg.connect(postgres_server.url())
    try:
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        assert await connection.fetchval("SHOW fsync") == "off"
        assert await connection.fetchval("SELECT datcollate FROM pg_database WHERE datname = 'template0'") == "C"
    finally:
        await connection.close()
    assert postgres_server.directory.stat().st_mode & 0o077 == 0


async def test_a_durable_postgres_keeps_production_s_settings(durable_postgres_server: postgres.Server) -> None:
    connection = await asyncpg.connect(durable_postgres_server.url())
    try:
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        assert await connection.fetchval("SHOW full_page_writes") == "on"
    finally:
        await connection.close()


@pytest.mark.skipif(postgres.find_binaries() is None, reason="is about a server that can be started")
def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    """kill -9 of a test run must not leave a server behind."""
    program = (
        "import os, signal; from tests import postgres\n"
        "server = postgres.start(); server.wait_until_ready(); print(server.directory, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=postgres.CHECKOUT, capture_output=True, text=True, check=False, timeout=60
    )
    directory = Path(run.stdout.strip())
    # The guardian is nobody's child by now, so its end can only be watched for.
    assert directory.name.startswith("muster-pg-")
    deadline = time.monotonic() + 20
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not directory.exists()


@pytest.mark.parametrize("workers", ["0", "1"])
def test_without_postgres_the_run_ends_with_2_and_names_the_cure(tmp_path: Path, workers: str) -> None:
    """The whole promise in a run of its own: SQLite's half passes, PostgreSQL's is skipped, the exit status says so."""
    (tmp_path / "tests").mkdir()
    for module in (postgres.CHECKOUT / "tests").glob("*.py"):
        if not module.name.startswith("test_"):
            shutil.copy(module, tmp_path / "tests")
    module = tmp_path / "tests" / "postgres.py"
    text = module.read_text("utf-8")
    assert text.count("def find_binaries() -> Path | None:\n") == 1
    module.write_text(
        text.replace("def find_binaries() -> Path | None:\n", "def find_binaries() -> Path | None:\n    return None\n"),
        "utf-8",
    )
    (tmp_path / "tests" / "test_it.py").write_text("def test_it(database_url):\n    assert database_url\n", "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n", "utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MUSTER_TEST_"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", workers, "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 2, run.stdout + run.stderr
    assert "1 passed, 1 skipped" in run.stdout
    assert postgres.cure() in run.stdout
