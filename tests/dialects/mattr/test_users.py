"""Users through whole requests: every operation, both generations of paths."""

import base64
import re
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from muster.core.users.actions import find_user, replace_primary, update_profile
from tests.dialects.mattr.service import Mattr

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
UNKNOWN = "0c3fad74-a8df-4a2d-8e75-f2d356b413ba"
SAMPLE = "Y3JlYXRlZEF0PTIwMjAtMDgtMjVUMDY6NDY6MDkuNTEwWiZpZD1h"  # the vendor's own: 2020-08-25, its id cut off
NOT_FOUND = {"code": "NotFound", "message": "User not found", "details": []}


def invalid(*details: dict[str, Any]) -> dict[str, Any]:
    items = [{"msg": "Invalid value", **item} for item in details]
    return {"code": "BadRequest", "message": "Validation Error", "details": items}


async def made(http: httpx.AsyncClient, claims: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await http.post("/v1/users", json={} if claims is None else {"claims": claims})
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


@pytest.mark.parametrize("base", ["/core/v1", "/v1"])
async def test_a_users_life(http: httpx.AsyncClient, base: str) -> None:
    claims = {
        "externalUserId": "x-1",
        "given_name": "Ann",
        "address": {"street_name": "Queen Street"},
        "n": [1, {"a": None}],
    }
    created = await http.post(f"{base}/users", json={"claims": claims, "unknown": 1})
    user = created.json()
    assert (created.status_code, user) == (201, {"id": user["id"], "claims": claims})
    assert UUID.fullmatch(user["id"])
    assert created.headers["content-type"] == "application/json; charset=utf-8"

    read = await http.get(f"{base}/users/{user['id'].upper()}")
    assert (read.status_code, read.json()) == (200, user)

    changed = await http.put(f"{base}/users/{user['id']}", json={"claims": {"family_name": "Lee"}})
    assert (changed.status_code, changed.json()) == (200, {"id": user["id"], "claims": {"family_name": "Lee"}})
    assert (await http.get(f"{base}/users/{user['id']}")).json() == changed.json()

    page = (await http.get(f"{base}/users")).json()
    assert page == {"nextCursor": page["nextCursor"], "data": [changed.json()]}

    gone = await http.delete(f"{base}/users/{user['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (
        await http.delete(f"{base}/users/{user['id']}"),
        await http.get(f"{base}/users/{user['id']}"),
        await http.put(f"{base}/users/{user['id']}", json={"claims": {}}),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert (await http.get(f"{base}/users")).json() == {"data": []}


async def test_an_empty_body_makes_a_user_without_claims(http: httpx.AsyncClient) -> None:
    user = await made(http)
    assert user == {"id": user["id"], "claims": {}}


async def test_what_differs_only_for_python_is_a_change(http: httpx.AsyncClient) -> None:
    user = await made(http, {"a": 1})
    changed = await http.put(f"/v1/users/{user['id']}", json={"claims": {"a": True}})
    assert changed.json()["claims"]["a"] is True
    assert (await http.get(f"/v1/users/{user['id']}")).text == changed.text


INVALID: list[tuple[str, str, Any, list[dict[str, Any]]]] = [
    ("GET", "/v1/users/nonsense", None, [{"value": "nonsense", "param": "id", "location": "params"}]),
    ("DELETE", "/v1/users/%3Cuuid%3E", None, [{"value": "<uuid>", "param": "id", "location": "params"}]),
    ("PUT", "/v1/users/1", {"claims": {}}, [{"value": "1", "param": "id", "location": "params"}]),
    ("GET", "/v1/users/1/credentials", None, [{"value": "1", "param": "userId", "location": "params"}]),
    ("PUT", f"/v1/users/{UNKNOWN}", {}, [{"param": "claims", "location": "body"}]),
    ("PUT", f"/v1/users/{UNKNOWN}", {"claims": None}, [{"value": None, "param": "claims", "location": "body"}]),
    ("PUT", f"/v1/users/{UNKNOWN}", [], [{"value": [], "param": "", "location": "body"}]),
    ("POST", "/v1/users", {"claims": "a"}, [{"value": "a", "param": "claims", "location": "body"}]),
    (
        "POST",
        "/v1/users",
        {"claims": 1, "authenticationProvider": {"providerId": "x"}},
        [
            {"value": 1, "param": "claims", "location": "body"},
            {"param": "authenticationProvider.subjectId", "location": "body"},
            {"value": "x", "param": "authenticationProvider.providerId", "location": "body"},
        ],
    ),
    (
        "POST",
        "/v1/users",
        {"authenticationProvider": {"providerId": UNKNOWN, "subjectId": "s"}},
        [{"value": UNKNOWN, "param": "authenticationProvider.providerId", "location": "body"}],
    ),
    ("GET", "/v1/users?limit=0", None, [{"value": 0, "param": "limit", "location": "query"}]),
    ("GET", "/v1/users?limit=1001", None, [{"value": 1001, "param": "limit", "location": "query"}]),
    ("GET", "/v1/users?limit=1.5", None, [{"value": 1.5, "param": "limit", "location": "query"}]),
    ("GET", "/v1/users?limit=many", None, [{"value": "many", "param": "limit", "location": "query"}]),
    ("GET", "/v1/users?limit=", None, [{"value": "", "param": "limit", "location": "query"}]),
    ("GET", "/v1/users?cursor=%3Cx%3E", None, [{"value": "<x>", "param": "cursor", "location": "query"}]),
    ("POST", "/v1/users/search", {"limit": "5"}, [{"value": "5", "param": "limit", "location": "body"}]),
    ("POST", "/v1/users/search", {"limit": True}, [{"value": True, "param": "limit", "location": "body"}]),
    ("POST", "/v1/users/search", {"cursor": "!"}, [{"value": "!", "param": "cursor", "location": "body"}]),
    (
        "POST",
        "/v1/users/search",
        {"claims": {str(n): n for n in range(65)}},
        [{"param": "claims", "location": "body"}],
    ),
]


async def test_what_is_not_valid_is_told_by_member(http: httpx.AsyncClient) -> None:
    for method, path, sent, details in INVALID:
        answer = await http.request(method, path, json=sent)
        assert (path, answer.status_code, answer.json()) == (path, 400, invalid(*details))


UNREADABLE: list[tuple[bytes, str]] = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b'{"claims":{"a":"\xff"}}', "application/json"),
    (b'{"claims":{"a":"\\u0000"}}', "application/json"),
    (b'{"claims":{"a":"\\ud800"}}', "application/json"),
    (b'{"claims":' + b'{"a":' * 200 + b"1" + b"}" * 201, "application/json"),
    (b'{"claims":' + b"[" * 100_000, "application/json"),
    (b'{"claims":{}}', "text/plain"),
    (b'{"claims":{"a":1e999}}', "application/json"),
]


async def test_an_unreadable_body_has_no_details(http: httpx.AsyncClient) -> None:
    for body, media in UNREADABLE:
        answer = await http.post("/v1/users", content=body, headers={"content-type": media})
        assert (body[:40], answer.status_code, answer.json()) == (body[:40], 400, invalid())


async def test_too_much(http: httpx.AsyncClient) -> None:
    large = await http.post("/v1/users", json={"claims": {"a": "x" * 1_048_576}})
    assert (large.status_code, large.json()["code"]) == (413, "PayloadTooLarge")
    many = await http.post("/v1/users", json={"claims": {f"c{n}": n for n in range(2_000)}})
    assert many.status_code == 201
    found = await http.post("/v1/users/search", json={"claims": {"c1999": 1999}})
    assert [user["id"] for user in found.json()["data"]] == [many.json()["id"]]


async def test_unknown_paths_and_methods(http: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", "/v1/nothing"),
        ("PATCH", "/v1/users"),
        ("POST", f"/v1/users/{UNKNOWN}"),
        ("GET", "/"),
    ):
        answer = await http.request(method, path)
        assert (answer.status_code, answer.json()) == (404, {"code": "NotFound", "message": "Not Found"})


# ----------------------------------------------------------------------------------------------------------------- paging


async def test_pages_lead_on_until_an_empty_one(mattr: Mattr, http: httpx.AsyncClient) -> None:
    ids = []
    for number in range(5):
        ids.append((await made(http, {"n": number}))["id"])
        mattr.clock.turn(ms=number % 2)  # some in the same millisecond
    seen, path, pages = [], "/v1/users?limit=2", 0
    while True:
        page = (await http.get(path)).json()
        if not page["data"]:
            break
        seen += [user["id"] for user in page["data"]]
        path, pages = f"/v1/users?limit=2&cursor={page['nextCursor']}", pages + 1
    assert (seen, page, pages) == (ids, {"data": []}, 3)


async def test_a_cursor_reads_as_the_vendors_do(mattr: Mattr, http: httpx.AsyncClient) -> None:
    user = await made(http)
    cursor = (await http.get("/core/v1/users")).json()["nextCursor"]
    assert len(cursor) == 104
    text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    assert text == f"createdAt=2027-01-15T08%3A00%3A00.000Z&id={user['id']}"
    assert parse_qs(text) == {"createdAt": ["2027-01-15T08:00:00.000Z"], "id": [user["id"]]}
    plain = base64.b64encode(f"createdAt=2027-01-15T08:00:00.000Z&id={user['id']}".encode()).decode()
    for same in (cursor, plain, plain.rstrip("=")):
        assert (await http.get("/v1/users", params={"cursor": same})).json() == {"data": []}
    assert [found["id"] for found in (await http.get(f"/v1/users?cursor={SAMPLE}")).json()["data"]] == [user["id"]]


async def test_a_page_goes_on_behind_a_user_who_is_gone(mattr: Mattr, http: httpx.AsyncClient) -> None:
    ids = []
    for _ in range(3):
        ids.append((await made(http))["id"])
        mattr.clock.turn(ms=5)
    cursor = (await http.get("/v1/users?limit=2")).json()["nextCursor"]
    for id_ in ids[:2]:
        await http.delete(f"/v1/users/{id_}")
    assert [user["id"] for user in (await http.get(f"/v1/users?cursor={cursor}")).json()["data"]] == ids[2:]
    await http.delete(f"/v1/users/{ids[2]}")
    assert (await http.get(f"/v1/users?cursor={cursor}")).json() == {"data": []}


@pytest.mark.parametrize(
    "text", ["", "x" * 2000, "createdAt=2020-01-01", "id=a", "createdAt=never&id=a", "createdAt=2020-01-01&id="]
)
async def test_no_cursor(http: httpx.AsyncClient, text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    assert (await http.get("/v1/users", params={"cursor": cursor})).status_code == 400


# ----------------------------------------------------------------------------------------------------------------- search


CLAIMS = {
    "given_name": "Sample",
    "address": {"street_name": "Queen Street", "deep": {"a.b": 1, "a": {"b": 2}}},
    "tags": ["x", {"k": [1.0, True]}],
    "age": 30,
    "member": True,
    "nothing": None,
    "empty": {},
    "none": [],
    "long": "long " * 100,
    "back\\slash": {"x": "y"},
}


SEARCHES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"given_name": "Sample"}, True),
    ({"given_name": "sample"}, False),
    ({"given_name": "Sample "}, False),
    ({"given_name": "Sample", "age": 31}, False),
    ({"address": {"street_name": "Queen Street"}}, True),
    ({"address": {}}, True),
    ({"given_name": {}}, False),
    ({"address.street_name": "Queen Street"}, False),
    ({"address": {"deep": {"a.b": 1}}}, True),
    ({"address": {"deep": {"a.b": 2}}}, False),
    ({"address": {"deep": {"a": {"b": 2}}}}, True),
    ({"tags": ["x", {"k": [1, True]}]}, True),
    ({"tags": ["x"]}, False),
    ({"tags": "x"}, False),
    ({"tags": ["x", {"k": [1, 1]}]}, False),
    ({"age": 30.0}, True),
    ({"age": "30"}, False),
    ({"member": True}, True),
    ({"member": 1}, False),
    ({"member": False}, False),
    ({"nothing": None}, True),
    ({"missing": None}, False),
    ({"given_name": None}, False),
    ({"empty": {}}, True),
    ({"none": []}, True),
    ({"long": "long " * 100}, True),
    ({"long": "long " * 99}, False),
    ({"back\\slash": {"x": "y"}}, True),
    ({"back": {"slash": {"x": "y"}}}, False),
]


async def test_claims_are_compared_exactly_and_objects_in_part(http: httpx.AsyncClient) -> None:
    await made(http, {"given_name": "Other", "tags": "y"})
    user = await made(http, CLAIMS)
    for wanted, found in SEARCHES:
        answer = await http.post("/core/v1/users/search", json={"claims": wanted, "limit": 100})
        ids = [each["id"] for each in answer.json()["data"]]
        assert (wanted, user["id"] in ids) == (wanted, found)


async def test_a_search_is_paged_and_never_stale(http: httpx.AsyncClient) -> None:
    ids = [(await made(http, {"kind": "a" if number % 2 else "b"}))["id"] for number in range(6)]
    wanted = {"claims": {"kind": "a"}, "limit": 2}
    first = (await http.post("/v1/users/search", json=wanted)).json()
    second = (await http.post("/v1/users/search", json={**wanted, "cursor": first["nextCursor"]})).json()
    last = (await http.post("/v1/users/search", json={**wanted, "cursor": second["nextCursor"]})).json()
    assert [user["id"] for user in first["data"] + second["data"]] == ids[1::2]
    assert last == {"data": []}
    await http.put(f"/v1/users/{ids[1]}", json={"claims": {"kind": "b"}})
    again = (await http.post("/v1/users/search", json=wanted)).json()
    assert [user["id"] for user in again["data"]] == ids[3::2]


# ------------------------------------------------------------------------------------------------- claims and the profile


async def test_claims_and_the_profile_are_one(mattr: Mattr, http: httpx.AsyncClient) -> None:
    user = await made(http, {"given_name": "Ann", "email": "ann@example.com", "locale": 5})
    path, key = f"/v1/users/{user['id']}", user["id"].replace("-", "")

    async def elsewhere(tx: Any, change: Any, *args: Any, **kwargs: Any) -> Any:
        return await change(tx, await find_user(tx, key), *args, **kwargs)

    stored = await mattr.act(elsewhere, update_profile, {"family_name": "Lee", "locale": "en"})
    assert (stored.profile.given_name, stored.profile.family_name, stored.emails) == ("Ann", "Lee", [])
    shown = {"given_name": "Ann", "family_name": "Lee", "email": "ann@example.com", "locale": "en"}
    assert (await http.get(path)).json()["claims"] == shown

    # What was written here goes when it is left out; what another API wrote is only hidden.
    assert (await http.put(path, json={"claims": {"x": 1}})).json()["claims"] == {"x": 1}
    stored = await mattr.act(elsewhere, update_profile, {})
    assert (stored.profile.given_name, stored.profile.family_name) == (None, "Lee")
    assert (await http.post("/v1/users/search", json={"claims": {"family_name": "Lee"}})).json() == {"data": []}

    # Another API's write shows it again.
    await mattr.act(elsewhere, update_profile, {"family_name": "Li"})
    assert (await http.get(path)).json()["claims"] == {"family_name": "Li", "x": 1}
    found = (await http.post("/v1/users/search", json={"claims": {"family_name": "Li"}})).json()
    assert [each["id"] for each in found["data"]] == [user["id"]]

    # An address of the user's own takes the place of the contact that claims gave.
    await http.put(path, json={"claims": {"family_name": "Li", "email": "contact@example.com"}})
    await mattr.act(elsewhere, replace_primary, "email", "own@example.com")
    own = {"family_name": "Li", "email": "own@example.com", "email_verified": False}
    assert (await http.get(path)).json()["claims"] == own
    before = await mattr.act(elsewhere, update_profile, {})
    assert (await http.put(path, json={"claims": own})).json()["claims"] == own
    assert await mattr.act(elsewhere, update_profile, {}) == before  # sent back as it was shown, it stores nothing


async def test_tenants_are_strangers(mattr: Mattr, http: httpx.AsyncClient) -> None:
    user = await made(http, {"secret": 1})
    page = (await http.get("/v1/users")).json()
    home = mattr.site
    mattr.site = await mattr.tenant("other")
    async with await mattr.client() as other:
        path = f"/v1/users/{user['id']}"
        assert (await other.get(path)).status_code == 404
        assert (await other.put(path, json={"claims": {}})).status_code == 404
        assert (await other.delete(path)).status_code == 404
        assert (await other.get(f"{path}/credentials")).json() == {"data": []}
        for cursor in (page["nextCursor"], SAMPLE):
            assert (await other.get(f"/v1/users?cursor={cursor}")).json() == {"data": []}
        assert (await other.post("/v1/users/search", json={"claims": {"secret": 1}})).json() == {"data": []}
        assert {event["type"] for event in (await other.get("/v1/events")).json()["data"]}.isdisjoint(
            {"USER_CREATE_SUCCESS"}
        )
        mattr.site = home
        assert (await other.get(path)).status_code == 401  # its token is no token here
