from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from muster.core.errors import Taken
from muster.core.events import Context, Event, EventSearch, Message
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
    # One of two who have sent it says so.
    said = [event(0), event(1)]
    ended = [await store.outbox.remove(second, each) for each in said]
    assert ended == [True, False]
    assert await store.outbox.due(NOW + 5, 10) == []
    await store.events.seal()
    assert [sealed.event for sealed in await store.events.after(tenant.number, 0, 10)] == said[:1]

    # Whoever claimed it died: it is due again, and counts as tried.
    again = [due for due in await store.outbox.due(NOW + 60, 10) if due.message.id == "m1"]
    assert [due.attempts for due in again] == [1]
    await store.outbox.postpone(again[0], NOW + 500)  # and is not theirs to put off
    assert await store.outbox.claim(again[0], NOW + 60, NOW + 120)
    await store.outbox.postpone(again[0], NOW + 1000)
    assert [due.message.id for due in await store.outbox.due(NOW + 60, 10)] == ["m9"]
    assert [due.message.id for due in await store.outbox.due(NOW + 1000, 10)] == ["m9", "m1"]


async def test_messages_of_one_channel_wait_for_it_alone(store: SqlStore, tenant: Tenant) -> None:
    text = Message("m2", "sign_in_code", "+15550100", NOW + 2)
    nobodys = Message("m5", "sign_in_code", "", NOW + 5)
    await store.commit(Unit(tenant.number, messages=[message(1), text, message(3), nobodys]))
    other = await store.create_tenant("other", NOW)
    await store.commit(Unit(other.number, messages=[message(4)]))

    async def due(*channels: str) -> list[str]:
        return [due.message.id for due in await store.outbox.due(NOW + 9, 10, channels)]

    assert (await due("sms"), await due("email"), await due()) == (["m2"], ["m1", "m3", "m4"], [])
    assert await due("nobody") == ["m5"]
    first, *_ = await store.outbox.due(NOW + 9, 1)
    assert await store.outbox.claim(first, NOW + 9, NOW + 60)
    await store.outbox.postpone(first, NOW + 10_000)
    assert [due.message.id for due in await store.outbox.waiting(10)] == ["m1", "m2", "m3", "m4"]
    assert [due.message.id for due in await store.outbox.waiting(2, tenant.number)] == ["m2", "m3"]


def tried(n: int, kind: str, user_id: str = "", ip: str = "") -> Event:
    return Event(new_id(NOW + n), kind, NOW + n, "user", "", "muster", user_id, {}, Context(ip=ip))


async def test_events_are_looked_up_by_user_kind_and_time_in_pages(store: SqlStore, tenant: Tenant) -> None:
    kinds = ("user.created", "session.started", "session.ended")
    noted = [tried(n, kinds[n % 3], f"u{n % 2}") for n in range(12)]
    await note(store, tenant, *noted)
    other = await store.create_tenant("other", NOW)
    await note(store, other, tried(3, "user.created", "u1"))
    newest = noted[::-1]

    async def search(limit: int = 50, **asked: Any) -> list[Event]:
        return await store.events.search(tenant.number, EventSearch(**asked), limit)

    assert await search() == newest
    assert await search(3) == newest[:3]
    assert await search(3, before=newest[2].id) == newest[3:6]
    assert await search(since=NOW + 2, until=NOW + 5) == noted[2:5][::-1]
    assert await search(kinds=("session.started", "session.ended"), since=NOW + 6) == [noted[n] for n in (11, 10, 8, 7)]
    assert await search(user_id="u1") == noted[1::2][::-1]
    assert await search(user_id="u1", kinds=("user.created",), before=noted[9].id) == [noted[3]]
    assert await search(2, kinds=("user.created",), before=noted[9].id) == [noted[6], noted[3]]
    assert await search(user_id="u1\0") == await search(kinds=("none",)) == await search(since=NOW + 12) == []


async def test_old_events_are_forgotten_a_few_at_a_time(store: SqlStore, tenant: Tenant) -> None:
    noted = [tried(n, "user.updated") for n in range(7)]
    await note(store, tenant, *noted)
    other = await store.create_tenant("other", NOW)
    await note(store, other, tried(0, "user.updated"))
    await store.events.seal(limit=2)

    assert await store.events.forget(tenant.number, NOW + 5, 3) == 3
    assert await store.events.search(tenant.number, EventSearch(), 50) == noted[3:][::-1]
    assert await store.events.forget(tenant.number, NOW + 5, 3) == 2
    assert await store.events.forget(tenant.number, NOW + 5, 3) == 0
    assert await store.events.search(tenant.number, EventSearch(), 50) == noted[5:][::-1]
    assert len(await store.events.search(other.number, EventSearch(), 50)) == 1
    # Positions go on where they were: a follower misses nothing of what is left.
    while await store.events.seal():
        pass
    sealed = [*await store.events.after(tenant.number, 0, 50), *await store.events.after(other.number, 0, 50)]
    assert [each.event for each in sealed[:2]] == noted[5:]
    assert await store.events.last_position() == max(each.position for each in sealed)
