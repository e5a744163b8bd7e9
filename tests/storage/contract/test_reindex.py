"""Search rows made anew, beside others who write."""

from __future__ import annotations

import asyncio
import re

import pytest

from muster.core.query import Is, Like, Order, Page
from muster.core.store import Change, Tenant, Unit
from muster.core.users.model import Metadata, User
from muster.core.users.terms import TERMS_VERSION
from muster.storage import reindexing
from muster.storage.engine import Engine, Write
from muster.storage.migrator import read_migrations
from muster.storage.reindexing import Progress, reindex
from muster.storage.store import SqlStore
from muster.storage.text import field_number
from tests.storage.contract.invariants import check_database
from tests.storage.contract.people import changed, insert, inserted, person


async def forget(engine: Engine) -> None:
    """As if a version had made the rows that found nothing in users at all."""
    for table in ("text_terms", "number_terms", "user_texts"):
        await engine.commit([Write(f"DELETE FROM {table}", ())])
    await engine.commit([Write("UPDATE users SET terms_version = 0", ())])


async def all_of(engine: Engine, *, everyone: bool = False) -> list[Progress]:
    return [progress async for progress in reindex(engine, everyone=everyone)]


async def test_it_makes_what_is_missing(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    await insert(store, tenant.number, *(person(f"{n}@example.org", internal=n == 3) for n in range(70)))
    await forget(engine)
    done = await all_of(engine)
    assert done[-1] == Progress(70, 70, 70)
    assert len(done) > 1
    assert await all_of(engine) == []
    assert (await all_of(engine, everyone=True))[-1] == Progress(70, 70, 70)
    for query in (Is("email", "7@example.org"), Like("text", ("", "17@exam", ""))):
        assert await store.count_users(tenant.number, query) == 1


async def test_all_removes_what_does_not_belong(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    people = [await inserted(store, tenant.number, person(f"{n}@example.org")) for n in range(30)]
    user = people[4]
    of_nobody = user.seq + 1_000
    stray = [(tenant.number, n, field_number("email"), f"stray{n}") for n in (user.seq, of_nobody)]
    await engine.commit(
        [Write("INSERT INTO text_terms (tenant_id, n, field, value) VALUES (?, ?, ?, ?)", stray, many=True)]
    )
    numbers = [(tenant.number, n, field_number("private.n"), float(n)) for n in (user.seq, of_nobody)]
    await engine.commit(
        [Write("INSERT INTO number_terms (tenant_id, n, field, value) VALUES (?, ?, ?, ?)", numbers, many=True)]
    )
    texts = (of_nobody, tenant.number, "stray text")
    await engine.commit([Write("INSERT INTO user_texts (n, tenant_id, text) VALUES (?, ?, ?)", texts)])
    await engine.commit([Write("UPDATE user_texts SET text = 'stray text' WHERE n = ?", (user.seq,))])
    assert (await all_of(engine, everyone=True))[-1] == Progress(30, 30, 30)
    await check_database(engine)
    assert await store.search_users(tenant.number, Is("email", "4@example.org"), Order(), Page()) == [user]


async def test_who_is_made_while_all_are_removed_keeps_every_row(
    store: SqlStore, engine: Engine, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "FORGOTTEN_AT_ONCE", 30)
    people = [await inserted(store, tenant.number, person(f"{n}@example.org")) for n in range(20)]
    n = 0
    async for _ in reindex(engine, everyone=True):
        n += 1
        await insert(store, tenant.number, person(f"new{n}@example.org"))
        stored = await store.get(tenant.number, User, people[n % 20].id)
        assert stored is not None
        await store.commit(Unit(tenant.number, [changed(stored, metadata=Metadata.of(private={"n": n}))]))
        for query in (Is("email", f"new{n}@example.org"), Is("email", "3@example.org"), Is("private.n", n)):
            assert await store.count_users(tenant.number, query) == 1
    assert n > 6
    await check_database(engine)


async def test_it_goes_on_where_it_was_stopped(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    await insert(store, tenant.number, *(person(f"{n}@example.org") for n in range(70)))
    await forget(engine)
    steps = reindex(engine)
    first = await anext(steps)
    await steps.aclose()
    assert 0 < first.looked_at < 70
    assert (await all_of(engine))[-1].indexed == 70 - first.indexed


async def test_users_who_change_meanwhile_are_right_afterwards(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    people = [await inserted(store, tenant.number, person(f"{n}@example.org")) for n in range(40)]
    await forget(engine)
    over = asyncio.Event()

    async def write() -> None:
        n = 0
        while not over.is_set():
            n += 1
            for place in range(0, 40, 3):
                stored = await store.get(tenant.number, User, people[place].id)
                if stored is None:
                    continue
                gone = place % 4 == 0 and n > 1
                change = Change(stored, None) if gone else changed(stored, metadata=Metadata.of(private={"n": n}))
                await store.commit(Unit(tenant.number, [change]))

    writing = asyncio.create_task(write())
    await all_of(engine)
    over.set()
    await writing
    await all_of(engine)
    assert [tuple(row) for row in await engine.rows("SELECT DISTINCT terms_version FROM users")] == [(TERMS_VERSION,)]
    assert await store.search_users(tenant.number, Is("email", "1@example.org"), Order(), Page()) == [people[1]]


def test_the_index_of_those_to_look_at_is_of_this_version() -> None:
    """Else every search would read all users to find that none is to be looked at."""
    migrations = "\n".join(migration.text for migration in read_migrations())
    created = re.findall(r"INDEX users_to_look_at ON users .* terms_version < (\d+);", migrations)
    assert created[-1] == str(TERMS_VERSION)
