"""The engine: on SQLite for its rules, on both databases where rows decide (races, counts, batches)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.core.sign_in_engine import Engine, opened_engine
from tests.databases import Databases


@pytest.fixture
async def engine(sqlite_databases: Databases) -> AsyncIterator[Engine]:
    url = sqlite_databases.migrated()
    async with opened_engine(url) as opened:
        yield opened
    sqlite_databases.drop(url)


@pytest.fixture
async def on_both(migrated_url: str) -> AsyncIterator[Engine]:
    async with opened_engine(migrated_url) as opened:
        yield opened
