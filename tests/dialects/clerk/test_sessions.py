"""Sessions as records: listed, made by a program, revoked."""

from __future__ import annotations

import httpx

from tests.dialects.clerk.requests import errors_of, good, made, texts_of
from tests.dialects.clerk.service import NOW, Clerk

DAY = 24 * 3_600_000


async def test_a_session_is_made_shown_and_revoked(clerk: Clerk, http: httpx.AsyncClient) -> None:
    ann, bob = await made(http), await made(http, "bob@example.com")
    made_ = good(await http.post("/sessions", json={"user_id": ann["id"]}))
    activity, client = made_.pop("latest_activity"), made_["client_id"]
    assert {**made_, "id": "", "client_id": ""} == {
        "object": "session",
        "id": "",
        "client_id": "",
        "user_id": ann["id"],
        "status": "active",
        "actor": None,
        "last_active_organization_id": None,
        "last_active_at": NOW,
        "expire_at": NOW + 7 * DAY,
        "abandon_at": NOW + 30 * DAY,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert (activity["object"], activity["is_mobile"], activity["ip_address"]) == (
        "session_activity",
        False,
        "192.0.2.1",
    )
    clerk.clock.turn(seconds=1)
    other = good(await http.post("/sessions", json={"user_id": bob["id"]}))
    for params, expected in (
        ({}, [other["id"], made_["id"]]),
        ({"user_id": ann["id"]}, [made_["id"]]),
        ({"client_id": client}, [made_["id"]]),
        ({"user_id": ann["id"], "status": "revoked"}, []),
        ({"user_id": "user_x"}, []),
        ({"limit": 1}, [other["id"]]),
    ):
        assert [each["id"] for each in good(await http.get("/sessions", params=params))] == expected, params
    page = good(await http.get("/sessions", params={"paginated": "true", "limit": 1}))
    assert (len(page["data"]), page["total_count"]) == (1, 2)
    path = f"/sessions/{made_['id']}"
    for _ in range(2):
        assert good(await http.post(f"{path}/revoke"))["status"] == "revoked"
    assert good(await http.get(path))["status"] == "revoked"
    clerk.clock.turn(ms=8 * DAY)
    assert good(await http.get(f"/sessions/{other['id']}"))["status"] == "expired"


async def test_what_is_refused(http: httpx.AsyncClient) -> None:
    user = await made(http, banned=True)
    banned = await http.post("/sessions", json={"user_id": user["id"]})
    assert errors_of(banned, 403) == [("user_banned", None)]
    assert errors_of(await http.post("/sessions", json={"user_id": "user_x"}), 404)
    assert errors_of(await http.post("/sessions"), 422) == [("form_param_missing", "user_id")]
    for answer in (await http.get("/sessions/sess_x"), await http.post("/sessions/sess_x/revoke")):
        assert texts_of(answer, 404) == ("Session not found", "No session was found with id sess_x")
    assert errors_of(await http.get("/sessions", params={"status": "x"}), 422) == [
        ("form_param_value_invalid", "status")
    ]
