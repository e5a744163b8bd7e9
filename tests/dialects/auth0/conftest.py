"""Auth0's dialect on a fresh database, once per engine; and the vendor's own Python client of a real process."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from auth0.management import ManagementClient

from tests.dialects.auth0.sdk import management
from tests.dialects.auth0.service import Auth0, running


@pytest.fixture
async def auth0(migrated_url: str) -> AsyncIterator[Auth0]:
    async with running(migrated_url) as service:
        yield service


@pytest.fixture
def trusted(credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a program's surroundings must say, as the README tells it."""
    monkeypatch.setenv("SSL_CERT_FILE", credentials["ca_file"])


@pytest.fixture
def sdk(credentials: dict[str, Any], trusted: None) -> Iterator[ManagementClient]:
    with management(credentials["auth0"]) as client:
        yield client


@pytest.fixture
def optional(sdk: ManagementClient) -> str:
    """A connection of the test's own, whose users need no password, which would take longer to hash than all the rest."""
    options = {"authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}}}
    name = f"c-{uuid4().hex}"
    sdk.connections.create(name=name, strategy="auth0", options=options)  # type: ignore[arg-type]  # a dict will do
    return name
