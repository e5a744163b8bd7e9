"""Questions as large as they may be, and larger: each is answered or refused, whatever an engine's own limits are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from muster.core.errors import Invalid
from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Order, Page, Query, Range
from muster.core.store import Tenant
from muster.core.users.matching import matches
from muster.core.users.model import Metadata
from muster.storage import search
from muster.storage.query_sql import DEEPEST_QUERY, MOST_CONDITIONS
from muster.storage.store import SqlStore
from tests.storage.contract.people import insert, person
from tests.thorough import THOROUGH

CONDITIONS: dict[str, Callable[[int], Query]] = {
    "is": lambda n: Is("private.plan", f"p{n}"),
    "held": lambda n: Is("private.k", f"v{n % 3}"),
    "number": lambda n: Range("private.n", n, 9_999),
    "text": lambda n: Range("private.plan", f"p{n}", None),
    "exists": lambda n: Exists("private.plan" if n % 2 else f"private.k{n}"),
    "like": lambda n: Like("private.plan", ("", f"p{n % 9}", "")),
    "begins": lambda n: Like("private.plan", ("p" * (1 + n % 2), "")),
    "text-like": lambda n: Like("text", ("", f"ex{n}", "")),
    "id": lambda n: Like("id", ("", f"{n}", "")),
    "activity": lambda n: Range("logins", n, None),
    "cut": lambda n: Range("private.plan", "p" * 300 + str(n), None),
}


def nested(depth: int, made: Callable[[int], Query]) -> Query:
    """Every way to stand within another, in turn."""
    query = made(0)
    for n in range(depth - 1):
        query = (Not(query), All((query, made(n))), Any((made(n), query)))[n % 3]
    return query


def all_but(depth: int, made: Callable[[int], Query]) -> Query:
    """This, but not what is that, but not …"""
    query = made(0)
    for n in range((depth - 1) // 2):
        query = All((made(n), Not(query)))
    return query


async def check(store: SqlStore, tenant: Tenant, query: Query) -> None:
    users = [user async for user in store.export_users(tenant.number)]
    expected = [user for user in users if matches(user, query)]
    order = Order("private.plan", descending=True)
    found, total = await store.search_and_count_users(tenant.number, query, order, Page(limit=len(expected) or 1))
    assert sorted(user.seq for user in found) == [user.seq for user in expected]
    assert total == len(expected)
    assert await store.count_users(tenant.number, query) == len(expected)


@pytest.fixture
async def tenant(store: SqlStore, tenant: Tenant) -> Tenant:
    for n in range(12):
        private = {"plan": f"p{n}p{n + 1}", "n": n, "k": f"v{n % 3}"}
        await insert(store, tenant.number, person(f"ex{n}@one.example", metadata=Metadata.of(private=private)))
    return tenant


@pytest.mark.parametrize("few", [-1, 200], ids=["statements", "documents"])
async def test_every_kind_of_condition_many_times(
    store: SqlStore, tenant: Tenant, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    kinds = list(CONDITIONS.values())
    for made in (lambda n: kinds[n % len(kinds)](n), *(kinds if THOROUGH else ())):
        await check(store, tenant, nested(DEEPEST_QUERY, made))
        await check(store, tenant, all_but(DEEPEST_QUERY, made))
        parts = tuple(map(made, range(256)))
        await check(store, tenant, All(parts))
        await check(store, tenant, Any(parts))
        await check(store, tenant, Any(tuple(Not(part) for part in parts)))


async def test_the_most_conditions_and_one_more(store: SqlStore, tenant: Tenant) -> None:
    made = CONDITIONS["is"]
    parts = tuple(map(made, range(MOST_CONDITIONS - 1)))
    await check(store, tenant, Any(parts))
    await check(store, tenant, All(tuple(Not(part) for part in parts[: MOST_CONDITIONS // 2 - 1])))
    for query in (Any((*parts, Everyone())), nested(DEEPEST_QUERY + 1, made), nested(50_000, made)):
        await check_refused(store, tenant, query)


async def check_refused(store: SqlStore, tenant: Tenant, query: Query) -> None:
    with pytest.raises(Invalid, match="query_too_large"):
        await store.count_users(tenant.number, query)
    with pytest.raises(Invalid, match="query_too_large"):
        await store.search_users(tenant.number, query, Order(), Page())


@pytest.mark.parametrize("field", ["private.plan", "email", "text", "id"])
async def test_a_text_of_a_thousand_parts(store: SqlStore, tenant: Tenant, field: str) -> None:
    await insert(store, tenant.number, person("b@one.example", metadata=Metadata.of(private={"plan": "ab" * 2_000})))
    for parts in (("", *["ab"] * 1_000, ""), ("a", *map(str, range(1_000)), "b"), ("", *["a"] * 2_000, "")):
        await check(store, tenant, Like(field, parts))


async def test_more_than_can_be_bound_is_refused(
    store: SqlStore, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_PARAMETERS", 100)
    await check_refused(store, tenant, Any(tuple(map(CONDITIONS["number"], range(30)))))
