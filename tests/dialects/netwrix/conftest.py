"""Netwrix's dialect on a fresh database, once per engine."""

from collections.abc import AsyncIterator

import pytest

from tests.dialects.netwrix.service import Netwrix, running


@pytest.fixture
async def netwrix(migrated_url: str) -> AsyncIterator[Netwrix]:
    async with running(migrated_url) as service:
        yield service
