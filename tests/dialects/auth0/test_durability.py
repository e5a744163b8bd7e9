"""A server killed in the middle of 32 programs' writes: what it answered is kept, and nothing is there by half."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from muster.storage.engine_durability import durability
from muster.storage.opening import open_engine
from tests.conftest import ENGINES
from tests.databases import Databases, PostgresDatabases
from tests.process import PATIENCE, Muster
from tests.storage.contract.invariants import check_database

WRITERS = 32
ANSWERS = 300
REALM = "writers"


@pytest.fixture(scope="module", params=ENGINES)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """As in production: on PostgreSQL, a server that writes to the disk before it answers."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_databases")
        return
    made = PostgresDatabases(request.getfixturevalue("durable_postgres_server"))
    yield made
    made.close()


class Killable:
    """One database, and the servers that serve it one after the other until each is killed."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self.url = url
        self._data_dir = data_dir
        self._extra = {"MUSTER_MASTER_KEY": secrets.token_hex(32)}
        self.server = self._start()
        self._credentials = self.server.credentials()["auth0"]

    def _start(self) -> Muster:
        return Muster(self._data_dir, database_url=self.url, extra=self._extra).wait_until_ready()

    def kill(self) -> None:
        assert self.server.stop(signal.SIGKILL) == -signal.SIGKILL

    def start_again(self) -> None:
        self.server = self._start()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        audience = f"{self.server.tls_url}/api/v2/"  # its ports are new ones after each start
        token = self.server.token({"auth0": {**self._credentials, "audience": audience}})
        headers = {"authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_connections=WRITERS)
        base = f"{self.server.url}/api/v2"
        async with httpx.AsyncClient(
            base_url=base, headers=headers, limits=limits, timeout=PATIENCE, trust_env=False
        ) as client:
            yield client


@pytest.fixture
def killable(databases: Databases, tmp_path: Path) -> Iterator[Killable]:
    url = databases.empty()
    running = Killable(tmp_path / "data", url)
    yield running
    running.server.stop(signal.SIGKILL)
    databases.drop(url)


class Ledger:
    """What was asked and what was answered. A document is the whole of a user's `user_metadata`, by e-mail."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.answered: dict[str, Any] = {}
        self.answers = 0
        self.enough = asyncio.Event()

    async def write(self, request: httpx.Request, client: httpx.AsyncClient, email: str, document: Any) -> str:
        self.asked[email] = document
        answer = await client.send(request)
        assert answer.status_code in (200, 201), answer.text
        self.answered[email] = document
        self.answers += 1
        if self.answers >= ANSWERS:
            self.enough.set()
        return str(answer.json()["user_id"])


async def writer(number: int, client: httpx.AsyncClient, ledger: Ledger) -> None:
    """Creates users and changes each twice, until nobody answers any more."""
    made = 0
    while True:
        made += 1
        email = f"w{number}-{made}@example.com"
        document: dict[str, Any] = {"writer": number, "user": made, "step": 0}
        body = {"connection": REALM, "email": email, "name": f"{number} {made}", "user_metadata": document}
        user_id = await ledger.write(client.build_request("POST", "/users", json=body), client, email, document)
        for step in (1, 2):
            document = {**document, "step": step, f"of-{step}": "x" * 500}
            body = {"user_metadata": document, "nickname": f"step {step}"}
            request = client.build_request("PATCH", f"/users/{user_id}", json=body)
            await ledger.write(request, client, email, document)


async def all_documents(client: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = {}
    page = 0
    while True:
        answer = (await client.get(f"/users?page={page}&per_page=100&include_totals=true&sort=user_id:1")).json()
        if not answer["users"]:
            assert answer["total"] == len(found)
            return found
        found |= {user["email"]: user["user_metadata"] for user in answer["users"]}
        page += 1


async def invariants_hold(url: str) -> None:
    engine = open_engine(url)
    await engine.start()
    try:
        await check_database(engine)
    finally:
        await engine.stop()


async def make_realm(client: httpx.AsyncClient) -> None:
    """Without passwords, so that writes are what the time goes into."""
    options = {"authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}}}
    answer = await client.post("/connections", json={"name": REALM, "strategy": "auth0", "options": options})
    assert answer.status_code == 201, answer.text


async def test_killed_while_many_write(killable: Killable) -> None:
    ledger = Ledger()
    async with killable.client() as client:
        await make_realm(client)
        writers = [asyncio.create_task(writer(number, client, ledger)) for number in range(WRITERS)]
        await asyncio.wait_for(ledger.enough.wait(), PATIENCE)
        killable.kill()
        ends = await asyncio.gather(*writers, return_exceptions=True)
    assert [end for end in ends if not isinstance(end, httpx.TransportError)] == []

    killable.start_again()
    async with killable.client() as client:
        kept = await all_documents(client)
        assert ledger.answered.keys() <= kept.keys() <= ledger.asked.keys()
        # Of a write that nobody answered either all or nothing is there.
        lost = {
            email: (kept[email], answered)
            for email, answered in ledger.answered.items()
            if kept[email] not in (answered, ledger.asked[email])
        }
        assert lost == {}
        unanswered = kept.keys() - ledger.answered.keys()
        assert {email: kept[email] for email in unanswered} == {email: ledger.asked[email] for email in unanswered}
        await invariants_hold(killable.url)

        # And it goes on: a half-made user would stand in the way of its own address.
        missing = sorted(ledger.asked.keys() - kept.keys()) or ["after@example.com"]
        for email in missing:
            body = {"connection": REALM, "email": email, "user_metadata": {}}
            assert (await client.post("/users", json=body)).status_code == 201
        for email in sorted(kept)[:3]:
            answer = await client.post("/users", json={"connection": REALM, "email": email})
            assert (answer.status_code, answer.json()["message"]) == (409, "The user already exists.")
    await invariants_hold(killable.url)


async def test_killed_at_the_moment_of_the_answer(killable: Killable) -> None:
    async with killable.client() as client:
        await make_realm(client)
        users = []
        for name in ("deleted", "changed"):
            body = {"connection": REALM, "email": f"{name}@example.com", "user_metadata": {"k": "v"}}
            users.append((await client.post("/users", json=body)).json()["user_id"])
        assert (await client.delete(f"/users/{users[0]}")).status_code == 204
        changed = await client.patch(f"/users/{users[1]}", json={"user_metadata": {"k": "w"}, "nickname": "n"})
        killable.kill()
    assert changed.status_code == 200

    killable.start_again()
    async with killable.client() as client:
        assert (await client.get(f"/users/{users[0]}")).status_code == 404
        assert (await client.get(f"/users/{users[1]}")).json() == changed.json()
        assert await all_documents(client) == {"changed@example.com": {"k": "w"}}
    await invariants_hold(killable.url)
    # Surviving kill -9 proves little by itself: the kernel keeps what the disk has not yet.
    assert [finding for finding in await durability(killable.url) if not finding.durable] == []
    if killable.url.startswith("sqlite"):
        with closing(sqlite3.connect(killable.url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
