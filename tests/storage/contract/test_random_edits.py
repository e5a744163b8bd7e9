"""Whatever is written, searches agree with a plain look at every document, and all that is derived stays in step."""

from __future__ import annotations

from itertools import count
from typing import Any as AnyValue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Order, Page, Query, Range
from muster.core.store import Change, Unit
from muster.core.users import terms
from muster.core.users.matching import matches, sort_key
from muster.core.users.model import Activity, Metadata, Profile, Seen, User
from muster.storage import search
from muster.storage.engine import Engine, Write
from muster.storage.reindexing import reindex
from muster.storage.store import SqlStore
from tests.storage.contract.invariants import check_database
from tests.storage.contract.people import NOW, address, person
from tests.thorough import examples

few = settings(
    max_examples=examples(6, 100), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

fresh = count()
LONG = "abc" * 70  # more bytes than a term has room for
scalars = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        1.5,
        10**400,
        "",
        "a",
        "abc",
        "cab",
        "b\0",
        "b\1",
        "b\2",
        "é",
        "a%_c",
        LONG,
        f"{LONG}a",
        f"{LONG}b",
    ]
)
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
        "profile": st.builds(
            Profile,
            given_name=st.none() | st.sampled_from(["Ann", "ann", "Bo"]),
            family_name=st.none() | st.sampled_from(["Annand", "\1\4", "O_o"]),
        ),
        "metadata": st.builds(Metadata.of, private=documents, unsafe=documents),
        "suspended": st.none() | st.booleans(),
        "activity": activities,
    }
)
metadata_fields = [f"{name}.{path}" for name in ("private", "unsafe") for path in ("a", "b", "c\\.d", "a.e")]
numbers = st.sampled_from([-1, 0, 0.5, 1, 1.5, 2, 3, 10**400, float("inf"), float("nan")])
texts = st.sampled_from(
    [
        "",
        "a",
        "b",
        "an",
        "ann",
        "nan",
        "nd",
        "abc",
        "b\0",
        "\1",
        "\2",
        "é",
        "%_c",
        "_",
        "one",
        ".exam",
        "0",
        "n a",
        LONG,
        f"{LONG}a",
    ]
)
columns = ["logins", "last_login", "created_at", "updated_at", "seq"]
text_fields = ["text", "emails", "email", "given_name", "family_name", "full_name", "shown_name", "last_ip", "id"]
parts = (
    st.tuples(texts, st.just(""))
    | st.tuples(st.just(""), texts, st.just(""))
    | st.tuples(st.just(""), texts)
    | st.lists(texts, min_size=2, max_size=4).map(tuple)
)
every_field = st.sampled_from([*metadata_fields, *text_fields, *columns, "suspended", "private", "none"])
facts = (
    st.builds(Is, st.sampled_from(metadata_fields), scalars.filter(lambda value: value is not None))
    | st.builds(Is, st.just("email.domain"), st.sampled_from(["one.example", "two.example"]))
    | st.builds(Is, st.sampled_from(["given_name", "text"]), st.sampled_from(["ann", "bo", "ann annand"]))
    | st.builds(Is, st.just("suspended"), st.booleans())
    | st.builds(Is, st.sampled_from(columns), st.integers(0, 3))
    | st.builds(Is, st.just("last_ip"), st.sampled_from(["", "::1"]))
    | st.builds(Range, every_field, st.none() | numbers, st.none() | numbers, st.booleans(), st.booleans())
    | st.builds(Range, every_field, st.none() | texts, st.none() | texts, st.booleans(), st.booleans())
    | st.builds(Like, every_field, parts)
    | st.builds(Exists, every_field)
)
queries: st.SearchStrategy[Query] = st.recursive(
    st.builds(Everyone) | facts,
    lambda inner: (
        st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Any, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=5,
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


def made(members: dict[str, AnyValue]) -> User:
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


def in_order(users: list[User], order: Order) -> list[User]:
    having = [user for user in users if sort_key(user, order) is not None]
    having.sort(key=lambda user: (sort_key(user, order), user.seq), reverse=order.descending)
    without = [user for user in users if sort_key(user, order) is None]
    return having + sorted(without, key=lambda user: user.seq, reverse=order.descending)


@pytest.fixture(params=[(-1, 1), (-1, 3), (500, 10_000)], ids=["sets", "probes", "documents"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The population is small; these make a search go the ways that it goes among many."""
    monkeypatch.setattr(search, "FEW", request.param[0])
    monkeypatch.setattr(search, "MEASURED", request.param[1])


@given(people=st.lists(members, max_size=8), asked=st.lists(st.tuples(queries, orders, pages), min_size=5, max_size=15))
@few
async def test_searches_agree_with_the_documents(
    eight_terms: None,
    ways: None,
    store: SqlStore,
    people: list[dict[str, AnyValue]],
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


@given(people=st.lists(members, max_size=8), asked=st.lists(queries, min_size=5, max_size=15))
@few
async def test_users_indexed_by_an_older_version_are_found_all_the_same(
    ways: None, store: SqlStore, engine: Engine, people: list[dict[str, AnyValue]], asked: list[Query]
) -> None:
    tenant = await store.create_tenant(f"t{next(fresh)}", NOW)
    changes = [change for one in people for change in changes_of(None, made(one), one["activity"])]
    await store.commit(Unit(tenant.number, changes))
    older = "SELECT seq FROM users WHERE created_at = 3"
    await engine.commit([Write(f"DELETE FROM text_terms WHERE n IN ({older})", ())])
    await engine.commit([Write("UPDATE users SET terms_version = 0 WHERE created_at = 3", ())])
    users = await stored(store, tenant.number)
    for query in asked:
        expected = [user for user in users if matches(user, query)]
        assert await store.search_users(tenant.number, query, Order(), Page()) == expected, query
        assert await store.count_users(tenant.number, query) == len(expected), query
    async for _ in reindex(engine):
        pass
    await check_database(engine)


@given(edits=st.lists(st.tuples(st.integers(0, 5), st.none() | members), max_size=12))
@few
async def test_everything_derived_stays_in_step(
    eight_terms: None, store: SqlStore, engine: Engine, edits: list[tuple[int, dict[str, AnyValue] | None]]
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
