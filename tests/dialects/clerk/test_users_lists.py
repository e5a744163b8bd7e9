"""Lists and counts of users: every filter, every order, and pages."""

from __future__ import annotations

from typing import Any

import httpx

from muster.core.sessions.actions import NewSession, start_session
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.dialects.clerk.wire.ids import read_user_id
from tests.dialects.clerk.requests import errors_of, good, made, organization
from tests.dialects.clerk.service import NOW, Clerk

HOUR = 3_600_000
DAY = 24 * HOUR


async def sign_in(clerk: Clerk, shown_id: str) -> None:
    async def act(tx: Transaction) -> None:
        await start_session(tx, await find_user(tx, read_user_id(shown_id)), NewSession())

    await clerk.act(act)


async def three(clerk: Clerk, http: httpx.AsyncClient) -> list[dict[str, Any]]:
    ann = await made(
        http,
        "ann@example.com",
        first_name="Ann",
        last_name="Lee",
        username="zebra",
        external_id="outer-1",
        phone_number=["+15555550100"],
        web3_wallet=["0x" + "ab" * 20],
    )
    clerk.clock.turn(seconds=1)
    bob = await made(http, "bob@example.org", first_name="bob", last_name="Ray", username="apple")
    clerk.clock.turn(seconds=1)
    cid = await made(http, "cid@example.net", banned=True)
    return [ann, bob, cid]


async def test_filters(clerk: Clerk, http: httpx.AsyncClient) -> None:
    people = await three(clerk, http)
    ann, bob, cid = (person["id"] for person in people)
    acme = await organization(http, created_by=bob)
    names = {ann: "ann", bob: "bob", cid: "cid"}
    asked: list[tuple[list[tuple[str, Any]], set[str]]] = [
        ([], {"ann", "bob", "cid"}),
        ([("email_address", "ANN@example.com"), ("email_address", "nobody@x.yz")], {"ann"}),
        ([("phone_number", "+1 555 555 0100")], {"ann"}),
        ([("web3_wallet", "0x" + "AB" * 20)], {"ann"}),
        ([("username", "Apple"), ("username", "zebra")], {"ann", "bob"}),
        ([("external_id", "outer-1")], {"ann"}),
        ([("external_id", "-outer-1")], {"bob", "cid"}),
        ([("user_id", f"+{ann}"), ("user_id", bob)], {"ann", "bob"}),
        ([("user_id", f"-{ann}")], {"bob", "cid"}),
        ([("user_id", f"+{ann}"), ("user_id", f"-{ann}")], set()),
        ([("user_id", "user_unknown")], set()),
        ([("organization_id", acme["id"])], {"bob"}),
        ([("organization_id", f"-{acme['id']}")], {"ann", "cid"}),
        ([("query", "EXAMPLE.")], {"ann", "bob", "cid"}),
        ([("query", "lee")], {"ann"}),
        ([("query", bob)], {"bob"}),
        ([("query", "5550100")], {"ann"}),
        ([("email_address_query", ".ORG")], {"bob"}),
        ([("phone_number_query", "555")], {"ann"}),
        ([("username_query", "PPL")], {"bob"}),
        ([("name_query", "ann l")], {"ann"}),
        ([("banned", "true")], {"cid"}),
        ([("banned", "false")], {"ann", "bob"}),
        ([("created_at_before", NOW + 1000)], {"ann"}),
        ([("created_at_after", NOW)], {"bob", "cid"}),
        ([("last_active_at_after", 0)], set()),
        ([("provider", "oauth_google"), ("provider_user_id", "1")], set()),
        ([("unheard_of", "1")], {"ann", "bob", "cid"}),
        ([("query", "example"), ("banned", "false"), ("user_id", f"-{ann}")], {"bob"}),
    ]
    for params, expected in asked:
        found = good(await http.get("/users", params=params))
        assert {names[user["id"]] for user in found} == expected, params
        counted = good(await http.get("/users/count", params=params))
        assert counted == {"object": "total_count", "total_count": len(expected)}, params


async def test_when_people_were_there(clerk: Clerk, http: httpx.AsyncClient) -> None:
    ann, bob, _ = await three(clerk, http)
    clerk.clock.turn(ms=DAY)
    await sign_in(clerk, ann["id"])
    at = clerk.clock.now()
    day = at // DAY * DAY
    shown = good(await http.get(f"/users/{ann['id']}"))
    assert (shown["last_sign_in_at"], shown["last_active_at"]) == (at, day)
    for params, expected in (
        ({"last_active_at_since": day + HOUR}, 1),
        ({"last_active_at_since": day + DAY}, 0),
        ({"last_active_at_after": at - 1}, 1),
        ({"last_active_at_after": at}, 0),
        ({"last_active_at_before": at + 1}, 1),
        ({"last_sign_in_at_after": at - 1}, 1),
        ({"last_sign_in_at_before": at}, 0),
    ):
        assert good(await http.get("/users/count", params=params))["total_count"] == expected, params
    answer = await http.get("/users", params={"last_active_at_since": day + 1})
    assert errors_of(answer, 422) == [("form_param_invalid_date", "last_active_at_since")]
    first = good(await http.get("/users", params={"order_by": "-last_sign_in_at"}))[0]
    assert first["id"] == ann["id"]
    assert bob["last_active_at"] is None


ORDERS: list[tuple[str | None, list[str]]] = [
    (None, ["cid", "bob", "ann"]),
    ("created_at", ["ann", "bob", "cid"]),
    ("+created_at", ["ann", "bob", "cid"]),
    (" created_at", ["ann", "bob", "cid"]),
    ("-created_at", ["cid", "bob", "ann"]),
    ("email_address", ["ann", "bob", "cid"]),
    ("first_name", ["ann", "bob", "cid"]),
    ("-last_name", ["bob", "ann", "cid"]),
    ("username", ["bob", "ann", "cid"]),
    ("phone_number", ["ann", "bob", "cid"]),
    ("web3wallet", ["ann", "bob", "cid"]),
    ("updated_at", ["ann", "bob", "cid"]),
]


async def test_orders(clerk: Clerk, http: httpx.AsyncClient) -> None:
    await three(clerk, http)
    for order, expected in ORDERS:
        params = {} if order is None else {"order_by": [order, "nonsense"]}
        found = good(await http.get("/users", params=params))
        assert [user["email_addresses"][0]["email_address"][:3] for user in found] == expected, order


async def test_pages(clerk: Clerk, http: httpx.AsyncClient) -> None:
    ann, bob, cid = (person["id"] for person in await three(clerk, http))

    async def ids(**params: Any) -> list[str]:
        return [user["id"] for user in good(await http.get("/users", params=params))]

    assert await ids(limit=2) == [cid, bob]
    assert await ids(limit=2, offset=2) == [ann]
    assert await ids(starting_after=cid) == [bob, ann]
    assert await ids(starting_after=ann, order_by="created_at") == [bob, cid]
    assert await ids(starting_after=bob, order_by="created_at", query="example") == [cid]
    for params, told in (
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"offset": -1}, "offset"),
        ({"order_by": "password"}, "order_by"),
        ({"starting_after": cid, "offset": 1}, "starting_after"),
        ({"starting_after": cid, "order_by": "username"}, "starting_after"),
        ({"provider": "google"}, "provider_user_id"),
        ({"created_at_before": "x"}, "created_at_before"),
        ({"banned": "maybe"}, "banned"),
        ({"user_id": ["x"] * 101}, "user_id"),
    ):
        assert [param for _, param in errors_of(await http.get("/users", params=params), 422)] == [told]
    assert errors_of(await http.get("/users", params={"starting_after": "user_x"}), 404)
