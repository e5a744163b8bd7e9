"""Forgets events that are older than the operator wants them kept.

Every process does it now and then; of two that delete the same, one finds nothing. It goes in small steps with pauses between
them, so that whoever writes meanwhile waits for a few milliseconds at the most.
"""

import asyncio
import logging
from typing import Final, Protocol

from muster.core.clock import Clock
from muster.core.store import Store
from muster.jobs.watch import Watch

log = logging.getLogger(__name__)

DAY: Final = 86_400_000
STEP: Final = 200
"""Events of one commit."""

PAUSE_SECONDS: Final = 0.05
EVERY_SECONDS: Final = 600.0


class Forgetting(Protocol):
    """The events that may be forgotten."""

    async def forget(self, tenant_id: int, until: int, limit: int) -> int:
        """Delete at most `limit` of the tenant's events from before `until` (ms UTC), oldest first; how many."""
        ...


class EventRetention:
    """Keeps every tenant's events for so many `days`; 0 keeps them for ever. `start` and `stop` belong to one loop."""

    def __init__(
        self, store: Store, events: Forgetting, clock: Clock, days: int, *, pause: float = PAUSE_SECONDS
    ) -> None:
        self._store = store
        self._events = events
        self._clock = clock
        self._days = days
        self._pause = pause
        self._watch = Watch("old events", self.forget_old, every=EVERY_SECONDS)

    def start(self) -> None:
        """Begin, if anything is ever to be forgotten."""
        if self._days:
            self._watch.start()

    async def stop(self) -> None:
        """Stop between two commits."""
        await self._watch.stop()

    async def forget_old(self) -> int:
        """Delete what is too old by now, of every tenant; how many events it was."""
        if not self._days:
            return 0
        until, forgotten = self._clock.now() - self._days * DAY, 0
        for tenant in await self._store.tenants():
            while gone := await self._events.forget(tenant.number, until, STEP):
                forgotten += gone
                if gone < STEP:
                    break
                await asyncio.sleep(self._pause)
        if forgotten:
            log.info("forgot old events", extra={"events": forgotten})
        return forgotten
