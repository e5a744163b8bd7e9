"""What tests of imports from the command line share: a database with a tenant, files of rows, and what became of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from muster.core.actor import operator
from muster.core.tenants.actions import furnish
from muster.core.users.model import User
from muster.settings import Settings
from muster.wiring import opened

MASTER_KEY = bytes(range(100, 132)).hex()


def furnished(settings: Settings) -> None:
    async def make() -> None:
        async with opened(settings) as found:
            tenant = await found.store.create_tenant("default", 1)
            await found.runner.run(tenant.number, operator(), furnish)

    asyncio.run(make())


def stored(settings: Settings) -> list[User]:
    async def all_users() -> list[User]:
        async with opened(settings) as found:
            return [user async for user in found.store.export_users(1)]

    return asyncio.run(all_users())


def ndjson(*people: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(person).encode() + b"\n" for person in people)


def first_words(text: str) -> str:
    """The summary without its time."""
    return text.rpartition(" in ")[0]
