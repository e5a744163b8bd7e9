"""The five drivers on the server that all tests of a run share (shared_house.py)."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.house import House
from tests.truth.members import People, people


@pytest_asyncio.fixture(loop_scope="session", name="people")
async def all_people(standing_house: House) -> AsyncIterator[People]:
    began = standing_house.clock.now()
    found = await people(standing_house)
    yield found
    for each in found.drivers.values():
        await each.client.aclose()
    standing_house.clock.turn(ms=began - standing_house.clock.now())
