from __future__ import annotations

from muster.storage.opening import open_session
from muster.storage.session import Table
from muster.storage.statistics import refresh


async def test_a_long_load_in_small_steps(database_url: str) -> None:
    """A step must leave nothing behind that another thread tidies up while the next one runs."""
    session = await open_session(database_url)
    await session.define("CREATE TABLE things (id text PRIMARY KEY, n bigint)")
    things = Table("things", ["id", "n"], None)
    async with session.transaction():
        for step in range(1000):
            await session.load(things, [(f"{step}-{n}", n) for n in range(10)])
    async with session.snapshot():
        assert [len(rows) async for rows in session.stream("SELECT id, n FROM things")] == [500] * 20
    await session.close()


async def test_tables_that_were_filled_are_measured(migrated_url: str) -> None:
    """PostgreSQL then knows their sizes, and no search reads what was added last from end to end."""
    session = await open_session(migrated_url)
    texts = Table("user_texts", ["n", "tenant_id", "text"], None)
    async with session.transaction():
        await session.load(texts, [(n, 1, f"somebody number {n}") for n in range(1000)])
    await refresh(migrated_url)
    if migrated_url.startswith("postgresql"):
        sizes = "SELECT reltuples FROM pg_class WHERE relname = 'user_texts'"
        assert [tuple(row) for row in await session.rows(sizes)] == [(1000.0,)]
        ((left,),) = await session.rows("SELECT gin_clean_pending_list('user_texts_trigrams')")
        assert left == 0
    await session.close()
