"""The buffer of events that nothing else is committed with."""

import asyncio
from typing import Any, cast

from muster.core.actor import SYSTEM
from muster.core.event_buffer import EventBuffer
from muster.core.events import Context, Event
from muster.core.store import Store, Unit


class SlowStore:
    """Storage whose commits take until they are let through, and are made even when nobody waits for them any more."""

    def __init__(self) -> None:
        self.begun, self.let_through = asyncio.Event(), asyncio.Event()
        self.committed: list[str] = []

    async def commit(self, unit: Unit) -> None:
        ids = [event.id for event in unit.events]
        self.begun.set()
        try:
            await self.let_through.wait()
        finally:
            self.committed += ids


async def test_a_stop_during_a_commit_neither_cuts_it_short_nor_makes_it_twice() -> None:
    store = SlowStore()
    buffer = EventBuffer(cast("Store", cast("Any", store)))
    buffer.add(1, [Event("one", "user.read", 0, SYSTEM.kind, SYSTEM.id, SYSTEM.door, "", {}, Context())])
    buffer.start()
    await store.begun.wait()
    stopping = asyncio.create_task(buffer.stop())
    await asyncio.sleep(0)
    buffer.add(1, [Event("two", "user.read", 0, SYSTEM.kind, SYSTEM.id, SYSTEM.door, "", {}, Context())])
    store.let_through.set()
    await stopping
    assert store.committed == ["one", "two"]
