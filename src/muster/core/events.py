"""What happened, written in the same commit as the thing itself. Logs, webhooks and mail are told from these rows alone."""

from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

import msgspec


class Context(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a call came from, kept with every event it causes. `app_id` is the application that somebody is signing in to."""

    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
    app_id: str = ""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact. `kind` is `<thing>.<what happened>`, `at` milliseconds UTC, `data` what a reader of logs needs and no secret."""

    id: str
    kind: str
    at: int
    actor_kind: str
    actor_id: str
    door: str
    user_id: str = ""
    data: dict[str, Any] = {}
    context: Context = Context()


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted; None asks for any.

    `kinds` count always, `kinds_elsewhere` unless they came through `door`: what happened through it has told of itself.
    `client_ids` are of callers who are programs, "" for whoever is none. Ids lie between `low` and `high`, both left out: an
    id begins with its time, so that these are also two moments.
    """

    kinds: tuple[str, ...]
    kinds_elsewhere: tuple[str, ...] = ()
    door: str = ""
    ids: tuple[str, ...] | None = None
    request_ids: tuple[str, ...] | None = None
    client_ids: tuple[str, ...] | None = None
    any_client: bool = False
    low: str = ""
    high: str = "~"


class EventSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which events an operator, or the user themself, wants to see; empty and None ask for any.

    `since` is the first moment and `until` the first no more (ms UTC). `before` is the id of an event that was the last of a page.
    """

    user_id: str = ""
    kinds: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    before: str = ""


class EventReader(Protocol):
    """Reads what happened."""

    async def newest(self, tenant_id: int, wanted: EventFilter, limit: int) -> Sequence[Event]:
        """The tenant's events that are wanted, newest first, sealed or not."""
        ...

    async def search(self, tenant_id: int, wanted: EventSearch, limit: int) -> Sequence[Event]:
        """A page of them as an operator or a user asks for them, newest first, sealed or not."""
        ...


Channel = Literal["email", "sms", "web", "nobody"]
CHANNELS: Final[Sequence[Channel]] = ("email", "sms", "web")
"""By which messages are sent. One to `nobody` is written so that as much is done as for somebody, and thrown away."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mail, a text message or a call to a program that must go out if, and only if, the act commits; `due_at` is ms UTC."""

    id: str
    kind: str
    to: str
    due_at: int
    user_id: str = ""
    data: dict[str, Any] = {}

    @property
    def channel(self) -> Channel:
        """How it goes out, which the address shows: that of a page, of a mailbox, or a telephone number."""
        if not self.to:
            return "nobody"
        if self.to.startswith(("https://", "http://")):
            return "web"
        return "email" if "@" in self.to else "sms"
