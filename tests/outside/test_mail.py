"""Mails to a real server: encrypted or not at all, with nothing in them that was not meant."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from muster.core.messages.queue import NotSent, Undeliverable
from muster.outside import mail
from muster.outside.mail import SmtpServer
from tests.outside.certified import certified
from tests.outside.smtp import mail_server

NOW = 1_800_000_000_000
FROM = "Acme Söhne <no-reply@example.com>"


async def send(
    server: SmtpServer, to: str = "ann@example.org", subject: str = "Ihr Code", text: str = "Grüße\n"
) -> None:
    await server.send(to, subject, text, "<p>Grüße</p>", id_="m1", at=NOW)


def plain(port: int) -> SmtpServer:
    return SmtpServer(f"smtp+plain://127.0.0.1:{port}", FROM)


async def outcome(server: SmtpServer, **more: str) -> str:
    with pytest.raises(NotSent) as refused:
        await send(server, **more)
    return f"{type(refused.value).__name__} {refused.value.reason}"


async def test_a_mail_has_both_forms_of_its_text_and_what_a_mail_needs() -> None:
    async with mail_server() as box:
        await send(plain(box.port))
        [message] = box.mails
        assert {name: str(message[name]) for name in message if name not in ("Content-Type", "MIME-Version")} == {
            "From": FROM,
            "To": "ann@example.org",
            "Subject": "Ihr Code",
            "Date": "Fri, 15 Jan 2027 08:00:00 +0000",
            "Message-ID": "<m1@example.com>",
            "Auto-Submitted": "auto-generated",
        }
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        assert text is not None
        assert html is not None
        assert (text.get_content(), html.get_content()) == ("Grüße\r\n", "<p>Grüße</p>\r\n")
        assert box.recipients == ["RCPT TO:<ann@example.org>"]
        assert "MAIL FROM:<no-reply@example.com>" in [command.partition(" BODY")[0] for command in box.commands]
        assert all(byte < 128 for byte in box.raw[0])


async def test_starttls_is_demanded_before_name_and_password_are_said(tmp_path: Path) -> None:
    tls, trusted = certified(tmp_path, "mail.example.com")
    async with mail_server(tls) as box:
        server = SmtpServer(f"smtp://user%40x:p%3Aw@127.0.0.1:{box.port}", FROM, trusted=trusted)
        await send(server)
        assert (box.logins, box.encrypted) == ([("user@x", "p:w")], [True])
        assert "p:w" not in repr(vars(server))
        # Whose certificate nobody knows is told nothing.
        assert await outcome(SmtpServer(f"smtp://u:p@127.0.0.1:{box.port}", FROM)) == "NotSent certificate"
    async with mail_server() as box:
        server = SmtpServer(f"smtp://u:p@127.0.0.1:{box.port}", FROM, trusted=trusted)
        assert await outcome(server) == "NotSent no_starttls"
        assert (box.logins, box.raw, box.recipients) == ([], [], [])


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    tls, trusted = certified(tmp_path, "mail.example.com")
    async with mail_server(tls, starttls=False) as box:
        await send(SmtpServer(f"smtps://127.0.0.1:{box.port}", FROM, trusted=trusted))
        assert box.encrypted == [True]
        assert await outcome(SmtpServer(f"smtps://127.0.0.1:{box.port}", FROM)) == "NotSent certificate"


@pytest.mark.parametrize(
    "to",
    [
        "ann@example.org, eve@example.org",
        "ann@example.org\r\nBcc: eve@example.org",
        "ann@example.org\nDATA",
        "<ann@example.org> eve@example.org",
        "Ann <ann@example.org>",
        "ann@example.org>",
        "ann@exa mple.org",
        "@example.org",
        "ann@",
        "ann",
        "ann\x00@example.org",
        "änn@example.org",
        "ann@example.org\ud800",
        f"ann@{'x' * 80}.org",
    ],
)
async def test_what_is_not_one_address_is_sent_to_nobody(to: str) -> None:
    async with mail_server() as box:
        assert await outcome(plain(box.port), to=to) == "Undeliverable address"
        assert box.commands == []


async def test_a_domain_in_other_letters_goes_out_in_ascii() -> None:
    async with mail_server() as box:
        await send(plain(box.port), to="ann@müller.example")
        assert box.recipients == ["RCPT TO:<ann@xn--mller-kva.example>"]


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: eve@example.org", "Hi\nX: 1", "Hi\rX: 1"])
async def test_a_subject_cannot_become_another_header(subject: str) -> None:
    """The composer leaves no line break in it; whoever gave one all the same sends no mail."""
    async with mail_server() as box:
        with pytest.raises(ValueError, match="linefeed"):
            await send(plain(box.port), subject=subject)
        assert box.raw == []


async def test_lines_of_the_text_end_nothing_and_broken_text_is_told_as_it_can_be() -> None:
    async with mail_server() as box:
        await send(plain(box.port), text="one\n.\nMAIL FROM:<eve@example.org>\n..two \ud800\n", subject="\ud800")
        [message] = box.mails
        body = message.get_body(("plain",))
        assert body is not None
        assert body.get_content() == "one\r\n.\r\nMAIL FROM:<eve@example.org>\r\n..two ?\r\n"
        assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("replies", "told"),
    [
        ({"RCPT": b"550 nobody here"}, "Undeliverable refused"),
        ({"RCPT": b"450 later"}, "NotSent refused"),
        ({".": b"554 looks like spam"}, "Undeliverable refused"),
        ({".": b"451 later"}, "NotSent refused"),
        ({"MAIL": b"550 not you"}, "NotSent sender"),
        ({"CONNECT": b"554 go away"}, "NotSent unreachable"),
        ({"EHLO": b"500 what", "HELO": b"500 what"}, "NotSent protocol"),
    ],
)
async def test_what_a_server_refuses_for_ever_is_not_tried_again(replies: dict[str, bytes], told: str) -> None:
    async with mail_server(replies=replies) as box:
        assert await outcome(plain(box.port)) == told
        assert box.mails == []


async def test_a_wrong_password_and_a_server_that_is_away_can_be_cured() -> None:
    async with mail_server(replies={"AUTH": b"535 no"}) as box:
        assert await outcome(SmtpServer(f"smtp+plain://u:p@127.0.0.1:{box.port}", FROM)) == "NotSent authentication"
    assert await outcome(plain(box.port)) == "NotSent unreachable"
    assert issubclass(Undeliverable, NotSent)


async def test_a_server_that_says_nothing_costs_no_more_than_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            await reader.read()

    monkeypatch.setattr(mail, "ALL_SECONDS", 0.05)
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
        assert await outcome(plain(listening.sockets[0].getsockname()[1])) == "NotSent unreachable"
