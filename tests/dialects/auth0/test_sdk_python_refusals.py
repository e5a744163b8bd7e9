"""What the vendor's own Python client raises when it is refused something."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError
from auth0.management.errors import (
    BadRequestError,
    ConflictError,
    ContentTooLargeError,
    ForbiddenError,
    UnauthorizedError,
)

from tests.dialects.auth0.sdk import ONCE, PASSWORD, REALM, address, body, management
from tests.process import Muster


def test_a_bad_request_says_what_is_bad(sdk: ManagementClient, optional: str) -> None:
    def answer(call: Callable[[], Any]) -> tuple[str, str]:
        with pytest.raises(BadRequestError) as refused:
            call()
        assert body(refused).keys() == {"statusCode", "error", "message", "errorCode"}
        return body(refused)["errorCode"], body(refused)["message"]

    users = sdk.users
    assert answer(lambda: users.create(connection="nowhere", email=address())) == (
        "inexistent_connection",
        "Connection does not exist.",
    )
    code, text = answer(lambda: users.create(connection=optional, email="no address"))
    assert code == "invalid_body"
    assert text.startswith("Payload validation error: 'Object didn't pass validation for format email: no address' on ")
    assert answer(lambda: users.create(connection=optional)) == (
        "invalid_body",
        "Payload validation error: 'Missing required property: email'.",
    )
    assert answer(lambda: users.create(connection=REALM, email=address(), password="short")) == (
        "auth0_idp_error",
        "PasswordStrengthError: Password is too weak",
    )
    assert answer(lambda: users.get("no-pipe")) == (
        "invalid_uri",
        "Object didn't pass validation for format user-id: no-pipe",
    )
    assert answer(lambda: users.list(q='email:"open'))[0] == "invalid_query_string"
    assert answer(lambda: users.list(per_page=101))[0] == "invalid_query_string"
    assert answer(lambda: users.list(search_engine="v1"))[0] == "invalid_query_string"
    assert answer(lambda: users.get("auth0|x", fields="email,shoe_size"))[0] == "invalid_query_string"
    taken = users.create(connection=optional, email=address())
    other = users.create(connection=optional, email=address())
    assert answer(lambda: users.update(str(other.user_id), email=taken.email)) == (
        "auth0_idp_error",
        "The specified new email already exists",
    )


def test_a_taken_address_is_a_conflict_each_time_it_is_tried(
    sdk: ManagementClient, optional: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = address()
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    sdk.users.create(connection=optional, email=email)
    for options, retries in (({}, 2), (ONCE, 0)):
        waits.clear()
        with pytest.raises(ConflictError) as refused:
            sdk.users.create(connection=optional, email=email, request_options=options)  # type: ignore[arg-type]
        assert len(waits) == retries
        assert body(refused) == {
            "statusCode": 409,
            "error": "Conflict",
            "message": "The user already exists.",
            "errorCode": "auth0_idp_error",
        }
    assert len(sdk.users.list_users_by_email(email=email)) == 1


def test_too_large_a_document(sdk: ManagementClient, optional: str) -> None:
    with pytest.raises((ContentTooLargeError, ApiError)) as refused:
        sdk.users.create(connection=optional, email=address(), user_metadata={"text": "x" * 1_100_000})
    assert refused.value.status_code == 413
    assert body(refused)["message"] == "Payload content length greater than maximum allowed: 1048576"


def test_a_key_may_do_what_its_scopes_say(server: Muster, credentials: dict[str, Any], sdk: ManagementClient) -> None:
    user_id = str(sdk.users.create(connection=REALM, email=address(), password=PASSWORD).user_id)
    answer = server.run("key", "create", f"sync {uuid4().hex}", "--scopes", "read:users", "--json")
    assert answer.returncode == 0, answer.stderr
    made = json.loads(answer.stdout)
    with management({**made, "domain": credentials["auth0"]["domain"]}) as narrow:
        assert narrow.users.get(user_id).user_id == user_id
        for call, scopes in (
            (lambda: narrow.users.delete(user_id), "delete:users,delete:current_user"),
            (narrow.connections.list, "read:connections"),
            (
                lambda: narrow.users.update(user_id, nickname="n"),
                "update:users,update:users_app_metadata,update:current_user_metadata",
            ),
        ):
            with pytest.raises(ForbiddenError) as refused:
                call()
            assert body(refused) == {
                "statusCode": 403,
                "error": "Forbidden",
                "message": f"Insufficient scope, expected any of: {scopes}",
                "errorCode": "insufficient_scope",
            }


@pytest.mark.usefixtures("trusted")
def test_a_token_that_is_none(credentials: dict[str, Any], server: Muster) -> None:
    forged = server.token(credentials).rpartition(".")[0] + ".c2lnbmVk"
    for token, text in (
        ("no.token.atall", "Invalid token"),
        (forged, "Invalid signature received for JSON Web Token validation"),
    ):
        client = ManagementClient(domain=credentials["auth0"]["domain"], token=token)
        with closing(client._api._client_wrapper.httpx_client.httpx_client):
            with pytest.raises(UnauthorizedError) as refused:
                client.users.get("auth0|x")
            assert body(refused) == {
                "statusCode": 401,
                "error": "Unauthorized",
                "message": text,
                "attributes": {"error": text},
            }


def test_what_is_not_served_is_plainly_not_found(sdk: ManagementClient) -> None:
    for call in (lambda: sdk.users.roles.list("auth0|x"), sdk.roles.list):
        with pytest.raises(ApiError) as refused:
            call()
        assert body(refused) == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
