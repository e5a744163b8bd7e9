"""That the checks of the fuzz notice what they are there for."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from muster.core.store import Unit
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore
from tests.fuzz.checks import Answer, Description, Stored, wrongly_written
from tests.fuzz.memory import Memory
from tests.fuzz.request import Operation, Request, operations_of

NOTE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}, "additionalProperties": False}
REFUSED = {"type": "object", "required": ["error"]}
DOCUMENT: dict[str, Any] = {
    "servers": [{"url": "https://example.org/v1"}],
    "paths": {
        "/notes/{id}": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": NOTE}}},
                    "204": {},
                    "404": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}}},
                }
            }
        }
    },
    "components": {"schemas": {"Refused": REFUSED}},
}
(OPERATION,) = operations_of("clerk", DOCUMENT)


def answered(status: int, value: Any, media: str = "application/json; charset=utf-8") -> str | None:
    request = Request("default", OPERATION, "GET", b"/clerk/v1/notes/1")
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Description(DOCUMENT).problem(request, Answer(status, {"content-type": media}, body))


def test_operations_are_below_their_prefix() -> None:
    assert (OPERATION.name, OPERATION.root) == ("clerk GET /notes/{id}", "/clerk/v1")


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        (200, {"id": "a"}, None),
        (200, {"id": 1}, "$.id: 1 is not of type 'string'"),
        (200, {}, "$: 'id' is a required property"),
        (200, b"[", "no JSON: Expecting value: line 1 column 2 (char 1)"),
        (200, b"NaN", "no JSON: NaN is no number"),
        (201, {"id": "a"}, "201 is not described"),
        (204, b"", None),
        (204, b"x", "a body that is not described"),
        (404, {"error": "x"}, None),
        (404, {}, "$: 'error' is a required property"),
        (418, {"error": "x"}, None),
        (418, {}, "418 has not the form of a refusal: $: 'error' is a required property"),
    ],
)
def test_an_answer_that_is_not_as_described_is_noticed(status: int, value: Any, expected: str | None) -> None:
    assert answered(status, value) == expected


def test_another_media_type_is_noticed() -> None:
    assert answered(200, {"id": "a"}, "text/html") == "the media type 'text/html' is not described"


def test_what_is_anothers_is_noticed_unless_the_caller_had_said_it() -> None:
    memory = Memory(Random(1))
    memory.learn("other", "clerk", "/users", b'{"id": "user_0123456789", "first_name": "osprey001122334455"}')
    told = b'{"of": "user_0123456789", "name": "Osprey001122334455"}'
    assert memory.foreign("default", told) == {b"user_0123456789", b"osprey001122334455"}
    assert memory.foreign("other", told) == set()
    memory.say("default", b"/users/user_0123456789", b"q=%6fsprey001122334455")
    assert memory.foreign("default", told) == set()


async def test_what_a_refused_request_wrote_is_noticed(migrated_url: str) -> None:
    engine = open_engine(migrated_url)
    await engine.start()
    try:
        store, stored = SqlStore(engine), Stored(engine, ["first", "second"])
        for name in ("first", "second"):
            await store.create_tenant(name, 1)
        before = await stored.now()
        assert await stored.now() == before
        await store.commit(Unit(2, revokes=True))
        after = await stored.now()
    finally:
        await engine.stop()
    assert wrongly_written(request_of("clerk"), before["first"], after["first"]) == []
    assert wrongly_written(request_of("clerk"), before["second"], after["second"]) == ["tenants"]
    # A session's last use is noted whatever becomes of the call.
    used = {**before["first"], "sessions": "another", "users": "another"}
    assert wrongly_written(request_of("clerk"), before["first"], used) == ["users", "sessions"]
    assert wrongly_written(request_of("netwrix"), before["first"], used) == ["users"]


def request_of(dialect: str) -> Request:
    return Request("default", Operation(dialect, "GET", "/users", "", {}), "GET", b"/users")
