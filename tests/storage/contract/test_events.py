from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from muster.core.errors import Taken
from muster.core.events import Context, Event, Message
from muster.core.ids import new_id
from muster.core.store import Change, Tenant, Unit
from muster.storage.store import SqlStore
from tests.storage.contract.people import NOW, insert, person


def event(n: int, *, user_id: str = "", **data: Any) -> Event:
    """An event whose id sorts by n."""
    context = Context(request_id="r", ip="::1", user_agent="agent")
    return Event(new_id(NOW + n), "user.updated", NOW + n, "client", "c", "auth0", user_id, {"n": n, **data}, context)


async def note(store: SqlStore, tenant: Tenant, *events: Event) -> None:
    await store.commit(Unit(tenant.number, events=list(events)))


async def test_events_come_back_whole_and_in_the_order_of_their_sealing(store: SqlStore, tenant: Tenant) -> None:
    events = [event(n, text="a\0b") for n in range(6)]
    await note(store, tenant, events[1], events[3])
    assert await store.events.after(tenant.number, 0, 10) == []
    assert await store.events.seal() == 2
    # Its id is older than those already sealed: it committed later, and followers must not miss it.
    await note(store, tenant, events[0])
    await note(store, tenant, events[2], events[4], events[5])
    assert await store.events.seal(limit=3) == 3
    assert await store.events.seal(limit=3) == 1
    assert await store.events.seal() == 0

    sealed = await store.events.after(tenant.number, 0, 10)
    assert [s.event for s in sealed] == [events[n] for n in (1, 3, 0, 2, 4, 5)]
    positions = [s.position for s in sealed]
    assert positions == sorted(set(positions))
    assert await store.events.after(tenant.number, positions[1], 2) == sealed[2:4]
    assert await store.events.after(tenant.number, positions[-1], 2) == []


async def test_sealers_at_once_give_every_event_one_place(store: SqlStore, tenant: Tenant) -> None:
    events = [event(n) for n in range(200)]

    async def write(some: Sequence[Event]) -> None:
        for one in some:
            await note(store, tenant, one)

    async def seal() -> int:
        given = 0
        for _ in range(30):
            given += await store.events.seal(limit=7)
            await asyncio.sleep(0)
        return given

    one, two, *_ = await asyncio.gather(seal(), seal(), write(events[:100]), write(events[100:]))
    given = one + two
    while last := await store.events.seal():
        given += last
    assert given == 200
    sealed = await store.events.after(tenant.number, 0, 500)
    assert sorted(s.event.id for s in sealed) == [e.id for e in events]
    assert len({s.position for s in sealed}) == 200


async def test_a_user_s_events_come_newest_first(store: SqlStore, tenant: Tenant) -> None:
    mine = [event(n, user_id="u1") for n in range(5)]
    await note(store, tenant, *mine, event(9, user_id="u2"), event(10))
    assert await store.events.of_user(tenant.number, "u1") == mine[::-1]
    assert await store.events.of_user(tenant.number, "u1", offset=1, limit=2) == [mine[3], mine[2]]
    assert await store.events.of_user(tenant.number, "u3") == []
    assert await store.events.of_user(tenant.number, "") == []


async def test_nothing_is_noted_or_sent_when_the_act_fails(store: SqlStore, tenant: Tenant) -> None:
    await insert(store, tenant.number, person("ann@example.org"))
    unit = Unit(tenant.number, [Change(None, person("ann@example.org"))], events=[event(1)], messages=[message(1)])
    with pytest.raises(Taken):
        await store.commit(unit)
    assert await store.events.seal() == 0
    assert await store.outbox.due(NOW + 100, 10) == []


def message(n: int) -> Message:
    return Message(f"m{n}", "verify_email", "ann@example.org", NOW + n, "u1", {"code": "x"})


async def test_messages_wait_until_they_are_due_and_claimed(store: SqlStore, tenant: Tenant) -> None:
    await store.commit(Unit(tenant.number, messages=[message(3), message(1), message(9)]))
    assert await store.outbox.due(NOW, 10) == []
    first, second = await store.outbox.due(NOW + 5, 10)
    assert (first.message, second.message) == (message(1), message(3))
    assert (first.tenant_id, first.attempts) == (tenant.number, 0)
    assert await store.outbox.due(NOW + 5, 1) == [first]

    claims = await asyncio.gather(*(store.outbox.claim(first, NOW + 5, NOW + 60) for _ in range(5)))
    assert sorted(claims) == [False, False, False, False, True]
    assert await store.outbox.due(NOW + 5, 10) == [second]
    await store.outbox.remove(second)
    assert await store.outbox.due(NOW + 5, 10) == []

    # Whoever claimed it died: it is due again, and counts as tried.
    again = [due for due in await store.outbox.due(NOW + 60, 10) if due.message.id == "m1"]
    assert [due.attempts for due in again] == [1]
    await store.outbox.postpone(again[0], NOW + 1000)
    assert [due.message.id for due in await store.outbox.due(NOW + 60, 10)] == ["m9"]
    assert [due.message.id for due in await store.outbox.due(NOW + 1000, 10)] == ["m9", "m1"]
