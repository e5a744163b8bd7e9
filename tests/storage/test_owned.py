"""What belongs to a user is reached through that user's rows alone, as the database itself says."""

from __future__ import annotations

import pytest

from muster.core.query import Page
from muster.core.sessions.model import Grant, Session
from muster.storage.opening import open_engine
from muster.storage.store import _OWNED
from tests.databases import Databases

PAGE = Page(0, 50)


@pytest.mark.parametrize("kind", [Session, Grant])
@pytest.mark.parametrize("newest_first", [False, True])
async def test_a_users_list_walks_that_users_rows(
    sqlite_databases: Databases, kind: type[Session | Grant], newest_first: bool
) -> None:
    engine = open_engine(sqlite_databases.migrated())
    await engine.start()
    table = _OWNED[kind]
    for user_id, reads in (
        ("u", f"{table.name}_of_user (tenant_id=? AND user_id=?)"),
        (None, "by_creation (tenant_id=?)"),
    ):
        sql, params = table.listed(1, user_id, newest_first=newest_first, page=PAGE)
        plan = [row[-1] for row in await engine.rows(f"EXPLAIN QUERY PLAN {sql}", params)]
        assert len(plan) == 1
        assert plan[0].endswith(reads)
    plan = [row[-1] for row in await engine.rows(f"EXPLAIN QUERY PLAN {table.by_id}", (1, "x"))]
    assert [step.partition("(")[2] for step in plan] == [
        "tenant_id=? AND realm=? AND kind=? AND value=?)",
        "tenant_id=? AND user_id=? AND id=?)",
    ]
    await engine.stop()
