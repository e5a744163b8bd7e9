"""The description against the contract, and every operation against what holds for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from muster.dialects.kit.routes import Route
from muster.dialects.netwrix.app import OPERATIONS
from muster.dialects.netwrix.describe import document
from tests.dialects.netwrix.service import ADMIN_PASSWORD, PASSWORD, PUBLIC_URL, Netwrix, refusal

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contract.json").read_text("utf-8"))
DOCUMENT = document(OPERATIONS, PUBLIC_URL)

WRONG_VALUES: list[Any] = [None, "x", -1, True, ["x"], {"a": {"b": [1]}}, "é" * 300, "{", "\\"]


def short(schema: dict[str, Any]) -> Any:
    """A schema as the contract's table has it: the name of a shape, or of a type."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    return [short(schema["items"])] if kind == "array" else kind


def test_every_operation_is_as_the_contract_has_it() -> None:
    told: dict[str, Any] = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            answers = {status: answer for status, answer in operation["responses"].items() if status[0] == "2"}
            body = operation.get("requestBody")
            told[f"{method.upper()} {path}"] = {
                "id": operation["operationId"],
                "answers": {
                    status: short(answer["content"]["application/json"]["schema"]) if "content" in answer else None
                    for status, answer in answers.items()
                },
                "body": None if body is None else short(body["content"]["application/json"]["schema"]),
                "query": sorted(each["name"] for each in operation.get("parameters", []) if each["in"] == "query"),
                "required_query": sorted(
                    each["name"]
                    for each in operation.get("parameters", [])
                    if each["in"] == "query" and each.get("required")
                ),
                "anonymous": operation.get("security") == [],
            }
    for name, expected in CONTRACT["operations"].items():
        # The path's twin in the query is told too where the contract leaves it out.
        assert told[name] | {"query": expected["query"]} == expected, name
        assert set(told[name]["query"]) >= set(expected["query"]) - set(name.split("{")), name
    assert told.keys() == CONTRACT["operations"].keys()


def test_every_shape_has_the_members_of_the_contract() -> None:
    told = {
        name: {"properties": sorted(schema.get("properties", {})), "required": sorted(schema.get("required", []))}
        for name, schema in DOCUMENT["components"]["schemas"].items()
    }
    assert told == CONTRACT["schemas"]


def called(route: Route) -> str:
    return route.path.replace("{", "").replace("}", "")


async def ask(client: httpx.AsyncClient, route: Route, body: Any = None) -> httpx.Response:
    return (
        await client.request(route.method, called(route), json=body)
        if body is not None
        else await client.request(route.method, called(route))
    )


async def test_nothing_works_without_a_session_but_what_needs_none(netwrix: Netwrix) -> None:
    described = await netwrix.client().get(f"{PUBLIC_URL}openapi.json")
    assert described.json() == json.loads(json.dumps(DOCUMENT))
    for route in OPERATIONS:
        answer = await ask(netwrix.client(), route)
        if route.needs is None:
            assert answer.status_code in (200, 400, 401, 403, 404), route
            continue
        assert (answer.status_code, answer.json()) == (401, refusal("Unauthorized", "Not Authenticated")), route
        assert answer.headers["www-authenticate"] == 'credentials realm="/auth/credentials"'


async def test_who_manages_nothing_may_do_nothing_to_others(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    user = await netwrix.signed_in("user1", PASSWORD)
    allowed = {"/userRoles", "/permissions/", "/timezones", "/userHasChangedPassword", "/users/elevateTwoFactorStatus"}
    own = {"/users/{UserName}"}
    body = {
        "UserName": "admin",
        "Name": "x",
        "CurrentPassword": PASSWORD,
        "Password": PASSWORD,
        "UserDetails": {"UserName": "admin", "FirstName": "x"},
    }
    for route in OPERATIONS:
        if route.needs is None or route.path in allowed | own:
            continue
        query = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in body.items()}
        sent = {"params": query} if route.method == "GET" else {"json": body}
        answer = await user.request(route.method, called(route), **sent)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()) == (403, refusal("Forbidden", "Invalid Permission")), route
    assert (await user.get("/users/admin")).status_code == 403


async def test_no_value_breaks_any_operation(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "spare", Roles=["admin"])
    for route in OPERATIONS:
        if "/auth" in route.path or "delete" in route.path.lower() or route.method == "GET":
            continue
        members = list(route.about.request.members)
        for value in WRONG_VALUES:
            for sent in (dict.fromkeys(members, value), {"UserDetails": {"UserName": value, "Roles": value}}):
                answer = await ask(admin, route, sent)
                assert answer.status_code < 500, (route.path, sent, answer.text)
                if answer.status_code >= 400:
                    assert set(answer.json()["ResponseStatus"]) == {"ErrorCode", "Message", "Errors"}
    assert (await netwrix.signed_in("admin", ADMIN_PASSWORD)) is not None
