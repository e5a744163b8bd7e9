"""Applications and people of a real server, made as an operator makes them; and the relying parties' programs, started and ended."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.process import PATIENCE, Muster

PASSWORD = "correct horse battery staple 41"


class Registered(NamedTuple):
    """An application's credentials."""

    client_id: str
    client_secret: str


def register(house: Muster, *options: str) -> Registered:
    """One more application; see `muster app create --help`."""
    answer = house.run("app", "create", f"app {secrets.token_hex(4)}", "--json", *options)
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    return Registered(told["client_id"], told.get("client_secret") or "")


def new_user(house: Muster, **members: Any) -> str:
    """A user with a verified address and `PASSWORD`; the address."""
    email = f"{secrets.token_hex(6)}@people.example"
    credentials = house.credentials()
    body = {
        "connection": credentials["auth0"]["connection"],
        "email": email,
        "email_verified": True,
        "password": PASSWORD,
        "given_name": "Ada",
        "family_name": "Ng",
        **members,
    }
    with house.client() as client:
        token = house.token(credentials)
        answer = client.post("/api/v2/users", json=body, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    return email


@contextmanager
def program(command: Sequence[str], cwd: str | None = None, **environment: str) -> Iterator[str]:
    """A relying party, running; its address, which it prints when it listens."""
    running = subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=sys.stderr, text=True
    )
    try:
        assert running.stdout is not None
        line = running.stdout.readline().strip()
        assert line.startswith("http://"), f"{command} ended before it listened"
        yield line
    finally:
        running.terminate()
        running.wait(PATIENCE)
        if running.stdout is not None:
            running.stdout.close()
