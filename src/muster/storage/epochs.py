"""The access epoch of a tenant, as cheaply as each database allows: one read where that costs microseconds, else what the
database last notified, never older than 5 seconds.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

from muster.storage.engine import Engine
from muster.storage.store import SqlStore

OLDEST_SECONDS: Final = 5.0


class Epochs:
    """A `muster.dialects.kit.checked.AccessEpochs`. `start` and `stop` belong to one event loop."""

    def __init__(self, store: SqlStore, engine: Engine) -> None:
        self._store = store
        self._announced = engine.epochs()
        self._known: dict[int, tuple[int, float]] = {}
        self._this_turn: dict[int, int] = {}
        self._forgotten = 0
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen, where the database can tell; what this process itself revokes is known without."""
        if self._announced is not None:
            self._store.on_revoke = self._forget
            self._listener = asyncio.create_task(self._listen(self._announced))

    async def stop(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def current(self, tenant_id: int) -> int:
        """The tenant's epoch; a revocation in this process counts at once, one elsewhere within `OLDEST_SECONDS`."""
        if self._listener is None:
            epoch = self._this_turn.get(tenant_id)
            return await self._read(tenant_id) if epoch is None else epoch
        known = self._known.get(tenant_id)
        asked_at = time.monotonic()
        if known is not None and asked_at - known[1] < OLDEST_SECONDS:
            return known[0]
        forgotten = self._forgotten
        epoch = await self._store.access_epoch(tenant_id)
        if forgotten == self._forgotten:  # what was announced while the answer was on its way may not be in it
            self._known[tenant_id] = (epoch, asked_at)
        return epoch

    async def _read(self, tenant_id: int) -> int:
        """Requests that run in one turn of the event loop share a read: each had arrived before that read was made."""
        epoch = self._this_turn[tenant_id] = await self._store.access_epoch(tenant_id)
        asyncio.get_running_loop().call_soon(self._this_turn.clear)
        return epoch

    async def _listen(self, announced: AsyncIterator[int]) -> None:
        async for tenant_id in announced:
            self._forget(tenant_id)

    def _forget(self, tenant_id: int) -> None:
        self._forgotten += 1
        self._known.pop(tenant_id, None)
