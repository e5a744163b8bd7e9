"""What an act leaves behind when it is refused, and what it does not."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.errors import Invalid, Taken
from muster.core.facts import Fact
from muster.core.ids import new_user_id
from muster.core.store import Change, Unit
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import Activity, Origin, User
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore


@pytest.fixture
async def store(migrated_url: str) -> AsyncIterator[SqlStore]:
    engine = open_engine(migrated_url)
    await engine.start()
    yield SqlStore(engine)
    await engine.stop()


async def test_only_what_is_meant_to_outlives_a_refusal(store: SqlStore) -> None:
    tenant = (await store.create_tenant("t", 1)).number

    async def act(tx: Transaction) -> None:
        tx.insert(Fact(id="kept", created_at=tx.now))
        tx.note("fact.made", user_id="u")
        tx.note_even_if_refused("fact.refused", user_id="u")
        raise Invalid("no")

    with pytest.raises(Invalid):
        await TransactionRunner(store, TurnedClock()).run(tenant, SYSTEM, act)
    assert await store.get(tenant, Fact, "kept") is None
    assert [event.kind for event in await store.events.of_user(tenant, "u")] == ["fact.refused"]


async def test_what_would_outlive_a_refusal_is_not_kept_without_one(store: SqlStore) -> None:
    tenant = (await store.create_tenant("t", 1)).number

    async def act(tx: Transaction) -> None:
        tx.note("fact.made", user_id="u")
        tx.note("fact.made", user_id="u")
        tx.note_even_if_refused("fact.refused", user_id="u")

    await TransactionRunner(store, TurnedClock()).run(tenant, SYSTEM, act)
    assert [event.kind for event in await store.events.of_user(tenant, "u")] == ["fact.made"]


async def test_one_act_cannot_make_the_same_record_twice(store: SqlStore) -> None:
    tenant = (await store.create_tenant("t", 1)).number

    async def act(tx: Transaction) -> None:
        tx.insert(Fact(id="same", created_at=tx.now))
        tx.insert(Fact(id="same", created_at=tx.now))

    with pytest.raises(Taken):
        await TransactionRunner(store, TurnedClock()).run(tenant, SYSTEM, act)
    assert await store.get(tenant, Fact, "same") is None


async def test_what_outlives_a_refusal_is_guarded_as_well(store: SqlStore) -> None:
    """Another writer comes between the act's reading and its refusal: it is decided anew, and nothing is lost."""
    tenant = (await store.create_tenant("t", 1)).number
    runner = TransactionRunner(store, TurnedClock())

    async def make(tx: Transaction) -> None:
        tx.insert(Fact(id="count", created_at=tx.now, value={"n": 0}))

    async def count(tx: Transaction) -> None:
        fact = await tx.need(Fact, "count")
        tx.even_if_refused(msgspec.structs.replace(fact, value={"n": fact.value["n"] + 1}))
        tx.note_even_if_refused("fact.counted", user_id="u")
        raise Invalid("no")

    await runner.run(tenant, SYSTEM, make)
    results = await asyncio.gather(*(runner.run(tenant, SYSTEM, count) for _ in range(32)), return_exceptions=True)
    assert {type(result) for result in results} == {Invalid}
    fact = await store.get(tenant, Fact, "count")
    assert fact is not None
    assert (fact.value, fact.version) == ({"n": 32}, 33)
    assert len(await store.events.of_user(tenant, "u", limit=100)) == 32


async def test_a_user_whose_activity_alone_changes_is_still_expected(store: SqlStore) -> None:
    tenant = (await store.create_tenant("t", 1)).number
    runner = TransactionRunner(store, TurnedClock())
    user = User(id=new_user_id(1), realm="r", origin=Origin(door="muster"), created_at=1)
    await store.commit(Unit(tenant, [Change(None, msgspec.structs.replace(user, version=1))]))
    seen: list[bool | None] = []

    async def suspend(tx: Transaction) -> None:
        tx.save(msgspec.structs.replace(await tx.need(User, user.id), suspended=True))

    async def come_in(tx: Transaction) -> None:
        found = await tx.need(User, user.id)
        seen.append(found.suspended)
        if len(seen) == 1:
            await runner.run(tenant, SYSTEM, suspend)
        tx.expect(found)
        tx.save(msgspec.structs.replace(found, activity=Activity(logins=1)))

    await runner.run(tenant, SYSTEM, come_in)
    assert seen == [None, True]


async def test_a_quiet_change_keeps_the_time(store: SqlStore) -> None:
    tenant = (await store.create_tenant("t", 1)).number
    clock = TurnedClock()
    runner = TransactionRunner(store, clock)

    async def make(tx: Transaction) -> None:
        tx.insert(Fact(id="f", created_at=tx.now))

    async def change(tx: Transaction) -> None:
        tx.save(msgspec.structs.replace(await tx.need(Fact, "f"), value={"a": 1}), quietly=True)

    await runner.run(tenant, SYSTEM, make)
    made_at = clock.now()
    clock.turn(days=1)
    await runner.run(tenant, SYSTEM, change)
    fact = await store.get(tenant, Fact, "f")
    assert fact == Fact(id="f", version=2, created_at=made_at, updated_at=made_at, value={"a": 1})
