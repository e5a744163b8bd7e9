"""Units with many new users: their rows are written by few statements, and every user is kept as one alone would be."""

from __future__ import annotations

import pytest

from muster.core.errors import Taken
from muster.core.ids import new_user_id
from muster.core.query import Everyone, Is, Order, Page
from muster.core.store import Tenant
from muster.core.users.model import Metadata, Profile, User
from muster.storage.store import SqlStore
from tests.storage.contract.people import NOW, email_key, insert, person

MANY = 230
"""More than two statements of users, and terms for statements of several sizes."""


def people(count: int) -> list[User]:
    return [
        person(f"user{n}@example.org", metadata=Metadata.of(private={"n": n, "half": n // 2, "text": f"text {n}"}))
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [2, 3, MANY])
async def test_every_one_is_found_by_all_that_is_their_own(store: SqlStore, tenant: Tenant, count: int) -> None:
    users = people(count)
    await insert(store, tenant.number, *users)
    listed = [user async for user in store.export_users(tenant.number)]
    assert [(user.id, user.metadata) for user in listed] == [(user.id, user.metadata) for user in users]
    assert await store.count_users(tenant.number, Everyone()) == count
    last = await store.find(tenant.number, User, email_key(f"user{count - 1}@example.org"))
    assert last is not None
    assert last.id == users[-1].id
    page = Page(offset=0, limit=50)
    for n in {0, 1, count // 2, count - 1}:
        found = await store.search_users(tenant.number, Is("private.n", n), Order(), page)
        assert [user.id for user in found] == [users[n].id]
        found = await store.search_users(tenant.number, Is("private.half", n // 2), Order(), page)
        assert [user.id for user in found] == [user.id for user in users if users.index(user) // 2 == n // 2]


@pytest.mark.parametrize("count", [2, MANY])
async def test_an_id_that_somebody_has_is_named_and_nobody_comes_in(
    store: SqlStore, tenant: Tenant, count: int
) -> None:
    users = people(count)
    known = person("known@example.org", id=users[-1].id)
    await insert(store, tenant.number, known)
    with pytest.raises(Taken) as taken:
        await insert(store, tenant.number, *users)
    assert (taken.value.kind, taken.value.value) == ("id", known.id)
    assert [user.id async for user in store.export_users(tenant.number)] == [known.id]


async def test_internal_users_among_them_are_not_listed(store: SqlStore, tenant: Tenant) -> None:
    users = people(5)
    hidden = [person(f"operator{n}@example.org", id=new_user_id(NOW), internal=True) for n in range(2)]
    await insert(store, tenant.number, hidden[0], *users[:2], hidden[1], *users[2:])
    assert [user.id async for user in store.export_users(tenant.number)] == [user.id for user in users]
    assert [user.id for user in await store.internal_users(tenant.number)] == [user.id for user in hidden]
    assert await store.count_users(tenant.number, Everyone()) == len(users)


async def test_texts_of_every_kind_are_kept_as_they_are_of_one_alone(store: SqlStore, tenant: Tenant) -> None:
    texts = ["", "\0", "\1\4 ", "\\N", "a\tb\nc", "\"';--", "\u00e9\U0001f600", "\u202e", "x" * 5_000]
    users = [
        person(f"u{n}@example.org", profile=Profile(name=f"{text} {n}"), metadata=Metadata.of(private={"text": text}))
        for n, text in enumerate(texts * 12)
    ]
    await insert(store, tenant.number, *users)
    alone = [
        person(f"alone{n}@example.org", metadata=Metadata.of(private={"text": text})) for n, text in enumerate(texts)
    ]
    for user in alone:
        await insert(store, tenant.number, user)
    for n, text in enumerate(texts):
        found = await store.search_users(tenant.number, Is("private.text", text), Order(), Page(offset=0, limit=50))
        assert [user.id for user in found] == [*(user.id for user in users[n :: len(texts)]), alone[n].id]
        assert {user.metadata.private["text"] for user in found if user.metadata.private} == {text}
