"""What `muster events` reads: pages of the log, and what is added to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import msgspec

from muster.cli.output import timestamp
from muster.core.event_kinds import client_of, outcome_of
from muster.core.events import Event, EventSearch
from muster.core.store import Tenant
from muster.settings import Settings
from muster.storage.events import EventLog
from muster.storage.store import SqlStore

PAGE: Final = 500
POLL_SECONDS: Final = 0.3

Show = Callable[[Event], None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are asked for; None asks for any. `about` is a user as the operator names them."""

    about: str | None = None
    kinds: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    client: str | None = None
    ip: str | None = None


def row(event: Event) -> dict[str, Any]:
    """One event as programs read it."""
    return {
        "id": event.id,
        "at": timestamp(event.at),
        "kind": event.kind,
        "outcome": outcome_of(event),
        "user_id": event.user_id or None,
        "actor": {"kind": event.actor_kind, "id": event.actor_id, "door": event.door},
        "client": client_of(event) or None,
        "ip": event.context.ip or None,
        "user_agent": event.context.user_agent or None,
        "request_id": event.context.request_id or None,
        "data": event.data,
    }


async def search(settings: Settings, tenant_name: str, wanted: Wanted, limit: int, show: Show) -> None:
    """Show what is wanted, newest first, as it is found."""
    from muster.cli.tenants import started, tenant_named

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        async for event in _matching(database.store, tenant, wanted, limit):
            show(event)


async def tail(settings: Settings, tenant_name: str, wanted: Wanted, limit: int, show: Show, *, follow: bool) -> None:
    """Show the last of them, oldest first, and with `follow` whatever comes."""
    from muster.cli.tenants import started, tenant_named

    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        log = database.store.events
        # Whatever commits from here on is behind this position; what is shown below already is not shown again.
        position = await _sealed(log) if follow else 0
        past = [event async for event in _matching(database.store, tenant, wanted, limit)] if limit else []
        for event in reversed(past):
            show(event)
        if follow:
            user_id = await _user_id(database.store, tenant, wanted.about)
            shown = {event.id for event in past}
            await _follow(log, tenant, position, wanted.kinds, user_id, shown, show)


async def _follow(
    log: EventLog, tenant: Tenant, position: int, kinds: tuple[str, ...], user_id: str, shown: set[str], show: Show
) -> None:
    while True:
        await _sealed(log)
        while found := await log.after(tenant.number, position, PAGE):
            for _, event in found:
                if event.id not in shown and (not kinds or event.kind in kinds) and user_id in ("", event.user_id):
                    show(event)
            position = found[-1].position
        await asyncio.sleep(POLL_SECONDS)


async def _sealed(log: EventLog) -> int:
    """The last position once every event that is committed has one. A running server gives them; without one we do."""
    while await log.seal():
        pass
    return await log.last_position()


async def _matching(store: SqlStore, tenant: Tenant, wanted: Wanted, limit: int) -> AsyncIterator[Event]:
    """Newest first, in pages: no read is long, however much there is to look through."""
    user_id = await _user_id(store, tenant, wanted.about)
    asked = EventSearch(user_id=user_id, kinds=wanted.kinds, since=wanted.since, until=wanted.until)
    while page := await store.events.search(tenant.number, asked, PAGE):
        for event in page:
            if wanted.client not in (None, client_of(event)) or wanted.ip not in (None, event.context.ip):
                continue
            yield event
            limit -= 1
            if not limit:
                return
        if len(page) < PAGE:
            return
        asked = msgspec.structs.replace(asked, before=page[-1].id)


async def _user_id(store: SqlStore, tenant: Tenant, about: str | None) -> str:
    """The id that a user's events are kept under; nothing for everybody."""
    from muster.cli.users import find_id

    return "" if about is None else await find_id(store, tenant.number, about)
