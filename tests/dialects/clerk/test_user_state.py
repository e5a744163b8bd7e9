"""Bans, locks, second factors and passwords of users."""

from __future__ import annotations

import bcrypt
import httpx
import pyotp

from muster.core.actor import SYSTEM
from muster.core.sessions.actions import NewSession, list_sessions, start_session
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.dialects.clerk.wire.ids import read_user_id
from tests.dialects.clerk.requests import PASSWORD, errors_of, good, made, texts_of
from tests.dialects.clerk.service import NOW, Clerk

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def open_sessions(clerk: Clerk, shown_id: str) -> int:
    user_id = read_user_id(shown_id)
    assert isinstance(user_id, str)
    return len(await list_sessions(clerk.store, clerk.tenant.number, SYSTEM, user_id, clerk.clock.now()))


async def sign_in(clerk: Clerk, shown_id: str) -> None:
    async def act(tx: Transaction) -> None:
        await start_session(tx, await find_user(tx, read_user_id(shown_id)), NewSession())

    await clerk.act(act)


async def test_a_ban_ends_every_session_and_its_end_brings_none_back(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http)
    path = f"/users/{user['id']}"
    await sign_in(clerk, user["id"])
    assert await open_sessions(clerk, user["id"]) == 1
    for _ in range(2):
        assert good(await http.post(f"{path}/ban"))["banned"] is True
    assert await open_sessions(clerk, user["id"]) == 0
    for _ in range(2):
        assert good(await http.post(f"{path}/unban"))["banned"] is False
    assert await open_sessions(clerk, user["id"]) == 0


async def test_several_are_banned_together_or_not_at_all(http: httpx.AsyncClient) -> None:
    ids = [(await made(http, f"u{number}@example.com"))["id"] for number in range(3)]
    assert errors_of(await http.post("/users/ban", json={"user_ids": [*ids, "user_x"]}), 404)
    assert good(await http.get("/users/count", params={"banned": "true"}))["total_count"] == 0
    banned = good(await http.post("/users/ban", json={"user_ids": ids}))
    assert [(user["id"], user["banned"]) for user in banned] == [(id_, True) for id_ in ids]
    assert [user["banned"] for user in good(await http.post("/users/unban", json={"user_ids": ids}))] == [False] * 3
    many = await http.post("/users/ban", json={"user_ids": [f"user_{number}" for number in range(51)]})
    assert texts_of(many, 400) == (
        "bulk size exceeded",
        "Parameters exceed the maximum allowed bulk processing size of 50.",
    )
    assert errors_of(await http.post("/users/ban", json={}), 422) == [("form_param_missing", "user_ids")]


async def test_a_lock_ends_by_itself_or_by_hand(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http)
    path = f"/users/{user['id']}"
    locked = good(await http.post(f"{path}/lock"))
    assert (locked["locked"], locked["lockout_expires_in_seconds"]) == (True, 3600)
    clerk.clock.turn(ms=1)
    assert good(await http.get(path))["lockout_expires_in_seconds"] == 3600
    clerk.clock.turn(seconds=3600)
    after = good(await http.get(path))
    assert (after["locked"], after["lockout_expires_in_seconds"], after["verification_attempts_remaining"]) == (
        False,
        None,
        100,
    )
    await http.post(f"{path}/lock")
    assert good(await http.post(f"{path}/unlock"))["locked"] is False
    assert good(await http.post(f"{path}/unlock"))["locked"] is False


async def test_a_password_is_verified_counted_and_taken_away(http: httpx.AsyncClient) -> None:
    user = await made(http, password=PASSWORD)
    path = f"/users/{user['id']}"
    assert good(await http.post(f"{path}/verify_password", json={"password": PASSWORD})) == {"verified": True}
    wrong = await http.post(f"{path}/verify_password", json={"password": "wrong"})
    assert texts_of(wrong, 422) == ("incorrect password", "The provided password is not the one the user has set")
    assert good(await http.get(path))["verification_attempts_remaining"] == 99
    assert good(await http.post(f"{path}/remove_password"))["password_enabled"] is False
    for answer in (
        await http.post(f"{path}/verify_password", json={"password": PASSWORD}),
        await http.post(f"{path}/remove_password", content=b"null"),
        await http.post(f"{path}/password/set_compromised"),
    ):
        assert errors_of(answer, 400) == [("no_password_set", None)]
    assert errors_of(await http.post("/users/user_x/verify_password", json={"password": "x"}), 404)
    assert errors_of(await http.post(f"{path}/verify_password"), 422) == [("form_param_missing", "password")]


async def test_a_foreign_digest_is_verified(http: httpx.AsyncClient) -> None:
    digest = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    user = await made(http, password_digest=digest, password_hasher="bcrypt")
    verify = f"/users/{user['id']}/verify_password"
    assert good(await http.post(verify, json={"password": PASSWORD})) == {"verified": True}


async def test_a_changed_password_ends_sessions_when_asked(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http, password=PASSWORD)
    path = f"/users/{user['id']}"
    await sign_in(clerk, user["id"])
    clerk.clock.turn(seconds=1)
    await http.patch(path, json={"sign_out_of_other_sessions": True})
    assert await open_sessions(clerk, user["id"]) == 1
    changed = good(await http.patch(path, json={"password": "quite another one", "sign_out_of_other_sessions": True}))
    assert changed["password_last_updated_at"] == NOW + 1000
    assert await open_sessions(clerk, user["id"]) == 0


async def test_second_factors_are_proved_and_taken_away(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http, totp_secret=SECRET, backup_codes=["first-code", "second-code"])
    path = f"/users/{user['id']}"
    code = pyotp.TOTP(SECRET).at(NOW // 1000)
    proved = await http.post(f"{path}/verify_totp", json={"code": code})
    assert good(proved) == {"verified": True, "code_type": "totp"}
    replayed = await http.post(f"{path}/verify_totp", json={"code": code})
    assert texts_of(replayed, 422) == ("incorrect TOTP", "The provided TOTP code is incorrect")
    for expected in (200, 422):
        assert (await http.post(f"{path}/verify_totp", json={"code": "first-code"})).status_code == expected
    assert good(await http.delete(f"{path}/backup_code")) == {"user_id": user["id"]}
    short = await http.post(f"{path}/verify_totp", json={"code": "1"})
    assert texts_of(short, 422) == ("invalid length", "The provided TOTP code must be 6 characters long.")
    clerk.clock.turn(seconds=1)
    assert good(await http.delete(f"{path}/totp")) == {"user_id": user["id"]}
    after = good(await http.get(path))
    assert [after[name] for name in ("totp_enabled", "two_factor_enabled", "backup_code_enabled")] == [False] * 3
    assert (after["mfa_enabled_at"], after["mfa_disabled_at"]) == (NOW, NOW + 1000)
    none = await http.post(f"{path}/verify_totp", json={"code": "123456"})
    assert texts_of(none, 400) == ("TOTP is disabled", "This user does not have TOTP enabled in their account")
    assert good(await http.delete(f"{path}/mfa")) == {"user_id": user["id"]}
    assert errors_of(await http.delete("/users/user_x/mfa"), 404)
