"""A house with two tenants that have something of everything each."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from muster.crypto.sealing import Sealer
from muster.wiring import opened
from tests.access import auth0, clerk, mattr, monocloud, netwrix
from tests.access.estate import Tenant, rows_of
from tests.house import MASTER_KEY, OTHER, House, open_house

DIALECTS: Final[dict[str, ModuleType]] = {
    "auth0": auth0,
    "clerk": clerk,
    "monocloud": monocloud,
    "mattr": mattr,
    "netwrix": netwrix,
}
WORDS: Final = {"default": "Ashgrove", OTHER: "Thornfield"}


@dataclass(frozen=True)
class Estates:
    """A house, its two tenants, and the ids of what they have, by dialect and name."""

    house: House
    ours: Tenant
    theirs: Tenant
    our_ids: dict[str, dict[str, str]] = field(default_factory=dict)
    their_ids: dict[str, dict[str, str]] = field(default_factory=dict)

    async def settle(self) -> None:
        for name, dialect in DIALECTS.items():
            self.our_ids[name] = await dialect.settle(self.ours)
            self.their_ids[name] = await dialect.settle(self.theirs)

    async def rows(self, tenant: Tenant) -> dict[str, list[str]]:
        return await rows_of(tenant.database, self.house.settings.database, tenant.number)


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(migrated_url, tmp_path) as house:
        yield house


@contextlib.asynccontextmanager
async def estates_of(house: House) -> AsyncIterator[Estates]:
    """The house's two tenants, each with something of everything."""
    async with opened(house.settings, house.clock) as database:
        box = Sealer.of(bytes.fromhex(MASTER_KEY))
        tenants = {
            tenant.name: Tenant(house, tenant.name, tenant.number, WORDS[tenant.name], database, box)
            for tenant in await database.store.tenants()
        }
        found = Estates(house, tenants["default"], tenants[OTHER])
        await found.settle()
        yield found


@pytest.fixture
async def estates(house: House) -> AsyncIterator[Estates]:
    async with estates_of(house) as found:
        yield found
