"""The document of the API, held against what the contract says of every operation that is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muster.dialects.clerk.app import BACKEND
from muster.dialects.clerk.describe import document
from tests.dialects.clerk.service import PUBLIC_URL
from tests.dialects.shapes import Shape, shape

CONTRACT: dict[str, Any] = json.loads(Path(__file__).with_name("contract.json").read_text("utf-8"))
DESCRIBED: dict[str, Any] = document(BACKEND, PUBLIC_URL)

NOT_SERVED = {"402"}  # nothing here costs anything
PRIVATE = {"d", "dp", "dq", "k", "p", "q", "qi"}  # members of private keys, which a published set does not have


def operation(name: str) -> dict[str, Any]:
    method, _, path = name.partition(" ")
    found: dict[str, Any] = DESCRIBED["paths"][path][method.lower()]
    return found


def facts(number: int) -> Shape:
    return {path: (set(names), set(required)) for path, (names, required) in CONTRACT["shapes"][number].items()}


def lacking(wanted: Shape, told: Shape) -> dict[str, set[str]]:
    """The members, and the required ones, that the contract has and the description has not."""
    nothing: tuple[set[str], set[str]] = (set(), set())
    found = {path: names - told.get(path, nothing)[0] for path, (names, _) in wanted.items()}
    found |= {f"{path} required": needed - told.get(path, nothing)[1] for path, (_, needed) in wanted.items()}
    return {path: names for path, names in found.items() if names}


def test_every_operation_is_one_of_the_contract() -> None:
    assert {f"{route.method} {route.path}" for route in BACKEND} == set(CONTRACT["operations"])


@pytest.mark.parametrize("name", CONTRACT["operations"])
def test_an_operation_is_described_as_in_the_contract(name: str) -> None:
    told, wanted = operation(name), CONTRACT["operations"][name]
    query = [parameter for parameter in told["parameters"] if parameter["in"] == "query"]
    assert {parameter["name"] for parameter in query} == set(wanted["query"])
    assert [parameter["name"] for parameter in query if parameter["required"]] == wanted["required_query"]
    assert set(wanted["statuses"]) - NOT_SERVED <= set(told["responses"])
    assert list(told.get("requestBody", {}).get("content", {})) == ([wanted["media"]] if "body" in wanted else [])


@pytest.mark.parametrize("name", [name for name, facts in CONTRACT["operations"].items() if "body" in facts])
def test_a_body_has_the_contracts_members(name: str) -> None:
    (content,) = operation(name)["requestBody"]["content"].values()
    assert lacking(facts(CONTRACT["operations"][name]["body"]), shape(DESCRIBED, content["schema"])) == {}


@pytest.mark.parametrize("name", CONTRACT["operations"])
def test_an_answer_has_the_contracts_members(name: str) -> None:
    for status, number in CONTRACT["operations"][name]["answers"].items():
        told = shape(DESCRIBED, operation(name)["responses"][status]["content"]["application/json"]["schema"])
        missing = lacking(facts(number), told)
        if name == "GET /jwks":
            missing = {path: names - PRIVATE for path, names in missing.items() if names - PRIVATE}
        assert missing == {}


def test_a_list_that_may_be_paginated_is_described_in_both_forms() -> None:
    schema = operation("GET /invitations")["responses"]["200"]["content"]["application/json"]["schema"]
    array, page = schema["oneOf"]
    assert array == {"type": "array", "items": {"$ref": "#/components/schemas/Invitation"}}
    assert page["properties"]["data"] == array
    assert page["required"] == ["data", "total_count"]
