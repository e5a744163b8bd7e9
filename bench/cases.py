"""What is measured over HTTP: for each figure the requests that are sent, the answers expected, and a look afterwards
at whether the server kept what it said it had.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from bench.load import CONNECTIONS, NUMBER, Run, over_the_wire
from bench.machine import CannotMeasure

USERS_ASKED_FOR: Final = 2_000
"""Spread evenly over all users, and asked for in turn."""

PAGES: Final = 20
PER_PAGE: Final = 50
PASSWORDLESS: Final = "email"
PLACEHOLDER: Final = NUMBER.decode()
IDLE_SECONDS: Final = 20.0
"""A connection that was idle for longer is made anew: the server closes idle ones too."""


class Client:
    """One connection to Muster, with a token for its management API."""

    def __init__(self, url: str, credentials: dict[str, str]) -> None:
        self.host = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(self.host, timeout=60)
        self._used_at = time.monotonic()
        self.token = ""
        asked = {"grant_type": "client_credentials", "client_id": credentials["client_id"]}
        asked |= {"client_secret": credentials["client_secret"], "audience": credentials["audience"]}
        self.token = self.ask("POST", "/oauth/token", asked)["access_token"]

    def ask(self, method: str, target: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        """The decoded answer; `CannotMeasure` when it has another status."""
        return json.loads(self.text(method, target, json.dumps(body) if body is not None else "", status=status))

    def text(self, method: str, target: str, body: str = "", *, status: int = 200) -> str:
        """The answer's body as it was sent."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body:
            headers["Content-Type"] = "application/json"
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self._connection.close()
        self._connection.request(method, target, body.encode() or None, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        self._used_at = time.monotonic()
        if answer.status != status:
            raise CannotMeasure(f"{method} {target.partition('?')[0]} answered {answer.status}: {text[:300]}")
        return text

    def close(self) -> None:
        self._connection.close()

    def count(self) -> int:
        """How many users there are."""
        total: int = self.ask("GET", "/api/v2/users?per_page=0&include_totals=true")["total"]
        return total


@dataclass
class Case:
    """One figure. `bodies` holds the answer to each target; `fallback` the one to targets that are not in it. `lost` looks
    afterwards how many answered writes are not there.
    """

    name: str
    title: str
    requests: list[bytes]
    fallback: str
    bodies: dict[str, str] = field(default_factory=dict)
    status: int = 200
    lost: Callable[[Client, Sequence[Run]], int] = lambda _client, _runs: 0

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The requests as the load generator reads them, and the answers as the bare application does."""
        requests, answers = folder / f"{self.name}.requests", folder / f"{self.name}.answers"
        requests.write_bytes(b"\0".join(self.requests))
        told = {"status": self.status, "fallback": self.fallback, "bodies": self.bodies}
        answers.write_text(json.dumps(told), "utf-8")
        return requests, answers


class Cases:
    """Makes the cases for the users of one server. Only what is measured is asked for."""

    def __init__(self, client: Client, people: Path, users: int) -> None:
        self._client = client
        self._found: dict[str, str] = {}  # the search's target and its answer, in the order of the users
        for email in _emails(people, users):
            target = f"/api/v2/users?{urlencode({'q': f'email:{json.dumps(email)}', 'search_engine': 'v3'})}"
            self._found[target] = client.text("GET", target)
        self._ids = []
        for target, text in self._found.items():
            users_found = json.loads(text)
            if len(users_found) != 1:
                raise CannotMeasure(f"{target} found {len(users_found)} users instead of one")
            self._ids.append(users_found[0]["user_id"])

    def get(self) -> Case:
        targets = [_user(id_) for id_ in self._ids]
        bodies = {target: self._client.text("GET", target) for target in targets}
        return Case("get", "read a user", [self._wire("GET", target) for target in targets], "{}", bodies)

    def list(self) -> Case:
        targets = [f"/api/v2/users?per_page={PER_PAGE}&page={n}&include_totals=true" for n in range(PAGES)]
        bodies = {target: self._client.text("GET", target) for target in targets}
        return Case("list", "list 50 of them, with totals", [self._wire("GET", t) for t in targets], "{}", bodies)

    def search(self) -> Case:
        requests = [self._wire("GET", target) for target in self._found]
        return Case("search", 'search q=email:"..."', requests, "[]", self._found)

    def patch(self) -> Case:
        """Each request writes another number, so that none of them is a change that changes nothing."""
        body = f'{{"user_metadata":{{"bench":"{PLACEHOLDER}"}}}}'
        requests = [self._wire("PATCH", _user(id_), body) for id_ in self._ids]
        sample = self._client.text("PATCH", _user(self._ids[0]), body)
        return Case("patch", "change user_metadata, durably", requests, sample, lost=self._lost_patches)

    def create(self) -> Case:
        """Without a password, whose hash would be all that is measured: users of a passwordless connection."""
        names = {found["name"] for found in self._client.ask("GET", "/api/v2/connections")}
        if PASSWORDLESS not in names:
            wanted = {"name": PASSWORDLESS, "strategy": PASSWORDLESS}
            self._client.ask("POST", "/api/v2/connections", wanted, status=201)
        body = (
            f'{{"connection":"{PASSWORDLESS}","email":"new-{PLACEHOLDER}@example.com","verify_email":false,'
            '"given_name":"Ada","family_name":"Lovelace","user_metadata":{"theme":"dark"},"app_metadata":{"plan":"pro"}}'
        )
        sample = self._client.text("POST", "/api/v2/users", body, status=201)
        before = self._client.count()

        def lost(client: Client, runs: Sequence[Run]) -> int:
            answered = sum(run.answered - run.errors for run in runs)
            return max(0, answered - (client.count() - before))

        requests = [self._wire("POST", "/api/v2/users", body)]
        return Case("create", "create a user, no password", requests, sample, status=201, lost=lost)

    def _lost_patches(self, client: Client, runs: Sequence[Run]) -> int:
        """Of the users whom the last run has changed, those who bear no number of that run."""
        last, count = runs[-1], len(self._ids)
        missing = 0
        # wrk asks its script for a first request that it never sends.
        for offset in range(1, min(last.answered - last.errors, count)):
            user = client.ask("GET", _user(self._ids[(last.first + offset) % count]))
            missing += int(user.get("user_metadata", {}).get("bench", 0)) <= last.first
        # As many as there are connections may have been on their way when the run ended.
        return max(0, missing - CONNECTIONS)

    def _wire(self, method: str, target: str, body: str = "") -> bytes:
        return over_the_wire(self._client.host, self._client.token, method, target, body)


def _user(id_: str) -> str:
    return f"/api/v2/users/{quote(id_, safe='')}"


def _emails(people: Path, users: int) -> Iterator[str]:
    """The addresses of evenly spread rows of the file that was imported."""
    with people.open("rb") as rows:
        for row in islice(rows, 0, None, max(1, users // USERS_ASKED_FOR)):
            yield json.loads(row)["email"]
