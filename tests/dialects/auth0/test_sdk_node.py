"""The vendor's own Node client, unmodified, against the real process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests import node
from tests.process import Muster

STORY = Path(__file__).parent / "node" / "story.mjs"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def refusal(kind: str, status: int, error: str, message: str, code: str | None = None) -> dict[str, Any]:
    body = {"statusCode": status, "error": error, "message": message}
    return {"refused": kind, "statusCode": status, "body": {**body, **({"errorCode": code} if code else {})}}


def test_the_story(server: Muster, credentials: dict[str, Any], auth0_node_client: Path) -> None:
    name = f"c-{uuid4().hex}"
    environment = {
        "NODE_EXTRA_CA_CERTS": credentials["ca_file"],
        "PLAIN_DOMAIN": server.url.removeprefix("http://"),
        **{f"AUTH0_{key.upper()}": credentials["auth0"][key] for key in ("domain", "client_id", "client_secret")},
    }
    steps = node.told(STORY, auth0_node_client, environment, name)

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
