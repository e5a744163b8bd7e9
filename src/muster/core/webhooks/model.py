"""Where a tenant's events are sent: endpoints after the Standard Webhooks specification, and how far each has come."""

from muster.core.records import Record
from muster.core.users.model import Part


class Late(Part, frozen=True, kw_only=True):
    """An event that an endpoint has not taken: where it is, what must not overtake it, and when it is tried again (ms UTC)."""

    position: int
    event_id: str
    in_order_with: str
    tries: int
    since: int
    due_at: int


class Replay(Part, frozen=True, kw_only=True):
    """Events that are sent once more: those from `since` until before `until` (ms UTC), up to position `last`.

    `after` is how far it has come.
    """

    after: int
    last: int
    since: int
    until: int


class WebhookEndpoint(Record, frozen=True, kw_only=True):
    """One address that is told of events. `secret` is sealed; `kinds` of events, all when empty.

    `after` is the position of the last event that was taken up for it; what failed of those is `late`. Since `failing_since`
    nothing was taken. `holder` delivers until `held_until`; then anybody may.
    """

    url: str
    secret: str
    description: str = ""
    kinds: list[str] = []
    disabled: bool = False
    after: int = 0
    late: list[Late] = []
    failing_since: int | None = None
    replay: Replay | None = None
    holder: str = ""
    held_until: int = 0

    def wants(self, kind: str) -> bool:
        """Whether it is told of events of this kind. Reads, which an API tells of by `call.`, are told to who names them."""
        if not self.kinds:
            return not kind.startswith("call.")
        return any(kind == wanted or (wanted.endswith(".*") and kind.startswith(wanted[:-1])) for wanted in self.kinds)


def secret_purpose(endpoint_id: str) -> str:
    """What an endpoint's secret is sealed for."""
    return f"webhook:{endpoint_id}"
