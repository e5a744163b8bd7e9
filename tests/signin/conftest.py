"""The pages on SQLite, which is enough for what a page shows; and on each engine for the stories from beginning to end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases
from tests.signin.visitor import Pages, opened_pages


@pytest.fixture
async def pages(sqlite_databases: Databases) -> AsyncIterator[Pages]:
    url = sqlite_databases.migrated()
    async with opened_pages(url) as opened:
        yield opened
    sqlite_databases.drop(url)


@pytest.fixture
async def pages_on_each(migrated_url: str) -> AsyncIterator[Pages]:
    async with opened_pages(migrated_url) as opened:
        yield opened
