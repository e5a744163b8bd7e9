"""What the tests of the vendor's own Python client share: how it is made, what is sent, how answers are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import pytest
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError

REALM = "Username-Password-Authentication"
PASSWORD = "correct horse battery"
ONCE: Any = {"max_retries": 0}
NO_USER = {
    "statusCode": 404,
    "error": "Not Found",
    "message": "The user does not exist.",
    "errorCode": "inexistent_user",
}


@contextmanager
def management(given: dict[str, Any]) -> Iterator[ManagementClient]:
    client = ManagementClient(
        domain=given["domain"], client_id=given["client_id"], client_secret=given["client_secret"]
    )
    with closing(client._api._client_wrapper.httpx_client.httpx_client):
        yield client


def address() -> str:
    return f"{uuid4().hex}@example.com"


def wire(model: Any) -> dict[str, Any]:
    """What the client read, under the names of the API."""
    shown: dict[str, Any] = model.model_dump(by_alias=True, exclude_unset=True)
    return shown


def body(refused: pytest.ExceptionInfo[ApiError]) -> Any:
    return refused.value.body
