"""Exports as jobs, and mails that ask for verification: whole requests, answers and files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from muster.core.events import Message
from muster.dialects.auth0.wire.exports import DEFAULT_COLUMNS
from muster.jobs import exports
from tests.dialects.auth0.jobs import connection_id, do_jobs, imported, people
from tests.dialects.auth0.service import PUBLIC_URL, REALM, Auth0

PEOPLE: list[dict[str, Any]] = [
    {
        "email": "jane@example.com",
        "email_verified": True,
        "user_id": "1",
        "name": '=SUM("A1")',
        "user_metadata": {"address": {"city": "Ghent"}, "tags": ["a", "b"], "seats": 3},
        "app_metadata": {"plan": "gold"},
    },
    {"email": "joe@example.com", "user_id": "2", "name": "Joe", "blocked": False},
]


@pytest.fixture
async def client(auth0: Auth0) -> AsyncIterator[httpx.AsyncClient]:
    async with auth0.client() as client:
        yield client


async def exported(client: httpx.AsyncClient, auth0: Auth0, **body: Any) -> dict[str, Any]:
    """The job as it is shown when it is done."""
    made = await client.post("/jobs/users-exports", json=body)
    assert made.status_code == 200, made.text
    await do_jobs(auth0)
    shown: dict[str, Any] = (await client.get(f"/jobs/{made.json()['id']}")).json()
    assert shown["status"] == "completed"
    return shown


async def downloaded(client: httpx.AsyncClient, job: dict[str, Any]) -> httpx.Response:
    """What an anonymous program finds at the link."""
    answer = await client.get(job["location"], headers={"authorization": ""})
    assert answer.status_code == 200, answer.text
    return answer


async def test_json_with_renamed_fields(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, PEOPLE)
    fields = [
        {"name": "email"},
        {"name": "identities[0].connection", "export_as": "provider"},
        {"name": "user_metadata.address.city", "export_as": "city"},
        {"name": "user_metadata.tags[1]", "export_as": "tag"},
        {"name": "user_metadata.seats"},
        {"name": "app_metadata"},
        {"name": "no.such[9].thing"},
    ]
    body = {"connection_id": await connection_id(auth0), "format": "json", "limit": 5, "fields": fields}
    made = await client.post("/jobs/users-exports", json=body)
    told = {
        "type": "users_export",
        "status": "pending",
        **body,
        "connection": REALM,
        "created_at": "2027-01-15T08:00:00.000Z",
        "id": made.json()["id"],
    }
    assert (made.status_code, made.json()) == (200, told)
    await do_jobs(auth0)
    job = (await client.get(f"/jobs/{told['id']}")).json()
    location = job.pop("location")
    assert job == {**told, "status": "completed"}
    assert location.startswith(f"{PUBLIC_URL}api/v2/jobs/{told['id']}/download?token=")

    answer = await downloaded(client, {"location": location})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="default.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers
    assert [json.loads(line) for line in answer.text.splitlines()] == [
        {
            "email": "jane@example.com",
            "provider": REALM,
            "city": "Ghent",
            "tag": "b",
            "user_metadata.seats": 3,
            "app_metadata": {"plan": "gold"},
        },
        {"email": "joe@example.com", "provider": REALM},
    ]


async def test_json_without_fields_is_the_users_as_they_are_shown(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, PEOPLE)
    answer = await downloaded(client, await exported(client, auth0, format="json"))
    assert [json.loads(line) for line in answer.text.splitlines()] == (await client.get("/users")).json()


async def test_csv_is_safe_in_a_spreadsheet(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, PEOPLE)
    names = ("name", "blocked", "created_at", "user_metadata.seats", "user_metadata.tags")
    fields = [{"name": name} for name in names] + [{"name": "user_id", "export_as": 'the "id"'}]
    answer = await downloaded(client, await exported(client, auth0, fields=fields))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines() == [
        '"name","blocked","created_at","user_metadata.seats","user_metadata.tags","the ""id"""',
        """"'=SUM(""A1"")",,2027-01-15T08:00:00.000Z,3,"'[""a"",""b""]","'auth0|1\"""",
        """"'Joe",false,2027-01-15T08:00:00.000Z,,,"'auth0|2\"""",
    ]


async def test_csv_without_fields(auth0: Auth0, client: httpx.AsyncClient) -> None:
    answer = await downloaded(client, await exported(client, auth0))
    assert answer.text == ",".join(f'"{name}"' for name in DEFAULT_COLUMNS) + "\n"


async def test_nobody_is_an_empty_file(auth0: Auth0, client: httpx.AsyncClient) -> None:
    assert (await downloaded(client, await exported(client, auth0, format="json"))).content == b""


async def test_one_connection_and_a_limit(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, people(5))
    other = (await client.post("/connections", json={"name": "other", "strategy": "auth0"})).json()["id"]
    await imported(client, auth0, people(3, "o"), connection_id=other)
    for body, count in (({}, 8), ({"limit": 7}, 7), ({"connection_id": other}, 3), ({"limit": 2.0}, 2)):
        job = await exported(client, auth0, format="json", **body)
        assert len((await downloaded(client, job)).text.splitlines()) == count


async def test_a_long_export_is_written_in_steps(
    auth0: Auth0, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "USERS_PER_SLICE", 3)
    monkeypatch.setattr(exports, "SLICES_PER_STEP", 2)
    await imported(client, auth0, people(20))
    job = await exported(client, auth0, fields=[{"name": "email"}])
    assert len(await auth0.engine.rows("SELECT id FROM job_files WHERE id LIKE '%result%'")) == 4
    lines = ['"email"', *(f'"\'p{number}@example.com"' for number in range(20))]
    assert (await downloaded(client, job)).text.splitlines() == lines


async def test_a_link_is_good_for_a_minute_and_for_one_job(auth0: Auth0, client: httpx.AsyncClient) -> None:
    job = await exported(client, auth0)
    other = await exported(client, auth0)
    wrong = [
        job["location"].replace(job["id"], other["id"]),
        job["location"].partition("?")[0],
        job["location"][:-3],
        job["location"] + "&token=x",
        f"{job['location'].partition('=')[0]}={auth0.token()}",
        f"{job['location'].partition('=')[0]}={'x' * 9_000}",
    ]
    refused = {
        "statusCode": 403,
        "error": "Forbidden",
        "message": "The link has expired; ask for the job again.",
        "errorCode": "link_expired",
    }
    for location in wrong:
        answer = await client.get(location, headers={"authorization": ""})
        assert (answer.status_code, answer.json()) == (403, refused)
    # And the link's own token opens nothing else.
    token = job["location"].partition("token=")[2]
    assert (await client.get("/users", headers={"authorization": f"Bearer {token}"})).status_code == 401
    auth0.clock.turn(seconds=59)
    await downloaded(client, job)
    auth0.clock.turn(seconds=1)
    assert (await client.get(job["location"])).status_code == 403
    again = (await client.get(f"/jobs/{job['id']}")).json()
    await downloaded(client, again)


EXPORTS: list[tuple[dict[str, Any], str]] = [
    (
        {"connection_id": "con_0000000000000000"},
        "The connection does not exist.",
    ),
    (
        {"connection_id": "x"},
        (
            "Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$: x' on property connection_id"
            " (connection_id of the connection from which users will be exported)."
        ),
    ),
    (
        {"limit": 0},
        "Payload validation error: 'Value 0 is less than minimum 1' on property limit (Limit the number of records).",
    ),
    (
        {"limit": 10**40},
        (
            f"Payload validation error: 'Value {10**40} is greater than maximum 9007199254740991' on property limit"
            " (Limit the number of records)."
        ),
    ),
    (
        {"format": "xml"},
        "Payload validation error: 'No enum match for: xml' on property format (The format of the file).",
    ),
    (
        {"fields": [{"name": "email"}] * 31},
        "Payload validation error: 'Array is too long (31), maximum 30' on property fields.",
    ),
    (
        {"fields": [{"name": "email"}, {"name": "user_metadata"}]},
        "Payload validation error: 'user_metadata cannot be a column; name its members' on property fields[1].name.",
    ),
    (
        {"fields": [{}]},
        "Payload validation error: 'Missing required property: name' on property fields[0].",
    ),
]


async def test_an_export_that_cannot_be(client: httpx.AsyncClient) -> None:
    for body, message in EXPORTS:
        answer = await client.post("/jobs/users-exports", json=body)
        assert (answer.status_code, answer.json()["message"]) == (400, message)


async def test_an_empty_body_asks_for_everything(client: httpx.AsyncClient) -> None:
    answer = await client.post("/jobs/users-exports")
    assert (answer.status_code, answer.json()["format"]) == (200, "csv")


async def test_ten_exports_may_wait(client: httpx.AsyncClient) -> None:
    answers = [await client.post("/jobs/users-exports", json={}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


async def test_each_operation_wants_its_scope(auth0: Auth0, client: httpx.AsyncClient) -> None:
    job = await exported(client, auth0)
    calls = [
        ("POST", "/jobs/users-imports", "create:users"),
        ("POST", "/jobs/users-exports", "read:users"),
        ("POST", "/jobs/verification-email", "update:users"),
        ("GET", f"/jobs/{job['id']}", "create:users,read:users"),
        ("GET", f"/jobs/{job['id']}/errors", "create:users,read:users"),
    ]
    for method, path, scopes in calls:
        async with auth0.client(scopes=["read:clients"]) as poor:
            refused = await poor.request(method, path)
        assert (refused.status_code, refused.json()) == (
            403,
            {
                "statusCode": 403,
                "error": "Forbidden",
                "message": f"Insufficient scope, expected any of: {scopes}",
                "errorCode": "insufficient_scope",
            },
        )
        for scope in scopes.split(","):
            async with auth0.client(scopes=[scope]) as rich:
                assert (await rich.request(method, path)).status_code not in (401, 403)


async def test_another_tenants_job_is_none(auth0: Auth0, client: httpx.AsyncClient) -> None:
    job = await exported(client, auth0)
    mine = auth0.tenant
    await auth0.prepare("other")
    assert auth0.tenant.number != mine.number
    async with auth0.client() as stranger:
        for path in (f"/jobs/{job['id']}", f"/jobs/{job['id']}/errors", "/jobs/job_", "/jobs/x"):
            assert (await stranger.get(path)).status_code == 404
        # The tests' tenants share a key and an address, which no two real ones do; the job is still unknown.
        assert (await stranger.get(job["location"])).status_code == 404


# ---------------------------------------------------------------------------------------------------------- verification


async def due(auth0: Auth0) -> list[Message]:
    return [waiting.message for waiting in await auth0.store.outbox.due(auth0.clock.now(), 10)]


async def test_a_verification_mail_is_a_job(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, PEOPLE)
    body = {"user_id": "auth0|2", "identity": {"user_id": "2", "provider": "auth0"}, "client_id": auth0.client_id}
    made = await client.post("/jobs/verification-email", json=body)
    told = {
        "type": "verification_email",
        "status": "pending",
        "created_at": "2027-01-15T08:00:00.000Z",
        "id": made.json()["id"],
    }
    assert (made.status_code, made.json()) == (201, told)
    assert await due(auth0) == []
    await do_jobs(auth0)
    assert (await client.get(f"/jobs/{told['id']}")).json() == {**told, "status": "completed"}
    (mail,) = await due(auth0)
    assert (mail.kind, mail.to) == ("verification_email", "joe@example.com")


MAILS: list[tuple[dict[str, Any], int, str]] = [
    ({"user_id": "auth0|9"}, 404, "The user does not exist."),
    ({"user_id": "auth0|2", "organization_id": "org_x"}, 400, "The organization does not exist"),
    (
        {"user_id": "auth0|2", "identity": {"user_id": "3", "provider": "auth0"}},
        400,
        "The user exists, but does not contain the given identity.",
    ),
    (
        {
            "user_id": "auth0|2",
            "identity": {"user_id": "2", "provider": "auth0", "connection_id": "con_0000000000000000"},
        },
        400,
        "Identity connection does not exist.",
    ),
    (
        {"user_id": "auth0|2", "client_id": "#<Random>"},
        400,
        (
            "Payload validation error: 'Object didn't pass validation for format client-id: #<Random>' on property"
            " client_id (client_id of the client (application). If no value provided, the global Client ID will be used)."
        ),
    ),
]


async def test_a_verification_mail_that_cannot_be(auth0: Auth0, client: httpx.AsyncClient) -> None:
    await imported(client, auth0, PEOPLE)
    for body, status, message in MAILS:
        answer = await client.post("/jobs/verification-email", json=body)
        assert (answer.status_code, answer.json()["message"]) == (status, message)
    await do_jobs(auth0)
    assert await due(auth0) == []
