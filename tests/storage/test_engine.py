"""What every engine promises, on each of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import asyncpg
import pytest

from muster.core.errors import Conflict, Lost, Taken, Unavailable
from muster.storage import postgres, sqlite
from muster.storage.engine import Engine, Returned, Row, Value, Write
from muster.storage.migrator import migrate
from muster.storage.opening import open_engine

TABLES = """
CREATE TABLE things (
    id key_text PRIMARY KEY,
    n bigint NOT NULL,
    doc json_text,
    share double precision,
    bytes bytea
) WITHOUT ROWID;
CREATE TABLE numbers (
    number integer PRIMARY KEY AUTOINCREMENT,
    name key_text NOT NULL UNIQUE
);
"""
ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT count(*) FROM c"


@pytest.fixture
async def things_url(database_url: str, tmp_path: Path) -> str:
    (tmp_path / "0001_things.sql").write_text(TABLES, "utf-8")
    await migrate(database_url, now=0, folder=tmp_path)
    return database_url


@pytest.fixture
async def engine(things_url: str) -> AsyncIterator[Engine]:
    engine = open_engine(things_url)
    await engine.start()
    yield engine
    await engine.stop()


def add(id_: str, n: int = 0) -> Write:
    return Write("INSERT INTO things (id, n) VALUES (?, ?)", (id_, n))


def claim(id_: str) -> Write:
    """As the store adds what must be unique: no row returned means that somebody else has it."""
    return Write(
        "INSERT INTO things (id, n) VALUES (?, 0) ON CONFLICT DO NOTHING RETURNING id",
        (id_,),
        judge=lambda rows: None if rows else Taken("id", id_),
    )


def bump(id_: str, refuse: Callable[[Sequence[Row]], Exception | None] | None = None) -> Write:
    return Write("UPDATE things SET n = n + 1 WHERE id = ? RETURNING n", (id_,), judge=refuse)


async def ids(engine: Engine) -> list[str]:
    return [str(row[0]) for row in await engine.rows("SELECT id FROM things ORDER BY id")]


async def n_of(engine: Engine, id_: str) -> object:
    row = await engine.row("SELECT n FROM things WHERE id = ?", (id_,))
    assert row is not None
    return row[0]


# --------------------------------------------------------------------------------------------------------------- values


async def test_values_come_back_as_they_were_sent(engine: Engine) -> None:
    doc = '{"b": 1.50,  "a": [1e2, "\\u0000", "ü"], "b2": 12345678901234567890}'.encode()
    sent = ("it's “ü” ?", 2**63 - 1, doc, 0.1, b"\x00\xff")
    await engine.commit([Write("INSERT INTO things (id, n, doc, share, bytes) VALUES (?, ?, ?, ?, ?)", sent)])
    row = await engine.row("SELECT id, n, doc, share, bytes FROM things WHERE n = ?", (2**63 - 1,))
    assert row is not None
    assert tuple(row) == sent
    assert [type(value) for value in row] == [str, int, bytes, float, bytes]


async def test_null_comes_back(engine: Engine) -> None:
    nothing = ("a", 1, None, None, None)
    await engine.commit([Write("INSERT INTO things (id, n, doc, share, bytes) VALUES (?, ?, ?, ?, ?)", nothing)])
    assert [tuple(row) for row in await engine.scan("SELECT id, n, doc, share, bytes FROM things")] == [nothing]


async def test_keys_sort_byte_by_byte(engine: Engine) -> None:
    await engine.commit(
        [Write("INSERT INTO things (id, n) VALUES (?, 1)", [(c,) for c in ("é", "b", "B", "a")], many=True)]
    )
    assert await ids(engine) == ["B", "a", "b", "é"]


async def test_a_question_mark_in_quotes_or_a_comment_is_no_parameter(engine: Engine) -> None:
    await engine.commit([add("a?")])
    sql = "SELECT id AS \"what?\", 'it''s ?' FROM things -- why?\n WHERE id = ? AND id = 'a?'"
    row = await engine.row(sql, ("a?",))
    assert row is not None
    assert tuple(row) == ("a?", "it's ?")


async def test_no_row(engine: Engine) -> None:
    assert await engine.row("SELECT n FROM things WHERE id = ?", ("nobody",)) is None
    assert list(await engine.rows("SELECT n FROM things WHERE id = ?", ("nobody",))) == []


# -------------------------------------------------------------------------------------------------------------- batches


async def test_an_empty_batch_is_nothing(engine: Engine) -> None:
    await engine.commit([])
    assert await ids(engine) == []


async def test_a_later_write_uses_what_an_earlier_one_returned(engine: Engine) -> None:
    await engine.commit([Write("INSERT INTO numbers (name) VALUES (?)", ("first",))])
    rows: list[tuple[Value | Returned, ...]] = [("two", Returned(1)), ("three", 7)]
    await engine.commit(
        [
            add("x"),
            Write("INSERT INTO numbers (name) VALUES (?) RETURNING number, name", ("second",)),
            Write("INSERT INTO things (id, n) VALUES (?, ?)", ("one", Returned(1))),
            Write("INSERT INTO things (id, n) VALUES (?, ?)", rows, many=True),
        ]
    )
    stored = await engine.rows("SELECT id, n FROM things ORDER BY id")
    assert [tuple(row) for row in stored] == [("one", 2), ("three", 7), ("two", 2), ("x", 0)]


async def test_what_a_judge_refuses_leaves_nothing(engine: Engine) -> None:
    await engine.commit([add("a", 5)])
    seen: list[list[tuple[object, ...]]] = []

    def refuse(rows: Sequence[Row]) -> Exception:
        seen.append([tuple(row) for row in rows])
        return Conflict("no")

    with pytest.raises(Conflict) as refused:
        await engine.commit([add("b"), bump("a", refuse), add("c")])
    assert refused.value.code == "no"
    assert seen == [[(6,)]]
    assert await ids(engine) == ["a"]
    assert await n_of(engine, "a") == 5


async def test_a_judge_may_undo_a_write_that_stands_alone(engine: Engine) -> None:
    await engine.commit([add("a", 5)])
    with pytest.raises(Conflict):
        await engine.commit([bump("a", lambda _: Conflict("no"))])
    assert await n_of(engine, "a") == 5


async def test_a_judge_that_fails_fails_its_batch_alone(engine: Engine) -> None:
    def stumble(rows: Sequence[Row]) -> Exception | None:
        raise ZeroDivisionError(len(rows))

    await engine.commit([add("a")])
    results = await asyncio.gather(
        engine.commit([add("b")]),
        engine.commit([add("c"), bump("a", stumble)]),
        engine.commit([add("d")]),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), ZeroDivisionError, type(None)]
    assert await ids(engine) == ["a", "b", "d"]
    assert await n_of(engine, "a") == 0


async def test_a_refused_batch_leaves_its_200_neighbours_alone(engine: Engine) -> None:
    await engine.commit([add("taken")])
    batches = [[add(f"{n:03}-first"), claim(f"{n:03}")] for n in range(200)]
    batches[77] = [add("077-first"), claim("taken"), add("077-last")]
    results = await asyncio.gather(*(engine.commit(batch) for batch in batches), return_exceptions=True)
    assert [n for n, result in enumerate(results) if result is not None] == [77]
    assert isinstance(results[77], Taken)
    expected = {"taken"} | {f"{n:03}{part}" for n in range(200) if n != 77 for part in ("", "-first")}
    assert set(await ids(engine)) == expected


async def test_one_of_many_that_want_the_same_key_gets_it(engine: Engine) -> None:
    results = await asyncio.gather(*(engine.commit([claim("the one")]) for _ in range(50)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["Taken"] * 49


async def test_a_mistake_of_ours_is_raised_as_it_is_and_stays_alone(engine: Engine) -> None:
    await engine.commit([add("a")])
    results = await asyncio.gather(
        engine.commit([add("b")]),
        engine.commit([add("c"), add("a")]),
        engine.commit([Write("INSERT INTO nowhere (id) VALUES (?)", ("x",))]),
        engine.commit([add("d")]),
        return_exceptions=True,
    )
    assert results[0] is results[3] is None
    assert isinstance(results[1], sqlite3.IntegrityError | asyncpg.UniqueViolationError)
    assert isinstance(results[2], sqlite3.OperationalError | asyncpg.UndefinedTableError)
    assert await ids(engine) == ["a", "b", "d"]


async def test_many_rows_are_all_or_nothing(engine: Engine) -> None:
    rows: list[tuple[Value, ...]] = [(str(n), n) for n in range(1000)]
    await engine.commit([Write("INSERT INTO things (id, n) VALUES (?, ?)", rows, many=True)])
    again = [("new", 1), *rows[500:501]]
    with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
        await engine.commit([Write("INSERT INTO things (id, n) VALUES (?, ?)", again, many=True)])
    row = await engine.row("SELECT count(*), sum(n) FROM things")
    assert row is not None
    assert (row[0], int(row[1])) == (1000, 499_500)


async def test_no_increment_is_lost(engine: Engine) -> None:
    await engine.commit([add("a")])
    await asyncio.gather(*(engine.commit([bump("a"), add(f"by-{n}")]) for n in range(100)))
    assert await n_of(engine, "a") == 100


async def test_batches_that_lock_each_other_out_are_done_or_lost(things_url: str) -> None:
    if things_url.startswith("postgresql"):
        await set_deadlock_timeout(things_url)
    engine = open_engine(things_url)
    await engine.start()
    await engine.commit([add("a"), add("b")])
    orders = [("a", "b"), ("b", "a")] * 20
    results = await asyncio.gather(
        *(engine.commit([bump(first), bump(second)]) for first, second in orders), return_exceptions=True
    )
    assert {type(result) for result in results} <= {type(None), Lost}
    done = results.count(None)
    assert done > 0
    assert (await n_of(engine, "a"), await n_of(engine, "b")) == (done, done)
    await engine.stop()


async def set_deadlock_timeout(url: str) -> None:
    """Look for deadlocks at once: a server's default is a second, which the test would spend many times."""
    connection = await asyncpg.connect(url)
    database = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE \"{database}\" SET deadlock_timeout = '10ms'")
    await connection.close()


async def test_a_cancelled_caller_s_batch_is_whole_or_absent(engine: Engine) -> None:
    tasks = [asyncio.create_task(engine.commit([add(f"{n}-x"), add(f"{n}-y"), add(f"{n}-z")])) for n in range(60)]
    for task in tasks:
        task.cancel()
        await asyncio.sleep(0)  # each is cancelled a little later in its life than the one before
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(engine.commit([add(f"after-{n}")]) for n in range(30)))
    found = await ids(engine)
    assert sum(id_.startswith("after-") for id_ in found) == 30
    parts = [id_.split("-")[0] for id_ in found if not id_.startswith("after-")]
    assert {parts.count(n) for n in parts} <= {3}


# ---------------------------------------------------------------------------------------------------------------- scans


async def test_an_endless_scan_is_stopped(things_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "SCAN_SECONDS", 0.1)
    monkeypatch.setattr(postgres, "SCAN_SECONDS", 0.1)
    engine = open_engine(things_url)
    await engine.start()
    try:
        scans = [asyncio.create_task(engine.scan(ENDLESS)) for _ in range(6)]
        await engine.commit([add("meanwhile")])
        assert await ids(engine) == ["meanwhile"]
        refusals = await asyncio.gather(*scans, return_exceptions=True)
        assert [getattr(refused, "code", refused) for refused in refusals] == ["search_timeout"] * 6
        assert [tuple(row) for row in await engine.scan("SELECT id FROM things")] == [("meanwhile",)]
    finally:
        await engine.stop()


async def test_a_scan_cannot_write(engine: Engine) -> None:
    with pytest.raises(Unavailable, match="database_read_only"):
        await engine.scan("INSERT INTO things (id, n) VALUES ('a', 1) RETURNING id")
    assert await ids(engine) == []


# ---------------------------------------------------------------------------------------------------------- life cycle


async def test_stopping_finishes_what_waits(things_url: str) -> None:
    engine = open_engine(things_url)
    await engine.start()
    waiting = [asyncio.create_task(engine.commit([add(f"{n:02}"), bump(f"{n:02}")])) for n in range(50)]
    await asyncio.sleep(0)
    await engine.stop()
    assert await asyncio.gather(*waiting) == [None] * 50
    with pytest.raises(Unavailable):
        await engine.commit([add("late")])
    await engine.start()
    assert await ids(engine) == [f"{n:02}" for n in range(50)]
    await engine.stop()


async def test_ping(engine: Engine) -> None:
    await engine.ping()
