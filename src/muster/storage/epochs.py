"""The access epoch of a tenant, as cheaply as each database allows: one read where that costs microseconds, else what the
database last notified, never older than 5 seconds.
"""

import asyncio
import contextlib
import time
from typing import Final

from muster.core.store import Store
from muster.storage.engine import Engine

OLDEST_SECONDS: Final = 5.0


class Epochs:
    """A `muster.dialects.kit.checked.AccessEpochs`. `start` and `stop` belong to one event loop."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._known: dict[int, tuple[int, float]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._read_each_time = True

    async def start(self) -> None:
        """Begin to listen, where the database can tell."""
        heard = self._engine.epochs()
        if heard is not None:
            self._read_each_time = False
            self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    async def current(self, tenant_id: int) -> int:
        """The tenant's epoch; a revocation in this process counts at once, one elsewhere within `OLDEST_SECONDS`."""
        if self._read_each_time:
            return await self._store.access_epoch(tenant_id)
        known = self._known.get(tenant_id)
        now = time.monotonic()
        if known is None or now - known[1] > OLDEST_SECONDS:
            known = self._known[tenant_id] = (await self._store.access_epoch(tenant_id), now)
        return known[0]

    async def _listen(self) -> None:
        heard = self._engine.epochs()
        if heard is not None:
            async for tenant_id in heard:
                self._known.pop(tenant_id, None)
