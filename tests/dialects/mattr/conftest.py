"""MATTR VII's dialect on a fresh database, once per engine."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.dialects.mattr.service import Mattr, running


@pytest.fixture
async def mattr(migrated_url: str) -> AsyncIterator[Mattr]:
    async with running(migrated_url) as service:
        yield service


@pytest.fixture
async def http(mattr: Mattr) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the default tenant with every role's powers."""
    async with await mattr.client() as client:
        yield client
