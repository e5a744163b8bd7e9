"""Requests made from the description itself, good and bad ones: every answer must be one that the description tells of.

`test_describe.py` holds the description against the contract; this holds the server against the description.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import quote

import jsonschema  # type: ignore[import-untyped]  # no types are installed
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from muster.dialects.auth0.app import MANAGEMENT
from muster.dialects.auth0.describe import document
from tests.dialects.auth0.service import PUBLIC_URL, REALM, Auth0
from tests.thorough import examples

DOCUMENT: dict[str, Any] = document(MANAGEMENT, PUBLIC_URL)
OPERATIONS = [
    (method, path)
    for path, methods in DOCUMENT["paths"].items()
    if path != "/oauth/token"  # it is the one thing that is not below the management API's address
    for method in methods
]

LETTERS = st.characters(codec="utf-8")
WORDS = st.text(LETTERS, min_size=1, max_size=12)
FORMATS = {
    "email": st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,3})?@[a-z]{1,8}\.(org|example)", fullmatch=True),
    "strict-uri": st.from_regex(r"https://[a-z]{1,8}\.example(/[a-z]{0,5})?", fullmatch=True),
    "client-id": st.from_regex(r"[A-Za-z0-9]{32}", fullmatch=True),
    "user-id": st.from_regex(r"auth0\|[0-9a-z]{1,24}", fullmatch=True),
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

few = settings(
    phases=[Phase.generate],
    max_examples=examples(3, 25),
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema, of the few words of JSON Schema that descriptions of ours use."""
    key = json.dumps(schema, sort_keys=True)
    if key not in _fitting:
        _fitting[key] = _built(schema)
    return _fitting[key]


_fitting: dict[str, st.SearchStrategy[Any]] = {}


def _built(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return fitting(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for word, strategy in (("const", st.just), ("enum", st.sampled_from)):
        if word in schema:
            return strategy(schema[word])
    if "oneOf" in schema:
        return st.one_of([fitting(one) for one in schema["oneOf"]])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return st.one_of([_OF_TYPE[kind](schema) for kind in kinds]) if kinds else ANYTHING


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    if "pattern" in schema:
        fits = st.from_regex(schema["pattern"].removesuffix("$") + r"\Z")
        return fits.filter(lambda text: len(text) <= schema.get("maxLength", len(text)))
    least = schema.get("minLength", 0)
    return st.text(LETTERS, min_size=least, max_size=min(schema.get("maxLength", least + 12), least + 12))


def _integer(schema: dict[str, Any]) -> st.SearchStrategy[int]:
    return st.integers(schema.get("minimum"), schema.get("maximum"))


def _array(schema: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", least + 2), least + 2)
    return st.lists(fitting(schema.get("items", {})), min_size=least, max_size=most)


def _object(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    members, required = schema.get("properties", {}), schema.get("required", [])
    known = st.fixed_dictionaries(
        {name: fitting(members[name]) for name in required},
        optional={name: fitting(inner) for name, inner in members.items() if name not in required},
    )
    more = schema.get("additionalProperties", True)
    if more is False:
        return known
    values = ANYTHING if more is True else fitting(more)
    return st.builds(lambda own, other: {**other, **own}, known, st.dictionaries(st.text(LETTERS), values, max_size=1))


_OF_TYPE: dict[str, Callable[[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "string": _text,
    "integer": _integer,
    "number": lambda _: st.floats(allow_nan=False, allow_infinity=False),
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
    "array": _array,
    "object": _object,
}


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method]
    return found


async def known(auth0: Auth0) -> dict[str, list[str]]:
    """Ids of things that are there, by the first part of the path that takes them."""
    async with auth0.client() as client:
        optional = {"authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}}}
        realm = await client.post("/connections", json={"name": "fuzz", "strategy": "auth0", "options": optional})
        user = await client.post("/users", json={"connection": "fuzz", "email": "jane@example.org"})
        app = await client.post("/clients", json={"name": "app"})
        api = await client.post("/resource-servers", json={"identifier": "https://api.example", "name": "api"})
        grant = await client.post(
            "/client-grants",
            json={"client_id": app.json()["client_id"], "audience": "https://api.example", "scope": []},
        )
    return {
        "users": [user.json()["user_id"]],
        "connections": [realm.json()["id"]],
        "clients": [app.json()["client_id"]],
        "resource-servers": [api.json()["id"], "https://api.example"],
        "client-grants": [grant.json()["id"]],
    }


def parameters(data: st.DataObject, told: dict[str, Any], ids: list[str]) -> tuple[dict[str, str], dict[str, Any]]:
    path: dict[str, str] = {}
    query: dict[str, Any] = {}
    for parameter in told["parameters"]:
        name, schema = parameter["name"], parameter["schema"]
        if parameter["in"] == "path":
            path[name] = data.draw(st.sampled_from(ids) | st.sampled_from(ids) | FORMATS["user-id"] | WORDS, label=name)
        elif parameter["required"] or data.draw(st.booleans()):
            query[name] = data.draw(fitting(schema) | WORDS, label=name)
    return path, query


def in_query(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, (str, list)) else json.dumps(value) for name, value in query.items()}


def body_of(data: st.DataObject, told: dict[str, Any]) -> Any:
    """A body that fits, or the same with something wrong in it."""
    fine = data.draw(fitting(told["requestBody"]["content"]["application/json"]["schema"]), label="body")
    spoiling = data.draw(st.sampled_from(["nothing", "nothing", "a member", "one more", "one less", "all"]))
    if spoiling == "all":
        return data.draw(ANYTHING)
    body = deepcopy(fine)
    if not isinstance(body, dict) or spoiling == "nothing":
        return body
    if "connection" in body and data.draw(st.booleans()):
        body["connection"] = data.draw(st.sampled_from(["fuzz", REALM]))
    if spoiling == "one more":
        return {**body, data.draw(st.text(max_size=5)): data.draw(ANYTHING)}
    if body:
        name = data.draw(st.sampled_from(sorted(body)))
        if spoiling == "one less":
            del body[name]
        else:
            body[name] = data.draw(ANYTHING)
    return body


def check(told: dict[str, Any], status: int, content: bytes) -> None:
    """The status is one of those described, and the body is as described there."""
    assert str(status) in told["responses"], (status, content)
    answer = told["responses"][str(status)]
    if "$ref" in answer:
        answer = DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    if "content" not in answer:
        assert content == b"", (status, content)
        return
    schema = {"components": DOCUMENT["components"], **answer["content"]["application/json"]["schema"]}
    # As in the vendor's own document, the forms of a list are open objects, and one page may well fit two of them.
    overlapping = json.loads(json.dumps(schema).replace('"oneOf"', '"anyOf"'))
    jsonschema.Draft202012Validator(overlapping).validate(json.loads(content))


# What is described is about requests, and no engine has a part in it.
@pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@given(data=st.data())
@few
async def test_whatever_is_asked_the_answer_is_as_described(
    auth0: Auth0, method: str, path: str, data: st.DataObject
) -> None:
    told = operation(method, path)
    if not hasattr(auth0, "known"):
        auth0.known = await known(auth0)  # type: ignore[attr-defined]  # the fixture lasts as long as all examples
    ids = auth0.known.get(path.split("/")[1], ["nothing"])  # type: ignore[attr-defined]
    inside, query = parameters(data, told, ids)
    address = path
    for name, value in inside.items():
        address = address.replace(f"{{{name}}}", quote(value, safe=""))
    sent: dict[str, Any] = {"params": in_query(query)}
    if "requestBody" in told:
        (kind,) = told["requestBody"]["content"]
        if kind == "application/json":
            sent["content"] = json.dumps(body_of(data, told))
        else:
            sent["content"] = data.draw(st.binary(max_size=100))
            kind = f"{kind}; boundary=x"
        sent["headers"] = {"content-type": kind}
    async with auth0.client() as client:
        answer = await client.request(method, address, **sent)
    check(told, answer.status_code, answer.content)
