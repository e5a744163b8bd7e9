"""What happened, as rows: written with the act that caused it, read by those who follow."""

from typing import Final, NamedTuple

import msgspec

from muster.core.errors import Lost
from muster.core.events import Event, EventFilter, EventSearch
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Engine, NewRows, Value, Write
from muster.storage.fragments import Sql
from muster.storage.text import bound, document

_NEW_EVENTS: Final = NewRows(
    "events", ("tenant_id", "id", "at", "kind", "user_id", "door", "client_id", "request_id", "doc")
)

event_of: Final = msgspec.json.Decoder(Event).decode


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


_LAST_ID: Final = "~"
"""After every id."""

_OF_USER: Final = (
    "SELECT doc FROM events WHERE tenant_id = ? AND user_id <> '' AND (user_id, id) > (?, ?) AND (user_id, id) < (?, ?)"
)
"""Of one user, between two ids. So written, and ordered, that SQLite reads the user's index; else it walks all by their ids."""

_NEWEST_OF_USER: Final = " ORDER BY user_id DESC, id DESC LIMIT ?"


def _first_id(at: int | None) -> str:
    """What comes before the id of every event from that moment (ms UTC) on: an id begins with its time."""
    return "" if at is None else f"{max(at, 0):012x}"


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
        return [SealedEvent(place, event_of(doc)) for place, doc in rows]

    async def of_user(self, tenant_id: int, user_id: str, *, offset: int = 0, limit: int = 50) -> list[Event]:
        """What happened to one user, newest first, sealed or not."""
        key = bound(user_id)
        params = (tenant_id, key, "", key, _LAST_ID, limit, offset)
        rows = await self._engine.rows(f"{_OF_USER}{_NEWEST_OF_USER} OFFSET ?", params)
        return [event_of(doc) for (doc,) in rows]

    async def search(self, tenant_id: int, wanted: EventSearch, limit: int) -> list[Event]:
        """A page of the tenant's events that are wanted, newest first, sealed or not.

        They are read by user where one is named, else by kind, else by time: each from an index in its order.
        """
        low, high = _first_id(wanted.since), wanted.before or _first_id(wanted.until) or _LAST_ID
        if wanted.kinds and not wanted.user_id:
            return await self.newest(tenant_id, EventFilter(kinds=wanted.kinds, low=low, high=high), limit)
        key, newest = bound(wanted.user_id), " ORDER BY id DESC LIMIT ?"
        text = "SELECT doc FROM events WHERE tenant_id = ? AND id > ? AND id < ?"
        params: list[Value] = [tenant_id, low, bound(high)]
        if wanted.user_id:
            text, newest, params = _OF_USER, _NEWEST_OF_USER, [tenant_id, key, low, key, bound(high)]
        if wanted.kinds:
            text += " AND " + _one_of("kind", len(wanted.kinds))
            params += wanted.kinds
        rows = await self._engine.scan(f"{text}{newest}", (*params, limit))
        return [event_of(doc) for (doc,) in rows]

    async def last_position(self) -> int:
        """The position that was given last; 0 before the first."""
        sealed = await self._engine.row("SELECT last FROM event_seal WHERE one = 1")
        return sealed[0] if sealed is not None else 0

    async def forget(self, tenant_id: int, until: int, limit: int) -> int:
        """Delete the tenant's oldest events from before that moment (ms UTC), at most so many in one commit; how many."""
        oldest = "SELECT id FROM events WHERE tenant_id = ? AND id < ? ORDER BY id LIMIT ?"
        rows = await self._engine.rows(oldest, (tenant_id, _first_id(until), limit))
        if rows:
            delete = "DELETE FROM events WHERE tenant_id = ? AND id <= ?"
            await self._engine.commit([Write(delete, (tenant_id, rows[-1][0]))])
        return len(rows)

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
        return [event_of(doc) for (doc,) in rows]


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
