"""Old events go, by the clock, on both engines; without a number of days none ever does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from muster.core.clock import TurnedClock
from muster.core.events import Event, EventSearch
from muster.core.ids import new_id
from muster.core.store import Tenant, Unit
from muster.jobs.retention import STEP, EventRetention
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore


@pytest.fixture
async def store(migrated_url: str) -> AsyncIterator[SqlStore]:
    engine = open_engine(migrated_url)
    await engine.start()
    yield SqlStore(engine)
    await engine.stop()


async def note(store: SqlStore, tenant: Tenant, clock: TurnedClock, count: int = 1) -> None:
    now = clock.now()
    events = [Event(new_id(now), "user.updated", now, "system", "muster", "system") for _ in range(count)]
    await store.commit(Unit(tenant.number, events=events))


async def left(store: SqlStore, tenant: Tenant) -> int:
    return len(await store.events.search(tenant.number, EventSearch(), 10_000))


async def test_events_are_kept_for_as_many_days_as_they_should_be(store: SqlStore) -> None:
    clock = TurnedClock()
    tenants = [await store.create_tenant(name, clock.now()) for name in ("default", "other")]
    retention = EventRetention(store, store.events, clock, 30, pause=0)
    for tenant in tenants:
        await note(store, tenant, clock, 2 * STEP + 1)
    clock.turn(days=1)
    for tenant in tenants:
        await note(store, tenant, clock)

    clock.turn(days=29)
    assert await retention.forget_old() == 0, "thirty days are not yet over"
    clock.turn(ms=1)
    assert await retention.forget_old() == 2 * (2 * STEP + 1)
    assert [await left(store, tenant) for tenant in tenants] == [1, 1]
    clock.turn(days=1)
    assert await retention.forget_old() == 2
    assert [await left(store, tenant) for tenant in tenants] == [0, 0]


async def test_it_runs_beside_the_rest_and_two_of_it_do_no_harm(store: SqlStore) -> None:
    clock = TurnedClock()
    tenant = await store.create_tenant("default", clock.now())
    await note(store, tenant, clock, 2 * STEP)
    clock.turn(days=2)
    both = [EventRetention(store, store.events, clock, 1, pause=0) for _ in range(2)]
    for retention in both:
        retention.start()
    async with asyncio.timeout(20):
        while await left(store, tenant):
            await note(store, tenant, clock, 0)
            await asyncio.sleep(0)
    for retention in both:
        await retention.stop()


async def test_without_a_number_of_days_nothing_is_forgotten(store: SqlStore) -> None:
    clock = TurnedClock()
    tenant = await store.create_tenant("default", clock.now())
    await note(store, tenant, clock, 3)
    clock.turn(days=10_000)
    retention = EventRetention(store, store.events, clock, 0)
    retention.start()
    await retention.stop()
    assert await retention.forget_old() == 0
    assert await left(store, tenant) == 3
