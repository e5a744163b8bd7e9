"""Faults of the server and of the way to it under PostgreSQL, and how connections are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from muster.core.errors import Conflict, Lost, Unavailable
from muster.storage import address
from muster.storage.engine import Engine, EngineRefused, NewRows, Returned, Write
from muster.storage.opening import open_engine
from muster.storage.postgres import PostgresEngine
from muster.storage.postgres_commit import WORTH_A_COPY
from muster.storage.postgres_connections import Connections, translate
from tests.databases import PostgresDatabases


@pytest.fixture
def url(postgres_databases: PostgresDatabases) -> Any:
    url = postgres_databases.empty()
    yield url
    postgres_databases.drop(url)


@pytest.fixture
async def admin(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url, server_settings={"application_name": "admin"})
    await connection.execute("CREATE TABLE things (id text PRIMARY KEY, n bigint NOT NULL DEFAULT 0)")
    yield connection
    await connection.close()


@pytest.fixture
async def open_one(url: str, admin: Any) -> AsyncIterator[Callable[..., Any]]:
    opened: list[Engine] = []

    async def open_one(connections: int = 10) -> PostgresEngine:
        where = address.parse(url)
        assert isinstance(where, address.PostgresServer)
        engine = PostgresEngine(where, connections)
        await engine.start()
        opened.append(engine)
        return engine

    yield open_one
    for engine in opened:
        await engine.stop()


@pytest.fixture
async def engine(open_one: Callable[..., Any]) -> Any:
    return await open_one()


def add(id_: str) -> Write:
    return Write("INSERT INTO things (id) VALUES (?)", (id_,))


def bump(id_: str) -> Write:
    return Write("UPDATE things SET n = n + 1 WHERE id = ?", (id_,))


NAP = Write("SELECT pg_sleep(30)", ())


async def ids(engine: Engine) -> list[str]:
    return [row[0] for row in await engine.rows("SELECT id FROM things ORDER BY id")]


async def backends(admin: Any, running: str = "%") -> list[int]:
    """The server's processes for our connections, or those that are busy with a certain statement."""
    rows = await admin.fetch(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'muster' AND datname = current_database()"
        " AND ($1 = '%' OR (state = 'active' AND query LIKE $1))",
        running,
    )
    return [row["pid"] for row in rows]


async def busy_backends(admin: Any, running: str, count: int = 1) -> list[int]:
    """Wait until the server is busy with a statement: it can only be asked again and again."""
    async with asyncio.timeout(10):
        while len(found := await backends(admin, running)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return found


async def busy_backend(admin: Any, running: str) -> int:
    return (await busy_backends(admin, running))[0]


async def terminate(admin: Any, pid: int) -> None:
    await admin.execute("SELECT pg_terminate_backend($1, 5000)", pid)


# ------------------------------------------------------------------------------------------------------ lost connections


async def test_a_server_that_came_back_is_not_noticed(engine: PostgresEngine, admin: Any) -> None:
    await asyncio.gather(*(engine.commit([add(str(n)), bump(str(n))]) for n in range(5)))
    for pid in await backends(admin):
        await terminate(admin, pid)
    assert await asyncio.gather(*(ids(engine) for _ in range(12))) == [["0", "1", "2", "3", "4"]] * 12
    await engine.commit([add("after")])


async def test_a_read_that_loses_its_connection_is_tried_once_more(engine: PostgresEngine, admin: Any) -> None:
    reading = asyncio.create_task(engine.row("SELECT pg_sleep(30)"))
    first = await busy_backend(admin, "%pg_sleep%")
    await terminate(admin, first)
    second = await busy_backend(admin, "%pg_sleep%")
    assert second != first
    await terminate(admin, second)
    with pytest.raises(Unavailable) as refused:
        await reading
    assert (refused.value.code, refused.value.retry_after) == ("database_away", 1)


async def test_a_batch_that_loses_its_connection_is_refused_and_gone(engine: PostgresEngine, admin: Any) -> None:
    writing = asyncio.create_task(engine.commit([add("a"), NAP, add("b")]))
    await terminate(admin, await busy_backend(admin, "%pg_sleep%"))
    with pytest.raises(Unavailable, match="database_away"):
        await writing
    assert await ids(engine) == []
    await engine.commit([add("a"), add("b")])
    assert await ids(engine) == ["a", "b"]


async def test_a_cancelled_batch_lets_go_of_its_rows(engine: PostgresEngine, admin: Any) -> None:
    await engine.commit([add("a")])
    writing = asyncio.create_task(engine.commit([bump("a"), NAP]))
    await busy_backend(admin, "%pg_sleep%")
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await engine.commit([bump("a")])
    assert (await admin.fetchval("SELECT n FROM things")) == 1


async def test_a_cancelled_scan_is_stopped_on_the_server_too(engine: PostgresEngine, admin: Any) -> None:
    scanning = asyncio.create_task(engine.scan("SELECT pg_sleep(1.9)"))
    await busy_backend(admin, "%pg_sleep%")
    scanning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scanning
    await engine.stop()
    assert await backends(admin) == []


async def test_a_server_that_is_away_at_the_start() -> None:
    engine = open_engine("postgresql://muster:hunter2@/muster?host=/nowhere")
    with pytest.raises(Unavailable) as refused:
        await engine.start()
    assert refused.value.code == "database_away"
    assert "hunter2" not in repr(refused.value)


async def test_a_database_that_is_missing(url: str) -> None:
    engine = open_engine(url.replace("@/t", "@/no"))
    with pytest.raises(Unavailable, match="database_missing"):
        await engine.start()


async def test_an_encoding_that_cannot_hold_every_name_is_refused(url: str, admin: Any) -> None:
    name = f"t{uuid4().hex}"
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII'")
    database = await admin.fetchval("SELECT current_database()")
    other = url.replace(database, name)
    with pytest.raises(EngineRefused, match="ENCODING 'UTF8'"):
        await open_engine(other).start()
    await admin.execute(f"DROP DATABASE {name}")


async def test_a_standby_is_read_only(open_one: Callable[..., Any], admin: Any) -> None:
    database = await admin.fetchval("SELECT current_database()")
    await admin.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
    engine = await open_one()
    assert await ids(engine) == []
    with pytest.raises(Unavailable, match="database_read_only"):
        await engine.commit([add("a"), add("b")])


# ------------------------------------------------------------------------------------------------------------- contention


async def test_a_deadlock_is_lost_by_one_and_won_by_the_other(
    url: str, admin: Any, open_one: Callable[..., Any]
) -> None:
    database = await admin.fetchval("SELECT current_database()")
    await admin.execute(f"ALTER DATABASE \"{database}\" SET deadlock_timeout = '10ms'")
    engine = await open_one()
    await engine.commit([add("a"), add("b")])
    # Each waits, with one row locked, until the other has locked its first one too.
    meet = Write("SELECT pg_advisory_lock_shared(1)", ())
    await admin.execute("SELECT pg_advisory_lock(1)")
    fighting = [asyncio.create_task(engine.commit([bump(x), meet, bump(y)])) for x, y in (("a", "b"), ("b", "a"))]
    await busy_backends(admin, "%pg_advisory_lock_shared%", 2)
    await admin.execute("SELECT pg_advisory_unlock(1)")
    results = await asyncio.gather(*fighting, return_exceptions=True)
    (lost,) = [result for result in results if result is not None]
    assert isinstance(lost, Lost)
    assert lost.row == ("database", "deadlock")
    assert [tuple(row) for row in await engine.rows("SELECT id, n FROM things ORDER BY id")] == [("a", 1), ("b", 1)]


async def test_a_connection_after_a_refusal_is_clean_and_the_same(open_one: Callable[..., Any], admin: Any) -> None:
    engine = await open_one(1)
    await engine.commit([add("a")])
    (before,) = await backends(admin)
    with pytest.raises(Conflict):
        await engine.commit([add("b"), Write("SELECT 1 WHERE false", (), judge=lambda _: Conflict("no"))])
    with pytest.raises(asyncpg.UniqueViolationError):
        await engine.commit([add("c"), add("a")])
    await engine.commit([add("d")])
    assert await ids(engine) == ["a", "d"]
    assert await backends(admin) == [before]


async def test_callers_wait_for_one_of_ten_connections(engine: PostgresEngine, admin: Any) -> None:
    await asyncio.gather(*(engine.commit([add(f"{n:03}"), bump(f"{n:03}")]) for n in range(150)))
    assert len(await ids(engine)) == 150
    assert len(await backends(admin)) == 10


@pytest.mark.parametrize("handed_over_already", [False, True])
async def test_one_who_no_longer_waits_is_passed_over(url: str, admin: Any, handed_over_already: bool) -> None:
    where = address.parse(url)
    assert isinstance(where, address.PostgresServer)
    connections = Connections(where, 1, 5.0, {})
    only = await connections.take()
    given_up, patient = asyncio.create_task(connections.take()), asyncio.create_task(connections.take())
    await asyncio.sleep(0)
    if handed_over_already:
        connections.give(only)
        given_up.cancel()
    else:
        given_up.cancel()
        connections.give(only)
    assert await patient is only
    assert given_up.cancelled()
    connections.give(only)
    await connections.close()
    assert await backends(admin) == []


async def test_one_who_waits_too_long_is_told(
    open_one: Callable[..., Any], admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.storage.postgres._SECONDS_FOR_A_CONNECTION", 0.05)
    engine = await open_one(1)
    await admin.execute("SELECT pg_advisory_lock(3)")
    holding = asyncio.create_task(engine.row("SELECT pg_advisory_lock(3)"))
    await busy_backend(admin, "%pg_advisory_lock(3)%")
    with pytest.raises(Unavailable, match="database_busy"):
        await engine.row("SELECT 1")
    await admin.execute("SELECT pg_advisory_unlock(3)")
    await holding
    await engine.ping()


async def test_a_table_changed_by_a_migration_beside_us(engine: PostgresEngine, admin: Any) -> None:
    select_all = "SELECT * FROM things"
    await engine.commit([add("a"), Write(select_all, ())])
    assert [tuple(row) for row in await engine.rows(select_all)] == [("a", 0)]
    await admin.execute("ALTER TABLE things ADD COLUMN more text")
    assert [tuple(row) for row in await engine.rows(select_all)] == [("a", 0, None)]
    await admin.execute("ALTER TABLE things ADD COLUMN still_more text")
    for expected in (Lost, None):
        (result,) = await asyncio.gather(engine.commit([bump("a"), Write(select_all, ())]), return_exceptions=True)
        assert result is None if expected is None else isinstance(result, expected)
    assert await admin.fetchval("SELECT n FROM things") == 1


# ----------------------------------------------------------------------------------------------------------------- epochs


async def listening(admin: Any) -> int:
    """The server's process that listens for us, once it does."""
    sql = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle' AND datname = current_database()"
    while (pid := await admin.fetchval(sql)) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    return int(pid)


def raised(tenant: int) -> Write:
    return Write("SELECT pg_notify('muster_access', ?)", (str(tenant),))


async def test_epochs_are_heard_again_after_the_connection_was_lost(engine: PostgresEngine, admin: Any) -> None:
    epochs = engine.epochs()
    assert epochs is not None

    async def hear(tenant: int) -> int:
        """Announce until it is heard: what is said before the listener listens is lost."""
        heard = asyncio.ensure_future(anext(epochs))
        while not heard.done():
            await engine.commit([raised(tenant), add(uuid4().hex)])
            await asyncio.wait([heard], timeout=0.01)
        return heard.result()

    assert await hear(7) == 7
    await terminate(admin, await listening(admin))
    while (tenant := await hear(8)) == 7:
        pass  # more than one 7 was on its way
    assert tenant == 8
    await epochs.aclose()  # type: ignore[attr-defined]


async def test_a_refused_batch_announces_nothing(engine: PostgresEngine, admin: Any) -> None:
    epochs = engine.epochs()
    assert epochs is not None
    heard = asyncio.ensure_future(anext(epochs))
    await listening(admin)
    with pytest.raises(Conflict):
        await engine.commit([raised(1), Write("SELECT 1", (), judge=lambda _: Conflict("no"))])
    await engine.commit([Write("SELECT pg_notify('muster_access', ?)", ("what?",)), raised(2)])
    assert await heard == 2
    await epochs.aclose()  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT 1"),
        ("a = ? AND b IN (?, ?)", "a = $1 AND b IN ($2, $3)"),
        ("a = '?' AND b = ?", "a = '?' AND b = $1"),
        ("a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"),
        ('"odd?" = ?', '"odd?" = $1'),
        ("? -- why?\n ?", "$1 -- why?\n $2"),
    ],
)
def test_marks_are_numbered(sql: str, expected: str) -> None:
    assert translate(sql) == expected


async def test_commits_are_synchronous_even_where_the_server_s_default_is_not(
    open_one: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    engine = await open_one()
    assert "fsync = off" in caplog.text  # the run's server is a fast and careless one
    assert await engine.row("SELECT current_setting('synchronous_commit')") == ("on",)


# ------------------------------------------------------------------------------------------------------------- new rows

THINGS = NewRows("things", ("id", "n"))


def added(names: list[str], n: Any) -> list[Write]:
    """New rows in the two ways that they are written: end to end in one statement, and one after the other."""
    half = len(names) // 2
    params = [value for name in names[:half] for value in (name, n)]
    rows = [(name, n) for name in names[half:]]
    return [Write(THINGS.insert(half), params, adds=THINGS), Write(THINGS.insert(), rows, many=True, adds=THINGS)]


@pytest.mark.parametrize("count", [WORTH_A_COPY - 2, WORTH_A_COPY])
async def test_many_new_rows_are_copied_and_are_the_same(engine: PostgresEngine, count: int) -> None:
    copies: list[str] = []
    copy = asyncpg.Connection.copy_records_to_table

    async def noted(connection: Any, name: str, **options: Any) -> str:
        copies.append(name)
        return str(await copy(connection, name, **options))

    names = [f"\u00e9\\N\t{n:03}" for n in range(count)]
    made = Write("INSERT INTO things (id, n) VALUES ('first', 7) RETURNING n", (), lambda _: None, returns=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncpg.Connection, "copy_records_to_table", noted)
        await engine.commit([made, *added(names, Returned(0)), add("last")])
    assert copies == (["things"] if count >= WORTH_A_COPY else [])
    rows = await engine.rows("SELECT id, n FROM things")
    assert sorted(map(tuple, rows)) == sorted([("first", 7), ("last", 0), *((name, 7) for name in names)])


async def test_a_copy_that_fails_leaves_nothing_and_a_clean_connection(engine: PostgresEngine, admin: Any) -> None:
    names = [str(n) for n in range(WORTH_A_COPY)]
    await engine.commit([add(names[-1])])
    pids = await backends(admin)
    with pytest.raises(asyncpg.UniqueViolationError):
        await engine.commit([add("before"), *added(names, 1)])
    assert await ids(engine) == [names[-1]]
    await engine.commit([add("after"), bump("after")])
    assert await backends(admin) == pids
