"""Webhook endpoints of all tenants, and the sealed events that they are told of."""

from collections.abc import Sequence
from typing import Final

from muster.core.events import Event
from muster.core.webhooks.model import WebhookEndpoint
from muster.storage.engine import Engine
from muster.storage.events import EventLog, SealedEvent, event_of
from muster.storage.records import RecordTable

_ENDPOINTS: Final = "SELECT r.tenant_id, r.id, r.version, r.created_at, r.updated_at, r.doc FROM webhook_endpoints r ORDER BY r.tenant_id, r.id"
_LOOKED_AT: Final = 1000
"""Events beside which one may stand in the order of ids that comes before it in the order of positions."""


class Webhooks:
    """A `muster.core.webhooks.delivery.WebhookQueue` on one engine."""

    def __init__(self, engine: Engine, table: RecordTable[WebhookEndpoint], events: EventLog) -> None:
        self._engine = engine
        self._table = table
        self._events = events

    async def endpoints(self) -> Sequence[tuple[int, WebhookEndpoint]]:
        rows = await self._engine.rows(_ENDPOINTS)
        found = [(tenant_id, self._table.record_of(row)) for tenant_id, *row in rows]
        return [each for each in found if not each[1].disabled]

    async def last_position(self) -> int:
        return await self._events.last_position()

    async def after(self, tenant_id: int, position: int, limit: int) -> Sequence[tuple[int, Event]]:
        return await self._events.after(tenant_id, position, limit)

    async def at(self, tenant_id: int, positions: Sequence[int]) -> Sequence[tuple[int, Event]]:
        if not positions:
            return []
        marks = ", ".join("?" * len(positions))
        sql = f"SELECT position, doc FROM events WHERE tenant_id = ? AND position IN ({marks}) ORDER BY position"
        rows = await self._engine.rows(sql, (tenant_id, *positions))
        return [SealedEvent(place, event_of(doc)) for place, doc in rows]

    async def position_before(self, tenant_id: int, at: int) -> int:
        sql = (
            "SELECT MIN(e.position) FROM (SELECT position FROM events WHERE tenant_id = ? AND id > ? "
            "AND position IS NOT NULL ORDER BY id LIMIT ?) e"
        )
        # An id begins with its time.
        row = await self._engine.row(sql, (tenant_id, f"{max(at, 0):012x}", _LOOKED_AT))
        if row is None or row[0] is None:
            return await self._events.last_position()
        return int(row[0]) - 1
