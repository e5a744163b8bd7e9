"""What sending asks of the outbox: a message is claimed for a while before it is sent, so that no two processes send it at once;
and how it is told that a message did not go out.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from muster.core.events import Event, Message


class DueMessage(NamedTuple):
    """A message whose time has come, and how often it was tried before."""

    tenant_id: int
    attempts: int
    message: Message


class NotSent(Exception):
    """The message could not be sent, and another try may end better. `reason` is one word for logs, without the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undeliverable(NotSent):
    """The message can never be sent."""


class MessageQueue(Protocol):
    """The messages of all tenants. A process that dies leaves what it has claimed to whoever looks after the claim has run out."""

    async def due(self, now: int, limit: int, channels: Sequence[str]) -> Sequence[DueMessage]:
        """The oldest messages of these channels that are due and that nobody has claimed."""
        ...

    async def claim(self, due: DueMessage, now: int, until: int) -> bool:
        """Whether the message is ours to send until then; it counts as tried from here on."""
        ...

    async def remove(self, due: DueMessage, event: Event | None = None) -> bool:
        """The message was sent, or is given up, and the event says so; False when somebody else has said it already."""
        ...

    async def postpone(self, due: DueMessage, until: int) -> None:
        """Try again from then on, unless somebody else has claimed it since."""
        ...
