"""A tenant on a real database, with a clock that is turned by hand."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.events import Event, Message
from muster.core.store import Tenant, Unit
from muster.core.transaction import Transaction, TransactionRunner
from muster.crypto.sealing import Sealer
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

BOX = Sealer.of(bytes(range(32)))


@dataclass
class Estate:
    """What a process has: a second one on the same database is `beside` it."""

    engine: Engine
    store: SqlStore
    clock: TurnedClock
    acts: TransactionRunner
    tenant: Tenant

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.acts.run(self.tenant.number, SYSTEM, act, *args, **kwargs)

    async def send(self, kind: str, to: str, **data: Any) -> None:
        async def sending(tx: Transaction) -> None:
            tx.send(kind, to, **data)

        await self.act(sending)

    async def note(self, kind: str, *user_ids: str, **data: Any) -> None:
        """One event after the other, sealed."""

        async def noting(tx: Transaction, user_id: str) -> None:
            tx.note(kind, user_id=user_id, **data)

        for user_id in user_ids or ("",):
            await self.act(noting, user_id)
        await self.store.events.seal()

    async def events(self, *kinds: str) -> list[Event]:
        """What was noted, oldest first."""
        await self.store.events.seal()
        found = [each.event for each in await self.store.events.after(self.tenant.number, 0, 10_000)]
        return [event for event in found if not kinds or event.kind in kinds]

    async def waiting(self) -> list[Message]:
        return [due.message for due in await self.store.outbox.waiting(1000)]

    async def put(self, *messages: Message) -> None:
        await self.store.commit(Unit(self.tenant.number, messages=list(messages)))


@contextlib.asynccontextmanager
async def estate(url: str, tenant: Tenant | None = None) -> AsyncIterator[Estate]:
    """An estate at `url`; with a tenant, the same once more, for a second process."""
    engine = open_engine(url)
    await engine.start()
    store = SqlStore(engine)
    # The verifier of webhooks goes by the machine's clock.
    clock = TurnedClock(time.time_ns() // 1_000_000)
    made = tenant or await store.create_tenant("default", clock.now())
    yield Estate(engine, store, clock, TransactionRunner(store, clock), made)
    await engine.stop()
