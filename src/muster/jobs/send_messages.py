"""Sends what waits in the outbox, beside the requests of this process: at least once, and for as long as it is worth it.

Every process sends. They need not know each other: a message is claimed for a while by a commit that only one of them can win,
and one whose claim has run out, because its process was killed, is anybody's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from muster.core.actor import SYSTEM
from muster.core.clock import Clock
from muster.core.credentials.lockout import DAY
from muster.core.errors import Unavailable
from muster.core.events import Channel, Event, Message
from muster.core.ids import new_id
from muster.core.messages.composing import Composed
from muster.core.messages.queue import DueMessage, MessageQueue, NotSent, Undeliverable
from muster.core.messages.sending import LogoutNotices, MailServer, TextGateway
from muster.core.outside import OutsideError
from muster.jobs.pauses import pause_after
from muster.jobs.watch import Watch

Compose = Callable[[int, Message], Awaitable[Composed]]
"""Puts a tenant's message in words; see `muster.core.messages.composing.Composer`."""

Send = Callable[[int, Message], Awaitable[None]]
"""Sends a tenant's message by one channel; `NotSent` or `Undeliverable` when it does not go out."""

CLAIM_MS: Final = 120_000
"""Longer than any try takes."""

LONGEST_PAUSE: Final = DAY
GIVEN_UP_AFTER: Final = 3 * DAY

AT_ONCE: Final = 8
POLL_SECONDS: Final = 2.0
STOP_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class MessageSender:
    """One process's share of sending. `channels` says how each kind of address is reached; what has none stays in the outbox.

    `start` and `stop` belong to one event loop.
    """

    def __init__(self, queue: MessageQueue, clock: Clock, channels: Mapping[Channel, Send]) -> None:
        self._queue = queue
        self._clock = clock
        self._channels: dict[Channel, Send] = {"nobody": _nobody, **channels}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._sending: set[asyncio.Task[None]] = set()
        self._watch = Watch("messages", self.take_due, every=POLL_SECONDS)

    def start(self) -> None:
        """Begin to look for messages."""
        self._watch.start()

    def wake(self) -> None:
        """Look at once: a message was written in this process."""
        self._watch.wake()

    async def stop(self) -> None:
        """Begin nothing more, and let what is being sent end; what takes too long is sent again by whoever comes after its claim."""
        await self._watch.stop()
        if self._sending:
            await asyncio.wait(self._sending, timeout=STOP_SECONDS)
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def take_due(self) -> None:
        """Begin to send all that is due, a few at a time."""
        while due := await self._queue.due(self._clock.now(), AT_ONCE, tuple(self._channels)):
            for each in due:
                await self._room.acquire()
                now = self._clock.now()
                try:
                    is_ours = await self._queue.claim(each, now, now + CLAIM_MS)
                except BaseException:
                    self._room.release()
                    raise
                if not is_ours:
                    self._room.release()
                    continue
                task = asyncio.create_task(self._send(each), name=f"message {each.message.id}")
                self._sending.add(task)
                task.add_done_callback(self._done)

    async def finished(self) -> None:
        """Return when nothing is being sent here."""
        while self._sending:
            await asyncio.wait(self._sending)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._room.release()

    async def _send(self, due: DueMessage) -> None:
        message = due.message
        try:
            try:
                if self._clock.now() - message.due_at >= GIVEN_UP_AFTER:
                    raise Undeliverable("too_late")
                await self._channels[message.channel](due.tenant_id, message)
            except Undeliverable as never:
                await self._end(due, "message.failed", reason=never.reason)
            except NotSent as failed:
                await self._put_off(due, failed.reason)
            except Unavailable:
                raise
            except Exception:
                log.exception("a message could not be sent", extra=_told(due))
                await self._put_off(due, "internal")
            else:
                await self._end(due, "message.sent")
        except Unavailable:
            log.warning("a message waits for the database", extra=_told(due))  # and is due again after its claim

    async def _put_off(self, due: DueMessage, reason: str) -> None:
        again = self._clock.now() + pause_after(due.attempts + 1, LONGEST_PAUSE)
        if again - due.message.due_at >= GIVEN_UP_AFTER:
            await self._end(due, "message.failed", reason=reason)
            return
        log.warning("a message was not sent: %s", reason, extra=_told(due))
        await self._queue.postpone(due, again)

    async def _end(self, due: DueMessage, kind: str, **more: Any) -> None:
        message, now = due.message, self._clock.now()
        if message.channel == "nobody":
            await self._queue.remove(due)
            return
        data = {"message": message.kind, "channel": message.channel, "to": message.to, **more}
        event = Event(new_id(now), kind, now, SYSTEM.kind, SYSTEM.id, SYSTEM.door, message.user_id, data)
        await self._queue.remove(due, event)


def _told(due: DueMessage) -> dict[str, Any]:
    """What the log says of a message: neither the address nor what it says."""
    return {"message_id": due.message.id, "kind": due.message.kind, "tenant": due.tenant_id, "tries": due.attempts + 1}


# ------------------------------------------------------------------------------------------------------------- channels


async def _nobody(_: int, __: Message) -> None:
    """There is nobody to send it to."""


def by_mail(composed: Compose, server: MailServer) -> Send:
    """Mails."""

    async def send(tenant_id: int, message: Message) -> None:
        words = await composed(tenant_id, message)
        await server.send(message.to, words.subject, words.text, words.html, id_=message.id, at=message.due_at)

    return send


def by_text(composed: Compose, gateway: TextGateway) -> Send:
    """Text messages."""

    async def send(tenant_id: int, message: Message) -> None:
        words = await composed(tenant_id, message)
        await gateway.send(message.to, words.sms)

    return send


def to_applications(notices: LogoutNotices) -> Send:
    """Logout tokens: 400 is the application's refusal, and any other answer but 200 and 204 no answer yet."""

    async def send(tenant_id: int, message: Message) -> None:
        try:
            status = await notices.send(tenant_id, message)
        except OutsideError as error:
            raise NotSent(error.reason) from None
        if status == 400:
            raise Undeliverable("refused")
        if status not in (200, 204):
            raise NotSent("refused")

    return send
