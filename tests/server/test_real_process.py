"""The whole server as an operator runs it: `muster serve` in a process of its own, on both databases."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests import process
from tests.conftest import ENGINES
from tests.process import ANY_PORTS, PATIENCE, Muster, serving

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    """One server for the tests that change nothing for each other."""
    folder = tmp_path_factory.mktemp("server") / "data"
    if request.param == "sqlite":
        with serving(folder) as running:
            yield running
        return
    databases = request.getfixturevalue("postgres_databases")
    url = databases.empty()
    with serving(folder, database_url=url, extra={"MUSTER_MASTER_KEY": secrets.token_hex(32)}) as running:
        yield running
    databases.drop(url)


@pytest.fixture(scope="module")
def token(server: Muster) -> str:
    return server.token()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def until(reached: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it did not happen in time"


# ------------------------------------------------------------------------------------------------------ what it answers


def test_the_two_addresses_of_the_ready_line_answer(server: Muster) -> None:
    for base, verify in ((server.url, None), (server.tls_url, str(server.data_dir / "ca.pem"))):
        with httpx.Client(base_url=base, trust_env=False) if verify is None else server.client() as client:
            health, ready = client.get("/healthz"), client.get("/readyz")
        assert [(answer.status_code, answer.json()) for answer in (health, ready)] == [(200, {"status": "ok"})] * 2


def test_credentials_are_all_that_a_program_needs(server: Muster) -> None:
    found = server.credentials()

    auth0 = found["auth0"]
    assert found == {
        "issuer": f"{server.tls_url}/",
        "ca_file": str(server.data_dir / "ca.pem"),
        "auth0": {
            "domain": f"127.0.0.1:{server.tls_port}",
            "audience": f"{server.tls_url}/api/v2/",
            "client_id": auth0["client_id"],
            "client_secret": auth0["client_secret"],
            "connection": "Username-Password-Authentication",
        },
        "clerk": {
            "base_url": f"{server.url}/v1",
            "secret_key": found["clerk"]["secret_key"],
            "publishable_key": found["clerk"]["publishable_key"],
        },
        "monocloud": {"domain": server.tls_url, "api_key": found["monocloud"]["api_key"]},
        "mattr": {
            "tenant_url": server.url,
            "auth_url": server.url,
            "audience": server.tls_url,
            "client_id": found["mattr"]["client_id"],
            "client_secret": found["mattr"]["client_secret"],
        },
        "netwrix": {
            "base_url": f"{server.url}/netwrix/api",
            "username": "admin",
            "password": found["admin"]["password"],
        },
        "admin": {"email": "admin@localhost", "password": found["admin"]["password"]},
    }
    assert re.fullmatch("[A-Za-z0-9]{32}", auth0["client_id"])
    assert re.fullmatch("[A-Za-z0-9]{64}", auth0["client_secret"])
    assert len(found["admin"]["password"]) == 20


def test_one_address_gives_the_tokens_of_two_apis_by_the_audience(server: Muster) -> None:
    found = server.credentials()
    with server.client() as client:
        for name, path in (("auth0", "/api/v2/users"), ("mattr", "/core/v1/users")):
            asked = {key: found[name][key] for key in ("client_id", "client_secret", "audience")}
            asked["grant_type"] = "client_credentials"
            by_json, by_form = client.post("/oauth/token", json=asked), client.post("/oauth/token", data=asked)
            assert (by_json.status_code, by_form.status_code) == (200, 200), (by_json.text, by_form.text)
            assert client.get(path, headers=bearer(by_form.json()["access_token"])).status_code == 200
            held = bearer(by_json.json()["access_token"])
            assert client.get(path, headers=held).status_code == 200
            other = "/core/v1/users" if name == "auth0" else "/api/v2/users"
            assert client.get(other, headers=held).status_code == 401
        large = client.post("/oauth/token", content=b" " * 1_048_577)
    assert (large.status_code, large.json()["message"]) == (
        413,
        "Payload content length greater than maximum allowed: 1048576",
    )


def test_a_user_is_made_and_listed_with_a_token(server: Muster, token: str) -> None:
    sent = {"email": "ada@example.com", "password": PASSWORD, "connection": "Username-Password-Authentication"}
    with server.client() as client:
        made = client.post("/api/v2/users", headers=bearer(token), json=sent)
        listed = client.get("/api/v2/users", headers=bearer(token), params={"q": 'email:"ada@example.com"'})

    assert made.status_code == 201
    assert listed.json() == [made.json()]


def test_an_answer_bears_the_request_id_of_its_log_line(server: Muster) -> None:
    with server.client() as client:
        ids = [client.get(path).headers["x-request-id"] for path in ("/healthz", "/api/v2/users", "/nowhere")]
    assert len(set(ids)) == 3

    until(lambda: ids[-1] in server.log)
    lines = [json.loads(line) for line in server.log.splitlines()]
    logged = {
        line.get("request_id"): (line["method"], line["path"], line["status"]) for line in lines if "path" in line
    }
    assert [logged[id_] for id_ in ids] == [
        ("GET", "/healthz", 200),
        ("GET", "/api/v2/users", 401),
        ("GET", "/nowhere", 404),
    ]


def test_no_secret_reaches_the_log(server: Muster, token: str) -> None:
    credentials = server.credentials()
    auth0 = credentials["auth0"]
    wrong = secrets.token_urlsafe(32)
    sent = {"email": "grace@example.com", "password": "a-secret-of-grace", "connection": auth0["connection"]}
    with server.client() as client:
        client.post("/api/v2/users", headers=bearer(token), json=sent)
        client.post("/api/v2/users", headers=bearer(token), json={**sent, "password": {"secret": "a-secret-of-grace"}})
        client.get("/api/v2/users", headers=bearer(token), params={"q": "email:a-secret-in-a-query"})
        client.get("/api/v2/users", headers=bearer(wrong))
        client.post("/oauth/token", data={"grant_type": "password", "password": wrong, "client_secret": wrong})
        client.post("/oauth/token", auth=(auth0["client_id"], wrong), data={"grant_type": "client_credentials"})
        last = client.get("/healthz").headers["x-request-id"]

    until(lambda: last in server.log)
    telling = [token, wrong, "a-secret", auth0["client_secret"], credentials["admin"]["password"], "Bearer", "Basic"]
    assert [secret for secret in telling if secret in server.log] == []


def test_metrics_are_for_this_machine_alone(server: Muster) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/healthz")
        page = client.get("/metrics")
        proxied = client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})

    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "muster_ready 1.0\n" in page.text
    assert 'muster_requests_total{dialect="server",method="GET"' in page.text
    assert (proxied.status_code, proxied.json()) == (401, {"error": "unauthorized"})


def test_check_finds_nothing_wrong_beside_the_running_server(server: Muster) -> None:
    answer = server.run("check", "--json", "--port", str(server.port), "--tls-port", str(server.tls_port))
    findings = {finding["name"]: (finding["ok"], finding["text"]) for finding in json.loads(answer.stdout)}

    # The tests' own PostgreSQL is fast rather than durable, and check has to say so.
    problems = {name for name, (ok, _) in findings.items() if not ok}
    assert problems <= {"fsync", "full_page_writes"}
    assert answer.returncode == (1 if problems else 0)
    assert findings["ports"] == (True, f"{server.port} and {server.tls_port} are those of the running server")
    assert findings["schema"][0], findings
    assert findings["master key"][1].startswith("fits this database")


# --------------------------------------------------------------------------------------------------- the database leaves


async def refuse_connections(url: str, *, refuse: bool) -> None:
    """Throw everybody out of a database and let nobody in, or let them in again."""
    name = url.removeprefix("postgresql://postgres@/").partition("?")[0]
    connection = await asyncpg.connect(url.replace(f"/{name}?", "/postgres?"))
    await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {"false" if refuse else "true"}')
    if refuse:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await connection.close()


def test_without_its_database_it_lives_but_is_not_ready(server: Muster) -> None:
    if "--database-url" not in server.database:
        pytest.skip("a file does not leave")
    url = server.database[-1]
    with server.client() as client:
        asyncio.run(refuse_connections(url, refuse=True))
        try:
            ready, health = client.get("/readyz"), client.get("/healthz")
            page = client.get("/metrics")
        finally:
            asyncio.run(refuse_connections(url, refuse=False))
        until(lambda: client.get("/readyz").status_code == 200)

    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable"})
    assert health.status_code == 200
    assert "muster_ready 0.0\n" in page.text


# ------------------------------------------------------------------------------------------------------- start and end


def test_sigterm_ends_with_0_and_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as server:
        first = server.credentials()
        made = server.run("user", "create", "--email", "ada@example.com", "--json")
        assert made.returncode == 0, made.stderr
        assert server.stop() == 0
    with serving(data) as server:
        second = server.credentials()
        token = server.token(second)
        with server.client() as client:
            listed = client.get("/api/v2/users", headers=bearer(token)).json()

    # Only the address is another one, and what bears it followed.
    assert second["auth0"]["client_secret"] == first["auth0"]["client_secret"]
    assert second["admin"] == first["admin"]
    assert second["issuer"] != first["issuer"]
    assert [user["email"] for user in listed] == ["ada@example.com"]


def test_everything_it_makes_is_for_its_own_account_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (data, *data.iterdir())}
    assert modes.pop("data") == 0o700
    assert {"muster.db", "master.key", "ca.key", "server.key"} <= modes.keys()
    assert {name: mode for name, mode in modes.items() if mode != 0o600} == {}


def test_a_second_server_on_the_same_file_says_whose_it_is(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        second = server.run("serve", *ANY_PORTS)
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr.startswith("muster: ")
        assert f"is being served already, by process {server.process.pid}." in second.stderr
        assert second.stderr.count("\n") == 1
        # The address that the first one serves at was left alone.
        server.token()


def test_a_taken_port_is_one_line_and_leaves_the_database_alone(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        options = ("--port", str(server.port), "--tls-port", "0", "--data-dir", str(tmp_path / "other"))
        second = process.run("serve", *options)
    assert (second.returncode, second.stderr) == (1, f"muster: port {server.port} is taken; use --port\n")
    assert not (tmp_path / "other" / "muster.db").exists()


@pytest.mark.parametrize("made", ["master.key", "muster.db-wal", "server.pem"])
def test_a_first_start_that_was_killed_is_finished_by_the_next(tmp_path: Path, made: str) -> None:
    data = tmp_path / "data"
    killed = Muster(data)
    until((data / made).exists)
    assert killed.stop(signal.SIGKILL) == -signal.SIGKILL

    with serving(data) as server:
        token = server.token()
        with server.client() as client:
            assert client.get("/api/v2/users", headers=bearer(token)).json() == []
        assert server.credentials()["admin"]["password"]
        assert server.stop() == 0


def test_two_servers_that_start_at_once_on_one_database_make_everything_once(
    tmp_path: Path, postgres_databases: Any
) -> None:
    url = postgres_databases.empty()
    extra = {"MUSTER_MASTER_KEY": secrets.token_hex(32)}
    options = ("--public-url", "https://users.example.com")
    pair = [Muster(tmp_path / name, *options, database_url=url, extra=extra) for name in ("one", "two")]
    try:
        found = [server.wait_until_ready().credentials() for server in pair]
        keys = json.loads(pair[0].run("key", "list", "--json").stdout)
        token = pair[0].token(found[0])
        with pair[1].client() as client:
            answer = client.get("/api/v2/users", headers=bearer(token))
    finally:
        codes = [server.stop() for server in pair]
        postgres_databases.drop(url)

    assert found[0]["auth0"] == found[1]["auth0"]
    assert found[0]["admin"] == found[1]["admin"]
    assert found[0]["issuer"] == "https://users.example.com/"
    assert sorted(key["dialect"] for key in keys) == ["auth0", "clerk", "mattr", "monocloud"]
    assert answer.status_code == 200
    assert codes == [0, 0]


# ------------------------------------------------------------------------------------------------------ the master key


def test_with_another_master_key_it_does_not_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as server:
        server.stop()
    answer = process.run(
        "serve", "--data-dir", str(data), *ANY_PORTS, extra={"MUSTER_MASTER_KEY": secrets.token_hex(32)}
    )
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("muster: the master key does not fit this database (")
    assert "restore its key file from your backup" in answer.stderr


def test_a_lost_key_file_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as server:
        server.stop()
    (data / "master.key").rename(tmp_path / "kept")

    answer = process.run("serve", "--data-dir", str(data), *ANY_PORTS)

    assert answer.returncode == 1
    assert answer.stderr.startswith("muster: there is no master key: set MUSTER_MASTER_KEY ")
    assert not (data / "master.key").exists()


def test_a_database_on_a_server_needs_a_key_that_was_given(tmp_path: Path, postgres_databases: Any) -> None:
    url = postgres_databases.empty()
    answer = process.run("serve", "--data-dir", str(tmp_path / "data"), "--database-url", url, *ANY_PORTS)
    postgres_databases.drop(url)

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "muster: there is no master key: set MUSTER_MASTER_KEY to the output of" in answer.stderr
    assert not (tmp_path / "data" / "master.key").exists()


# ------------------------------------------------------------------------------------------------- addresses, processes


def test_a_tenant_is_reached_by_the_host_bound_to_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert process.run("tenant", "create", "acme", "--data-dir", str(data)).returncode == 0
    unbound = process.run("credentials", "--tenant", "acme", "--data-dir", str(data))
    assert unbound.returncode == 1

    with serving(data, "--hosts", "users.acme.example=acme") as server:
        found = server.credentials("acme")
        auth0 = found["auth0"]
        form = {name: auth0[name] for name in ("client_id", "client_secret", "audience")}
        body = {"grant_type": "client_credentials", **form}
        with server.client() as client:
            host = {"Host": "users.acme.example"}
            given = client.post("/oauth/token", headers=host, json=body)
            elsewhere = client.post("/oauth/token", json=body)
            token = given.json()["access_token"]
            at_home = client.get("/api/v2/users", headers={**host, **bearer(token)})
            abroad = client.get("/api/v2/users", headers=bearer(token))

    assert found["issuer"] == "https://users.acme.example/"
    assert auth0["audience"] == "https://users.acme.example/api/v2/"
    assert [answer.status_code for answer in (given, elsewhere, at_home, abroad)] == [200, 401, 200, 401]


def test_a_host_bound_to_an_unknown_tenant_is_refused_with_the_cure(tmp_path: Path) -> None:
    answer = process.run("serve", "--data-dir", str(tmp_path), "--hosts", "users.acme.example=acme", *ANY_PORTS)
    assert answer.returncode == 1
    assert "muster tenant create acme" in answer.stderr.splitlines()[-1]


def test_several_workers_answer_as_one(server: Muster, tmp_path: Path, postgres_databases: Any) -> None:
    url = postgres_databases.empty() if "--database-url" in server.database else ""
    extra = {"MUSTER_MASTER_KEY": secrets.token_hex(32)}
    with serving(tmp_path / "data", "--workers", "2", database_url=url, extra=extra) as pair:
        credentials = pair.credentials()
        token = pair.token(credentials)
        counts = []
        for number in range(8):  # a connection each, so that both processes are asked
            with pair.client() as client:
                sent = {
                    "email": f"u{number}@example.com",
                    "password": PASSWORD,
                    "connection": credentials["auth0"]["connection"],
                }
                assert client.post("/api/v2/users", headers=bearer(token), json=sent).status_code == 201
            with pair.client() as client:
                counts.append(len(client.get("/api/v2/users", headers=bearer(token)).json()))
        killed = children(pair.process.pid)[0]
        seen = answered(pair)
        os.kill(killed, signal.SIGKILL)
        until(lambda: killed not in children(pair.process.pid))
        assert answered(pair) >= seen
        assert pair.stop() == 0
    if url:
        postgres_databases.drop(url)

    assert counts == list(range(1, 9))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def answered(server: Muster) -> float:
    """How many requests for users were answered, as any one of the workers tells it."""
    with server.client() as client:
        page = client.get("/metrics").text
    lines = [line for line in page.splitlines() if line.startswith("muster_requests_total") and "/users" in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines)
