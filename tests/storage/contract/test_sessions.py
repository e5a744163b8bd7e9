"""Records that belong to one user: in that user's rows, found by id and by token, never without the user."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.errors import Lost, Taken
from muster.core.query import Page
from muster.core.records import Key, OwnedRecord
from muster.core.sessions.model import ConsentScope, Device, Grant, Method, Session
from muster.core.store import Change, Tenant, Unit
from muster.core.users.model import User
from muster.storage.engine import Engine
from muster.storage.store import SqlStore
from tests.storage.contract.people import NOW, delete, insert, inserted, person


def session(user: User, id_: str, at: int = NOW, **members: Any) -> Session:
    return Session(
        id=id_,
        user_id=user.id,
        version=1,
        created_at=at,
        updated_at=at,
        authenticated_at=at,
        last_active_at=at,
        **members,
    )


def grant(user: User, id_: str, **members: Any) -> Grant:
    return Grant(
        id=id_, user_id=user.id, version=1, created_at=NOW, updated_at=NOW, kind="consent", app_id="a", **members
    )


def records_of(user: User) -> list[OwnedRecord]:
    method = Method(name="password", at=NOW)
    return [
        session(user, "s1", device=Device(first_ip="::1"), methods=[method], metadata={"a\0b": [1, None, 2**70]}),
        grant(user, "g1", scopes=["a"], consented=[ConsentScope(scope="a", granted_at=NOW)]),
    ]


@pytest.mark.parametrize("which", [0, 1])
async def test_one_is_inserted_found_changed_and_deleted(store: SqlStore, tenant: Tenant, which: int) -> None:
    ann = await inserted(store, tenant.number, person("ann@example.org"))
    record = records_of(ann)[which]
    kind: Any = type(record)
    await insert(store, tenant.number, record)
    assert await store.get(tenant.number, kind, record.id) == record
    assert await store.find(tenant.number, kind, Key("", kind.__name__.lower(), record.id)) == record
    assert await store.owned(tenant.number, kind, ann.id) == [record]
    with pytest.raises(Taken):
        await insert(store, tenant.number, record)

    after = replace(record, version=2, updated_at=NOW + 5)
    await store.commit(Unit(tenant.number, [Change(record, after)]))
    assert await store.get(tenant.number, kind, record.id) == after
    await store.commit(Unit(tenant.number, expects=[after]))
    stale = Unit(tenant.number, [Change(record, None)]), Unit(tenant.number, [Change(record, after)])
    for unit in (*stale, Unit(tenant.number, expects=[record])):
        with pytest.raises(Lost) as lost:
            await store.commit(unit)
        assert lost.value.row == (kind.__name__, record.id)

    await delete(store, tenant.number, after)
    assert await store.get(tenant.number, kind, record.id) is None
    assert await store.owned(tenant.number, kind, ann.id) == []


async def test_an_id_is_one_users(store: SqlStore, tenant: Tenant) -> None:
    """The key of the table would allow it; the way there from the id alone does not."""
    ann, bob = [await inserted(store, tenant.number, person(f"{n}@example.org")) for n in ("ann", "bob")]
    await insert(store, tenant.number, session(ann, "s1"))
    with pytest.raises(Taken) as taken:
        await insert(store, tenant.number, session(bob, "s1"))
    assert (taken.value.kind, taken.value.value) == ("session", "s1")


async def test_nothing_belongs_to_nobody(store: SqlStore, tenant: Tenant) -> None:
    ghost = person("ghost@example.org")
    for record in records_of(ghost):
        with pytest.raises(Lost) as lost:
            await insert(store, tenant.number, record)
        assert lost.value.row == ("User", ghost.id)
    await insert(store, tenant.number, ghost, *records_of(ghost))
    assert await store.get(tenant.number, Session, "s1") is not None


async def test_all_goes_with_the_user_and_nothing_of_another(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    ann, bob = [await inserted(store, tenant.number, person(f"{n}@example.org")) for n in ("ann", "bob")]
    kept = session(bob, "s2")
    await insert(store, tenant.number, *records_of(ann), kept)
    await delete(store, tenant.number, ann)
    assert await store.get(tenant.number, Session, "s1") is None
    assert await store.owned(tenant.number, Grant, None) == []
    assert await store.owned(tenant.number, Session, None) == [kept]
    rows = await engine.rows("SELECT record_id, user_id FROM locators")
    assert [tuple(row) for row in rows] == [("s2", bob.id)]
    # What was hers can be anybody's now.
    await insert(store, tenant.number, session(bob, "s1"))


async def test_lists_are_by_creation_then_id(store: SqlStore, tenant: Tenant) -> None:
    ann, bob = [await inserted(store, tenant.number, person(f"{n}@example.org")) for n in ("ann", "bob")]
    made = [session(ann, "c", 1), session(ann, "a", 2), session(ann, "b", 2), session(bob, "x", 3)]
    await insert(store, tenant.number, *reversed(made))

    async def ids(user: User | None, **how: Any) -> str:
        found = await store.owned(tenant.number, Session, user.id if user is not None else None, **how)
        return "".join(each.id for each in found)

    assert await ids(ann) == "cab"
    assert await ids(ann, newest_first=True) == "bac"
    assert await ids(ann, page=Page(1, 1)) == "a"
    assert await ids(ann, newest_first=True, page=Page(2, 5)) == "c"
    assert await ids(None) == "cabx"
    assert await ids(None, newest_first=True, page=Page(0, 2)) == "xb"


async def test_tenants_are_kept_apart(store: SqlStore, tenant: Tenant) -> None:
    other = await store.create_tenant("other", NOW)
    ann = await inserted(store, tenant.number, person("ann@example.org"))
    twin = replace(person("ann@example.org"), id=ann.id)
    await insert(store, other.number, twin)
    mine, theirs = session(ann, "s1"), session(ann, "s1", 5)
    await insert(store, tenant.number, mine)
    await insert(store, other.number, theirs)
    assert await store.get(tenant.number, Session, "s1") == mine
    assert await store.owned(other.number, Session, None) == [theirs]
    await delete(store, tenant.number, ann)
    assert await store.owned(other.number, Session, ann.id) == [theirs]


@pytest.mark.parametrize("id_", ["a\0b", "é" * 900])
async def test_ids_that_no_index_can_hold_are_refused(store: SqlStore, tenant: Tenant, id_: str) -> None:
    ann = await inserted(store, tenant.number, person("ann@example.org"))
    with pytest.raises(Exception, match="key_"):
        await insert(store, tenant.number, session(ann, id_))
    assert await store.get(tenant.number, Session, id_) is None
