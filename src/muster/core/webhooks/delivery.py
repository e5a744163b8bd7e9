"""How far an endpoint has come: who delivers to it, what becomes of a round, and when it is given up. Pure but for two acts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol

from msgspec.structs import replace

from muster.core.credentials.lockout import DAY
from muster.core.event_kinds import client_of, outcome_of
from muster.core.events import Event
from muster.core.transaction import Transaction
from muster.core.webhooks.model import Late, Replay, WebhookEndpoint

CLAIM_MS: Final = 120_000
"""Longer than any round takes."""

GIVEN_UP_AFTER: Final = 3 * DAY
"""An event that was not taken for so long is dropped; an endpoint that has taken nothing for so long is disabled."""

SOON: Final = 60_000


class WebhookQueue(Protocol):
    """The endpoints of all tenants, and the events in the order of their positions."""

    async def endpoints(self) -> Sequence[tuple[int, WebhookEndpoint]]:
        """Every endpoint that is not disabled, with its tenant."""
        ...

    async def last_position(self) -> int:
        """The position that was given last."""
        ...

    async def after(self, tenant_id: int, position: int, limit: int) -> Sequence[tuple[int, Event]]:
        """The tenant's events that come next."""
        ...

    async def at(self, tenant_id: int, positions: Sequence[int]) -> Sequence[tuple[int, Event]]:
        """Those at these positions that are still kept."""
        ...

    async def position_before(self, tenant_id: int, at: int) -> int:
        """After which position the tenant's events from that moment (ms UTC) on come."""
        ...


class Outcome(NamedTuple):
    """What became of one round.

    `after` and `replay` are how far it has come; `taken` the positions that the endpoint took, or of which nothing is kept any
    more; `late` what it is still to take, by position. `gone`: it answered that it is there no more.
    """

    after: int
    replay: Replay | None
    taken: frozenset[int]
    late: Mapping[int, Late]
    any_taken: bool
    gone: bool = False


def payload(event: Event) -> dict[str, Any]:
    """What is sent of an event: `type`, `timestamp` and `data`, as Standard Webhooks has them. Events hold no secrets."""
    context = event.context
    return {
        "type": event.kind,
        "timestamp": datetime.fromtimestamp(event.at / 1000, UTC).isoformat(timespec="milliseconds"),
        "data": {
            "id": event.id,
            "outcome": outcome_of(event),
            "user_id": event.user_id or None,
            "actor": {"kind": event.actor_kind, "id": event.actor_id, "door": event.door},
            "client_id": client_of(event) or None,
            "ip": context.ip or None,
            "user_agent": context.user_agent or None,
            "request_id": context.request_id or None,
            "details": event.data,
        },
    }


async def take(tx: Transaction, endpoint_id: str, holder: str) -> WebhookEndpoint | None:
    """Claim an endpoint; None when there is nothing to do for the caller."""
    endpoint = await tx.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or endpoint.disabled or endpoint.held_until > tx.now:
        return None
    return tx.save(replace(endpoint, holder=holder, held_until=tx.now + CLAIM_MS), quietly=True)


async def keep(tx: Transaction, endpoint_id: str, holder: str, outcome: Outcome) -> WebhookEndpoint | None:
    """Keep what became of a round, on the endpoint as it is by now; None when it is no longer the holder's to say."""
    endpoint = await tx.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or endpoint.holder != holder:
        return None
    failing_since = _failing_since(endpoint, outcome, tx.now)
    is_over = outcome.gone or (failing_since is not None and tx.now - failing_since >= GIVEN_UP_AFTER)
    is_back = endpoint.failing_since is not None and failing_since is None
    late = _late(endpoint, outcome)
    if is_back:
        late = [replace(each, due_at=min(each.due_at, tx.now + SOON)) for each in late]
    if not is_over:
        late = [each for each in late if not _give_up(tx, endpoint, each)]
    elif not endpoint.disabled:
        why = "gone" if outcome.gone else "failing"
        tx.note("webhook.disabled", webhook_id=endpoint.id, why=why)
    return tx.save(
        replace(
            endpoint,
            after=outcome.after,
            late=late,
            failing_since=failing_since,
            replay=_replay(endpoint.replay, outcome.replay),
            disabled=endpoint.disabled or is_over,
            holder="",
            held_until=0,
        ),
        quietly=True,
    )


def _failing_since(endpoint: WebhookEndpoint, outcome: Outcome, now: int) -> int | None:
    if outcome.any_taken:
        return None
    if any(late.tries for late in outcome.late.values()):
        return endpoint.failing_since if endpoint.failing_since is not None else now
    return endpoint.failing_since


def _late(endpoint: WebhookEndpoint, outcome: Outcome) -> list[Late]:
    """What was late and still is, and what has become so, by position."""
    still = {each.position: each for each in endpoint.late if each.position not in outcome.taken}
    return [each for _, each in sorted({**still, **outcome.late}.items())]


def _give_up(tx: Transaction, endpoint: WebhookEndpoint, late: Late) -> bool:
    if tx.now - late.since < GIVEN_UP_AFTER:
        return False
    tx.note("webhook.failed", webhook_id=endpoint.id, event_id=late.event_id)
    return True


def _replay(wanted: Replay | None, done: Replay | None) -> Replay | None:
    """How far the replay has come; one that was asked for meanwhile has not begun."""
    if wanted is None or done is None:
        return wanted
    if (wanted.since, wanted.until, wanted.last) != (done.since, done.until, done.last):
        return wanted
    return None if done.after >= done.last else done
