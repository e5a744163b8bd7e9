"""Analytic events on the wire, and how the core's own events are told in the vendor's words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from muster.core.events import Event
from muster.dialects.mattr.wire.ids import show_uuid
from muster.dialects.mattr.wire.times import show_time

Document = dict[str, Any]

CATEGORY: Final = "user"

CALLS: Final = (
    *("USER_SEARCH", "USER_RETRIEVE_LIST", "USER_RETRIEVE", "USER_CREATE", "USER_UPDATE", "USER_DELETE"),
    "USER_CREDENTIAL_RETRIEVE_LIST",
    *(f"USER_AUTHENTICATION_PROVIDER_{act}" for act in ("CREATE", "RETRIEVE_LIST", "RETRIEVE", "UPDATE", "DELETE")),
)
"""What begins the types of the events that each operation tells of."""

TYPES: Final = frozenset(f"{call}_{outcome}" for call in CALLS for outcome in ("START", "SUCCESS", "FAIL"))

_PREFIX: Final = "call."
"""Before the vendor's type, in the kind of an event that tells of a call of this API."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "user.created": "USER_CREATE_SUCCESS",
    "user.updated": "USER_UPDATE_SUCCESS",
    "user.deleted": "USER_DELETE_SUCCESS",
}
"""What happened through another API is told by its success alone."""


def kind_of(type_: str) -> str:
    """The kind under which an event of this type is kept."""
    return _PREFIX + type_


def kinds_of(types: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds of events of these types: of this API's own calls, and of what happened elsewhere."""
    wanted = frozenset(types)
    return tuple(map(kind_of, sorted(wanted))), tuple(kind for kind, type_ in ELSEWHERE.items() if type_ in wanted)


def show_event(event: Event) -> Document:
    """One event. `metadata` holds what is not personal, `data` the rest, which is never kept."""
    own = event.kind.startswith(_PREFIX)
    shown: Document = {
        "id": show_uuid(event.id),
        "type": event.kind.removeprefix(_PREFIX) if own else ELSEWHERE[event.kind],
        "timestamp": show_time(event.at),
        "category": CATEGORY,
        "requestId": event.context.request_id,
        "metadata": event.data if own else {"id": show_uuid(event.user_id)},
        "data": None,
    }
    if event.actor_kind == "client":
        shown["clientId"] = event.actor_id
    return shown
