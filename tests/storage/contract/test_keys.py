from __future__ import annotations

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.errors import Taken
from muster.core.records import Key
from muster.core.store import Change, Tenant, Unit
from muster.core.users.model import User
from muster.storage.store import SqlStore
from tests.storage.contract.people import address, changed, delete, email_key, insert, inserted, person


async def test_a_key_has_one_holder(store: SqlStore, tenant: Tenant) -> None:
    ann = await inserted(store, tenant.number, person("ann@example.org", name="ann"))
    bob = await inserted(store, tenant.number, person("bob@example.org"))
    with pytest.raises(Taken) as taken:
        await insert(store, tenant.number, person("new@example.org", name="ann"))
    assert (taken.value.kind, taken.value.value) == ("username", "ann")
    with pytest.raises(Taken) as taken:
        await store.commit(Unit(tenant.number, [changed(bob, emails=[address("ann@example.org")])]))
    assert (taken.value.kind, taken.value.value) == ("email", "ann@example.org")
    # Nothing of either was kept.
    assert await store.find(tenant.number, User, email_key("new@example.org")) is None
    assert await store.find(tenant.number, User, email_key("bob@example.org")) == bob
    assert await store.find(tenant.number, User, email_key("ann@example.org")) == ann


async def test_realms_are_apart(store: SqlStore, tenant: Tenant) -> None:
    here = await inserted(store, tenant.number, person("ann@example.org"))
    there = await inserted(store, tenant.number, person("ann@example.org", realm="other"))
    assert await store.find(tenant.number, User, email_key("ann@example.org")) == here
    assert await store.find(tenant.number, User, Key("other", "email", "ann@example.org")) == there


async def test_a_user_name_shaped_like_an_address_takes_the_address(store: SqlStore, tenant: Tenant) -> None:
    await insert(store, tenant.number, person(name="ann@example.org"))
    with pytest.raises(Taken):
        await insert(store, tenant.number, person("ann@example.org"))
    await insert(store, tenant.number, person("bob@example.org", name="bob@example.org"))


async def test_two_users_of_one_unit_cannot_share_a_key(store: SqlStore, tenant: Tenant) -> None:
    twins = [person("ann@example.org"), person("ann@example.org")]
    with pytest.raises(Taken) as taken:
        await insert(store, tenant.number, *twins)
    assert (taken.value.kind, taken.value.value) == ("email", "ann@example.org")
    assert await store.get(tenant.number, User, twins[0].id) is None


async def test_users_can_swap_keys_in_one_unit(store: SqlStore, tenant: Tenant) -> None:
    ann = await inserted(store, tenant.number, person("ann@example.org"))
    bob = await inserted(store, tenant.number, person("bob@example.org"))
    swap = [changed(ann, emails=bob.emails), changed(bob, emails=ann.emails)]
    await store.commit(Unit(tenant.number, swap))
    for email, holder in (("ann@example.org", bob), ("bob@example.org", ann)):
        found = await store.find(tenant.number, User, email_key(email))
        assert found is not None
        assert found.id == holder.id


async def test_a_deleted_user_s_keys_are_free_at_once(store: SqlStore, tenant: Tenant) -> None:
    ann = await inserted(store, tenant.number, person("ann@example.org", name="ann", external_id="e"))
    successor = person("ann@example.org", name="ann", external_id="e")
    await store.commit(Unit(tenant.number, [Change(None, successor), Change(ann, None)]))
    found = await store.find(tenant.number, User, email_key("ann@example.org"))
    assert found is not None
    assert found.id == successor.id
    await delete(store, tenant.number, found)
    await insert(store, tenant.number, replace(ann, seq=0))
    again = await store.get(tenant.number, User, ann.id)
    assert again is not None
    assert again.seq > found.seq


async def test_other_records_have_keys_too(store: SqlStore, tenant: Tenant) -> None:
    one, two = (Connection(id=id_, version=1, name=id_) for id_ in ("one", "two"))
    await insert(store, tenant.number, one, two)
    with pytest.raises(Taken) as taken:
        await store.commit(Unit(tenant.number, [Change(two, replace(two, version=2, name="one"))]))
    assert (taken.value.kind, taken.value.value) == ("connection_name", "one")
    await store.commit(Unit(tenant.number, [Change(one, replace(one, version=2, name="three"))]))
    await store.commit(Unit(tenant.number, [Change(two, replace(two, version=2, name="one"))]))
    assert await store.find(tenant.number, Connection, Key("", "connection_name", "two")) is None


async def test_many_keys_in_one_unit(store: SqlStore, tenant: Tenant) -> None:
    people = [person(f"{n}@example.org", name=f"name{n}", external_id=f"e{n}") for n in range(150)]
    await insert(store, tenant.number, *people)
    assert await store.find(tenant.number, User, Key("", "external_id", "e149")) is not None
    with pytest.raises(Taken) as taken:
        await insert(
            store, tenant.number, *(person(f"new{n}@example.org") for n in range(250)), person("140@example.org")
        )
    assert taken.value.value == "140@example.org"
