"""The document of the API, held against what the contract says of every operation that is served."""

import json
from pathlib import Path
from typing import Any

import pytest

from muster.dialects.auth0.app import MANAGEMENT
from muster.dialects.auth0.describe import document
from tests.dialects.auth0.service import PUBLIC_URL, Auth0
from tests.dialects.shapes import Shape, shape

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text())

# What the contract's document leaves out, but its server takes: recorded requests and answers hold it.
RECORDED = {
    "POST /clients": {"": {"cross_origin_auth"}},
    "PATCH /clients/{id}": {"": {"cross_origin_auth"}},
    "POST /resource-servers": {"": {"token_lifetime_for_web"}},
    "PATCH /resource-servers/{id}": {"": {"token_lifetime_for_web"}},
}


def answered(name: str, status: str) -> str:
    """The status that is really given: the contract promises 201 in one place where its server was seen to answer 200."""
    return "200" if (name, status) == ("PATCH /resource-servers/{id}", "201") else status


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(MANAGEMENT, PUBLIC_URL)


def operation(described: dict[str, Any], name: str) -> dict[str, Any]:
    method, _, path = name.partition(" ")
    found: dict[str, Any] = described["paths"][path][method.lower()]
    return found


def facts(number: int) -> Shape:
    return {path: (set(names), set(required)) for path, (names, required) in CONTRACT["shapes"][number].items()}


def test_every_operation_is_one_of_the_contract() -> None:
    assert {f"{route.method} {route.path}" for route in MANAGEMENT} == set(CONTRACT["operations"])


@pytest.mark.parametrize("name", CONTRACT["operations"])
def test_an_operation_is_described_as_in_the_contract(described: dict[str, Any], name: str) -> None:
    told, wanted = operation(described, name), CONTRACT["operations"][name]
    parameters = [parameter for parameter in told["parameters"] if parameter["in"] == "query"]
    assert {parameter["name"] for parameter in parameters} == set(wanted["query"])
    assert [parameter["name"] for parameter in parameters if parameter["required"]] == wanted["required_query"]
    assert {status for status in wanted["statuses"] if answered(name, status) not in told["responses"]} == set()
    assert told["security"][1]["oAuth2ClientCredentials"] == wanted["scopes"]


@pytest.mark.parametrize("name", [name for name, facts in CONTRACT["operations"].items() if "body" in facts])
def test_a_body_has_the_contracts_members(described: dict[str, Any], name: str) -> None:
    content = operation(described, name)["requestBody"]["content"]["application/json"]
    told = shape(described, content["schema"])
    for path, more in RECORDED.get(name, {}).items():
        told[path] = (told[path][0] - more, told[path][1])
    assert told == facts(CONTRACT["operations"][name]["body"])


@pytest.mark.parametrize(
    ("name", "status"),
    [(name, status) for name, facts in CONTRACT["operations"].items() for status in facts["answers"]],
)
def test_an_answer_has_the_contracts_members(described: dict[str, Any], name: str, status: str) -> None:
    answer = operation(described, name)["responses"][answered(name, status)]
    told = shape(described, answer["content"]["application/json"]["schema"])
    wanted = facts(CONTRACT["operations"][name]["answers"][status])
    missing = {path: names - told.get(path, (set(), set()))[0] for path, (names, _) in wanted.items()}
    assert {path: names for path, names in missing.items() if names} == {}
    required = {path: needed for path, (_, needed) in wanted.items() if needed}
    assert {path: told[path][1] for path in required} == required


async def test_the_document_is_served_without_a_token(auth0: Auth0) -> None:
    async with auth0.client() as client:
        answer = await client.get(f"{PUBLIC_URL}openapi.json", headers={"authorization": ""})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["openapi"], told["servers"]) == ("3.1.0", [{"url": "https://users.example.com/api/v2"}])
    assert told == document(MANAGEMENT, PUBLIC_URL)
