"""Webhooks against real servers: signed, in order, retried alone, given up, replayed, and told by one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from muster.core.webhooks import actions
from muster.core.webhooks.delivery import CLAIM_MS, GIVEN_UP_AFTER
from muster.core.webhooks.model import Replay, WebhookEndpoint
from muster.jobs import deliver_webhooks
from muster.jobs.deliver_webhooks import WebhookDeliverer
from muster.outside.http import Outside
from tests.databases import Databases
from tests.jobs.estate import BOX, Estate, estate
from tests.outside.servers import Answer, Received, Server, plain, serving


@pytest.fixture
async def home(sqlite_databases: Databases) -> AsyncIterator[Estate]:
    async with estate(sqlite_databases.migrated()) as made:
        yield made


def deliverer(home: Estate) -> WebhookDeliverer:
    return WebhookDeliverer(home.acts, home.store.webhooks, Outside(["127.0.0.1"]), BOX)


async def deliver(home: Estate, by: WebhookDeliverer | None = None) -> None:
    """Until there is nothing more to do now."""
    by = by or deliverer(home)
    await home.store.events.seal()
    await by.take_due()
    while by._running:
        await by.finished()
        await by.take_due()


async def endpoint(home: Estate, server: Server, path: str = "/hook", **more: Any) -> tuple[WebhookEndpoint, str]:
    url = f"http://127.0.0.1:{server.port}{path}"
    after = await home.store.events.last_position()
    made: tuple[WebhookEndpoint, str] = await home.act(actions.create_endpoint, url, BOX, after=after, **more)
    return made


async def stored(home: Estate, id_: str) -> WebhookEndpoint:
    found = await home.store.get(home.tenant.number, WebhookEndpoint, id_)
    assert found is not None
    return found


def told(server: Server, *, user: bool = True) -> list[str]:
    """The users, or else the kinds, of what came in."""
    bodies = [json.loads(received.body) for received in server.received]
    return [str(body["data"]["user_id"]) if user else body["type"] for body in bodies]


def by_turns(*answers: Answer) -> Callable[[Received], Answer]:
    """One answer after the other, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


async def test_an_event_arrives_signed_under_both_names(home: Estate) -> None:
    async with serving(lambda _: plain(204)) as server:
        made, secret = await endpoint(home, server, kinds=["user.created"])
        await home.note("user.created", "u1", realm="r1")
        await deliver(home)
        [received] = server.received
        [event] = await home.events("user.created")
        assert (received.method, received.target) == ("POST", "/hook")
        assert Webhook(secret).verify(received.body, received.headers) == {
            "type": "user.created",
            "timestamp": f"{event_time(event.at)}",
            "data": {
                "id": event.id,
                "outcome": "done",
                "user_id": "u1",
                "actor": {"kind": "system", "id": "muster", "door": "system"},
                "client_id": None,
                "ip": None,
                "user_agent": None,
                "request_id": None,
                "details": {"realm": "r1"},
            },
        }
        for name in ("id", "timestamp", "signature"):
            assert received.headers[f"svix-{name}"] == received.headers[f"webhook-{name}"]
        assert received.headers["webhook-id"] == f"msg_{event.id}"
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(received.body.replace(b"u1", b"u2"), received.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(actions.new_secret()).verify(received.body, received.headers)
        after = await stored(home, made.id)
        assert secret not in str(after)
        assert (after.late, after.failing_since, after.holder, after.held_until) == ([], None, "", 0)
        await deliver(home)
        assert len(server.received) == 1


def event_time(at: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


async def test_an_endpoint_is_told_of_the_kinds_it_wants_from_its_beginning_on(home: Estate) -> None:
    async with serving(lambda _: plain()) as all_, serving(lambda _: plain()) as some:
        await home.note("user.created", "before")
        await endpoint(home, all_)
        await endpoint(home, some, kinds=["user.deleted", "session.*"])
        for kind in ("user.created", "session.started", "call.USER_SEARCH_START", "user.deleted"):
            await home.note(kind, "u1")
        await deliver(home)
        assert [kind for kind in told(all_, user=False) if kind and not kind.startswith("webhook.")] == [
            "user.created",
            "session.started",
            "user.deleted",
        ]
        assert told(some, user=False) == ["session.started", "user.deleted"]


async def test_one_tenant_is_never_told_of_another(home: Estate) -> None:
    other = await home.store.create_tenant("other", home.clock.now())
    async with serving(lambda _: plain()) as server:
        await endpoint(home, server, kinds=["user.*"])
        theirs = Estate(home.engine, home.store, home.clock, home.acts, other)
        await theirs.note("user.created", "theirs")
        await home.note("user.created", "ours")
        await deliver(home)
        assert told(server) == ["ours"]


async def test_what_fails_is_tried_again_later_and_only_the_same_user_waits_for_it(home: Estate) -> None:
    refuse = True

    def answer(received: Received) -> Answer:
        is_ann = json.loads(received.body)["data"]["user_id"] == "ann"
        return plain(500 if is_ann and refuse else 200)

    async with serving(answer) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        by = deliverer(home)
        await home.note("user.created", "ann", "bob")
        await home.note("user.updated", "ann", "bob")
        await deliver(home, by)
        # What is Ann's next waits behind what was not taken.
        assert sorted(told(server)) == ["ann", "bob", "bob"]
        late = (await stored(home, made.id)).late
        assert [(each.in_order_with, each.tries) for each in late] == [("ann", 1), ("ann", 0)]
        assert len({each.due_at for each in late}) == 1
        await home.note("user.deleted", "ann", "bob")
        await deliver(home, by)
        assert sorted(told(server)) == ["ann", "bob", "bob", "bob"]

        home.clock.turn(seconds=13)
        await deliver(home, by)
        assert sorted(told(server)).count("ann") == 2
        refuse = False
        home.clock.turn(seconds=40)
        server.received.clear()
        await deliver(home, by)
        bodies = [json.loads(received.body) for received in server.received]
        assert [(body["type"], body["data"]["user_id"]) for body in bodies] == [
            ("user.created", "ann"),
            ("user.updated", "ann"),
            ("user.deleted", "ann"),
        ]
        assert (await stored(home, made.id)).late == []


async def test_the_same_event_has_the_same_id_on_every_try(home: Estate) -> None:
    async with serving(by_turns(plain(503), plain(200))) as server:
        _, secret = await endpoint(home, server, kinds=["user.*"])
        await home.note("user.created", "u1")
        await deliver(home)
        home.clock.turn(seconds=13)
        await deliver(home)
        first, second = server.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) in (13, 14)
        for received in (first, second):
            Webhook(secret).verify(received.body, received.headers)


async def test_an_endpoint_may_ask_for_time(home: Estate) -> None:
    async with serving(lambda _: plain(429, b"", "Retry-After: 3600")) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        await home.note("user.created", "u1")
        await deliver(home)
        [late] = (await stored(home, made.id)).late
        assert late.due_at - late.since == 3_600_000


async def test_a_dead_endpoint_costs_little_holds_up_no_other_and_is_disabled_after_days(
    home: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, all_ = 6, 10
    monkeypatch.setattr(deliver_webhooks, "MOST_LATE", most)
    async with serving(lambda _: plain()) as alive:
        async with serving(lambda _: plain()) as was_there:
            dead, _ = await endpoint(home, was_there, kinds=["user.*"])
        good, _ = await endpoint(home, alive, kinds=["user.*", "webhook.disabled"])
        by = deliverer(home)
        await home.note("user.created", *(f"u{n}" for n in range(all_)))
        await deliver(home, by)
        assert len(alive.received) == all_
        at_first = await stored(home, dead.id)
        # No more is taken up than so many that are late.
        assert len(at_first.late) == most
        assert at_first.failing_since == home.clock.now()
        for _ in range(3):
            home.clock.turn(ms=GIVEN_UP_AFTER // 2)
            await deliver(home, by)
        after = await stored(home, dead.id)
        assert (after.disabled, len(after.late), after.after) == (True, most, at_first.after)
        [noted] = await home.events("webhook.disabled")
        assert noted.data == {"webhook_id": dead.id, "why": "failing"}
        assert told(alive, user=False)[-1] == "webhook.disabled"
        assert not (await stored(home, good.id)).disabled

        # Enabled again, it goes on where it stopped, and nothing is missing.
        async with serving(lambda _: plain()) as back:
            url = f"http://127.0.0.1:{back.port}/"
            await home.act(actions.update_endpoint, dead.id, url=url, disabled=False)
            await deliver(home, by)
            assert sorted(told(back)) == sorted(f"u{n}" for n in range(all_))


async def test_one_event_that_is_never_taken_is_given_up_and_the_rest_arrives(home: Estate) -> None:
    def answer(received: Received) -> Answer:
        return plain(400 if b"poison" in received.body else 200)

    async with serving(answer) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        by = deliverer(home)
        await home.note("user.created", "poison")
        [event] = await home.events("user.created")
        for day in range(5):
            await home.note("user.updated", f"u{day}")
            await deliver(home, by)
            home.clock.turn(days=0.9)
        assert [noted.data for noted in await home.events("webhook.failed")] == [
            {"webhook_id": made.id, "event_id": event.id}
        ]
        after = await stored(home, made.id)
        assert (after.disabled, after.late) == (False, [])
        assert [user for user in told(server) if user != "poison"] == [f"u{day}" for day in range(5)]


async def test_an_endpoint_that_is_gone_is_told_nothing_more(home: Estate) -> None:
    async with serving(lambda _: plain(410)) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        await home.note("user.created", "u1")
        await deliver(home)
        await home.note("user.created", "u2")
        await deliver(home)
        assert len(server.received) == 1
        assert (await stored(home, made.id)).disabled
        assert [noted.data["why"] for noted in await home.events("webhook.disabled")] == ["gone"]


async def test_an_address_of_the_inner_network_is_not_called(home: Estate) -> None:
    async with serving(lambda _: plain()) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        await home.note("user.created", "u1")
        await deliver(home, WebhookDeliverer(home.acts, home.store.webhooks, Outside(), BOX))
        assert server.connections == 0
        assert len((await stored(home, made.id)).late) == 1


async def test_a_range_of_time_is_told_again_beside_what_is_new(home: Estate) -> None:
    async with serving(lambda _: plain()) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        moments = []
        for n in range(6):
            moments.append(home.clock.now())
            await home.note("user.created" if n != 3 else "session.started", f"u{n}")
            home.clock.turn(seconds=60)
        await deliver(home)
        server.received.clear()
        wanted = Replay(
            after=await home.store.webhooks.position_before(home.tenant.number, moments[1]),
            last=await home.store.events.last_position(),
            since=moments[1],
            until=moments[5],
        )
        await home.act(actions.replay, made.id, wanted)
        await home.note("user.created", "new")
        await deliver(home)
        assert sorted(told(server)) == ["new", "u1", "u2", "u4"]
        assert (await stored(home, made.id)).replay is None


async def test_two_processes_tell_an_endpoint_of_each_event_once(migrated_url: str) -> None:
    async with (
        estate(migrated_url) as here,
        estate(migrated_url, here.tenant) as there,
        serving(lambda _: plain()) as server,
    ):
        await endpoint(here, server, kinds=["user.*"])
        await here.note("user.created", *(f"u{n}" for n in range(12)))
        processes = [deliverer(here), deliverer(there)]
        for _ in range(8):
            await asyncio.gather(*(process.take_due() for process in processes))
            await asyncio.gather(*(process.finished() for process in processes))
        assert sorted(told(server)) == sorted(f"u{n}" for n in range(12))


async def test_a_killed_process_leaves_its_round_to_another(home: Estate) -> None:
    async with serving(lambda _: plain()) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        await home.note("user.created", "u1")
        # As `take` left it when the process died.
        from muster.core.webhooks.delivery import take

        assert await home.act(take, made.id, "the dead one") is not None
        await deliver(home)
        assert server.received == []
        home.clock.turn(ms=CLAIM_MS)
        await deliver(home)
        assert told(server) == ["u1"]


async def test_a_stop_in_the_middle_keeps_what_was_taken(home: Estate) -> None:
    begun = asyncio.Event()

    async def hang(_: asyncio.StreamWriter) -> None:
        begun.set()
        await asyncio.Event().wait()

    def answer(received: Received) -> Answer:
        return hang if b'"slow"' in received.body else plain()

    async with serving(answer) as server:
        made, _ = await endpoint(home, server, kinds=["user.*"])
        await home.note("user.created", "u1", "slow")
        by = deliverer(home)
        await by.take_due()
        await begun.wait()
        [task] = by._running.values()
        while len(asyncio.all_tasks()) > 4:  # noqa: ASYNC110 - until the call that was answered is over
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        after = await stored(home, made.id)
        assert [(late.in_order_with, late.tries) for late in after.late] == [("slow", 0)]
        assert after.held_until == 0


async def test_it_is_told_by_itself_when_it_is_woken(home: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver_webhooks, "POLL_SECONDS", 600.0)
    came = asyncio.Event()

    def answer(_: Received) -> Answer:
        came.set()
        return plain()

    async with serving(answer) as server:
        await endpoint(home, server, kinds=["user.*"])
        by = deliverer(home)
        by.start()
        await asyncio.sleep(0)
        await home.note("user.created", "u1")
        by.wake()
        async with asyncio.timeout(30):
            await came.wait()
        await by.stop()
        assert told(server) == ["u1"]
