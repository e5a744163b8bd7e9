"""Events that nothing else is committed with: of pure reads, which must cost no commit each."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from muster.core.errors import Refusal
from muster.core.events import Event
from muster.core.store import Store, Unit

log = logging.getLogger("muster.events")

FLUSH_SECONDS: Final = 0.1
MOST: Final = 20_000
"""Events that wait at the most. What comes while the database does not take any is counted and left out."""


class EventBuffer:
    """Gathers events and commits them together every `FLUSH_SECONDS`; a process that is killed loses those of that time.

    `start` and `stop` belong to the event loop that the rest runs in. `dropped` counts what found no room.
    """

    def __init__(self, store: Store, *, most: int = MOST) -> None:
        self._store = store
        self._most = most
        self._waiting: list[tuple[int, Event]] = []
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def add(self, tenant_id: int, events: Sequence[Event]) -> None:
        """Take events, all or none of them."""
        if len(self._waiting) + len(events) > self._most:
            self.dropped += len(events)
            return
        self._waiting.extend((tenant_id, event) for event in events)

    async def flush(self) -> None:
        """Commit what waits; at the return every event that was added before is stored, or a `Refusal` is raised."""
        async with self._flushing:
            taken, self._waiting = self._waiting, []
            units: dict[int, Unit] = {}
            for tenant_id, event in taken:
                units.setdefault(tenant_id, Unit(tenant_id, events=[])).events.append(event)
            while units:
                tenant_id, unit = next(iter(units.items()))
                try:
                    await self._store.commit(unit)
                except BaseException:
                    left = [(number, event) for number, unit in units.items() for event in unit.events]
                    room = self._most - len(self._waiting)
                    self.dropped += max(0, len(left) - room)
                    self._waiting = left[:room] + self._waiting
                    raise
                del units[tenant_id]

    def start(self) -> None:
        """Begin to flush at intervals."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Flush for the last time."""
        if self._task is not None:
            # A commit that is cut short may be made all the same, and would then be made twice.
            async with self._flushing:
                self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._flush_or_tell()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if self._waiting:
                await self._flush_or_tell()

    async def _flush_or_tell(self) -> None:
        try:
            await self.flush()
        except Refusal:
            log.warning("%d events of reads wait for the database; %d were left out", len(self._waiting), self.dropped)
        except Exception:
            log.exception("events of reads could not be stored")
