"""Failures that close an account or an address, and who opens them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from muster.dialects.netwrix.services import HubSettings
from tests.dialects.netwrix.service import PASSWORD, Netwrix, refusal, running, sign_in

LOCKED = refusal("Forbidden", "This account has been locked")
BLOCKED = refusal("Forbidden", "Ip Address Blocked: LoginFailures")

ATTEMPTS: dict[str, Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]] = {
    "sign-in": lambda client: sign_in(client, "user1", "wrong"),
    "status": lambda client: client.post("/users/twoFactorStatus", json={"UserName": "user1", "Password": "wrong"}),
    "validate": lambda client: client.get("/users/validatePassword?UserName=user1&Password=wrong"),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_three_failures_lock_until_somebody_unlocks(migrated_url: str, attempt: str) -> None:
    async with running(migrated_url, HubSettings(lockout=True)) as netwrix:
        admin = await netwrix.signed_in()
        await netwrix.add(admin, "user1")
        inside = await netwrix.signed_in("user1", PASSWORD)
        client = netwrix.client()
        for _ in range(3):
            assert (await ATTEMPTS[attempt](client)).status_code == 401
        netwrix.clock.turn(days=365)
        for answer in (await ATTEMPTS[attempt](client), await sign_in(client, "user1", PASSWORD)):
            assert (answer.status_code, answer.json()) == (403, LOCKED)
        admin = await netwrix.signed_in()
        assert (await admin.get("/users/user1")).json()["Locked"] is True
        unlocked = {"UserDetails": {"UserName": "user1", "Locked": False}}
        assert (await admin.post("/users/update", json=unlocked)).status_code == 204
        assert (await admin.get("/users/user1")).json()["Locked"] is False
        assert (await sign_in(client, "user1", PASSWORD)).status_code == 200
        assert (await inside.get("/auth")).status_code == 401  # a year has passed


async def test_a_success_forgets_failures_and_a_lock_may_end_by_itself(migrated_url: str) -> None:
    async with running(migrated_url, HubSettings(lockout=True, lockout_minutes=5)) as netwrix:
        admin = await netwrix.signed_in()
        await netwrix.add(admin, "user1")
        client = netwrix.client()
        for _ in range(2):
            for _ in range(2):
                await sign_in(client, "user1", "wrong")
            assert (await sign_in(client, "user1", PASSWORD)).status_code == 200
        for _ in range(3):
            await sign_in(client, "user1", "wrong")
        assert (await sign_in(client, "user1", PASSWORD)).json() == LOCKED
        netwrix.clock.turn(seconds=300)
        assert (await sign_in(client, "user1", PASSWORD)).status_code == 200


async def test_wrong_current_passwords_and_codes_count_against_the_caller(migrated_url: str) -> None:
    async with running(migrated_url, HubSettings(lockout=True)) as netwrix:
        admin = await netwrix.signed_in()
        for name in ("user1", "user2"):
            await netwrix.add(admin, name, TwoFactorRequired=name == "user2")
        user = await netwrix.signed_in("user1", PASSWORD)
        body = {"UserName": "user1", "CurrentPassword": "wrong", "Password": "a longer password"}
        answers = [(await user.post("/users/updatePassword", json=body)).status_code for _ in range(4)]
        assert answers == [401, 401, 401, 403]

        await netwrix.client().post("/users/twoFactorStatus", json={"UserName": "user2", "Password": PASSWORD})
        # The right password in between must not give three more guesses at the code.
        answers = []
        for _ in range(4):
            user = netwrix.client()
            answers.append((await sign_in(user, "user2", PASSWORD)).status_code)
            if answers[-1] == 200:
                code = await user.post("/users/elevateTwoFactorStatus", json={"OneTimePassword": "000000"})
                answers.append(code.status_code)
        assert answers == [200, 401, 200, 401, 200, 401, 403]


async def test_without_lockout_an_address_is_turned_away_for_a_while(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    netwrix.address = "198.51.100.7"
    client = netwrix.client()
    for _ in range(10):
        assert (await sign_in(client, "user1", "wrong")).status_code == 401
    answer = await sign_in(client, "user1", PASSWORD)
    assert (answer.status_code, answer.json()) == (403, BLOCKED)
    netwrix.address = "192.0.2.1"
    assert (await admin.get("/users/user1")).json()["Locked"] is False
    assert (await sign_in(client, "user1", PASSWORD)).status_code == 200
    netwrix.address = "198.51.100.7"
    assert (await sign_in(client, "user1", PASSWORD)).status_code == 403
    netwrix.clock.turn(seconds=600)
    assert (await sign_in(client, "user1", PASSWORD)).status_code == 200


async def test_a_lock_by_hand_and_a_reset(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    formats = {"Name": "own", "LongDateTimeFormatNet": "d"}
    await netwrix.add(admin, "user1", TimeZoneId="GMT", DateFormats=formats, NotificationGroups=[{"GroupName": "All"}])
    user = await netwrix.signed_in("user1", PASSWORD)
    await admin.post("/users/update", json={"UserDetails": {"UserName": "user1", "Locked": True}})
    assert (await sign_in(netwrix.client(), "user1", PASSWORD)).json() == LOCKED
    shown = (await user.get("/users/user1")).json()
    assert (shown["Locked"], shown["TimeZoneId"], shown["DateFormats"]) == (True, "GMT", formats)

    # One's own reset brings the defaults back, and lifts no lock.
    assert (await user.post("/users/reset", json={"UserName": "user1"})).status_code == 204
    shown = (await user.get("/users/user1")).json()
    assert (shown["Locked"], shown["TimeZoneId"], "DateFormats" in shown) == (True, "UTC", False)
    assert shown["NotificationGroups"] == [{"GroupName": "All"}]
    assert (await admin.get("/users/reset?UserName=user1")).status_code == 204
    assert (await sign_in(netwrix.client(), "user1", PASSWORD)).status_code == 200
