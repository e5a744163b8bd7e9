"""Messages that wait to be sent: written with the act that promised them, and gone with the event that says how they ended."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

import msgspec

from muster.core.errors import Lost
from muster.core.events import CHANNELS, Event, Message
from muster.core.messages.queue import DueMessage
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Engine, Row, Write
from muster.storage.events import add_event
from muster.storage.text import bound, document

_ADD: Final = (
    "INSERT INTO outbox (tenant_id, id, kind, channel, due_at, claimed_until, attempts, doc) "
    "VALUES (?, ?, ?, ?, ?, 0, 0, ?)"
)

_decode: Final = msgspec.json.Decoder(Message).decode


def add_message(batch: Batch, message: Message) -> None:
    """One more message to send."""
    params = (bound(message.id), message.kind, message.channel, message.due_at, document(message, "message"))
    batch.write_late(_ADD, batch.tenant_id, *params)


class Outbox:
    """A `muster.core.messages.queue.MessageQueue` on one engine, and the lists that operators see."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def due(self, now: int, limit: int, channels: Sequence[str] = CHANNELS) -> list[DueMessage]:
        """The oldest messages that are due and that nobody has claimed."""
        sql = (
            "SELECT due_at, id, tenant_id, attempts, doc FROM outbox WHERE channel = ? AND due_at <= ? "
            "AND claimed_until <= ? ORDER BY due_at, id LIMIT ?"
        )
        found = [await self._engine.rows(sql, (channel, now, now, limit)) for channel in channels]
        in_order = sorted((row for rows in found for row in rows), key=itemgetter(0, 1))
        return [_due(row[2:]) for row in in_order[:limit]]

    async def waiting(self, limit: int, tenant_id: int | None = None) -> list[DueMessage]:
        """Messages that were not sent yet, whether they are due or were put off: the oldest of all, or a tenant's latest."""
        if tenant_id is None:
            all_ = "SELECT tenant_id, attempts, doc FROM outbox WHERE channel <> 'nobody' ORDER BY id LIMIT ?"
            return [_due(row) for row in await self._engine.scan(all_, (limit,))]
        own = (
            "SELECT tenant_id, attempts, doc FROM outbox WHERE tenant_id = ? AND channel <> 'nobody' "
            "ORDER BY id DESC LIMIT ?"
        )
        return [_due(row) for row in reversed(await self._engine.rows(own, (tenant_id, limit)))]

    async def claim(self, due: DueMessage, now: int, until: int) -> bool:
        """Whether the message is ours to send until then; it counts as tried from here on."""
        sql = (
            "UPDATE outbox SET claimed_until = ?, attempts = attempts + 1 "
            "WHERE tenant_id = ? AND id = ? AND claimed_until <= ? AND attempts = ? RETURNING id"
        )
        params = (until, due.tenant_id, bound(due.message.id), now, due.attempts)
        return await self._won([Write(sql, params, some_row_or(_lost(due)))])

    async def remove(self, due: DueMessage, event: Event | None = None) -> bool:
        """The message was sent, or is given up, and the event says so; False when somebody else has said it already."""
        sql = "DELETE FROM outbox WHERE tenant_id = ? AND id = ? RETURNING id"
        batch = Batch(due.tenant_id)
        batch.write(sql, due.tenant_id, bound(due.message.id), judge=some_row_or(_lost(due)))
        if event is not None:
            add_event(batch, event)
        return await self._won(batch.writes())

    async def postpone(self, due: DueMessage, until: int) -> None:
        """Try again from then on, unless somebody else has claimed it since."""
        sql = "UPDATE outbox SET due_at = ?, claimed_until = 0 WHERE tenant_id = ? AND id = ? AND attempts = ?"
        await self._engine.commit([Write(sql, (until, due.tenant_id, bound(due.message.id), due.attempts + 1))])

    async def _won(self, writes: Sequence[Write]) -> bool:
        try:
            await self._engine.commit(writes)
        except Lost:
            return False
        return True


def _due(row: Row) -> DueMessage:
    tenant_id, attempts, doc = row
    return DueMessage(tenant_id, attempts, _decode(doc))


def _lost(due: DueMessage) -> Lost:
    return Lost(("Message", due.message.id))
