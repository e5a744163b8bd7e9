"""SQLite plans without looking at what is in its tables, so its choice of an index is a matter of how we ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from muster.core.events import EventSearch
from muster.storage.events import EventLog
from muster.storage.opening import open_engine
from tests.databases import Databases


async def test_a_user_s_events_are_read_from_an_index_of_theirs(
    sqlite_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite_databases.migrated()
    engine = open_engine(url)
    await engine.start()
    plans: list[str] = []

    def planned(read: Any) -> Any:
        async def explained(sql: str, params: Sequence[Any]) -> Sequence[Any]:
            plans.append(" ".join(str(row[3]) for row in await read(f"EXPLAIN QUERY PLAN {sql}", params)))
            return ()

        return explained

    for name in ("rows", "scan"):
        monkeypatch.setattr(engine, name, planned(getattr(engine, name)))
    log = EventLog(engine)
    await log.of_user(1, "u1")
    await log.search(1, EventSearch(user_id="u1"), 50)
    await log.search(1, EventSearch(user_id="u1", kinds=("user.created",), since=1, before="a"), 50)
    await log.search(1, EventSearch(kinds=("user.created",)), 50)
    await log.search(1, EventSearch(since=1), 50)
    wanted = ["events_of_user"] * 3 + ["events_of_kind", "PRIMARY KEY"]
    assert [name in plan for plan, name in zip(plans, wanted, strict=True)] == [True] * 5, plans
    assert not any("TEMP B-TREE FOR ORDER BY" in plan for plan in plans[:3]), plans
    monkeypatch.undo()
    await engine.stop()
    sqlite_databases.drop(url)
