"""Tells webhook endpoints of events, each at its own pace: signed after Standard Webhooks, at least once, one user's in order.

Every process delivers. They need not know each other: an endpoint is claimed for a round by a commit that only one of them can
win, and one whose claim has run out, because its process was killed, is anybody's. What an endpoint does not take is late, is
tried again by itself, and holds up the same user's events alone; when too much is late nothing new is taken up.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace
from standardwebhooks import Webhook

from muster.core.actor import SYSTEM
from muster.core.errors import Unavailable
from muster.core.events import Event
from muster.core.ids import random_text
from muster.core.outside import Outside, OutsideError
from muster.core.security import NotSealed, SecretBox
from muster.core.transaction import TransactionRunner
from muster.core.webhooks.actions import open_secret
from muster.core.webhooks.delivery import Outcome, WebhookQueue, keep, payload, take
from muster.core.webhooks.model import Late, Replay, WebhookEndpoint
from muster.jobs.pauses import pause_after
from muster.jobs.watch import Watch

Placed = tuple[int, Event]
"""An event and its position."""

ENDPOINTS_AT_ONCE: Final = 64
CALLS_AT_ONCE: Final = 4
"""To one endpoint."""

MOST_LATE: Final = 32
EVENTS_AT_ONCE: Final = 64
EVENTS_WHILE_FAILING: Final = 4
LOOKED_AT: Final = 500
PAGES: Final = 20
"""Of so many events, in one look for those that an endpoint wants."""

FORGOTTEN_AT_MOST: Final = 10_000
"""Positions without anything that an endpoint wants, before it is written down that they were looked at."""

LONGEST_PAUSE: Final = 12 * 3_600_000
LONGEST_RETRY_AFTER: Final = 86_400
"""Seconds that an endpoint may ask us to wait."""

ROUND_SECONDS: Final = 30.0
"""After which no call is begun; what is left is late."""

POLL_SECONDS: Final = 1.0
STOP_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class _Answer(NamedTuple):
    """What came of a call; `wait` is how many ms the endpoint asked for."""

    taken: bool
    reason: str = ""
    gone: bool = False
    wait: int = 0


class _Round(NamedTuple):
    """What is to be tried now: events that are late and due, new ones, and ones that are told again."""

    after: int
    replay: Replay | None
    events: Sequence[Placed]
    forgotten: frozenset[int]
    must_be_kept: bool


class WebhookDeliverer:
    """One process's share of the deliveries. `start` and `stop` belong to one event loop."""

    def __init__(self, acts: TransactionRunner, queue: WebhookQueue, outside: Outside, box: SecretBox) -> None:
        self._acts = acts
        self._queue = queue
        self._outside = outside
        self._box = box
        self._owner = random_text(16)
        self._seen: dict[str, int] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._watch = Watch("webhooks", self.take_due, every=POLL_SECONDS)

    def start(self) -> None:
        """Begin to look for events."""
        self._watch.start()

    def wake(self) -> None:
        """Look at once: events were given their positions."""
        self._watch.wake()

    async def stop(self) -> None:
        """Begin nothing more, and let the calls that run end; what takes too long is late, for whoever comes next."""
        await self._watch.stop()
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take_due(self) -> None:
        """Begin a round for every endpoint that has something to be told."""
        last = await self._queue.last_position()
        for tenant_id, endpoint in await self._queue.endpoints():
            if len(self._running) >= ENDPOINTS_AT_ONCE:
                return
            if endpoint.id in self._running or endpoint.held_until > self._acts.clock.now():
                continue
            if not (await self._round(tenant_id, endpoint, last)).must_be_kept:
                continue
            task = asyncio.create_task(self._work(tenant_id, endpoint.id, last), name=f"webhook {endpoint.id}")
            self._running[endpoint.id] = task
            task.add_done_callback(partial(self._done, endpoint.id))

    async def finished(self) -> None:
        """Return when nothing runs here."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    def _done(self, endpoint_id: str, _: asyncio.Task[None]) -> None:
        del self._running[endpoint_id]
        self.wake()

    async def _round(self, tenant_id: int, endpoint: WebhookEndpoint, last: int) -> _Round:
        """What there is for an endpoint. What it does not want costs no commit, but now and then, so that a restart finds it read."""
        now = self._acts.clock.now()
        due = [late.position for late in endpoint.late if late.due_at <= now]
        found = await self._queue.at(tenant_id, due)
        room = min(
            MOST_LATE - len(endpoint.late),
            EVENTS_AT_ONCE if endpoint.failing_since is None else EVENTS_WHILE_FAILING,
        )
        new, after = await self._new(tenant_id, endpoint, last, room)
        again, replay = await self._again(tenant_id, endpoint, room)
        events = sorted({place: (place, event) for place, event in (*again, *new, *found)}.values(), key=_place)
        forgotten = frozenset(due) - {place for place, _ in found}
        moved = after - endpoint.after >= FORGOTTEN_AT_MOST or replay != endpoint.replay
        return _Round(after, replay, events, forgotten, bool(events or forgotten or moved))

    async def _new(self, tenant_id: int, endpoint: WebhookEndpoint, last: int, room: int) -> tuple[list[Placed], int]:
        """Events that it was not told of yet, and the position up to which all is decided."""
        after = max(endpoint.after, self._seen.get(endpoint.id, 0))
        new: list[Placed] = []
        for _ in range(PAGES if room > 0 and after < last else 0):
            page = await self._queue.after(tenant_id, after, LOOKED_AT)
            new, after = _first(page, after, room, lambda event: endpoint.wants(event.kind))
            if new:
                break
            self._seen[endpoint.id] = after
            if len(page) < LOOKED_AT:
                # Nothing of this tenant's is left up to there.
                after = self._seen[endpoint.id] = max(after, last)
                break
        return new, after

    async def _again(self, tenant_id: int, endpoint: WebhookEndpoint, room: int) -> tuple[list[Placed], Replay | None]:
        """Events of the replay, and how far it has come."""
        replay = endpoint.replay
        if replay is None or room <= 0:
            return [], replay
        page = await self._queue.after(tenant_id, replay.after, LOOKED_AT)
        page = [(place, event) for place, event in page if place <= replay.last]
        found, after = _first(
            page,
            replay.after,
            room,
            lambda event: endpoint.wants(event.kind) and replay.since <= event.at < replay.until,
        )
        return found, replace(replay, after=after if page else replay.last)

    async def _work(self, tenant_id: int, endpoint_id: str, last: int) -> None:
        told = {"webhook": endpoint_id, "tenant": tenant_id}
        try:
            endpoint = await self._acts.run(tenant_id, SYSTEM, take, endpoint_id, self._owner)
            if endpoint is None:
                return
            work = await self._round(tenant_id, endpoint, last)
            delivery = _Delivery(self._acts.clock.now(), endpoint)
            try:
                await self._deliver(delivery, work.events)
            finally:
                # Also of a round that is cut short: what was taken is not sent again.
                outcome = delivery.outcome(work)
                await self._acts.run(tenant_id, SYSTEM, keep, endpoint_id, self._owner, outcome)
            if delivery.reasons:
                told |= {"reasons": sorted(delivery.reasons), "late": len(outcome.late)}
                log.warning("a webhook did not take all events", extra=told)
        except Unavailable:
            log.warning("a webhook waits for the database", extra=told)  # and is due again after its claim
        except Exception:
            log.exception("a webhook could not be told", extra=told)

    async def _deliver(self, delivery: "_Delivery", events: Sequence[Placed]) -> None:
        chains: dict[str, list[Placed]] = defaultdict(list)
        for place, event in events:
            chains[_in_order_with(event)].append((place, event))
        try:
            signer = Webhook(open_secret(delivery.endpoint, self._box))
        except NotSealed:
            for place, event in events:
                delivery.answered(place, event, _Answer(taken=False, reason="secret"))
            return
        room = asyncio.Semaphore(CALLS_AT_ONCE)
        ends = asyncio.get_running_loop().time() + ROUND_SECONDS

        async def tell(chain: Sequence[Placed]) -> None:
            for place, event in chain:
                async with room:
                    if delivery.may_try(event) and asyncio.get_running_loop().time() < ends:
                        delivery.answered(place, event, await self._call(delivery.endpoint.url, signer, event))

        async with asyncio.TaskGroup() as group:
            for chain in chains.values():
                group.create_task(tell(chain))

    async def _call(self, url: str, signer: Webhook, event: Event) -> _Answer:
        body = msgspec.json.encode(payload(event))
        headers = signed_headers(signer, f"msg_{event.id}", self._acts.clock.now() // 1000, body)
        try:
            answer = await self._outside.fetch("POST", url, headers=headers, body=body)
        except OutsideError as error:
            return _Answer(taken=False, reason=error.reason)
        except Exception:
            log.exception("a webhook could not be called")
            return _Answer(taken=False, reason="internal")
        if 200 <= answer.status < 300:
            return _Answer(taken=True)
        wait = answer.headers.get("retry-after", "")
        seconds = min(int(wait), LONGEST_RETRY_AFTER) if wait.isascii() and wait.isdigit() and len(wait) < 10 else 0
        return _Answer(taken=False, reason=str(answer.status), gone=answer.status == 410, wait=seconds * 1000)


class _Delivery:
    """What has become of one round so far."""

    def __init__(self, now: int, endpoint: WebhookEndpoint) -> None:
        self.now = now
        self.endpoint = endpoint
        self.reasons: set[str] = set()
        self._known = {late.position: late for late in endpoint.late}
        self._taken: set[int] = set()
        self._late: dict[int, Late] = {}
        self._gone = False
        # What must not be overtaken, and until when it waits.
        self._blocked = {late.in_order_with: late.due_at for late in endpoint.late if late.due_at > now}

    def may_try(self, event: Event) -> bool:
        return not self._gone and _in_order_with(event) not in self._blocked

    def answered(self, place: int, event: Event, answer: _Answer) -> None:
        if answer.taken:
            self._taken.add(place)
            return
        self.reasons.add(answer.reason)
        self._gone |= answer.gone
        known = self._known.get(place)
        tries = (known.tries if known is not None else 0) + 1
        due_at = self.now + max(pause_after(tries, LONGEST_PAUSE), answer.wait)
        self._blocked[_in_order_with(event)] = due_at
        self._late[place] = self._as_late(place, event, tries, due_at)

    def outcome(self, work: _Round) -> Outcome:
        """All of it; what was not tried is late, and waits behind what it must not overtake."""
        for place, event in work.events:
            if place not in self._taken and place not in self._late:
                known = self._known.get(place)
                due_at = self._blocked.get(_in_order_with(event), self.now)
                self._late[place] = self._as_late(place, event, known.tries if known is not None else 0, due_at)
        taken = frozenset(self._taken) | work.forgotten
        return Outcome(work.after, work.replay, taken, self._late, bool(self._taken), self._gone)

    def _as_late(self, place: int, event: Event, tries: int, due_at: int) -> Late:
        known = self._known.get(place)
        return Late(
            position=place,
            event_id=event.id,
            in_order_with=_in_order_with(event),
            tries=tries,
            since=known.since if known is not None else self.now,
            due_at=due_at,
        )


def signed_headers(signer: Webhook, id_: str, at: int, body: bytes) -> list[tuple[str, str]]:
    """The headers that prove a delivery, `at` in seconds: by the names of Standard Webhooks and by those that Svix's libraries
    look for. The signature is over id, time and body.
    """
    signature = signer.sign(id_, datetime.fromtimestamp(at, UTC), body.decode())
    values = (("id", id_), ("timestamp", str(at)), ("signature", signature))
    named = [(f"{prefix}-{name}", value) for prefix in ("webhook", "svix") for name, value in values]
    return [("content-type", "application/json"), *named]


def _first(page: Sequence[Placed], after: int, most: int, wanted: Callable[[Event], bool]) -> tuple[list[Placed], int]:
    """The first so many of a page that are wanted, and the position up to which all is decided."""
    found: list[Placed] = []
    for place, event in page:
        if wanted(event):
            if len(found) == most:
                break
            found.append((place, event))
        after = place
    return found, after


def _place(placed: Placed) -> int:
    return placed[0]


def _in_order_with(event: Event) -> str:
    """What must stay in order: one user's events."""
    return event.user_id or event.id
