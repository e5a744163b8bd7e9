"""The vendor's own Node client, unmodified, against the real process."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import ENGINES
from tests.process import PATIENCE, Muster
from tests.served import served_on

STORY = Path(__file__).parent / "node" / "story.mjs"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module", params=ENGINES)
def server(
    request: pytest.FixtureRequest, auth0_node_client: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Muster]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with served_on(databases, tmp_path_factory.mktemp("node")) as running:
        yield running


def told(server: Muster, client: Path, name: str) -> dict[str, Any]:
    """What the story's steps came to. The script comes by standard input, so that it finds the client in its folder."""
    found = server.credentials()
    environment = os.environ | {
        "NODE_EXTRA_CA_CERTS": found["ca_file"],
        "PLAIN_DOMAIN": server.url.removeprefix("http://"),
        **{f"AUTH0_{key.upper()}": found["auth0"][key] for key in ("domain", "client_id", "client_secret")},
    }
    answer = subprocess.run(
        ["node", "--input-type=module", "-", name],
        cwd=client,
        env=environment,
        input=STORY.read_text("utf-8"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    steps: dict[str, Any] = json.loads(answer.stdout)
    return steps


def refusal(kind: str, status: int, error: str, message: str, code: str | None = None) -> dict[str, Any]:
    body = {"statusCode": status, "error": error, "message": message}
    return {"refused": kind, "statusCode": status, "body": {**body, **({"errorCode": code} if code else {})}}


def test_the_story(server: Muster, auth0_node_client: Path) -> None:
    name = f"c-{uuid4().hex}"
    steps = told(server, auth0_node_client, name)

    connection, client, api, grant = (steps.pop(made) for made in ("connection", "client", "api", "grant"))
    assert (connection["name"], connection["strategy"]) == (name, "auth0")
    assert re.fullmatch("[A-Za-z0-9]{64}", client["client_secret"])

    user = steps.pop("create")
    given = "conn|a/b+c@x.com"
    assert MOMENT.fullmatch(user["created_at"])
    assert user == {
        "user_id": f"auth0|{given}",
        "email": f"jane@{name}.example.com",
        "email_verified": False,
        "name": f"jane@{name}.example.com",
        "nickname": "jane",
        "picture": user["picture"],
        "user_metadata": {"a": 1, "b": 2},
        "identities": [{"connection": name, "user_id": given, "provider": "auth0", "isSocial": False}],
        "created_at": user["created_at"],
        "updated_at": user["created_at"],
    }
    changed = user | {"user_metadata": {"b": 2, "c": [3]}, "blocked": True, "updated_at": steps["update"]["updated_at"]}
    page = steps.pop("first page")
    assert [len(page.pop("users")), page] == [2, {"start": 0, "limit": 2, "length": 2, "total": 5}]
    deletion = steps.pop("connection deleted")
    assert deletion is None or MOMENT.fullmatch(deletion["deleted_at"])
    problem = steps.pop("bad request")
    assert (problem["refused"], problem["body"]["errorCode"]) == ("BadRequestError", "invalid_body")
    no_user = refusal("NotFoundError", 404, "Not Found", "The user does not exist.", "inexistent_user")
    no_token = refusal("UnauthorizedError", 401, "Unauthorized", "Invalid token")
    no_token["body"]["attributes"] = {"error": "Invalid token"}
    assert steps == {
        "get": user,
        "update": changed,
        "fields": {"email": user["email"], "blocked": True},
        "by email": [changed],
        "conflict": refusal("ConflictError", 409, "Conflict", "The user already exists.", "auth0_idp_error"),
        "not found": no_user,
        "all pages": [{"email": f"{letter}@{name}.example.com"} for letter in ("a", "b", "c", "d", "jane")],
        "connections": 1,
        "connection again": {"name": name},
        "api by identifier": api,
        "grants": [grant],
        "grant deleted": None,
        "api deleted": None,
        "client deleted": None,
        "delete": None,
        "delete again": None,
        "deleted": no_user,
        "over plain http": [],
        "no token": no_token,
    }
