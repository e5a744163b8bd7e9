"""What happened and what must be sent, as rows: written with the act that caused them, read by those who follow."""

from typing import Final, NamedTuple

import msgspec

from muster.core.errors import Lost
from muster.core.events import Event, EventFilter, Message
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Engine, NewRows, Value, Write
from muster.storage.fragments import Sql
from muster.storage.text import bound, document

_NEW_EVENTS: Final = NewRows(
    "events", ("tenant_id", "id", "at", "kind", "user_id", "door", "client_id", "request_id", "doc")
)
_ADD_MESSAGE: Final = (
    "INSERT INTO outbox (tenant_id, id, kind, due_at, claimed_until, attempts, doc) VALUES (?, ?, ?, ?, 0, 0, ?)"
)

_decode_event: Final = msgspec.json.Decoder(Event).decode
_decode_message: Final = msgspec.json.Decoder(Message).decode


def add_event(batch: Batch, event: Event) -> None:
    """One more fact, not yet in anybody's order."""
    client_id = event.actor_id if event.actor_kind == "client" else ""
    batch.write_late(
        _NEW_EVENTS,
        batch.tenant_id,
        bound(event.id),
        event.at,
        event.kind,
        bound(event.user_id),
        event.door,
        bound(client_id),
        bound(event.context.request_id),
        document(event, "event"),
    )


def add_message(batch: Batch, message: Message) -> None:
    """One more message to send."""
    params = (bound(message.id), message.kind, message.due_at, document(message, "message"))
    batch.write_late(_ADD_MESSAGE, batch.tenant_id, *params)


class SealedEvent(NamedTuple):
    """An event with its place in the one order that followers see."""

    position: int
    event: Event


class EventLog:
    """Events in the order of their positions, which one sealer at a time gives after the commit.

    Ids are made before commits and do not end in the same order, so a follower that went by them would miss some.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def seal(self, limit: int = 1000) -> int:
        """Give positions to the oldest events without one; how many. 0 also when another sealer was faster."""
        # In this order: when another sealer comes between the two reads, `last` is out of date and nothing is given twice.
        sealed = await self._engine.row("SELECT last FROM event_seal WHERE one = 1")
        unsealed = "SELECT tenant_id, id FROM events WHERE position IS NULL ORDER BY id LIMIT ?"
        rows = await self._engine.rows(unsealed, (limit,))
        if not rows:
            return 0
        last = sealed[0] if sealed is not None else 0
        advance = (
            "INSERT INTO event_seal (one, last) VALUES (1, ?) "
            "ON CONFLICT (one) DO UPDATE SET last = excluded.last WHERE event_seal.last = ? RETURNING last"
        )
        give = "UPDATE events SET position = ? WHERE tenant_id = ? AND id = ?"
        places = [(last + n, tenant_id, id_) for n, (tenant_id, id_) in enumerate(rows, 1)]
        try:
            await self._engine.commit(
                [
                    Write(advance, (last + len(rows), last), some_row_or(Lost(("event_seal", "1")))),
                    Write(give, places, many=True),
                ]
            )
        except Lost:
            return 0
        return len(rows)

    async def after(self, tenant_id: int, position: int, limit: int) -> list[SealedEvent]:
        """The tenant's events that come next."""
        sql = "SELECT position, doc FROM events WHERE tenant_id = ? AND position > ? ORDER BY position LIMIT ?"
        rows = await self._engine.rows(sql, (tenant_id, position, limit))
        return [SealedEvent(place, _decode_event(doc)) for place, doc in rows]

    async def of_user(self, tenant_id: int, user_id: str, *, offset: int = 0, limit: int = 50) -> list[Event]:
        """What happened to one user, newest first, sealed or not."""
        sql = (
            "SELECT doc FROM events WHERE tenant_id = ? AND user_id = ? AND user_id <> '' "
            "ORDER BY id DESC LIMIT ? OFFSET ?"
        )
        rows = await self._engine.rows(sql, (tenant_id, bound(user_id), limit, offset))
        return [_decode_event(doc) for (doc,) in rows]

    async def newest(self, tenant_id: int, wanted: EventFilter, limit: int) -> list[Event]:
        """The tenant's events that are wanted, newest first, sealed or not.

        Of each kind the newest ids are read, from an index that holds all that is asked about, and then the newest of those;
        but where ids of events or requests are given, those few are looked at.
        """
        named = wanted.ids is not None or wanted.request_ids is not None
        ids = _among(tenant_id, wanted) if named else _of_kinds(tenant_id, wanted, limit)
        if ids is None:
            return []
        text = (
            f"SELECT e.doc FROM (SELECT id FROM ({ids.text}) i ORDER BY id DESC LIMIT ?) p "
            "CROSS JOIN events e WHERE e.tenant_id = ? AND e.id = p.id ORDER BY e.id DESC"
        )
        rows = await self._engine.scan(text, (*ids.params, limit, tenant_id))
        return [_decode_event(doc) for (doc,) in rows]


def _of_kinds(tenant_id: int, wanted: EventFilter, limit: int) -> Sql | None:
    """The newest ids of each kind; None when there is no kind to look for."""
    clients = _clients(wanted)
    kinds = [(kind, Sql("")) for kind in wanted.kinds]
    kinds += [(kind, Sql(" AND door <> ?", (wanted.door,))) for kind in wanted.kinds_elsewhere]
    if not kinds or clients is None:
        return None
    parts: list[str] = []
    params: list[Value] = []
    for number, (kind, elsewhere) in enumerate(kinds):
        parts.append(
            "SELECT * FROM (SELECT id FROM events WHERE tenant_id = ? AND kind = ? AND id > ? AND id < ?"
            f"{elsewhere.text}{clients.text} ORDER BY id DESC LIMIT ?) k{number}"
        )
        params += [tenant_id, kind, bound(wanted.low), bound(wanted.high), *elsewhere.params, *clients.params, limit]
    return Sql(" UNION ALL ".join(parts), tuple(params))


def _among(tenant_id: int, wanted: EventFilter) -> Sql | None:
    """The ids of those events, or of what those requests did, that meet the rest; None when none can.

    What begins with `''` is put so that no other index is taken for it.
    """
    clients = _clients(wanted)
    if clients is None or not (wanted.kinds or wanted.kinds_elsewhere):
        return None
    text, params = "SELECT id FROM events WHERE tenant_id = ?", list[Value]([tenant_id])
    for column, values in (("id", wanted.ids), ("request_id", wanted.request_ids)):
        if values is not None:
            text += f" AND {_one_of(column, len(values))}"
            params += map(bound, values)
    if wanted.request_ids is not None:
        text += " AND request_id <> ''"
    text += " AND '' || id > ? AND '' || id < ?"
    own = _one_of("'' || kind", len(wanted.kinds))
    elsewhere = _one_of("'' || kind", len(wanted.kinds_elsewhere))
    text += f" AND ({own} OR ({elsewhere} AND door <> ?)){clients.text}"
    params += [bound(wanted.low), bound(wanted.high), *wanted.kinds, *wanted.kinds_elsewhere, wanted.door]
    return Sql(text, (*params, *clients.params))


def _clients(wanted: EventFilter) -> Sql | None:
    """The condition on who called, if there is one; None when nobody can meet it."""
    if wanted.client_ids is None:
        return Sql("")
    if wanted.any_client:
        return Sql("" if "" in wanted.client_ids else " AND client_id <> ''")
    if not wanted.client_ids:
        return None
    return Sql(f" AND {_one_of('client_id', len(wanted.client_ids))}", tuple(map(bound, wanted.client_ids)))


def _one_of(column: str, values: int) -> str:
    marks = ", ".join("?" * values)
    return f"{column} IN ({marks})" if values else "1 = 0"


class DueMessage(NamedTuple):
    """A message whose time has come, and how often it was tried before."""

    tenant_id: int
    attempts: int
    message: Message


class Outbox:
    """Messages that wait to be sent. One is claimed for a while before it is sent, so that no two processes send it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def due(self, now: int, limit: int) -> list[DueMessage]:
        """The oldest messages that are due and that nobody has claimed."""
        sql = (
            "SELECT tenant_id, attempts, doc FROM outbox WHERE due_at <= ? AND claimed_until <= ? "
            "ORDER BY due_at, id LIMIT ?"
        )
        rows = await self._engine.rows(sql, (now, now, limit))
        return [DueMessage(tenant_id, attempts, _decode_message(doc)) for tenant_id, attempts, doc in rows]

    async def claim(self, due: DueMessage, now: int, until: int) -> bool:
        """Whether the message is ours to send until then; it counts as tried from here on."""
        sql = (
            "UPDATE outbox SET claimed_until = ?, attempts = attempts + 1 "
            "WHERE tenant_id = ? AND id = ? AND claimed_until <= ? AND attempts = ? RETURNING id"
        )
        params = (until, due.tenant_id, bound(due.message.id), now, due.attempts)
        try:
            await self._engine.commit([Write(sql, params, some_row_or(Lost(("Message", due.message.id))))])
        except Lost:
            return False
        return True

    async def remove(self, due: DueMessage) -> None:
        """The message was sent, or is given up."""
        sql = "DELETE FROM outbox WHERE tenant_id = ? AND id = ?"
        await self._engine.commit([Write(sql, (due.tenant_id, bound(due.message.id)))])

    async def postpone(self, due: DueMessage, until: int) -> None:
        """Try again from then on."""
        sql = "UPDATE outbox SET due_at = ?, claimed_until = 0 WHERE tenant_id = ? AND id = ?"
        await self._engine.commit([Write(sql, (until, due.tenant_id, bound(due.message.id)))])
