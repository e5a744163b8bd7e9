"""What can be done with webhook endpoints by those who set a tenant up."""

import base64
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.event_kinds import CALL, KINDS, kinds_named
from muster.core.ids import new_id
from muster.core.security import SecretBox
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.webhooks.model import Replay, WebhookEndpoint, secret_purpose

MOST: Final = 50
"""Endpoints of one tenant."""

LONGEST_URL: Final = 2048

_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A secret as Standard Webhooks writes one: `whsec_` and base64 of 256 random bits."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


async def create_endpoint(
    tx: Transaction, url: str, box: SecretBox, *, kinds: Sequence[str] = (), description: str = "", after: int = 0
) -> tuple[WebhookEndpoint, str]:
    """An endpoint that is told of what happens after position `after`, and its secret, which is told now and never again.

    `Invalid`: webhook_url, webhook_kind. `Conflict("too_many_webhooks")`.
    """
    tx.actor.must(May.SETTINGS_WRITE)
    if len(await tx.records(WebhookEndpoint)) >= MOST:
        raise Conflict("too_many_webhooks", limit=MOST)
    id_, secret = new_id(tx.now), new_secret()
    endpoint = WebhookEndpoint(
        id=id_,
        url=_checked_url(url),
        secret=box.seal(secret.encode(), purpose=secret_purpose(id_)),
        description=description,
        kinds=_checked_kinds(kinds),
        after=after,
        created_at=tx.now,
    )
    tx.note("webhook.created", webhook_id=id_, host=_host(url))
    return tx.insert(endpoint), secret


async def list_endpoints(store: Store, tenant_id: int, actor: Actor) -> Sequence[WebhookEndpoint]:
    """The tenant's endpoints, oldest first."""
    actor.must(May.SETTINGS_READ)
    return await store.records(tenant_id, WebhookEndpoint)


async def update_endpoint(
    tx: Transaction,
    endpoint_id: str,
    *,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    description: str | None = None,
    disabled: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given. One that is enabled again goes on where it stopped. `NotFound("webhook")`, `Invalid`."""
    tx.actor.must(May.SETTINGS_WRITE)
    endpoint = await _found(tx, endpoint_id)
    after = replace(
        endpoint,
        url=endpoint.url if url is None else _checked_url(url),
        kinds=endpoint.kinds if kinds is None else _checked_kinds(kinds),
        description=endpoint.description if description is None else description,
        disabled=endpoint.disabled if disabled is None else disabled,
    )
    if after == endpoint:
        return endpoint
    if endpoint.disabled and not after.disabled:
        late = [replace(each, since=tx.now, due_at=tx.now) for each in after.late]
        after = replace(after, late=late, failing_since=None)
    tx.note("webhook.updated", webhook_id=endpoint_id, host=_host(after.url))
    return tx.save(after)


async def delete_endpoint(tx: Transaction, endpoint_id: str) -> None:
    """Nothing is sent there any more. `NotFound("webhook")`."""
    tx.actor.must(May.SETTINGS_WRITE)
    endpoint = await _found(tx, endpoint_id)
    tx.delete(endpoint)
    tx.note("webhook.deleted", webhook_id=endpoint_id, host=_host(endpoint.url))


async def replay(tx: Transaction, endpoint_id: str, wanted: Replay) -> WebhookEndpoint:
    """Send again what was told, or would have been, in a range of time; one that is under way is given up for it.

    `NotFound("webhook")`; `Invalid("webhook_range")` for one that holds no moment; `Conflict("webhook_disabled")`.
    """
    tx.actor.must(May.SETTINGS_WRITE)
    if wanted.since >= wanted.until:
        raise Invalid("webhook_range")
    endpoint = await _found(tx, endpoint_id)
    if endpoint.disabled:
        raise Conflict("webhook_disabled", id=endpoint_id)
    tx.note("webhook.replayed", webhook_id=endpoint_id, since=wanted.since, until=wanted.until)
    return tx.save(replace(endpoint, replay=wanted))


def open_secret(endpoint: WebhookEndpoint, box: SecretBox) -> str:
    """The endpoint's secret, for whoever signs."""
    return box.open(endpoint.secret, purpose=secret_purpose(endpoint.id)).decode()


async def _found(tx: Transaction, endpoint_id: str) -> WebhookEndpoint:
    endpoint = await tx.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        raise NotFound("webhook", id=endpoint_id)
    return endpoint


def _checked_url(url: str) -> str:
    """An address of the web without a name and password in it; whether it may be reached is found out when it is."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        raise Invalid("webhook_url")
    return url


def _checked_kinds(kinds: Sequence[str]) -> list[str]:
    for kind in kinds:
        is_one = kind in KINDS or (kind.startswith(CALL) and kind != CALL)
        if not is_one and not (kind.endswith(".*") and kinds_named(kind)):
            raise Invalid("webhook_kind", kind=kind)
    return list(dict.fromkeys(kinds))


def _host(url: str) -> str:
    """What events say of an address: it may hold a secret of its receiver's in path or query."""
    return urlsplit(url).hostname or ""
