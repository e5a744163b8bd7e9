"""Postman's own runner against the real process.

It runs the vendor's collections of both generations as they were published, which ask for what is there and for what they
themselves hold as examples; and the same requests in an order that a program has, where each uses what an earlier one made
(`node/requests.json`: method, path, body, the status that must come back, and under which name the answer's id is kept).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import node
from tests.process import Muster

HERE = Path(__file__).parent
REQUESTS: dict[str, list[list[Any]]] = json.loads((HERE / "node" / "requests.json").read_text("utf-8"))
KEEP = "pm.collectionVariables.set({name}, pm.response.json().{member});"

BELOW = {"v9.0.0": ("", "/core/v1"), "v12.1.0": ("/mattr", "/v1")}
"""By generation: below which path of the server the collections look, and which path they look for there."""

PROVIDER = {
    "url": "https://example-university.au.auth0.com",
    "clientId": "vJ0SCKchr4XjC0xHNE8DkH6Pmlg2lkCN",
    "clientSecret": "secret",
    "scope": ["openid", "profile", "email"],
}

OF_PROVIDERS = [
    ["Configure an Authentication Provider", "POST", 400],  # there is one, and there may be no other
    ["Retrieve all Authentication Providers", "GET", 200],
    ["Retrieve an Authentication Provider", "GET", 200],
    ["Update an Authentication Provider", "PUT", 200],
    ["Delete an Authentication Provider", "DELETE", 204],
]
PUBLISHED = {
    "v9.0.0": [
        ["Retrieve events", "GET", 200],
        ["Create API Auth Token", "POST", 200],
        *OF_PROVIDERS,
        ["Search users", "POST", 200],
        ["Retrieve all users", "GET", 200],
        ["Retrieve a user", "GET", 200],
        ["Update a User", "PUT", 200],
        ["Delete a user", "DELETE", 204],
        ["Retrieve all user credentials data", "GET", 200],
    ],
    "v12.1.0": [
        ["Retrieve events", "GET", 200],
        ["Create API Auth Token", "POST", 200],
        *OF_PROVIDERS,
        ["Search users", "POST", 200],
        ["Create a User", "POST", 400],  # with the example's provider, which nobody has
        ["Retrieve all users", "GET", 200],
        ["Retrieve a user", "GET", 200],
        ["Update a User", "PUT", 400],  # likewise
        ["Delete a user", "DELETE", 204],
        ["Retrieve all user credentials data", "GET", 200],
    ],
}


def test_the_collections(server: Muster, credentials: dict[str, Any], tmp_path: Path) -> None:
    folder = node.client_of("mattr")
    if folder is None:
        pytest.skip(node.NEEDED)
    given = credentials["mattr"]
    token_request = {name: given[name] for name in ("audience", "client_id", "client_secret")}
    token_request["grant_type"] = "client_credentials"
    with server.client() as client:
        token = client.post("/mattr/oauth/token", json=token_request).json()["access_token"]
    runs = [
        run
        for version in REQUESTS
        for run in (published(version, given, token), in_order(version, given["tenant_url"], token_request))
    ]
    (tmp_path / "runs.json").write_text(json.dumps(runs))
    told = node.told(HERE / "node" / "run.mjs", folder, {"HOME": str(tmp_path)}, str(tmp_path / "runs.json"))
    expected = {f"published {version}": {"answers": answers, "failures": []} for version, answers in PUBLISHED.items()}
    for version, rows in REQUESTS.items():
        answers = [["POST /oauth/token", "POST", 200], *([f"{row[0]} {row[1]}", row[0], row[3]] for row in rows)]
        expected[f"in order {version}"] = {"answers": answers, "failures": []}
    assert told == expected


def published(version: str, given: dict[str, Any], token: str) -> dict[str, Any]:
    """The vendor's collection with what its environment asks for, once there are a user and a provider to look at."""
    below, api = BELOW[version]
    base = given["tenant_url"] + below
    return {
        "name": f"published {version}",
        "collection": str(HERE / "postman" / f"users-{version}.collection.json"),
        "environment": str(HERE / "postman" / "local.environment.json"),
        "variables": {
            "baseUrl": base,
            "auth0Base": given["auth_url"],
            "oauth-token-Url": given["auth_url"],
            "tenantClientId": given["client_id"],
            "tenantClientSecret": given["client_secret"],
            "tenantAudience": given["audience"],
            "bearerToken": token,
        },
        "made": [
            ["userId", f"{base}{api}/users", {"claims": {"given_name": "Sample"}}],
            ["providerId", f"{base}{api}/users/authentication-providers", PROVIDER],
        ],
    }


def in_order(version: str, base: str, token_request: dict[str, str]) -> dict[str, Any]:
    """A collection of our own as the runner reads it (format v2.1)."""
    base += BELOW[version][0]
    rows = [["POST", "/oauth/token", token_request, 200, "bearerToken"], *REQUESTS[version]]
    items = []
    for number, (method, path, body, status, *kept) in enumerate(rows):
        script = [f"pm.test('status', () => pm.response.to.have.status({status}));"]
        if kept:
            member = "access_token" if kept[0] == "bearerToken" else "id"
            script.append(KEEP.format(name=json.dumps(kept[0]), member=member))
        headers = [{"key": "Accept", "value": "application/json"}]
        request: dict[str, Any] = {"method": method, "url": base + path, "header": headers}
        if body is not None:
            headers.append({"key": "Content-Type", "value": "application/json"})
            request["body"] = {"mode": "raw", "raw": json.dumps(body)}
        if number == 0:
            request["auth"] = {"type": "noauth"}
        tests = {"listen": "test", "script": {"type": "text/javascript", "exec": script}}
        items.append({"name": f"{method} {path}", "request": request, "event": [tests]})
    collection = {
        "info": {"name": version, "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{bearerToken}}", "type": "string"}]},
        "item": items,
    }
    return {"name": f"in order {version}", "collection": collection, "variables": {}, "made": []}
