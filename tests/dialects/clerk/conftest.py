"""Clerk's dialect on a fresh database, once per engine."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.dialects.clerk.service import Clerk, running


@pytest.fixture
async def clerk(migrated_url: str) -> AsyncIterator[Clerk]:
    async with running(migrated_url) as service:
        yield service


@pytest.fixture
async def http(clerk: Clerk) -> AsyncIterator[httpx.AsyncClient]:
    async with clerk.client() as client:
        yield client
