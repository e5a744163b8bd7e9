"""What happened, written in the same commit as the thing itself. Logs, webhooks and mail are told from these rows alone."""

from typing import Any

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


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mail or text message that must go out if, and only if, the act commits. `due_at` is milliseconds UTC."""

    id: str
    kind: str
    to: str
    due_at: int
    user_id: str = ""
    data: dict[str, Any] = {}
