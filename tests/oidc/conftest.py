"""The provider with browsers before it: on SQLite, or where a test is about what both engines must do, on each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases
from tests.oidc.browsing import Browser, Front, running


@pytest.fixture
async def front(sqlite_databases: Databases) -> AsyncIterator[Front]:
    url = sqlite_databases.migrated()
    async with running(url) as front:
        yield front
    sqlite_databases.drop(url)


@pytest.fixture
async def front_on_each(migrated_url: str) -> AsyncIterator[Front]:
    async with running(migrated_url) as front:
        yield front


@pytest.fixture
def browser(front: Front) -> Browser:
    return Browser(front)
