"""Auth0's dialect on a fresh database, once per engine."""

from collections.abc import AsyncIterator

import pytest

from tests.dialects.auth0.service import Auth0, running


@pytest.fixture
async def auth0(migrated_url: str) -> AsyncIterator[Auth0]:
    async with running(migrated_url) as service:
        yield service
