"""What no client of the vendor sends: every operation answers it with a problem of the contract, and never fails."""

import json
from typing import Any

import msgspec

from muster.dialects.kit.limits import TokenBucket
from muster.dialects.monocloud.app import MANAGEMENT
from tests.dialects.monocloud.facts import IDENTITY, KEYS, PROBLEM, problems_of
from tests.dialects.monocloud.people import jane
from tests.dialects.monocloud.service import ON_ONE_ENGINE, MonoCloud, running
from tests.dialects.monocloud.test_operations import call, path_of

BROKEN: dict[bytes, int] = {
    b"{": 400,
    b"[]": 400,
    b"null": 400,
    b'"text"': 400,
    b"5": 400,
    b'{"a": "\xff"}': 400,
    b'{"a": "\\u0000"}': 400,
    b'{"a": "\\ud800"}': 400,
    b'{"a": NaN}': 400,
    b'{"a":' * 200 + b"1" + b"}" * 200: 400,
    b"[" * 100_000: 400,
    b'{"a": "' + b"x" * 1_100_000 + b'"}': 413,
}

VALUES: tuple[Any, ...] = (None, True, 10**30, 1.5, "", "é\u202e", "x" * 10_000, [1], {"a": {"b": [None]}})

SHAPES = {
    (422, "https://httpstatuses.io/422#identity-validation-error"): IDENTITY,
    (422, "https://httpstatuses.io/422#validation-error"): KEYS,
}


def with_bodies() -> list[Any]:
    return [route for route in MANAGEMENT if route.about.body is not None]


def is_answer(answer: Any) -> list[str]:
    """What is wrong with a refusal, or with an answer that is none."""
    if answer.status_code < 400:
        return []
    problem = answer.json()
    found = problems_of(SHAPES.get((answer.status_code, problem["type"]), PROBLEM), problem)
    if answer.status_code == 422 and (422, problem["type"]) not in SHAPES:
        found.append(f"a 422 of type {problem['type']}")
    if answer.headers["content-type"] != "application/problem+json" or not problem["title"]:
        found.append("no problem document")
    return found if answer.status_code < 500 else [*found, f"status {answer.status_code}"]


async def test_bodies_that_are_no_json_objects(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    async with monocloud.client() as client:
        for route in with_bodies():
            for body, status in BROKEN.items():
                answer = await client.request(route.method, path_of(route.title, known), content=body)
                assert (answer.status_code, is_answer(answer)) == (status, []), (route.title, body[:20])
        answer = await client.post("/users", content=b"<a/>", headers={"content-type": "text/xml"})
        assert (answer.status_code, is_answer(answer)) == (415, [])


async def test_every_member_of_every_type(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    wrong = []
    async with monocloud.client() as client:
        for route in with_bodies():
            for field in msgspec.structs.fields(route.about.body):
                for value in VALUES:
                    body = json.dumps({field.encode_name: value})
                    answer = await client.request(route.method, path_of(route.title, known), content=body)
                    found = is_answer(answer)
                    if found:
                        wrong.append((route.title, field.encode_name, value, found))
    assert wrong == []


async def test_paths_and_queries_that_mean_nothing(monocloud: MonoCloud) -> None:
    await jane(monocloud)
    async with monocloud.client() as client:
        for path, status in (
            ("/users/%ff", 400),
            ("/users/%00", 400),
            ("/users/x/emails/y/primary/z", 404),
            ("/users/", 200),
            ("/nothing", 404),
            ("/users?filter=%ff", 400),
            ("/users?filter=%00", 400),
            ("/users?filter=a&filter=b", 200),
            ("/users?unknown=1", 200),
            ("/users?sort=creation_time%3A-1&sort=", 200),
        ):
            answer = await client.get(path)
            assert (answer.status_code, is_answer(answer)) == (status, []), path
        answer = await client.patch("/users")
        assert (answer.status_code, answer.headers["allow"], is_answer(answer)) == (405, "GET, POST", [])


@ON_ONE_ENGINE
async def test_a_refusal_names_the_request(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        answer = await client.get("/users/nobody")
    request_id = answer.headers["x-request-id"]
    problem = answer.json()
    assert problem == {
        "type": "https://httpstatuses.io/404",
        "title": "Not Found",
        "status": 404,
        "detail": "The user was not found.",
        "instance": "/api/users/nobody",
        "error_code": "user_not_found",
        "trace_id": f"00-{request_id.rjust(32, '0')}-{request_id[-16:]}-01",
        "traceId": problem["trace_id"],
    }


@ON_ONE_ENGINE
async def test_too_many_calls(migrated_url: str) -> None:
    async with running(migrated_url) as monocloud:
        limit = TokenBucket(monocloud.clock, burst=2, per_second=1)
        limited = msgspec.structs.replace(monocloud.api.dialect, limit=limit)
        monocloud.api.dialect = limited
        async with monocloud.client() as client:
            statuses = [(await client.get("/users")).status_code for _ in range(3)]
            answer = await client.get("/users")
        assert statuses == [200, 200, 429]
        assert (answer.headers["retry-after"], is_answer(answer)) == ("2", [])


@ON_ONE_ENGINE
async def test_every_operation_takes_the_empty_body_that_clients_send(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    async with monocloud.client() as client:
        for route in MANAGEMENT:
            if route.method in ("POST", "PUT", "PATCH") and route.about.body is None:
                answer = await call(client, route.title, known)
                assert answer.status_code == route.about.status, (route.title, answer.text)
        for title in ("disableUser", "resetPassword", "verifyEmail", "patchClaims", "patchGroup"):
            route = next(route for route in MANAGEMENT if route.title == title)
            answer = await client.request(route.method, path_of(title, known))
            assert answer.status_code == 200, (title, answer.text)
