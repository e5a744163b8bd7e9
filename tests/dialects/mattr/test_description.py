"""What `/openapi.json` says is what the contract says, and what the server does."""

import json
from pathlib import Path
from typing import Any

import httpx

from tests.dialects.mattr.service import Mattr

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contract.json").read_text("utf-8"))
"""The contract's operations: parameters, members of bodies and answers with those required, events and roles."""


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"][2:].split("/"):
            found = found[name]
        part = found
    return part


def shape(schema: dict[str, Any]) -> Any:
    """The members of a schema and which are required, however deep; None for what has none."""
    if schema.get("type") == "array":
        return [shape(schema["items"])]
    if "properties" not in schema:
        return None
    members = {name: shape(inner) for name, inner in schema["properties"].items()}
    return {"required": sorted(schema.get("required", [])), "members": members}


def lacking(wanted: Any, told: Any, path: str = "") -> list[str]:
    """Where the contract has a member, or a required one, that is not told."""
    if wanted is None:
        return []
    if isinstance(wanted, list):
        return lacking(wanted[0], told[0] if isinstance(told, list) else None, f"{path}[]")
    if not isinstance(told, dict):
        return [path]
    found = [f"{path}: {name} required" for name in wanted["required"] if name not in told["required"]]
    for name, inner in wanted["members"].items():
        if name in told["members"]:
            found += lacking(inner, told["members"][name], f"{path}.{name}")
        else:
            found.append(f"{path}.{name}")
    return found


async def test_the_description_has_all_of_the_contract(mattr: Mattr) -> None:
    async with mattr.bare() as http:
        answer = await http.get("/openapi.json")
    assert answer.status_code == 200
    document = answer.json()
    assert document["servers"] == [{"url": "https://users.example.com/mattr"}]
    told = {f"{method.upper()} {path}": o for path, item in document["paths"].items() for method, o in item.items()}
    assert told.keys() == CONTRACT["operations"].keys()
    assert len({operation["operationId"] for operation in told.values()}) == len(told)
    shapes = CONTRACT["shapes"]
    for name, wanted in CONTRACT["operations"].items():
        operation = told[name]
        parameters = sorted(f"{each['in']} {each['name']}" for each in operation.get("parameters", []))
        assert (name, parameters) == (name, wanted["parameters"])
        assert operation.get("x-analytic-events", []) == wanted["events"], name
        assert operation.get("x-roles", []) == wanted["roles"], name
        if "body" in wanted:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert lacking(shapes[wanted["body"]], shape(schema), name) == []
        for status, contents in wanted["answers"].items():
            content = resolved(document, operation["responses"][status]).get("content", {})
            assert content.keys() == contents.keys(), (name, status)
            for media, key in contents.items():
                assert lacking(shapes.get(key), shape(content[media]["schema"]), f"{name} {status}") == []


async def test_a_request_for_a_token_that_is_too_large_is_refused_as_described(mattr: Mattr) -> None:
    async with mattr.bare() as http:
        document = (await http.get("/openapi.json")).json()
        answer = await http.post("/oauth/token", content=b"x" * 1_100_000)
    told = resolved(document, document["paths"]["/oauth/token"]["post"]["responses"][str(answer.status_code)])
    assert answer.status_code == 413
    assert undescribed(shape(told["content"]["application/json"]["schema"]), answer.json()) == []


async def test_answers_are_as_described(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    body = {"url": "https://idp.example.com", "clientId": "c", "clientSecret": "secret"}
    provider = (await http.post("/v1/users/authentication-providers", json=body)).json()["id"]
    link = {"providerId": provider, "subjectId": "s"}
    user = (await http.post("/v1/users", json={"claims": {}, "authenticationProvider": link})).json()["id"]
    for path, item in document["paths"].items():
        if "get" not in item:
            continue
        one = provider if "provider" in path else user
        answer = await http.get(path.replace("{id}", one).replace("{userId}", one))
        schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer.status_code == 200
        assert undescribed(shape(schema), answer.json()) == [], path


def undescribed(told: Any, value: Any, path: str = "") -> list[str]:
    """Members of an answer that are not described, and required ones that are missing."""
    if isinstance(value, list):
        inner = told[0] if isinstance(told, list) else None
        return [fault for each in value for fault in undescribed(inner, each, f"{path}[]")]
    if not isinstance(value, dict) or not isinstance(told, dict):
        return []
    found = [f"{path}.{name}" for name in value if name not in told["members"]]
    found += [f"{path}.{name} missing" for name in told["required"] if name not in value]
    for name, inner in value.items():
        found += undescribed(told["members"].get(name), inner, f"{path}.{name}")
    return found
