"""Mail through the operator's own server: SMTP (RFC 5321) with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314)."""

import asyncio
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from muster.core.messages.queue import NotSent, Undeliverable

STEP_SECONDS: Final = 20.0
ALL_SECONDS: Final = 60.0
"""For the whole conversation, which must be over before a message is anybody's again."""

_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


_POLICY: Final = SMTP.clone(cte_type="7bit")
"""Every server takes ASCII."""


class _Server(NamedTuple):
    """What a connection is made with. Its text form has no password."""

    hostname: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool

    def __repr__(self) -> str:
        return f"{self.hostname}:{self.port}"


class SmtpServer:
    """Sends mails; see `muster.core.messages.sending.MailServer`.

    `url` as the setting `smtp_url` has it: with `smtp` the server must offer STARTTLS, or no password and no mail goes there.
    `trusted` is for a test's own authority.
    """

    def __init__(self, url: str, sender: str, *, trusted: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        name, address = parseaddr(sender)
        self._sender = Address(name, addr_spec=address)
        self._trusted = trusted
        self._server = _Server(
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            start_tls=parts.scheme == "smtp",
        )

    async def send(self, to: str, subject: str, text: str, html: str, *, id_: str, at: int) -> None:
        """Hand over one mail. `Undeliverable` when the server will never take it, `NotSent` when it may later."""
        # Loaded when there is something to send: most servers of a developer never do.
        import aiosmtplib

        address = _address(to)
        mail = EmailMessage(_POLICY)
        mail["From"] = self._sender
        mail["To"] = address
        mail["Subject"] = _encodable(subject)
        mail["Date"] = format_datetime(datetime.fromtimestamp(at / 1000, UTC))
        mail["Message-ID"] = f"<{id_}@{self._sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
        mail.set_content(_encodable(text))
        mail.add_alternative(_encodable(html), subtype="html")
        try:
            async with asyncio.timeout(ALL_SECONDS):
                await aiosmtplib.send(
                    mail,
                    sender=self._sender.addr_spec,
                    recipients=[address.addr_spec],
                    local_hostname=self._sender.domain,  # else the resolver is asked, which may take long
                    timeout=STEP_SECONDS,
                    tls_context=self._trusted,
                    **self._server._asdict(),
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0].code) from None
        except aiosmtplib.SMTPDataError as error:
            raise _refused(error.code) from None
        except aiosmtplib.SMTPAuthenticationError:
            raise NotSent("authentication") from None
        except aiosmtplib.SMTPSenderRefused:
            raise NotSent("sender") from None
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPTimeoutError, ConnectionError, TimeoutError) as error:
            raise NotSent("certificate" if isinstance(error.__cause__, ssl.SSLError) else "unreachable") from None
        except ssl.SSLError:
            raise NotSent("certificate") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent("no_starttls" if "STARTTLS" in str(error) else "protocol") from None


def _address(to: str) -> Address:
    """The one address that is meant, its domain in ASCII (RFC 5890). What could be read as two, or as a header, is refused."""
    local, _, domain = to.rpartition("@")
    try:
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except Exception:  # noqa: BLE001 - the parser of the standard library tells by many kinds, HeaderParseError among them
        raise Undeliverable("address") from None


def _refused(code: int) -> NotSent:
    """5xx is for ever, 4xx for now (RFC 5321 section 4.2.1)."""
    return Undeliverable("refused") if 500 <= code <= 599 else NotSent("refused")


def _encodable(text: str) -> str:
    """The text without what UTF-8 cannot say."""
    return text.encode("utf-8", "replace").decode("utf-8")
