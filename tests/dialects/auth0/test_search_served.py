"""Searching a real server of two processes: what one of them has written is found through the other at once, and by the
vendor's own clients to the last page.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ENGINES
from tests.dialects.auth0.sdk import management
from tests.process import PATIENCE, Muster
from tests.served import served_on

ESTABLISHED = "01"

NODE = """
import { ManagementClient } from "auth0";
const { AUTH0_DOMAIN: domain, AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret } = process.env;
const { users } = new ManagementClient({ domain, clientId, clientSecret });
const names = [];
for await (const user of await users.list({ q: process.argv[2], sort: "name:-1", per_page: 100 })) names.push(user.name);
console.log(JSON.stringify(names));
"""


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with served_on(databases, tmp_path_factory.mktemp("search"), "--workers", "2") as running:
        yield running


@pytest.fixture(scope="module")
def people(server: Muster) -> list[dict[str, Any]]:
    """More than the thousand at which the vendor's lists end, who need no password."""
    rows = [
        {
            "email": f"{number:04}@many.example.com",
            "name": f"Person {number:04}",
            "app_metadata": {"plan": "pro" if number % 2 else "free", "seats": number},
        }
        for number in range(1_130)
    ]
    imported = server.run("import", "auth0", "-", sent="".join(json.dumps(row) + "\n" for row in rows))
    assert imported.returncode == 0, imported.stderr
    return rows


def workers_in_touch(server: Muster) -> set[int]:
    """The server's processes that hold a connection of some client's, by what the kernel says."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        _, local, _, state, *_, inode = line.split()[:10]
        if state == ESTABLISHED and int(local.rpartition(":")[2], 16) == server.port:
            inodes.add(f"socket:[{inode}]")
    return {worker for worker in children(server.process.pid) if inodes & set(sockets(worker))}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield str(descriptor.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue


def test_what_is_written_through_one_process_is_found_through_the_other_at_once(server: Muster) -> None:
    headers = {"authorization": f"Bearer {server.token()}"}
    optional = {"authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}}}
    with ExitStack() as opened:
        clients: list[httpx.Client] = []
        while len(workers_in_touch(server)) < 2:
            assert len(clients) < 50, "one process takes every connection"
            client = httpx.Client(base_url=f"{server.url}/api/v2", headers=headers, timeout=PATIENCE, trust_env=False)
            clients.append(opened.enter_context(client))
            assert client.get("/users", params={"per_page": 0}).status_code == 200
        realm = clients[0].post("/connections", json={"name": "fresh", "strategy": "auth0", "options": optional})
        assert realm.status_code == 201, realm.text

        stale: list[tuple[int, Any]] = []
        for number in range(50):
            writer = clients[number % len(clients)]
            made = writer.post(
                "/users",
                json={"connection": "fresh", "email": f"{number}@fresh.example", "app_metadata": {"round": number}},
            )
            assert made.status_code == 201, made.text
            q = f"app_metadata.round:{number} AND email:*fresh.example AND NOT blocked:true"
            for reader in clients:
                found = reader.get("/users", params={"q": q, "include_totals": "true"}).json()
                if (found["total"], found["users"]) != (1, [made.json()]):
                    stale.append((number, found))
            changed = writer.patch(f"/users/{made.json()['user_id']}", json={"app_metadata": {"round": -1}})
            assert changed.status_code == 200, changed.text
            for reader in clients:
                left = reader.get("/users", params={"q": q}).json()
                if left:
                    stale.append((number, left))
        assert stale == []


def test_the_python_client_pages_through_what_it_searches_for(
    server: Muster, people: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = server.credentials()
    monkeypatch.setenv("SSL_CERT_FILE", found["ca_file"])
    with management(found["auth0"]) as client:
        users = client.users
        listed = users.list(q="email.domain:many.example.com", sort="name:-1", per_page=100)
        assert [user.name for user in listed] == [person["name"] for person in reversed(people)]
        some = users.list(q='app_metadata.plan:pro AND name:["Person 0100" TO "Person 0110"}', sort="email:1")
        assert [user.name for user in some] == [f"Person {number:04}" for number in (101, 103, 105, 107, 109)]
        few = users.list(
            q="(name:*0007 OR app_metadata.seats:[1128 TO *]) AND NOT app_metadata.plan:free", sort="email:-1"
        )
        assert [user.email for user in few] == ["1129@many.example.com", "0007@many.example.com"]


def test_the_node_client_pages_through_what_it_searches_for(
    server: Muster, people: list[dict[str, Any]], auth0_node_client: Path
) -> None:
    found = server.credentials()
    environment = os.environ | {
        "NODE_EXTRA_CA_CERTS": found["ca_file"],
        **{f"AUTH0_{key.upper()}": found["auth0"][key] for key in ("domain", "client_id", "client_secret")},
    }
    answer = subprocess.run(
        ["node", "--input-type=module", "-", "email:*@many.example.com"],
        cwd=auth0_node_client,
        env=environment,
        input=NODE,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == [person["name"] for person in reversed(people)]
