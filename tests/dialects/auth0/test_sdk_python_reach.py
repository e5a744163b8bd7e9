"""The vendor's own Python client over plain HTTP, without waiting, and under the vendor's own limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from auth0.management import AsyncManagementClient, Auth0
from auth0.management.errors import (
    BadRequestError,
    TooManyRequestsError,
)

from tests.dialects.auth0.sdk import address, body, management, wire
from tests.process import Muster, serving


def test_over_plain_http_with_a_token_of_one_s_own(server: Muster, credentials: dict[str, Any]) -> None:
    """By either address, and by the audience that the client makes from the domain it was given."""
    given, domain = credentials["auth0"], server.url.removeprefix("http://")
    tokens = GetToken(domain, given["client_id"], client_secret=given["client_secret"], protocol="http")
    for audience in (given["audience"], f"http://{domain}/api/v2/", f"https://localhost:{server.port}/api/v2/"):
        answer = tokens.client_credentials(audience)
        assert answer == {
            "access_token": answer["access_token"],
            "scope": answer["scope"],
            "expires_in": 86_400,
            "token_type": "Bearer",
        }
        client = Auth0(base_url=f"{server.url}/api/v2", token=answer["access_token"])
        with closing(client._client_wrapper.httpx_client.httpx_client):
            assert client.users.list_users_by_email(email="nobody@example.com") == []
    with pytest.raises(Auth0Error) as refused:
        tokens.client_credentials("https://api.example.com/")
    assert (refused.value.status_code, refused.value.error_code, refused.value.message) == (
        403,
        "access_denied",
        "Service not enabled within domain: https://api.example.com/",
    )
    with pytest.raises(Auth0Error) as refused:
        GetToken(domain, given["client_id"], client_secret="wrong", protocol="http").client_credentials("x")
    assert (refused.value.status_code, refused.value.error_code, refused.value.message) == (
        401,
        "access_denied",
        "Unauthorized",
    )


async def test_the_asynchronous_client(credentials: dict[str, Any], optional: str) -> None:
    given = credentials["auth0"]
    client = AsyncManagementClient(
        domain=given["domain"], client_id=given["client_id"], client_secret=given["client_secret"]
    )
    async with client._api._client_wrapper.httpx_client.httpx_client:
        users = [await client.users.create(connection=optional, email=address()) for _ in range(3)]
        pager = await client.users.list(q=f'identities.connection:"{optional}"', per_page=2)
        assert [wire(user) async for user in pager] == [wire(user) for user in users]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    """A server with the vendor's own limits; they are counted in the process, whichever database is below."""
    with serving(
        tmp_path_factory.mktemp("strict") / "data", "--rate-limits", "vendor", "--most-results", "4"
    ) as running:
        yield running


def test_the_vendor_s_limits_where_they_are_asked_for(strict: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    found = strict.credentials()
    monkeypatch.setenv("SSL_CERT_FILE", found["ca_file"])
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with management(found["auth0"]) as sdk:
        with pytest.raises(BadRequestError) as beyond:
            sdk.users.list(page=2, per_page=2)
        assert body(beyond) == {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "You can only page through the first 4 records. See https://auth0.com/docs/users/search/v3/"
            "view-search-results-by-page#limitation",
            "errorCode": "invalid_paging",
        }
        with pytest.raises(TooManyRequestsError) as refused:
            [sdk.users.list_users_by_email(email="nobody@example.com") for _ in range(100)]
        assert body(refused) == {
            "statusCode": 429,
            "error": "Too Many Requests",
            "message": "Global limit has been reached",
            "errorCode": "too_many_requests",
        }
        headers = refused.value.headers or {}
        limits = {name: headers[name] for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "retry-after")}
        assert limits == {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "retry-after": "1"}
        assert waits[-2:] == [1.0, 1.0]  # as it was told to, before it gave up
