"""Tenants, and the number that tells every process to forget the credentials it has checked."""

from typing import Final

from muster.core.errors import Taken
from muster.core.store import Tenant
from muster.storage.batch import COUNT_SHARDS, Batch, some_row_or
from muster.storage.engine import Engine, Returned, Row, Write
from muster.storage.keys import check_id
from muster.storage.text import bound

_READ: Final = "SELECT number, name, version, created_at, updated_at, access_epoch FROM tenants"
_ADD: Final = (
    "INSERT INTO tenants (name, version, created_at, updated_at, access_epoch) VALUES (?, 1, ?, ?, 0) "
    "ON CONFLICT DO NOTHING RETURNING number"
)
_ADD_COUNT: Final = "INSERT INTO user_counts (tenant_id, shard, users) VALUES (?, ?, 0)"
_RAISE_EPOCH: Final = "UPDATE tenants SET access_epoch = access_epoch + 1 WHERE number = ?"


def raise_epoch(batch: Batch) -> None:
    """Every cached check of one of the tenant's credentials is to be forgotten."""
    batch.write_late(_RAISE_EPOCH, batch.tenant_id)


class Tenants:
    """The tenants of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def named(self, name: str) -> Tenant | None:
        """The tenant of that name."""
        row = await self._engine.row(f"{_READ} WHERE name = ?", (bound(name),))
        return _tenant(row) if row is not None else None

    async def all(self) -> list[Tenant]:
        """Every tenant, oldest first."""
        return [_tenant(row) for row in await self._engine.rows(f"{_READ} ORDER BY number")]

    async def create(self, name: str, now: int) -> Tenant:
        """A new, empty tenant; `Taken("tenant", name)` when the name is in use."""
        check_id("tenant", name)
        add = Write(_ADD, (bound(name), now, now), some_row_or(Taken("tenant", name)))
        counts = [(Returned(0), shard) for shard in range(COUNT_SHARDS)]
        await self._engine.commit([add, Write(_ADD_COUNT, counts, many=True)])
        created = await self.named(name)
        assert created is not None
        return created

    async def access_epoch(self, tenant_id: int) -> int:
        """How often a credential of the tenant lost power."""
        row = await self._engine.row("SELECT access_epoch FROM tenants WHERE number = ?", (tenant_id,))
        return int(row[0]) if row is not None else 0


def _tenant(row: Row) -> Tenant:
    number, name, version, created_at, updated_at, access_epoch = row
    return Tenant(
        id=str(number),
        number=number,
        name=name,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        access_epoch=access_epoch,
    )
