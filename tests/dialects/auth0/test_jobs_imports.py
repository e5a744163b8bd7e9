"""Imports as jobs: whole requests and answers, and what becomes of a file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from muster.core.connections.actions import close_connection
from tests.dialects.auth0.jobs import BCRYPT, connection_id, do_jobs, imported, people, post_import, users_file
from tests.dialects.auth0.service import REALM, Auth0

CREATED_AT = "2027-01-15T08:00:00.000Z"


@pytest.fixture
async def client(auth0: Auth0) -> AsyncIterator[httpx.AsyncClient]:
    async with auth0.client() as client:
        yield client


async def found(client: httpx.AsyncClient, email: str) -> dict[str, Any]:
    answer = await client.get("/users-by-email", params={"email": email})
    (user,) = answer.json()
    shown: dict[str, Any] = user
    return shown


async def test_from_the_file_to_the_users(auth0: Auth0, client: httpx.AsyncClient) -> None:
    rows = [
        {
            "email": "Jane@Example.com",
            "email_verified": True,
            "user_id": "1234",
            "given_name": "Jane",
            "app_metadata": {"plan": "gold"},
            "password_hash": BCRYPT,
        },
        {"email": "joe@example.com", "blocked": True},
    ]
    made = await post_import(client, auth0, rows, external_id="x1", upsert="true", send_completion_email="false")
    id_ = made.json()["id"]
    told = {
        "type": "users_import",
        "status": "pending",
        "connection_id": await connection_id(auth0),
        "connection": REALM,
        "external_id": "x1",
        "created_at": CREATED_AT,
        "id": id_,
    }
    assert (made.status_code, made.json()) == (202, told)
    assert id_.startswith("job_")
    assert len(id_) == 20
    assert (await client.get(f"/jobs/{id_}")).json() == told

    await do_jobs(auth0)

    done = await client.get(f"/jobs/{id_}")
    summary = {"failed": 0, "updated": 0, "inserted": 2, "total": 2}
    assert (done.status_code, done.json()) == (200, {**told, "status": "completed", "summary": summary})
    nothing = await client.get(f"/jobs/{id_}/errors")
    assert (nothing.status_code, nothing.content) == (204, b"")
    jane = await found(client, "jane@example.com")
    assert (jane["user_id"], jane["given_name"], jane["app_metadata"]) == ("auth0|1234", "Jane", {"plan": "gold"})
    assert (await found(client, "joe@example.com"))["blocked"] is True


async def test_what_is_wrong_is_told_of_each_row(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, [{"email": "taken@example.com"}])
    rows = [
        {"email": "taken@example.com", "email_verified": True},
        {"email": "new@example.com"},
        {"email": "new@example.com", "name": "Again"},
        {"email": "no address", "password_hash": BCRYPT},
        7,
    ]
    job = await imported(client, auth0, rows)
    assert (job["status"], job["summary"]) == ("completed", {"failed": 4, "updated": 0, "inserted": 1, "total": 5})
    errors = await client.get(f"/jobs/{job['id']}/errors")
    assert errors.status_code == 200
    assert errors.headers["content-type"] == "application/json; charset=utf-8"
    duplicate = {"code": "DUPLICATED_USER", "message": "The user already exist and upsert parameter is false"}
    again = {
        "code": "DUPLICATED_USER",
        "message": "A user with this email was already provided.",
        "path": "email",
    }
    malformed = {
        "code": "FORMAT",
        "message": "Object didn't pass validation for format email: no address",
        "path": "email",
    }
    assert errors.json() == [
        {"user": rows[0], "errors": [duplicate]},
        {"user": rows[2], "errors": [again]},
        {"user": {"email": "no address", "password_hash": "*****"}, "errors": [malformed]},
        {"user": 7, "errors": [{"code": "OBJECT_REQUIRED", "message": "The row is not an object"}]},
    ]


async def test_upsert_renews_who_exists(auth0: Auth0, client: httpx.AsyncClient) -> None:
    before = {"email": "jane@example.com", "email_verified": True, "user_metadata": {"a": 1, "b": 2}, "name": "Jane"}
    await imported(client, auth0, [before])
    job = await imported(
        client,
        auth0,
        [{"email": "jane@example.com", "user_metadata": {"a": 3}}, {"email": "joe@example.com"}],
        upsert="true",
    )
    assert job["summary"] == {"failed": 0, "updated": 1, "inserted": 1, "total": 2}
    jane = await found(client, "jane@example.com")
    assert (jane["user_metadata"], jane["email_verified"], jane["name"]) == ({"a": 3}, False, "Jane")


async def test_many_rows_and_many_refusals_keep_their_order(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, people(60)[::2])
    job = await imported(client, auth0, people(60))
    assert job["summary"] == {"failed": 30, "updated": 0, "inserted": 30, "total": 60}
    told = (await client.get(f"/jobs/{job['id']}/errors")).json()
    assert [row["user"]["email"] for row in told] == [f"p{number}@example.com" for number in range(0, 60, 2)]
    everyone = await client.get("/users", params={"include_totals": "true", "per_page": "1"})
    assert everyone.json()["total"] == 60


async def test_two_jobs_may_wait_or_run(auth0: Auth0, client: httpx.AsyncClient) -> None:
    first = await post_import(client, auth0, people(1, "a"))
    second = await post_import(client, auth0, people(1, "b"))
    third = await post_import(client, auth0, people(1, "c"))
    assert (first.status_code, second.status_code, third.status_code) == (202, 202, 429)
    assert third.json() == {
        "statusCode": 429,
        "error": "Too Many Requests",
        "message": "There are 2 active import users jobs, please wait until some of them are finished and try again",
        "errorCode": "too_many_jobs",
    }
    assert third.headers["retry-after"] == "2"
    await do_jobs(auth0)
    assert (await post_import(client, auth0, people(1, "c"))).status_code == 202


async def test_a_damaged_file_fails_where_it_is_damaged(auth0: Auth0, client: httpx.AsyncClient) -> None:
    form = {"connection_id": await connection_id(auth0)}
    broken = b'[{"email": "whole@example.com"}, {"email": "cut'
    made = await client.post("/jobs/users-imports", data=form, files={"users": ("users.json", broken)})
    await do_jobs(auth0)
    job = (await client.get(f"/jobs/{made.json()['id']}")).json()
    assert (job["status"], job["summary"]) == ("failed", {"failed": 0, "updated": 0, "inserted": 1, "total": 1})
    assert (
        job["status_details"] == "The file cannot be read: row 2: it is no JSON, or the file ends in the middle of it."
    )
    errors = await client.get(f"/jobs/{job['id']}/errors")
    assert (errors.status_code, errors.json()) == (200, job)


async def test_a_connection_that_is_deleted_meanwhile_fails_the_job(auth0: Auth0, client: httpx.AsyncClient) -> None:
    answer = await client.post("/connections", json={"name": "short-lived", "strategy": "auth0"})
    form = {"connection_id": answer.json()["id"]}
    made = await client.post("/jobs/users-imports", data=form, files={"users": users_file(people(1))})
    assert (await client.delete(f"/connections/{answer.json()['id']}")).status_code in (200, 202, 204)
    await do_jobs(auth0)
    job = (await client.get(f"/jobs/{made.json()['id']}")).json()
    assert (job["status"], job["status_details"]) == ("failed", "The connection does not exist.")


async def test_everything_of_a_job_is_gone_after_a_day(auth0: Auth0, client: httpx.AsyncClient) -> None:
    job = await imported(client, auth0, [*people(1), 7])
    auth0.clock.turn(days=1, ms=-1)
    await do_jobs(auth0)
    async with auth0.client() as later:
        assert (await later.get(f"/jobs/{job['id']}")).status_code == 200
        auth0.clock.turn(ms=1)
        await do_jobs(auth0)
        gone, errors = await later.get(f"/jobs/{job['id']}"), await later.get(f"/jobs/{job['id']}/errors")
    assert gone.json() == {"statusCode": 404, "error": "Not Found", "message": "Job not found."}
    assert errors.json() == {"statusCode": 404, "error": "Not Found", "message": "The job does not exist"}
    for table in ("jobs", "job_files"):
        assert await auth0.engine.rows(f"SELECT id FROM {table}") == []


async def test_a_job_nobody_does_in_two_hours_has_failed(auth0: Auth0, client: httpx.AsyncClient) -> None:
    made = await post_import(client, auth0, people(1))
    auth0.clock.turn(seconds=7_201)
    await do_jobs(auth0)
    job = (await client.get(f"/jobs/{made.json()['id']}")).json()
    assert (job["status"], job["status_details"]) == ("failed", "The job timed out.")


FORMS: list[tuple[Any, dict[str, str], int, str]] = [
    ({}, {}, 400, "Must provide 'users' file as multipart part."),
    ({"users": ("u.json", b"")}, {}, 400, "Users file must not be empty."),
    ({"users": ("u.json", b"[]")}, {"connection_id": ""}, 400, "Must provide 'connection_id' as multipart part."),
    (
        {"users": ("u.json", b"[]")},
        {"connection_id": "con_short"},
        400,
        "Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$' on property connection_id.",
    ),
    (
        {"users": ("u.json", b"[]")},
        {"connection_id": "con_0000000000000000"},
        400,
        "The connection does not exist.",
    ),
    (
        {"users": ("u.json", b"[]")},
        {"upsert": "yes"},
        400,
        "Payload validation error: 'Expected type boolean but found type string' on property upsert.",
    ),
    (
        {"users": ("u.json", b" " * 512_001)},
        {},
        413,
        "Payload content length greater than maximum allowed: 512000",
    ),
    (
        {"users": ("u.json", b"[]"), "more": ("m.json", b" " * 600_000)},
        {},
        413,
        "Payload content length greater than maximum allowed: 512000",
    ),
    (
        [("users", ("u.json", b"[]")), ("users", ("v.json", b"[]"))],
        {},
        400,
        "Payload validation error: 'Invalid multipart payload format'.",
    ),
    (
        {"users": ("u.json", b"[]")},
        {"external_id": "x" * 9_000},
        400,
        "Payload validation error: 'Invalid multipart payload format'.",
    ),
    (
        {"users": ("u.json", b"[]")},
        {"external_id": "a\0b"},
        400,
        "Payload validation error: 'Invalid multipart payload format'.",
    ),
]


async def test_a_form_that_will_not_do(auth0: Auth0, client: httpx.AsyncClient) -> None:
    id_ = await connection_id(auth0)
    for files, texts, status, message in FORMS:
        form = {"connection_id": id_, **texts}
        answer = await client.post("/jobs/users-imports", data=form, files=files or {"other": ("u.json", b"[]")})
        assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert await auth0.engine.rows("SELECT id FROM jobs") == []


async def test_what_is_no_form_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await client.post("/jobs/users-imports", content=b"nothing of the kind", headers=headers)
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "Payload validation error: 'Invalid multipart payload format'.",
            "errorCode": "invalid_body",
        },
    )


async def test_json_is_no_form(client: httpx.AsyncClient) -> None:
    answer = await client.post("/jobs/users-imports", json={})
    assert answer.status_code == 415


@pytest.mark.parametrize("field", ["disabled", "kind"])
async def test_only_a_database_that_is_in_use_will_do(auth0: Auth0, client: httpx.AsyncClient, field: str) -> None:
    if field == "kind":
        answer = await client.post("/connections", json={"name": "social", "strategy": "google-oauth2"})
        message = "Connection must be a database connection."
        id_ = answer.json()["id"]
    else:
        answer = await client.post("/connections", json={"name": "closing", "strategy": "auth0"})
        id_, message = answer.json()["id"], "Connection must be enabled."
        await auth0.act(close_connection, id_.removeprefix("con_"))
    made = await client.post("/jobs/users-imports", data={"connection_id": id_}, files={"users": users_file(people(1))})
    assert (made.status_code, made.json()["message"]) == (400, message)


async def test_numbers_of_any_size_and_texts_of_any_script(auth0: Auth0, client: httpx.AsyncClient) -> None:
    huge = json.dumps([{"email": "h@example.com", "user_metadata": {"n": 10**30, "ü": "日本\u2028"}}]).encode()
    form = {"connection_id": await connection_id(auth0)}
    made = await client.post("/jobs/users-imports", data=form, files={"users": ("ü.json", huge)})
    assert made.status_code == 202
    await do_jobs(auth0)
    assert (await found(client, "h@example.com"))["user_metadata"] == {"n": 10**30, "ü": "日本\u2028"}
