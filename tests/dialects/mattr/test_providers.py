"""Authentication providers, and users who are linked with one."""

from typing import Any

import httpx
import pytest

from muster.core.connections.model import Connection
from muster.dialects.mattr.wire.providers import parse_url
from tests.dialects.mattr.service import Mattr

URL = "https://example-university.au.auth0.com"
PATHS = (
    "/core/v1/users/authentication-providers",
    "/core/v1/users/authenticationproviders",
    "/v1/users/authentication-providers",
)
SENT: dict[str, Any] = {
    "url": f"{URL}:443/#top",
    "clientId": "vJ0SCKchr4XjC0xHNE8DkH6Pmlg2lkCN",
    "clientSecret": "s" * 59 + "6-OjH",
    "scope": ["openid", "profile"],
    "tokenEndpointAuthMethod": "client_secret_post",
    "staticRequestParameters": {"prompt": "login", "max_age": 10000},
    "forwardedRequestParameters": ["login_hint"],
    "claimsToPersist": ["userId"],
}
UNKNOWN = "0c3fad74-a8df-4a2d-8e75-f2d356b413ba"
GONE = {"code": "NotFound", "message": "Authentication provider not found", "details": []}


@pytest.mark.parametrize("path", PATHS)
async def test_a_providers_life(mattr: Mattr, http: httpx.AsyncClient, path: str) -> None:
    created = await http.post(path, json=SENT)
    shown = {
        **SENT,
        "id": created.json()["id"],
        "url": URL,
        "redirectUrl": "https://users.example.com/mattr/v1/oauth/authentication/callback",
        "clientSecret": "*" * 59 + "6-OjH",
    }
    assert (created.status_code, created.json()) == (201, shown)
    one = f"{path}/{shown['id']}"
    assert (await http.get(one)).json() == shown
    page = (await http.get(path, params={"limit": 1})).json()
    assert page == {"nextCursor": page["nextCursor"], "data": [shown]}
    assert (await http.get(path, params={"cursor": page["nextCursor"]})).json() == {"data": []}

    second = await http.post(path, json=SENT)
    message = "An authentication provider is already configured"
    assert (second.status_code, second.json()) == (400, {"code": "BadRequest", "message": message, "details": []})

    changed = await http.put(one, json={"clientId": "other", "url": "https://elsewhere.com", "scope": ["openid"]})
    assert (changed.status_code, changed.json()) == (200, {**shown, "clientId": "other", "scope": ["openid"]})
    stored = await mattr.store.get(mattr.site.tenant_id, Connection, shown["id"].replace("-", ""))
    assert stored is not None
    assert SENT["clientSecret"] not in repr(stored)

    gone = await http.delete(one)
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (await http.get(one), await http.delete(one), await http.put(one, json={"clientId": "a"})):
        assert (answer.status_code, answer.json()) == (404, GONE)
    assert (await http.get(path)).json() == {"data": []}
    assert (await http.get(f"{path}/x")).status_code == 400


async def test_what_a_provider_must_be(http: httpx.AsyncClient) -> None:
    few = {name: SENT[name] for name in ("url", "clientId", "clientSecret")}
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"url": None}, ["url"]),
        ({"url": "http://example-university.au.auth0.com"}, ["url"]),
        ({"scope": ["profile"]}, ["scope"]),
        ({"scope": ["openid", 5]}, ["scope[1]"]),
        ({"tokenEndpointAuthMethod": "none"}, ["tokenEndpointAuthMethod"]),
        ({"staticRequestParameters": {"a": "x" * 1000}}, ["staticRequestParameters"]),
        ({"staticRequestParameters": {str(n): n for n in range(1001)}}, ["staticRequestParameters"]),
        ({"forwardedRequestParameters": ["x" * 1001]}, ["forwardedRequestParameters[0]"]),
        ({"clientSecret": True, "clientId": 5}, ["clientId", "clientSecret"]),
    ]
    for wrong, params in cases:
        answer = await http.post(PATHS[0], json=few | wrong)
        details = answer.json()["details"]
        assert (wrong, answer.status_code, [item["param"] for item in details]) == (wrong, 400, params)
        assert not any("value" in item for item in details if item["param"] == "clientSecret")
    missing = await http.post(PATHS[0], json={})
    assert [item["param"] for item in missing.json()["details"]] == ["url", "clientId", "clientSecret"]
    made = (await http.post(PATHS[0], json=few)).json()
    assert (made["scope"], made["tokenEndpointAuthMethod"], made["forwardedRequestParameters"]) == (
        ["openid", "profile", "email"],
        "client_secret_basic",
        [],
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://Example.COM/", "https://example.com"),
        ("https://example.com:8443/realms/a#x", "https://example.com/realms/a"),
        ("https://bücher.example.org", "https://xn--bcher-kva.example.org"),
        ("https://example.com?a=b", None),
        ("https://user@example.com", None),
        ("https://127.0.0.1", None),
        ("https://[::1]", None),
        ("https://2130706433", None),
        ("https://localhost", None),
        ("https://idp.internal", None),
        ("ftp://example.com", None),
        ("https://", None),
        ("https://example.com:x", None),
        ("https://a..b.com", None),
        ("no address", None),
    ],
)
def test_a_providers_address(text: str, kept: str | None) -> None:
    assert parse_url(text, private_names=False) == kept


def test_a_private_name_is_a_setting() -> None:
    assert parse_url("https://idp.internal", private_names=True) == "https://idp.internal"
    assert parse_url("https://10.0.0.1", private_names=True) is None


async def test_users_are_linked_with_a_provider(http: httpx.AsyncClient) -> None:
    provider = (await http.post(PATHS[2], json=SENT)).json()["id"]
    link = {"providerId": provider, "subjectId": "example-university-oauth2|1"}
    shown = {"providerId": provider, "url": URL, "subjectId": link["subjectId"]}
    created = await http.post("/v1/users", json={"authenticationProvider": link})
    user = {"id": created.json()["id"], "claims": {}, "authenticationProvider": shown}
    assert (created.status_code, created.json()) == (201, user)

    again = await http.post("/v1/users", json={"authenticationProvider": link})
    item = {
        "value": link["subjectId"],
        "msg": "Invalid value",
        "param": "authenticationProvider.subjectId",
        "location": "body",
    }
    assert (again.status_code, again.json()["details"]) == (400, [item])

    path = f"/v1/users/{user['id']}"
    kept = await http.put(path, json={"claims": {"a": 1}})
    assert kept.json() == {**user, "claims": {"a": 1}}
    moved = {**link, "subjectId": "2"}
    replaced = await http.put(path, json={"claims": {}, "authenticationProvider": moved})
    assert replaced.json() == {**user, "authenticationProvider": {**shown, "subjectId": "2"}}

    async def found(**wanted: str) -> list[str]:
        answer = await http.post("/v1/users/search", json={"authenticationProvider": wanted})
        return [each["id"] for each in answer.json()["data"]]

    assert await found(**moved) == await found(providerId=provider) == await found(subjectId="2") == [user["id"]]
    assert await found(**link) == await found(providerId=UNKNOWN) == await found(subjectId="1") == []

    await http.delete(f"{PATHS[2]}/{provider}")
    assert (await http.get(path)).json() == replaced.json()
    refused = await http.put(path, json={"claims": {}, "authenticationProvider": link})
    assert [item["param"] for item in refused.json()["details"]] == ["authenticationProvider.providerId"]
