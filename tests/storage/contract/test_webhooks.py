"""What those who deliver webhooks read: every tenant's endpoints, and events by position and by time."""

from __future__ import annotations

from msgspec.structs import replace

from muster.core.store import Change, Tenant, Unit
from muster.core.webhooks.model import WebhookEndpoint
from muster.storage.store import SqlStore
from tests.storage.contract.conftest import NOW
from tests.storage.contract.test_events import event, note


async def test_endpoints_of_all_tenants_but_those_that_are_disabled(store: SqlStore, tenant: Tenant) -> None:
    other = await store.create_tenant("other", NOW)
    made = [
        (number, WebhookEndpoint(id=id_, url="https://x/", secret="s", disabled=id_ == "w2", version=1))
        for number, id_ in ((tenant.number, "w1"), (tenant.number, "w2"), (other.number, "w1"))
    ]
    for number, endpoint in made:
        await store.commit(Unit(number, [Change(None, endpoint)]))
    assert await store.webhooks.endpoints() == [made[0], made[2]]
    after = replace(made[0][1], version=2, after=7)
    await store.commit(Unit(tenant.number, [Change(made[0][1], after)]))
    assert (await store.webhooks.endpoints())[0] == (tenant.number, after)


async def test_events_by_position_and_by_time(store: SqlStore, tenant: Tenant) -> None:
    noted = [event(n * 1000) for n in range(6)]
    await note(store, tenant, *noted)
    other = await store.create_tenant("other", NOW)
    await note(store, other, event(9000))
    assert await store.webhooks.last_position() == 0
    await store.events.seal()
    places = {each.event.id: each.position for each in await store.events.after(tenant.number, 0, 100)}
    third, fifth = places[noted[2].id], places[noted[4].id]
    assert await store.webhooks.at(tenant.number, [fifth, third, 999]) == [(third, noted[2]), (fifth, noted[4])]
    assert await store.webhooks.at(other.number, [third]) == []
    assert await store.webhooks.at(tenant.number, []) == []
    before = await store.webhooks.position_before(tenant.number, NOW + 2000)
    assert [found for _, found in await store.webhooks.after(tenant.number, before, 100)] == noted[2:]
    # Nothing has happened since: what comes is new.
    assert await store.webhooks.position_before(tenant.number, NOW + 60_000) == await store.webhooks.last_position()
