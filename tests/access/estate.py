"""What one tenant has: something for every id that any operation of any dialect asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from muster.core.actor import SYSTEM
from muster.core.issued_credentials.actions import record_issued
from muster.core.issued_credentials.model import IssuedCredential
from muster.core.security import SecretBox
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.storage.opening import open_session
from muster.storage.session import Table
from muster.wiring import Opened
from tests.house import House

PASSWORD = "correct horse battery 9"


@dataclass(frozen=True)
class Tenant:
    """One tenant of a house, reached through its dialects and through its database. `word` is in every text it has."""

    house: House
    name: str
    number: int
    word: str
    database: Opened
    secrets: SecretBox

    async def act(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.database.runner.run(self.number, SYSTEM, act, *args, **kwargs)

    async def change(self, user_id: str, change: Callable[[User], User]) -> None:
        """Give a user what no operation can: what comes from signing in."""

        async def act(tx: Transaction) -> None:
            tx.save(change(await tx.need(User, user_id)))

        await self.act(act)

    async def issue(self, user_id: str, id_: str) -> None:
        """The record of a credential that was issued to a user."""

        async def act(tx: Transaction) -> None:
            await record_issued(
                tx,
                await tx.need(User, user_id),
                IssuedCredential(id=id_, user_id=user_id, type="Degree", profile="mobile"),
            )

        await self.act(act)


def good(answer: httpx.Response) -> Any:
    """The body of a success."""
    assert answer.is_success, (answer.request.method, str(answer.request.url), answer.status_code, answer.text)
    return answer.json() if answer.content else None


async def rows_of(database: Opened, database_url: str, tenant: int) -> dict[str, list[str]]:
    """Every row of a tenant, by table, without what is written a moment later: the positions of events, and what tells of calls."""
    found = {"tenants": await database.engine.rows("SELECT * FROM tenants WHERE number = ?", (tenant,))}
    for table in await _tables(database_url):
        but = "AND kind NOT LIKE 'call.%'" if table.name == "events" else ""
        columns = ", ".join(column for column in table.columns if column != "position")
        found[table.name] = await database.engine.rows(
            f"SELECT {columns} FROM {table.name} WHERE tenant_id = ? {but}", (tenant,)
        )
    return {table: sorted(repr(tuple(row)) for row in rows) for table, rows in found.items()}


async def _tables(database_url: str) -> list[Table]:
    session = await open_session(database_url)
    try:
        return [table for table in await session.tables() if "tenant_id" in table.columns]
    finally:
        await session.close()
