"""A store on each engine, with one tenant in it. Whatever a test did, the whole database must be in step afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from muster.core.clock import TurnedClock
from muster.core.store import Tenant
from muster.core.transaction import TransactionRunner
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore
from tests.storage.contract.invariants import check_database

NOW = 1_800_000_000_000


@pytest.fixture
async def engine(migrated_url: str) -> AsyncIterator[Engine]:
    engine = open_engine(migrated_url)
    await engine.start()
    yield engine
    await check_database(engine)
    await engine.stop()


@pytest.fixture
async def store(engine: Engine) -> SqlStore:
    return SqlStore(engine)


@pytest.fixture
async def tenant(store: SqlStore) -> Tenant:
    return await store.create_tenant("default", NOW)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(NOW)


@pytest.fixture
def runner(store: SqlStore, clock: TurnedClock) -> TransactionRunner:
    return TransactionRunner(store, clock)
