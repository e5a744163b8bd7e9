"""What an act leaves behind when it is refused, and what it does not."""

from collections.abc import AsyncIterator

import pytest

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.errors import Invalid, Taken
from muster.core.facts import Fact
from muster.core.transaction import Transaction, TransactionRunner
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
