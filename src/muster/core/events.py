"""What happened, written in the same commit as the thing itself. Logs, webhooks and mail are told from these rows alone."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec


class Context(msgspec.Struct, frozen=True, gc=False):
    """Where a call came from, kept with every event it causes."""

    request_id: str = ""
    ip: str = ""
    user_agent: str = ""


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


class EventReader(Protocol):
    """Reads what happened."""

    async def newest(self, tenant_id: int, wanted: EventFilter, limit: int) -> Sequence[Event]:
        """The tenant's events that are wanted, newest first, sealed or not."""
        ...


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mail or text message that must go out if, and only if, the act commits. `due_at` is milliseconds UTC."""

    id: str
    kind: str
    to: str
    due_at: int
    user_id: str = ""
    data: dict[str, Any] = {}
