"""Whatever is written, searches agree with a plain look at every document, and all that is derived stays in step."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.core.query import All, Everyone, Is, Order, Page, Query
from muster.core.store import Change, Unit
from muster.core.users import terms
from muster.core.users.matching import matches
from muster.core.users.model import Activity, Metadata, Profile, Seen, User
from muster.core.users.terms import terms_of
from muster.storage.engine import Engine
from muster.storage.store import SqlStore
from muster.storage.text import bound
from tests.storage.contract.invariants import check_database
from tests.storage.contract.people import NOW, address, person

few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

fresh = count()
scalars = st.sampled_from([None, True, False, 0, 1, 1.5, "", "a", "b\0", "b\1", "é", "x" * 300])
documents = st.none() | st.dictionaries(
    st.sampled_from(["a", "b", "c.d"]),
    scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.just("e"), scalars),
    max_size=3,
)
activities = st.none() | st.builds(
    Activity,
    logins=st.integers(0, 2),
    last_login=st.none() | st.builds(Seen, at=st.integers(1, 3), ip=st.sampled_from(["", "::1", "::2"])),
)
members = st.fixed_dictionaries(
    {
        "internal": st.sampled_from([False, False, False, True]),
        "domain": st.none() | st.sampled_from(["one.example", "two.example"]),
        "created_at": st.integers(1, 3),
        "profile": st.builds(Profile, given_name=st.none() | st.sampled_from(["Ann", "ann", "Bo"])),
        "metadata": st.builds(Metadata, private=documents, unsafe=documents),
        "suspended": st.none() | st.booleans(),
        "activity": activities,
    }
)
metadata_fields = [f"{name}.{path}" for name in ("private", "unsafe") for path in ("a", "b", "c\\.d", "a.e")]
facts = (
    st.builds(Is, st.sampled_from(metadata_fields), scalars.filter(lambda value: value is not None))
    | st.builds(Is, st.just("email.domain"), st.sampled_from(["one.example", "two.example"]))
    | st.builds(Is, st.just("given_name"), st.sampled_from(["ann", "bo"]))
    | st.builds(Is, st.just("suspended"), st.booleans())
    | st.builds(Is, st.sampled_from(["logins", "last_login", "created_at", "seq"]), st.integers(0, 3))
    | st.builds(Is, st.just("last_ip"), st.sampled_from(["", "::1"]))
)
queries: st.SearchStrategy[Query] = st.recursive(
    st.builds(Everyone) | facts, lambda inner: st.builds(All, st.lists(inner, max_size=3).map(tuple)), max_leaves=4
)
orders = st.builds(
    Order,
    st.sampled_from(
        [
            "seq",
            "created_at",
            "updated_at",
            "logins",
            "last_login",
            "last_ip",
            "email",
            "emails",
            "given_name",
            "suspended",
            *metadata_fields,
        ]
    ),
    st.booleans(),
)
pages = st.builds(Page, st.integers(0, 6), st.integers(0, 6))


@pytest.fixture
def eight_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few that many of the users have more facts than are indexed."""
    monkeypatch.setattr(terms, "MOST_TERMS", 8)


def made(members: dict[str, Any]) -> User:
    domain = members["domain"]
    emails = [address(f"{n}-{next(fresh)}@{domain}", primary=n == 0) for n in range(2)] if domain else []
    return person(
        emails=emails, **{name: value for name, value in members.items() if name not in ("domain", "activity")}
    )


def changes_of(before: User | None, after: User | None, activity: Activity | None) -> list[Change]:
    """As the core's transaction splits them."""
    old = before.activity if before is not None else None
    bare = replace(before, activity=None) if before is not None else None
    changes = [Change(bare, after)]
    if after is not None and activity is not None:
        version = old.version + 1 if old is not None else 1
        changes.append(Change(old, replace(activity, id=after.id, version=version)))
    return changes


async def stored(store: SqlStore, tenant_id: int) -> list[User]:
    return [user async for user in store.export_users(tenant_id)]


def sort_values(user: User, field: str) -> list[tuple[int, Any]]:
    """What the user is sorted by: numbers and truth values before texts."""
    last = user.activity.last_login if user.activity else None
    beside: dict[str, Any] = {
        "seq": user.seq,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "logins": (user.activity.logins or None) if user.activity else None,
        "last_login": last.at if last else None,
        "last_ip": (last.ip or None) if last else None,
    }
    if field in beside:
        return [] if beside[field] is None else [(0, beside[field])]
    indexed, _ = terms_of(user)
    values = [value for name, value in indexed if name in (field, f"{field}?")]
    return [(1, bound(value).encode()) if isinstance(value, str) else (0, value) for value in values]


def in_order(users: list[User], order: Order) -> list[User]:
    best = max if order.descending else min
    having = [user for user in users if sort_values(user, order.field)]
    having.sort(key=lambda user: (best(sort_values(user, order.field)), user.seq), reverse=order.descending)
    without = [user for user in users if not sort_values(user, order.field)]
    without.sort(key=lambda user: user.seq, reverse=order.descending)
    return having + without


@given(people=st.lists(members, max_size=8), asked=st.lists(st.tuples(queries, orders, pages), min_size=5, max_size=15))
@few
async def test_searches_agree_with_the_documents(
    eight_terms: None,
    store: SqlStore,
    people: list[dict[str, Any]],
    asked: list[tuple[Query, Order, Page]],
) -> None:
    tenant = await store.create_tenant(f"t{next(fresh)}", NOW)
    changes = [change for one in people for change in changes_of(None, made(one), one["activity"])]
    await store.commit(Unit(tenant.number, changes))
    users = await stored(store, tenant.number)
    for query, order, page in asked:
        expected = in_order([user for user in users if matches(user, query)], order)
        assert await store.count_users(tenant.number, query) == len(expected), query
        found = await store.search_users(tenant.number, query, order, page)
        assert found == expected[page.offset : page.offset + page.limit], (query, order)


@given(edits=st.lists(st.tuples(st.integers(0, 5), st.none() | members), max_size=12))
@few
async def test_everything_derived_stays_in_step(
    eight_terms: None, store: SqlStore, engine: Engine, edits: list[tuple[int, dict[str, Any] | None]]
) -> None:
    tenant = await store.create_tenant(f"t{next(fresh)}", NOW)
    present: dict[int, str] = {}
    for place, one in edits:
        before = await store.get(tenant.number, User, present.pop(place)) if place in present else None
        after = made(one) if one is not None else None
        if before is not None and after is not None:
            after = replace(after, id=before.id, seq=before.seq, version=before.version + 1)
        if after is not None:
            present[place] = after.id
        if before is not None or after is not None:
            await store.commit(Unit(tenant.number, changes_of(before, after, one["activity"] if one else None)))
    await check_database(engine)
    listed = await stored(store, tenant.number)
    assert await store.count_users(tenant.number, Everyone()) == len(listed)
    assert {user.id for user in listed} <= set(present.values())
