"""The one list there is, without pages: whole, in order, and sent as it is read."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

from muster.core.actor import SYSTEM
from muster.core.connections.model import Connection
from muster.core.transaction import Transaction
from muster.core.users.actions import NewUser, create_user
from muster.core.users.model import Origin, Profile
from tests.dialects.netwrix.service import ADMIN_PASSWORD, Netwrix, sign_in

MANY = 1_200
AT_ONCE = 200


async def make(tx: Transaction, realm: Connection, start: int) -> None:
    for number in range(start, start + AT_ONCE):
        profile = Profile(given_name="x" * 500)
        await create_user(tx, realm, NewUser(origin=Origin(door="clerk"), username=f"u{number:05}", profile=profile))


async def test_a_list_of_any_length_is_sent_in_parts(netwrix: Netwrix) -> None:
    token = (await sign_in(netwrix.client(), "admin", ADMIN_PASSWORD)).json()["SessionId"]
    for start in range(0, MANY, AT_ONCE):
        await netwrix.runner.run(netwrix.tenant.number, SYSTEM, make, netwrix.default, start)
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "raw_path": b"/api/users/",
        "query_string": b"",
        "headers": [(b"x-ss-id", token.encode())],
    }
    parts: list[bytes] = []
    held: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        held.append(tracemalloc.get_traced_memory()[0])
        parts.append(message.get("body", b""))

    tracemalloc.start()
    try:
        await netwrix(scope, receive, send)
    finally:
        tracemalloc.stop()
    names = [user["UserName"] for user in json.loads(b"".join(parts))]
    assert names == ["admin", *(f"u{number:05}" for number in range(MANY))]
    assert len(parts) > MANY // AT_ONCE
    largest = max(map(len, parts))
    # What the server holds at the last part is what it held at an early one, but for the parts that this test keeps.
    assert held[-1] - held[3] < sum(map(len, parts[3:])) + 2 * largest


async def test_an_empty_reach_is_an_empty_list(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    body = {"UserDetails": {"UserName": "lead", "Roles": ["useradmin"]}, "Password": "x" * 12}
    assert (await admin.post("/users/add", json=body)).status_code == 200
    lead = await netwrix.signed_in("lead", "x" * 12)
    assert (await lead.get("/users/")).json() == []
    assert (await lead.post("/users/", json={"ExportFormat": "csv"})).json() == []
