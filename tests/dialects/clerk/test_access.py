"""Keys, versions, and requests that no operation can read. Every operation with every credential is tried in tests/access."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from msgspec.structs import replace

from muster.core.api_keys.model import ApiKey
from muster.core.errors import TooMany
from muster.dialects.clerk import app
from muster.dialects.clerk.furnish import (
    create_secret_key,
    first_key,
    furnish,
    instance_of,
    publishable_key,
    revoke_secret_key,
)
from tests.dialects.clerk.requests import errors_of, good, made, organization, texts_of
from tests.dialects.clerk.service import PUBLIC_URL, SECRETS, Clerk

KEY_INVALID = "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct."
GUARDED = [route for route in app.BACKEND if route.needs is not None]


def path_of(route: Any, **ids: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], "idn_x"), route.path)


async def test_even_a_path_that_is_not_there_asks_for_a_key_first(clerk: Clerk) -> None:
    async with clerk.client() as http:
        for headers in ({}, {"authorization": "sk_test_x"}, {"authorization": "Basic eDp5"}):
            http.headers = httpx.Headers(headers)
            answer = await http.get("/no/such/path")
            assert errors_of(answer, 401) == [("authorization_header_format_invalid", None)]
        http.headers = httpx.Headers({"authorization": "Bearer sk_test_unknown"})
        assert texts_of(await http.get("/no/such/path"), 401) == (KEY_INVALID, KEY_INVALID)


async def test_an_unknown_path_is_not_found_with_a_key(http: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/nowhere"), ("GET", "/users/a/b/c/d"), ("PUT", "/users"), ("GET", "/users/%ff")):
        assert errors_of(await http.request(method, path), 404) == [("resource_not_found", None)]


async def test_a_revoked_key_opens_nothing_and_others_still_do(clerk: Clerk, http: httpx.AsyncClient) -> None:
    key_id, second = await clerk.act(create_secret_key, "second")
    async with clerk.client(second) as other:
        good(await other.get("/users"))
        await clerk.act(revoke_secret_key, key_id, SECRETS)
        assert errors_of(await other.get("/users"), 401) == [("clerk_key_invalid", None)]
    good(await http.get("/users"))
    assert await clerk.act(first_key, SECRETS) == clerk.secret_key
    (first,) = await clerk_keys(clerk)
    await clerk.act(revoke_secret_key, first.id, SECRETS)
    assert await clerk.act(first_key, SECRETS) is None


async def clerk_keys(clerk: Clerk) -> Any:
    return await clerk.store.records(clerk.tenant.number, ApiKey)


async def test_nothing_is_furnished_twice_and_no_secret_lies_open(clerk: Clerk) -> None:
    instance = await instance_of(clerk.store, clerk.tenant.number, 0)
    await clerk.act(furnish, SECRETS, instance_id="ins_other")
    assert await instance_of(clerk.store, clerk.tenant.number, 0) == instance == clerk.instance_id
    (key,) = await clerk_keys(clerk)
    assert clerk.secret_key not in repr(key)
    assert publishable_key(clerk.site) == "pk_test_dXNlcnMuZXhhbXBsZS5jb20k"


async def test_versions(clerk: Clerk, http: httpx.AsyncClient) -> None:
    for version in ("2021-02-05", "2024-10-01", "2025-04-10", "2025-11-10", "2026-05-12"):
        answer = await http.get("/users", headers={"clerk-api-version": version})
        assert (answer.status_code, answer.headers["clerk-api-version"]) == (200, version)
        answer = await http.get("/users", params={"__clerk_api_version": version})
        assert answer.headers["clerk-api-version"] == version
    for headers, params in (
        ({"clerk-api-version": "2020-01-01"}, {}),
        ({"clerk-api-version": "2021-02-05"}, {"__clerk_api_version": "2021-02-05"}),
        ({}, {"__clerk_api_version": ""}),
    ):
        answer = await http.get("/users", headers=headers, params=params)
        assert errors_of(answer, 400) == [("api_version_invalid", None)]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"first_name": "\\u0000"}',
        b'{"first_name": "\\ud800"}',
        b'{"unsafe_metadata": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
        b"[]",
        b'"text"',
        b"1",
    ],
)
async def test_bodies_that_are_none(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/users", content=body, headers={"content-type": "application/json"})
    text = "The request body is invalid. Please consult the API documentation for more information."
    assert texts_of(answer, 400) == ("Request body invalid", text)


async def test_bodies_of_another_kind_or_size(http: httpx.AsyncClient) -> None:
    form = await http.post("/users", data={"username": "ann_lee"})
    assert errors_of(form, 415) == [("unsupported_content_type", None)]
    assert texts_of(form, 415)[1] == (
        "Content-Type application/x-www-form-urlencoded is unsupported. You should use application/json instead."
    )
    large = await http.post("/users", json={"username": "x" * 1_100_000})
    assert errors_of(large, 413) == [("request_body_too_large", None)]
    many = await http.post("/users", json={f"member{number}": 1 for number in range(1000)})
    assert len(errors_of(many, 422)) == 20


async def test_nothing_of_the_wrong_type_crashes(http: httpx.AsyncClient) -> None:
    """Every member of every body, with values of every other type, is refused or taken, and never an error of ours."""
    user = await made(http)
    acme = await organization(http, created_by=user["id"])
    ids = {"user_id": user["id"], "organization_id": acme["id"]}
    values: tuple[Any, ...] = (None, True, -1, 1e308, "", "x" * 3000, [None], {"a": None})
    for route in GUARDED:
        schema = route.about.body
        if schema is None or route.method == "DELETE":
            continue
        for name in schema.members:
            for value in values:
                answer = await http.request(route.method, path_of(route, **ids), json={name: value})
                assert answer.status_code < 500, (route.path, name, value, answer.text)


async def test_a_limit_that_is_reached(clerk: Clerk, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def take(self, _: object) -> None:
            raise TooMany("rate_limit", retry_after=7)

    clerk.api.dialect = replace(clerk.api.dialect, limit=Full())
    answer = await http.get("/users")
    assert texts_of(answer, 429) == ("Too many requests", "Too many requests, retry later")
    assert answer.headers["retry-after"] == "7"


async def test_keys_are_shown_to_everybody(clerk: Clerk, http: httpx.AsyncClient) -> None:
    http.headers = httpx.Headers()
    (key,) = good(await http.get("/jwks"))["keys"]
    assert {name: key[name] for name in ("use", "kty", "kid", "alg", "e")} == {
        "use": "sig",
        "kty": "RSA",
        "kid": clerk.instance_id,
        "alg": "RS256",
        "e": "AQAB",
    }
    assert set(key) == {"use", "kty", "kid", "alg", "e", "n"}


async def test_redirect_urls(clerk: Clerk, http: httpx.AsyncClient) -> None:
    for url in ("my-app://oauth-callback", "https://example.com/a", "http://localhost:3000", "com.app:/back"):
        clerk.clock.turn(ms=1)
        assert good(await http.post("/redirect_urls", json={"url": url}))["url"] == url
    for url in ("", "example.com", "https://", "javascript://x", "a b://c", "x" * 800):
        assert errors_of(await http.post("/redirect_urls", json={"url": url}), 422)
    again = await http.post("/redirect_urls", json={"url": "com.app:/back"})
    assert errors_of(again, 422) == [("form_identifier_exists", "url")]
    assert len(good(await http.get("/redirect_urls"))) == 4
    page = good(await http.get("/redirect_urls", params={"paginated": "true", "limit": 1, "offset": 3}))
    assert (page["data"][0]["url"], page["total_count"]) == ("my-app://oauth-callback", 4)
    for method in ("GET", "DELETE"):
        answer = await http.request(method, "/redirect_urls/ru_x")
        assert texts_of(answer, 404) == ("Redirect url not found", "No RedirectURL exists with id: ru_x")


async def test_the_description_holds_of_what_is_answered(http: httpx.AsyncClient, clerk: Clerk) -> None:
    document = good(await http.get(f"{PUBLIC_URL}openapi.json"))
    assert {(route.method.lower(), route.path) for route in app.BACKEND} == {
        (method, path) for path, operations in document["paths"].items() for method in operations
    }
    user = await made(http, username="ann_lee", phone_number=["+15555550100"])
    acme = await organization(http, created_by=user["id"])
    ids = {"user_id": user["id"], "organization_id": acme["id"], "provider": "oauth_google"}
    seen = 0
    for route in app.BACKEND:
        if route.method != "GET":
            continue
        answer = await http.get(path_of(route, **ids))
        if answer.status_code == 404:
            continue
        schema = document["paths"][route.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json(), {**schema, "components": document["components"]})
        seen += 1
    assert seen >= 14
    assert clerk.secret_key not in json.dumps(document)
