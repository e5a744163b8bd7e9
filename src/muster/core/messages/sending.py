"""How messages leave the server, without knowing how: `muster.outside` keeps these promises.

Each raises `Undeliverable` when no other try would end better, and `NotSent` when one may.
"""

from typing import Protocol

from muster.core.events import Message


class MailServer(Protocol):
    """Takes mails."""

    async def send(self, to: str, subject: str, text: str, html: str, *, id_: str, at: int) -> None:
        """Hand over one mail with both forms of its text. `id_` is the same for each try, `at` when it was promised (ms UTC)."""
        ...


class TextGateway(Protocol):
    """Takes text messages."""

    async def send(self, to: str, text: str) -> None:
        """Hand over one text message for a telephone number (E.164)."""
        ...


class LogoutNotices(Protocol):
    """Tells applications that a session is over (OpenID Connect Back-Channel Logout 1.0)."""

    async def send(self, tenant_id: int, message: Message) -> int:
        """The status that the application answered (section 2.8); `OutsideError` when there is none."""
        ...
