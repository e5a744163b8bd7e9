"""One house per engine for all tests of the hard cases of a run: a first start is dear, and every test makes its own people.

A plugin of the modules that name it, since a fixture that lives for a whole run must be the same for all of them.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.databases import Databases
from tests.house import DIALECTS, House, open_house
from tests.truth.hard_cases import Five


async def _house(databases: Databases, folder: Path) -> AsyncIterator[House]:
    url = databases.migrated()
    async with open_house(url, folder) as house:
        yield house
    databases.drop(url)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sqlite_house(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async for house in _house(sqlite_databases, tmp_path_factory.mktemp("house")):
        yield house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_house(
    postgres_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    async for house in _house(postgres_databases, tmp_path_factory.mktemp("house")):
        yield house


@pytest.fixture
def standing_house(engine_kind: str, request: pytest.FixtureRequest) -> House:
    """The house that all tests of hard cases share on this engine. Its second tenant is nobody's to write to."""
    found: House = request.getfixturevalue(f"{engine_kind}_house")
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def five(standing_house: House) -> AsyncIterator[Five]:
    began = standing_house.clock.now()
    clients = {name: await standing_house.client(name) for name in DIALECTS}
    yield Five(standing_house, clients)
    for client in clients.values():
        await client.aclose()
    standing_house.clock.turn(ms=began - standing_house.clock.now())
