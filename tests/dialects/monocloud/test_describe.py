"""`openapi.json`: every operation, property and required member of the contract, and nothing that is not served."""

from typing import Any

import httpx
import pytest

from muster.dialects.monocloud.app import MANAGEMENT
from muster.dialects.monocloud.describe import document
from tests.dialects.monocloud.facts import OPERATIONS, SCHEMAS
from tests.dialects.monocloud.service import ON_ONE_ENGINE, PUBLIC_URL, MonoCloud
from tests.dialects.shapes import shape

DESCRIBED: dict[str, Any] = document(MANAGEMENT, PUBLIC_URL)


def properties_of(schema: dict[str, Any], schemas: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The names of an object's members, and of those that are required."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    parts = [schema, *schema.get("allOf", ())]
    return (
        {name for part in parts for name in part.get("properties", {})},
        {name for part in parts for name in part.get("required", ())},
    )


def test_every_operation_is_described_as_in_the_contract() -> None:
    schemas = DESCRIBED["components"]["schemas"]
    for name, operation in OPERATIONS.items():
        ours = DESCRIBED["paths"][operation["path"]][operation["method"].lower()]
        assert ours["operationId"] == name
        answer = ours["responses"][str(operation["status"])]
        assert set(map(str, operation["errors"])) - {"402"} <= set(ours["responses"]), name
        queries = [each["name"] for each in ours["parameters"] if each["in"] == "query"]
        assert set(operation["query"]) <= set(queries), name
        if operation["answer"] is None:
            assert "content" not in answer
            continue
        expected, served = operation["answer"], answer["content"]["application/json"]["schema"]
        if expected.get("type") == "array":
            assert served["type"] == "array"
            expected, served = expected["items"], served["items"]
        there, here = properties_of(expected, SCHEMAS), properties_of(served, schemas)
        assert there[0] == here[0], name
        assert there[1] <= here[1], name
        if operation["body"] is not None:
            body = ours["requestBody"]["content"]["application/json"]["schema"]
            assert properties_of(operation["body"], SCHEMAS)[0] == properties_of(body, schemas)[0], name


def test_every_part_of_an_answer_is_described_as_in_the_contract() -> None:
    schemas = DESCRIBED["components"]["schemas"]
    shared = [name for name in SCHEMAS if name in schemas and "properties" in SCHEMAS[name]]
    assert len(shared) > 60
    for name in shared:
        there, here = properties_of(SCHEMAS[name], SCHEMAS), properties_of(schemas[name], schemas)
        assert there[0] == here[0], name
        assert there[1] <= here[1] or name.endswith("Request"), name


@pytest.mark.parametrize("name", OPERATIONS)
def test_bodies_and_answers_have_the_contracts_members_however_deep(name: str) -> None:
    operation = OPERATIONS[name]
    ours = DESCRIBED["paths"][operation["path"]][operation["method"].lower()]
    contract = {"components": {"schemas": SCHEMAS}}
    if operation["body"] is not None:
        body = ours["requestBody"]["content"]["application/json"]["schema"]
        assert shape(DESCRIBED, body) == shape(contract, operation["body"])
    if operation["answer"] is not None:
        answer = ours["responses"][str(operation["status"])]["content"]["application/json"]["schema"]
        told, wanted = shape(DESCRIBED, answer), shape(contract, operation["answer"])
        assert {path: names for path, (names, _) in told.items()} == {
            path: names for path, (names, _) in wanted.items()
        }
        # Every member is always sent, so more are required than the contract promises.
        assert [path for path, (_, required) in wanted.items() if not required <= told[path][1]] == []


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(inner) for inner in value.values()))
        return set().union(*(references(inner) for inner in value)) if isinstance(value, list) else set()

    for reference in references(DESCRIBED):
        place: Any = DESCRIBED
        for part in reference.removeprefix("#/").split("/"):
            assert part in place, reference
            place = place[part]


@ON_ONE_ENGINE
async def test_it_is_served_without_a_key(monocloud: MonoCloud) -> None:
    transport = httpx.ASGITransport(app=monocloud)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        answer = await client.get("/openapi.json")
    assert (answer.status_code, answer.json()) == (200, DESCRIBED)
