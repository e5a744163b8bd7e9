"""Calls a tenant may make: as many as it likes, or as many as each dialect's vendor says."""

from __future__ import annotations

from pathlib import Path

import pytest

from muster.apis import VENDORS_LIMITS
from tests.databases import Databases
from tests.house import DIALECTS, open_house

MORE_THAN_ANY = 1_010


@pytest.mark.parametrize("rate_limits", ["off", "vendor"])
async def test_limits_are_the_vendors_where_they_are_asked_for(
    rate_limits: str, sqlite_databases: Databases, tmp_path: Path
) -> None:
    """Without a key, so that nothing is read: a refused call counts as well."""
    async with open_house(sqlite_databases.migrated(), tmp_path, rate_limits=rate_limits) as house:
        for dialect in DIALECTS:
            burst, per_second = VENDORS_LIMITS.get(dialect, (0, 0.0)) if rate_limits == "vendor" else (0, 0.0)
            async with house.anonymous(accept="application/json") as client:
                path = f"{dialect}/nowhere"
                statuses = [(await client.get(path)).status_code for _ in range(burst or MORE_THAN_ANY)]
                assert 429 not in statuses
                if burst:
                    refused = await client.get(path)
                    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
                    house.clock.turn(seconds=1)
                    again = [(await client.get(path)).status_code for _ in range(int(per_second) + 1)]
                    assert again.count(429) == 1
