"""Jobs through the vendor's own Python client, unmodified, against real processes: done, raced for, killed and gone on with."""

from __future__ import annotations

import json
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError
from auth0.management.errors import BadRequestError, ContentTooLargeError, NotFoundError

from muster.demo import people
from tests.conftest import ENGINES
from tests.databases import Databases
from tests.dialects.auth0.sdk import management
from tests.process import PATIENCE, Muster, serving
from tests.served import served_on

REALM = "Username-Password-Authentication"
MOST_BYTES = 512_000
ONCE: Any = {"max_retries": 0}

# Where several processes share a database, the one that was asked need not be the one that does it.
OPTIONS = {"sqlite": (), "postgres": ("--workers", "2")}


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with served_on(databases, tmp_path_factory.mktemp("jobs"), *OPTIONS[request.param]) as running:
        yield running


@pytest.fixture(scope="module")
def credentials(server: Muster) -> dict[str, Any]:
    return server.credentials()


@pytest.fixture
def auth0(credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagementClient]:
    monkeypatch.setenv("SSL_CERT_FILE", credentials["ca_file"])
    with management(credentials["auth0"]) as client:
        yield client


def connection_id(auth0: ManagementClient) -> str:
    return next(str(connection.id) for connection in auth0.connections.list(name=REALM))


def ended(auth0: ManagementClient, id_: str) -> dict[str, Any]:
    """The job when it is over."""
    deadline = time.monotonic() + PATIENCE
    while (job := auth0.jobs.get(id_)).status in ("pending", "processing"):
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    shown: dict[str, Any] = job.model_dump(by_alias=True, exclude_unset=True)
    return shown


def start(auth0: ManagementClient, rows: list[dict[str, Any]], **texts: Any) -> str:
    users: Any = ("users.json", json.dumps(rows).encode(), "application/json")
    made = auth0.jobs.users_imports.create(users=users, connection_id=connection_id(auth0), **texts)
    assert (made.type, made.status) == ("users_import", "pending")
    return str(made.id)


def test_an_import_its_errors_and_an_export(server: Muster, auth0: ManagementClient) -> None:
    rows = [{"email": f"sdk{number}@example.com", "name": f"N {number}"} for number in range(3)]
    id_ = start(auth0, rows, upsert=True, external_id="x1", send_completion_email=False)
    job = ended(auth0, id_)
    assert (job["status"], job["external_id"]) == ("completed", "x1")
    assert job["summary"] == {"failed": 0, "updated": 0, "inserted": 3, "total": 3}
    assert auth0.jobs.errors.get(id_) is None

    twice = ended(auth0, start(auth0, rows[:1]))
    assert twice["summary"] == {"failed": 1, "updated": 0, "inserted": 0, "total": 1}
    errors: Any = auth0.jobs.errors.get(twice["id"])
    assert [error.model_dump(by_alias=True, exclude_unset=True) for error in errors] == [
        {
            "user": rows[0],
            "errors": [{"code": "DUPLICATED_USER", "message": "The user already exist and upsert parameter is false"}],
        }
    ]

    fields: Any = [{"name": "email"}, {"name": "identities[0].connection", "export_as": "provider"}]
    made = auth0.jobs.users_exports.create(connection_id=connection_id(auth0), format="json", limit=2, fields=fields)
    done = ended(auth0, str(made.id))
    with server.client() as anybody:
        lines = anybody.get(done["location"]).text.splitlines()
    assert [json.loads(line)["provider"] for line in lines] == [REALM, REALM]


def test_bytes_alone_are_a_file_too(auth0: ManagementClient) -> None:
    made = auth0.jobs.users_imports.create(
        users=b'[{"email": "bytes@example.com"}]', connection_id=connection_id(auth0)
    )
    assert ended(auth0, str(made.id))["summary"]["inserted"] == 1


def test_refusals_are_the_errors_that_the_client_knows(auth0: ManagementClient) -> None:
    with pytest.raises(ContentTooLargeError) as large:
        auth0.jobs.users_imports.create(users=b" " * 512_001, connection_id=connection_id(auth0))
    assert large.value.body["message"] == "Payload content length greater than maximum allowed: 512000"
    with pytest.raises(BadRequestError) as nowhere:
        auth0.jobs.users_imports.create(users=b"[]", connection_id="con_0000000000000000")
    assert nowhere.value.body["message"] == "The connection does not exist."
    for call in (auth0.jobs.get, auth0.jobs.errors.get):
        with pytest.raises(NotFoundError):
            call("job_0000000000000000")


def test_a_mail_that_asks_for_verification(auth0: ManagementClient) -> None:
    user = auth0.users.create(connection=REALM, email="verify@example.com", password="correct horse battery")
    made = auth0.jobs.verification_email.create(user_id=str(user.user_id))
    assert (made.type, made.status) == ("verification_email", "pending")
    assert ended(auth0, str(made.id))["status"] == "completed"


def in_files(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Arrays of at most the size that is taken."""
    lines: list[bytes] = []
    size = 2
    for row in rows:
        line = json.dumps(row).encode()
        if size + len(line) + 1 > MOST_BYTES:
            yield b"[" + b",".join(lines) + b"]"
            lines, size = [], 2
        lines.append(line)
        size += len(line) + 1
    yield b"[" + b",".join(lines) + b"]"


@pytest.mark.slow
def test_five_thousand_users_in_files(server: Muster, auth0: ManagementClient) -> None:
    options: Any = {"requires_username": True, "validation": {"username": {"min": 1, "max": 100}}}
    made = auth0.connections.create(name="five-thousand", strategy="auth0", options=options)
    jobs: list[str] = []
    for users in in_files(people(5_000, 7)):
        for waiting in jobs[-2:-1]:
            ended(auth0, waiting)  # two may wait or run
        jobs.append(str(auth0.jobs.users_imports.create(users=users, connection_id=str(made.id)).id))
    summaries = [ended(auth0, id_)["summary"] for id_ in jobs]
    assert len(jobs) > 2
    assert [auth0.jobs.errors.get(id_) for id_ in jobs] == [None] * len(jobs)
    assert sum(summary["inserted"] for summary in summaries) == 5_000
    export = auth0.jobs.users_exports.create(connection_id=str(made.id), format="csv", fields=[{"name": "email"}])
    location = ended(auth0, str(export.id))["location"]
    with server.client() as anybody:
        text = anybody.get(location).text
    assert sorted(line.strip("\"'") for line in text.splitlines()[1:]) == sorted(
        person["email"].lower() for person in people(5_000, 7)
    )


@pytest.mark.slow
def test_a_killed_server_goes_on_after_its_next_start(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.empty()
    extra = {"MUSTER_MASTER_KEY": secrets.token_hex(32)}
    rows = [{"email": f"kill{number}@example.com"} for number in range(2_500)]
    with serving(tmp_path / "data", database_url=url, extra=extra) as server:
        credentials = server.credentials()
        monkeypatch.setenv("SSL_CERT_FILE", credentials["ca_file"])
        with management(credentials["auth0"]) as auth0:
            id_ = start(auth0, rows)
            while (job := auth0.jobs.get(id_)).status == "pending" or not job.percentage_done:
                assert job.status != "completed"
            server.stop(signal.SIGKILL)
        seen = job.percentage_done
    assert 0 < seen < 100
    with serving(tmp_path / "data", database_url=url, extra=extra) as server:
        credentials = server.credentials()
        with management(credentials["auth0"]) as auth0:
            again = auth0.jobs.get(id_)
            assert (again.status, (again.percentage_done or 0) >= seen) == ("processing", True)
            done = ended(auth0, id_)
            assert (done["status"], done["summary"]) == (
                "completed",
                {"failed": 0, "updated": 0, "inserted": 2_500, "total": 2_500},
            )
            assert auth0.jobs.errors.get(id_) is None
            assert auth0.users.list(per_page=1, include_totals=True).response.total == 2_500
    databases.drop(url)


@pytest.mark.slow
def test_a_server_that_is_asked_to_stop_hands_its_job_on(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.empty()
    extra = {"MUSTER_MASTER_KEY": secrets.token_hex(32)}
    rows = [{"email": f"stop{number}@example.com"} for number in range(2_500)]
    with serving(tmp_path / "data", database_url=url, extra=extra) as server:
        credentials = server.credentials()
        monkeypatch.setenv("SSL_CERT_FILE", credentials["ca_file"])
        with management(credentials["auth0"]) as auth0:
            id_ = start(auth0, rows)
            while not auth0.jobs.get(id_).percentage_done:
                pass
        assert server.stop() == 0
        left = json.loads(server.run("jobs", "show", id_, "--json").stdout)
    assert (left["state"], left["total"], 0 < left["done"] < 2_500) == ("pending", 2_500, True)
    with (
        serving(tmp_path / "data", database_url=url, extra=extra) as server,
        management(server.credentials()["auth0"]) as auth0,
    ):
        assert ended(auth0, id_)["summary"]["inserted"] == 2_500
    databases.drop(url)


def test_too_many_at_once_is_the_clients_to_wait_for(auth0: ManagementClient) -> None:
    made, refused = [], []
    id_ = connection_id(auth0)
    for number in range(6):
        users = json.dumps([{"email": f"many{number}-{row}@example.com"} for row in range(1_000)]).encode()
        try:
            job = auth0.jobs.users_imports.create(users=users, connection_id=id_, request_options=ONCE)
            made.append(str(job.id))
        except ApiError as error:
            refused.append((error.status_code, error.body["errorCode"]))
    assert [ended(auth0, id_)["summary"]["inserted"] for id_ in made] == [1_000] * len(made)
    assert refused
    assert set(refused) == {(429, "too_many_jobs")}
