"""The real process for the vendors' own clients: one on each engine, shared by all who name what they make so that no other meets it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.databases import Databases
from tests.process import Muster
from tests.served import served_on


@pytest.fixture(scope="session")
def sqlite_muster(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    with served_on(sqlite_databases, tmp_path_factory.mktemp("sqlite-muster")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_muster(postgres_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    with served_on(postgres_databases, tmp_path_factory.mktemp("postgres-muster")) as running:
        yield running


@pytest.fixture
def server(engine_kind: str, request: pytest.FixtureRequest) -> Muster:
    """A server that others use too, but not at the same time."""
    running: Muster = request.getfixturevalue(f"{engine_kind}_muster")
    return running


@pytest.fixture
def credentials(server: Muster) -> dict[str, Any]:
    """What `muster credentials` shows of it."""
    return credentials_of(server)


@cache
def credentials_of(server: Muster) -> dict[str, Any]:
    return server.credentials()
