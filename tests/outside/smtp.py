"""A real SMTP server on this machine, as strict or as bad as a test wants (RFC 5321)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP


@dataclass
class Mailbox:
    """What came in: envelope and message, and what was said on the way."""

    port: int = 0
    commands: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)


@contextlib.asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, starttls: bool = True, replies: Mapping[str, bytes] | None = None
) -> AsyncIterator[Mailbox]:
    """With `tls` and `starttls` it offers STARTTLS, with `tls` alone it speaks TLS from the first byte.

    `replies` are answers by command (`RCPT`, `DATA`, `.` for the message) in the place of the good ones.
    """
    box = Mailbox()
    bad = dict(replies or {})

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        with (
            contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError),
            contextlib.closing(writer),
        ):
            await converse(reader, writer)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = tls is not None and not starttls

        async def say(reply: bytes) -> None:
            writer.write(reply + b"\r\n")
            await writer.drain()

        await say(bad.get("CONNECT", b"220 mail.example.com"))
        while True:
            line = (await reader.readuntil(b"\r\n")).decode("utf-8").strip()
            box.commands.append(line)
            verb = line.partition(" ")[0].upper()
            if verb in bad:
                await say(bad[verb])
            elif verb == "EHLO":
                offered = [b"STARTTLS"] if tls is not None and starttls and not secure else []
                lines = [b"mail.example.com", *offered, b"AUTH PLAIN LOGIN", b"8BITMIME"]
                await say(b"\r\n".join([*(b"250-" + each for each in lines[:-1]), b"250 " + lines[-1]]))
            elif verb == "STARTTLS":
                await say(b"220 go")
                await writer.start_tls(tls)  # type: ignore[arg-type]
                secure = True
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                box.logins.append((user, password))
                await say(b"235 ok")
            elif verb == "RCPT":
                box.recipients.append(line)
                await say(b"250 ok")
            elif verb == "DATA":
                await say(b"354 go on")
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                box.raw.append(raw)
                box.encrypted.append(secure)
                if "." not in bad:
                    # Section 4.5.2: a dot at the beginning of a line was doubled.
                    parsed = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=SMTP)
                    assert isinstance(parsed, EmailMessage)
                    box.mails.append(parsed)
                await say(bad.get(".", b"250 taken"))
            elif verb == "QUIT":
                await say(b"221 bye")
                return
            else:
                await say(b"250 ok")

    handling: set[asyncio.Task[None]] = set()
    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=None if starttls else tls)
    box.port = listening.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        listening.close()
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)
