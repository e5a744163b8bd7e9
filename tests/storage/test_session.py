from __future__ import annotations

from muster.storage.opening import open_session
from muster.storage.session import Table


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
