from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from muster.core.connections.model import Connection
from muster.core.errors import Invalid, Taken
from muster.core.events import Event
from muster.core.query import Everyone, Is, Order, Page
from muster.core.records import Key
from muster.core.store import Change, Tenant, Unit
from muster.core.users.model import User
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore
from tests.storage.contract.people import NOW, changed, email_key, insert, inserted, person


async def test_tenants_are_made_once_and_listed_in_order(store: SqlStore) -> None:
    made = [await store.create_tenant(name, NOW + n) for n, name in enumerate(("zoo", "default", "é"))]
    assert [(t.id, t.name, t.created_at, t.access_epoch) for t in made] == [
        (str(t.number), name, NOW + n, 0) for n, (t, name) in enumerate(zip(made, ("zoo", "default", "é"), strict=True))
    ]
    assert await store.tenants() == made
    assert await store.tenant("default") == made[1]
    assert await store.tenant("none") is None
    with pytest.raises(Taken) as taken:
        await store.create_tenant("zoo", NOW)
    assert (taken.value.kind, taken.value.value) == ("tenant", "zoo")
    assert await store.tenants() == made
    for strange in ("a\0b", "a" * 2000):
        with pytest.raises(Invalid):
            await store.create_tenant(strange, NOW)
        assert await store.tenant(strange) is None


async def test_of_10_who_make_the_same_tenant_one_wins(store: SqlStore) -> None:
    results = await asyncio.gather(*(store.create_tenant("zoo", NOW) for _ in range(10)), return_exceptions=True)
    assert Counter(type(result) for result in results) == {Tenant: 1, Taken: 9}


async def test_tenants_never_see_each_other(store: SqlStore) -> None:
    one, two = [(await store.create_tenant(name, NOW)).number for name in ("one", "two")]
    same = person("ann@example.org", name="ann", external_id="e")
    mine = await inserted(store, one, same)
    assert await store.get(two, User, mine.id) is None
    assert await store.find(two, User, email_key("ann@example.org")) is None
    assert await store.count_users(two, Everyone()) == 0

    # The same id and the same keys are free in the other tenant.
    theirs = await inserted(store, two, same)
    await store.commit(Unit(two, [changed(theirs, hub_roles=["theirs"])]))
    assert await store.get(one, User, mine.id) == mine
    for query in (Everyone(), Is("email", "ann@example.org"), Is("id", mine.id), Is("created_at", NOW)):
        assert await store.search_users(one, query, Order(), Page()) == [mine]
        assert await store.search_users(one, query, Order("email"), Page()) == [mine]
        assert await store.count_users(one, query) == 1
    assert await store.search_users(one, Is("seq", theirs.seq), Order(), Page()) == []
    assert [user async for user in store.export_users(one)] == [mine]

    await insert(store, one, Connection(id="c", version=1, name="c"))
    assert await store.records(two, Connection) == []
    assert await store.get(two, Connection, "c") is None
    assert await store.find(two, Connection, Key("", "connection_name", "c")) is None

    event = Event("e1", "user.created", NOW, "system", "muster", "system", mine.id)
    await store.commit(Unit(one, events=[event]))
    assert await store.events.seal() == 1
    assert await store.events.after(two, 0, 10) == []
    assert await store.events.of_user(two, mine.id) == []

    await store.commit(Unit(two, [Change(await store.get(two, User, mine.id), None)]))
    assert await store.get(one, User, mine.id) == mine
    assert await store.count_users(one, Everyone()) == 1


async def test_the_access_epoch_grows_when_access_is_revoked(store: SqlStore, tenant: Tenant) -> None:
    other = await store.create_tenant("other", NOW)
    assert await store.access_epoch(tenant.number) == 0
    for expected in (1, 2):
        await store.commit(Unit(tenant.number, revokes=True))
        assert await store.access_epoch(tenant.number) == expected
    await store.commit(Unit(tenant.number, [Change(None, person())]))
    assert await store.access_epoch(tenant.number) == 2
    assert await store.access_epoch(other.number) == 0
    assert await store.access_epoch(99) == 0
    found = await store.tenant("default")
    assert found is not None
    assert found.access_epoch == 2


async def test_other_processes_are_told_of_a_raised_access_epoch(
    store: SqlStore, tenant: Tenant, engine_kind: str, migrated_url: str
) -> None:
    """A second engine on the same database stands for the other process; SQLite's only process reads."""
    engine = open_engine(migrated_url)
    await engine.start()
    heard = engine.epochs()
    assert (heard is None) == (engine_kind == "sqlite")
    if heard is not None:
        first = asyncio.ensure_future(anext(heard))
        while not first.done():  # it may not listen yet
            await store.commit(Unit(tenant.number, revokes=True))
        assert await first == tenant.number
        await heard.aclose()  # type: ignore[attr-defined]
    await engine.stop()
