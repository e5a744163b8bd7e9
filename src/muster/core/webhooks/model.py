"""Where a tenant's events are sent: endpoints after the Standard Webhooks specification."""

from muster.core.records import Record


class WebhookEndpoint(Record, frozen=True, kw_only=True):
    """One address that is told of events. `secret` is sealed; `kinds` of events, all when empty; `style` is how they are worded.

    `after` is the position of the last event that was taken up for it.
    """

    url: str
    secret: str
    description: str = ""
    kinds: list[str] = []
    style: str = "muster"
    disabled: bool = False
    after: int = 0
