from __future__ import annotations

import pytest

from muster.core.query import All, Everyone, Is, Order, Page, Query
from muster.core.store import Change, Tenant, Unit
from muster.core.users.model import Activity, Metadata, Profile, Seen, User
from muster.storage.store import SqlStore
from tests.storage.contract.people import address, changed, delete, insert, inserted, person

ALL = Page(0, 1000)


async def ids(store: SqlStore, tenant: Tenant, query: Query, order: Order | None = None, page: Page = ALL) -> list[str]:
    return [user.id for user in await store.search_users(tenant.number, query, order or Order(), page)]


async def test_a_search_is_never_stale(store: SqlStore, tenant: Tenant) -> None:
    user = await inserted(
        store, tenant.number, person("ann@example.org", metadata=Metadata.of(private={"plan": "gold"}))
    )
    gold, silver = Is("private.plan", "gold"), Is("private.plan", "silver")
    assert await store.search_users(tenant.number, gold, Order(), Page()) == [user]
    await store.commit(Unit(tenant.number, [changed(user, metadata=Metadata.of(private={"plan": "silver"}))]))
    assert await ids(store, tenant, gold) == []
    assert await ids(store, tenant, silver) == [user.id]
    assert await store.count_users(tenant.number, silver) == 1
    stored = await store.get(tenant.number, User, user.id)
    assert stored is not None
    await delete(store, tenant.number, stored)
    assert await ids(store, tenant, silver) == []
    assert await store.count_users(tenant.number, Everyone()) == 0


async def test_values_are_found_by_kind_and_content(store: SqlStore, tenant: Tenant) -> None:
    long = "x" * 500
    private = {
        "n": 1,
        "t": "1",
        "b": True,
        "list": [{"in": "a"}, "b"],
        "a.b": "dot",
        "nul": "a\0b",
        "long": long,
        "big": 10**400,
    }
    user = await inserted(store, tenant.number, person("ann@example.org", metadata=Metadata.of(private=private)))
    await insert(store, tenant.number, person("bob@example.org"))
    found = [
        Is("private.n", 1), Is("private.n", 1.0), Is("private.t", "1"), Is("private.b", value=True), Is("private.list", "b"),
        Is("private.list.in", "a"), Is("private.a\\.b", "dot"), Is("private.nul", "a\0b"), Is("private.long", long),
        Is("private.big", 10**400), Is("email", "ann@example.org"), Is("id", user.id), Is("seq", user.seq),
    ]  # fmt: skip
    for query in found:
        assert await ids(store, tenant, query) == [user.id], query
        assert await store.count_users(tenant.number, query) == 1
    assert await ids(store, tenant, All(tuple(found))) == [user.id]
    missing = [
        Is("private.n", "1"), Is("private.n", value=True), Is("private.t", 1), Is("private.b", 1), Is("private.a.b", "dot"),
        Is("private.nul", "a"), Is("private.long", long + "x"), Is("email", "Ann@example.org"), Is("id", "none"),
        Is("id", 1), Is("seq", user.seq + 0.5), Is("seq", 1e300), Is("seq", "1"), Is("seq", value=True), Is("logins", 0),
        Is("created_at", float("inf")), Is("none", float("nan")), Is("last_ip", ""), Is("private", "'; DROP TABLE users"),
    ]  # fmt: skip
    for query in missing:
        assert await ids(store, tenant, query) == [], query
        assert await store.count_users(tenant.number, query) == 0
    assert await ids(store, tenant, All((found[0], missing[0]))) == []
    assert len(await ids(store, tenant, All(()))) == 2


async def test_internal_users_are_in_no_search(store: SqlStore, tenant: Tenant) -> None:
    hidden = person("root@example.org", internal=True)
    activity = Activity(id=hidden.id, version=1, logins=5, last_login=Seen(at=5, ip="::1"))
    await insert(store, tenant.number, hidden, activity)
    shown = await inserted(store, tenant.number, person("ann@example.org"))
    for query in (Is("email", "root@example.org"), Is("id", hidden.id), Is("logins", 5), Is("last_ip", "::1")):
        assert await ids(store, tenant, query) == []
        assert await store.count_users(tenant.number, query) == 0
    for field in ("seq", "created_at", "updated_at", "email", "emails", "logins", "last_login", "none"):
        assert await ids(store, tenant, Everyone(), Order(field)) == [shown.id]
    assert await store.count_users(tenant.number, Everyone()) == 1
    assert [user.id async for user in store.export_users(tenant.number)] == [shown.id]

    stored = await store.get(tenant.number, User, hidden.id)
    assert stored is not None
    await store.commit(Unit(tenant.number, [changed(stored, internal=False)]))
    assert await ids(store, tenant, Is("logins", 5)) == [hidden.id]
    assert await store.count_users(tenant.number, Everyone()) == 2


@pytest.mark.parametrize("field", ["email", "emails", "given_name", "private.rank", "logins", "last_login"])
async def test_users_without_the_field_come_last(store: SqlStore, tenant: Tenant, field: str) -> None:
    people = []
    for n, rank in enumerate((3, None, 1, 2, None)):
        user = person() if rank is None else person(
            f"{rank}@example.org", profile=Profile(given_name=f"n{rank}"), metadata=Metadata.of(private={"rank": rank})
        )  # fmt: skip
        await insert(store, tenant.number, user)
        if rank is not None:
            await insert(store, tenant.number, Activity(id=user.id, version=1, logins=rank, last_login=Seen(at=rank)))
        people.append(user.id)
        assert len(people) == n + 1
    ascending = [people[n] for n in (2, 3, 0, 1, 4)]
    descending = [people[n] for n in (0, 3, 2, 4, 1)]
    for order, expected in ((Order(field), ascending), (Order(field, descending=True), descending)):
        assert await ids(store, tenant, Everyone(), order) == expected
        for limit in (1, 2, 3):
            pages = [await ids(store, tenant, Everyone(), order, Page(o, limit)) for o in range(0, 6, limit)]
            assert [id_ for page in pages for id_ in page] == expected
        assert await ids(store, tenant, Everyone(), order, Page(0, 0)) == []


async def test_pages_deeper_than_a_thousand(store: SqlStore, tenant: Tenant) -> None:
    people = [person(f"{n:04}@example.org", created_at=5000 - n) for n in range(1100)]
    for start in range(0, 1100, 100):
        await insert(store, tenant.number, *people[start : start + 100])
    made = [user.id for user in people]
    assert await ids(store, tenant, Everyone(), Order("email"), Page(1090, 50)) == made[1090:]
    assert await ids(store, tenant, Everyone(), Order(), Page(1050, 10)) == made[1050:1060]
    assert await ids(store, tenant, Everyone(), Order(descending=True), Page(1050, 10)) == made[::-1][1050:1060]
    assert await ids(store, tenant, Everyone(), Order("created_at"), Page(1050, 10)) == made[::-1][1050:1060]
    assert await ids(store, tenant, Is("email.domain", "example.org"), Order(), Page(1000, 10)) == made[1000:1010]
    assert await store.count_users(tenant.number, Everyone()) == 1100
    assert await store.count_users(tenant.number, Is("email.domain", "example.org")) == 1100
    assert [user.id async for user in store.export_users(tenant.number)] == made


async def test_a_user_with_too_many_facts_is_still_found_by_all_of_them(store: SqlStore, tenant: Tenant) -> None:
    private = {f"k{n}": f"v{n}" for n in range(1500)}
    user = await inserted(store, tenant.number, person("ann@example.org", metadata=Metadata.of(private=private)))
    few = await inserted(
        store, tenant.number, person("bob@example.org", metadata=Metadata.of(private={"k1499": "v1499"}))
    )
    for query, expected in (
        (Is("private.k0", "v0"), [user.id]),
        (Is("private.k1499", "v1499"), [user.id, few.id]),
        (All((Is("private.k1498", "v1498"), Is("private.k1499", "v1499"))), [user.id]),
        (Is("private.k1499", "v0"), []),
        (Is("email", "ann@example.org"), [user.id]),
    ):
        assert await ids(store, tenant, query) == expected
        assert await store.count_users(tenant.number, query) == len(expected)
    # No longer too many: it is indexed like everybody else.
    await store.commit(Unit(tenant.number, [changed(user, metadata=Metadata.of(private={"k1499": "v1499"}))]))
    assert await ids(store, tenant, Is("private.k1499", "v1499")) == [user.id, few.id]
    assert await ids(store, tenant, Is("private.k0", "v0")) == []


async def test_all_addresses_are_searched_and_the_primary_is_shown(store: SqlStore, tenant: Tenant) -> None:
    both = [address("b@example.org"), address("a@example.org", primary=False)]
    user = await inserted(store, tenant.number, person(emails=both))
    other = await inserted(store, tenant.number, person("aa@example.org"))
    assert await ids(store, tenant, Is("emails", "a@example.org")) == [user.id]
    assert await ids(store, tenant, Is("email", "a@example.org")) == []
    assert await ids(store, tenant, Everyone(), Order("email")) == [other.id, user.id]
    # Of several values the least counts, or the greatest when descending.
    assert await ids(store, tenant, Everyone(), Order("emails")) == [user.id, other.id]
    assert await ids(store, tenant, Everyone(), Order("emails", descending=True)) == [user.id, other.id]
    await store.commit(Unit(tenant.number, [Change(user, None)]))
