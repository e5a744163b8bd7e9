"""Sending what waits: once where all goes well, again where it does not, given up in the end, and never by two at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise

import pytest
from msgspec.structs import replace

from muster.core.events import Message
from muster.core.messages.queue import NotSent, Undeliverable
from muster.core.outside import OutsideFailed
from muster.core.settings.actions import update_settings
from muster.core.settings.model import Branding
from muster.jobs import send_messages
from muster.jobs.pauses import FIRST_PAUSE, pause_after
from muster.jobs.send_messages import (
    CLAIM_MS,
    GIVEN_UP_AFTER,
    LONGEST_PAUSE,
    MessageSender,
    Send,
    to_applications,
)
from muster.outgoing import Outgoing
from muster.outside.http import Outside
from muster.settings import Settings
from muster.wiring import Opened
from tests.databases import Databases
from tests.jobs.estate import BOX, Estate, estate
from tests.outside.servers import plain, serving
from tests.outside.smtp import mail_server

TO = "ann@example.com"
PAGES = "https://id.example.com/"


@pytest.fixture
async def home(sqlite_databases: Databases) -> AsyncIterator[Estate]:
    async with estate(sqlite_databases.migrated()) as made:
        yield made


class Sent:
    """A channel that remembers what it was given, and does then as it is told."""

    def __init__(self, then: Callable[[Message], Awaitable[None]] | None = None) -> None:
        self.messages: list[Message] = []
        self._then = then

    async def __call__(self, _: int, message: Message) -> None:
        self.messages.append(message)
        if self._then is not None:
            await self._then(message)

    @property
    def to(self) -> list[str]:
        return [message.to for message in self.messages]


def failing(error: Exception) -> Sent:
    async def fail(_: Message) -> None:
        raise error

    return Sent(fail)


async def send_due(home: Estate, **channels: Send) -> None:
    sender = MessageSender(home.store.outbox, home.clock, channels)  # type: ignore[arg-type]
    await sender.take_due()
    await sender.finished()


async def test_a_message_is_sent_and_the_event_says_so(home: Estate) -> None:
    sent = Sent()
    await home.send("password_changed", TO, user_id="u1")
    await send_due(home, email=sent)
    await send_due(home, email=sent)
    assert sent.to == [TO]
    assert await home.waiting() == []
    [event] = await home.events()
    assert (event.kind, event.user_id, event.actor_kind, event.data) == (
        "message.sent",
        "u1",
        "system",
        {"message": "password_changed", "channel": "email", "to": TO},
    )


async def test_what_has_no_channel_stays_and_holds_up_nothing(home: Estate) -> None:
    await home.put(*(Message(f"m{n}", "sign_in_code", "+4930123456", home.clock.now()) for n in range(30)))
    await home.send("password_changed", TO)
    sent = Sent()
    await send_due(home, email=sent)
    assert sent.to == [TO]
    await send_due(home)
    assert len(await home.waiting()) == 30


async def test_what_was_written_to_nobody_is_thrown_away_unseen(home: Estate) -> None:
    await home.send("sign_in_code", "", channel="email")
    assert await home.waiting() == []
    await send_due(home)
    assert await home.store.outbox.due(home.clock.now(), 10, ("nobody",)) == []
    assert await home.events() == []


async def test_a_failure_is_tried_again_ever_later_until_it_is_given_up(home: Estate) -> None:
    away = failing(NotSent("unreachable"))
    await home.send("password_changed", TO)
    began = home.clock.now()
    tries: list[int] = []
    while await home.waiting():
        before = len(away.messages)
        await send_due(home, email=away)
        if len(away.messages) > before:
            tries.append(home.clock.now() - began)
        home.clock.turn(seconds=5 if home.clock.now() - began < 600_000 else 1800)
    assert tries[0] == 0
    pauses = [later - sooner for sooner, later in pairwise(tries)]
    assert FIRST_PAUSE * 0.8 <= pauses[0] <= FIRST_PAUSE * 1.2 + 5000
    assert all(later > sooner for sooner, later in pairwise(pauses) if sooner < LONGEST_PAUSE * 0.5)
    assert 8 <= len(tries) <= 14
    [event] = await home.events()
    assert (event.kind, event.data["reason"]) == ("message.failed", "unreachable")
    assert event.at - began <= GIVEN_UP_AFTER


async def test_what_nobody_will_ever_take_is_given_up_at_once(home: Estate) -> None:
    await home.send("password_changed", TO)
    await send_due(home, email=failing(Undeliverable("refused")))
    assert await home.waiting() == []
    assert [(event.kind, event.data["reason"]) for event in await home.events()] == [("message.failed", "refused")]


async def test_mail_of_days_ago_does_not_go_out_when_a_server_is_set_at_last(home: Estate) -> None:
    await home.send("password_changed", TO)
    home.clock.turn(ms=GIVEN_UP_AFTER)
    sent = Sent()
    await send_due(home, email=sent)
    assert sent.to == []
    assert [event.data["reason"] for event in await home.events()] == ["too_late"]


async def test_a_fault_of_ours_is_told_in_the_log_and_tried_again(
    home: Estate, caplog: pytest.LogCaptureFixture
) -> None:
    await home.send("password_changed", TO, code="424242")
    await send_due(home, email=failing(RuntimeError("a bug")))
    assert len(await home.waiting()) == 1
    assert "a message could not be sent" in caplog.text
    # Neither the address nor what was to be said is in the log.
    assert TO not in caplog.text
    assert "424242" not in caplog.text


async def test_of_several_processes_one_sends(migrated_url: str) -> None:
    async with estate(migrated_url) as here, estate(migrated_url, here.tenant) as there:
        await here.put(
            *(Message(f"m{n:02}", "password_changed", f"u{n}@example.com", here.clock.now()) for n in range(20))
        )
        sent = Sent()
        senders = [
            MessageSender(each.store.outbox, each.clock, {"email": sent}) for each in (here, there) for _ in range(2)
        ]
        there.clock.turn(ms=here.clock.now() - there.clock.now())
        await asyncio.gather(*(sender.take_due() for sender in senders))
        await asyncio.gather(*(sender.finished() for sender in senders))
        assert sorted(sent.to) == sorted(f"u{n}@example.com" for n in range(20))
        assert len(await here.events("message.sent")) == 20


async def test_a_killed_process_leaves_its_message_to_another(home: Estate) -> None:
    await home.send("password_changed", TO)
    [due] = await home.store.outbox.due(home.clock.now(), 1)
    assert await home.store.outbox.claim(due, home.clock.now(), home.clock.now() + CLAIM_MS)
    sent = Sent()
    await send_due(home, email=sent)
    assert sent.to == []
    home.clock.turn(ms=CLAIM_MS)
    await send_due(home, email=sent)
    assert sent.to == [TO]


async def test_one_that_hangs_does_not_hold_up_the_others(home: Estate) -> None:
    go_on = asyncio.Event()

    async def hang(message: Message) -> None:
        if message.to == "slow@example.com":
            await go_on.wait()

    sent = Sent(hang)
    await home.send("password_changed", "slow@example.com")
    for n in range(20):
        await home.send("password_changed", f"u{n}@example.com")
    sender = MessageSender(home.store.outbox, home.clock, {"email": sent})
    await sender.take_due()
    while len(await home.waiting()) > 1:  # noqa: ASYNC110 - the others are sent meanwhile
        await asyncio.sleep(0)
    go_on.set()
    await sender.finished()
    assert await home.waiting() == []


async def test_a_notice_to_an_application_goes_by_what_it_answers(home: Estate) -> None:
    answers: list[int | Exception] = [200, 204, 400, 500, OutsideFailed("timeout")]

    class Notices:
        async def send(self, tenant_id: int, message: Message) -> int:
            assert (tenant_id, message.kind) == (home.tenant.number, "backchannel_logout")
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    outcomes = []
    for _ in range(5):
        await home.send("backchannel_logout", "https://app.example.com/logout?to=ann@example.com", app_id="a")
        await send_due(home, web=to_applications(Notices()))
        outcomes.append([event.data.get("reason", "sent") for event in await home.events()])
    assert outcomes[-1] == ["sent", "sent", "refused"]
    assert len(await home.waiting()) == 2


async def test_from_the_act_to_the_mailbox(home: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    # It is the commit itself that wakes: the next look by the clock is far away.
    monkeypatch.setattr(send_messages, "POLL_SECONDS", 600.0)
    await home.act(update_settings, lambda before: replace(before, branding=Branding(name="Acme")))
    async with mail_server() as box, serving(lambda _: plain()) as gateway:
        settings = Settings(
            smtp_url=f"smtp+plain://127.0.0.1:{box.port}",
            mail_from="no-reply@example.com",
            sms_url=f"http://127.0.0.1:{gateway.port}/sms",
            outbound_allow=("127.0.0.1",),
        )
        outgoing = Outgoing(
            Opened(home.engine, home.store, home.acts),
            home.clock,
            BOX,
            settings,
            outside=Outside(settings.outbound_allow),
            public_url=lambda _: PAGES,
        )
        outgoing.start()
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await home.send("sign_in_code", TO, code="123456", path="/sign-in/link?ticket=t")
            await home.send("sign_in_code", "+4930123456", code="654321")
            while await home.waiting() or not box.mails or not gateway.received:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await outgoing.stop()
        [mail] = box.mails
        assert mail["Subject"] == "Your code to sign in to Acme"
        body = mail.get_body(("plain",))
        assert body is not None
        assert f"{PAGES}sign-in/link?ticket=t\r\n" in body.get_content()
        assert b"654321 is your code" in gateway.received[0].body
    assert home.store.on_message is None


def test_pauses_grow_threefold_up_to_a_day_and_never_meet() -> None:
    for tries, middle in ((1, 10), (2, 30), (3, 90), (8, 21_870)):
        pauses = {pause_after(tries, LONGEST_PAUSE) for _ in range(50)}
        assert middle * 800 <= min(pauses) < max(pauses) <= middle * 1200
    assert pause_after(30, LONGEST_PAUSE) == pause_after(10_000, LONGEST_PAUSE) == LONGEST_PAUSE
