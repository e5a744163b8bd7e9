"""A running API on either engine."""

from collections.abc import AsyncIterator

import pytest

from tests.dialects.monocloud.service import MonoCloud, running


@pytest.fixture
async def monocloud(migrated_url: str) -> AsyncIterator[MonoCloud]:
    async with running(migrated_url) as api:
        yield api
