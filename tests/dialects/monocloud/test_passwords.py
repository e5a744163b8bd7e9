"""Passwords: set, changed, demanded, removed, and the links for choosing one."""

from typing import Any

import bcrypt

from muster.core.settings.model import LockoutRules
from muster.core.tickets.actions import reset_by_ticket
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.dialects.monocloud.wire.ids import decode
from tests.dialects.monocloud.people import APP, PASSWORD, jane, shown
from tests.dialects.monocloud.service import ON_ONE_ENGINE, PUBLIC_URL, MonoCloud
from tests.dialects.monocloud.test_users import codes, members

HASH = bcrypt.hashpw(b"from-elsewhere", bcrypt.gensalt(4)).decode()


async def stored(monocloud: MonoCloud, user_id: str) -> User:
    user = await monocloud.store.get(monocloud.tenant.number, User, decode(user_id) or "")
    assert user is not None
    return user


@ON_ONE_ENGINE
async def test_a_set_password_is_temporary_unless_told(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}/password"
    async with monocloud.client() as client:
        answer = await client.put(url, json={"password": PASSWORD})
        assert (answer.status_code, answer.json()["force_password_reset"]) == (200, True)
        assert answer.json()["password_updated_at"] == 1_800_000_000
        monocloud.clock.turn(seconds=5)
        answer = await client.put(url, json={"password": PASSWORD, "is_temporary_password": False})
        assert answer.json()["force_password_reset"] is False
        assert answer.json()["password_updated_at"] == 1_800_000_005
        answer = await client.put(url, json={"password_hash": HASH, "password_hash_algorithm": "bcrypt"})
        assert answer.json()["force_password_reset"] is True
        assert (await stored(monocloud, user["user_id"])).password.hash == HASH  # type: ignore[union-attr]
        for body, wrong in (
            ({}, {"password"}),
            ({"password": None}, {"password"}),
            ({"password": PASSWORD, "password_hash": HASH}, {"password_hash"}),
            ({"password_hash": "$2b$12$x"}, {"password_hash"}),
            ({"password_hash": HASH, "password_hash_algorithm": "argon2"}, {"password_hash_algorithm"}),
        ):
            assert set(members(await client.put(url, json=body))) == wrong
        for _ in range(2):
            answer = await client.delete(url)
            assert (answer.status_code, answer.content) == (204, b"")
        user = await shown(client, user["user_id"])
        assert (user["has_password"], user["password_updated_at"], user["force_password_reset"]) == (False, None, False)


@ON_ONE_ENGINE
async def test_the_tenants_policy_tells_all_that_a_password_lacks(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}/password"
    strength = {
        "minimum_length": 8,
        "require_non_alphanumeric_character": True,
        "require_digit": True,
        "require_lowercase_character": True,
        "require_uppercase_character": True,
        "required_unique_characters_count": 4,
    }
    async with monocloud.client() as client:
        await client.patch("/options/authentication", json={"authenticators": {"password": {"strength": strength}}})
        answer = await client.put(url, json={"password": "---"})
        assert {error["code"]: error["description"] for error in answer.json()["errors"]} == {
            "PasswordTooShort": "Passwords must be at least 8 characters.",
            "PasswordRequiresDigit": "Passwords must have at least one digit ('0'-'9').",
            "PasswordRequiresLower": "Passwords must have at least one lowercase ('a'-'z').",
            "PasswordRequiresUpper": "Passwords must have at least one uppercase ('A'-'Z').",
            "PasswordRequiresUniqueChars": "Passwords must use at least 4 different characters.",
        }
        assert codes(await client.put(url, json={"password": "aaaAAA111"})) == [
            "PasswordRequiresNonAlphanumeric",
            "PasswordRequiresUniqueChars",
        ]
        answer = await client.put(url, json={"password": "---", "skip_password_policy_checks": True})
        assert answer.status_code == 200
        answer = await client.put(url, json={"password": "x" * 4097, "skip_password_policy_checks": True})
        assert codes(answer) == ["PasswordTooLong"]
        assert codes(await client.put(url, json={"password": "", "skip_password_policy_checks": True})) == [
            "PasswordTooShort"
        ]


@ON_ONE_ENGINE
async def test_former_passwords_are_refused_as_far_back_as_the_tenant_says(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}/password"
    async with monocloud.client() as client:

        async def reuse(**sent: Any) -> None:
            answer = await client.patch(
                "/options/authentication", json={"authenticators": {"password": {"reuse": sent}}}
            )
            assert answer.json()["authenticators"]["password"]["reuse"].items() >= sent.items()

        await reuse(restriction_mode="count", restriction_count=2)
        for password in ("first-password", "second-password", "third-password"):
            assert (await client.put(url, json={"password": password})).status_code == 200
        for password in ("second-password", "third-password"):
            assert codes(await client.put(url, json={"password": password})) == ["PasswordRecentlyUsed"]
        await reuse(restriction_mode="date", restriction_period=60)
        assert codes(await client.put(url, json={"password": "first-password"})) == ["PasswordRecentlyUsed"]
        await reuse(restriction_mode="off")
        assert (await client.put(url, json={"password": "third-password"})).status_code == 200


async def test_the_users_own_change(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}/password"
    async with monocloud.client() as client:
        change = {"old_password": PASSWORD, "new_password": "another-password"}
        assert codes(await client.put(f"{url}/change", json=change)) == ["UserLockedOut"]
        await client.post(f"/users/{known.user_id}/unblock")
        answer = await client.put(f"{url}/change", json={**change, "old_password": "wrong"})
        assert codes(answer) == ["PasswordMismatch"]
        user = await shown(client, known.user_id)
        assert (user["failure_count"], user["last_sign_in_attempt_ip"]) == (1, None)
        await client.post(f"{url}/force_reset")
        answer = await client.put(f"{url}/change", json=change)
        assert (answer.status_code, answer.json()["force_password_reset"]) == (200, False)
        assert len((await client.get(f"/users/{known.user_id}/sessions")).json()) == 1
        answer = await client.put(
            f"{url}/change",
            json={"old_password": "another-password", "new_password_hash": HASH, "revoke_sessions": True},
        )
        assert answer.status_code == 200, answer.text
        assert (await client.get(f"/users/{known.user_id}/sessions")).json() == []
        answer = await client.put(
            f"{url}/change", json={"old_password": "from-elsewhere", "new_password": "another-password"}
        )
        assert answer.status_code == 200, answer.text
        assert codes(
            await client.put(f"{url}/change", json={"old_password": "another-password", "new_password": "short"})
        ) == ["PasswordTooShort"]
        assert set(members(await client.put(f"{url}/change", json={"new_password": "x"}))) == {"old_password"}
        assert set(members(await client.put(f"{url}/change", json={"old_password": "x"}))) == {"new_password"}
        both = {"old_password": "x", "new_password": "long-enough", "new_password_hash": HASH}
        assert set(members(await client.put(f"{url}/change", json=both))) == {"new_password_hash"}
        await client.delete(url)
        assert codes(await client.put(f"{url}/change", json=change)) == ["PasswordMismatch"]
        await client.put(url, json={"password": PASSWORD})
        await client.post(f"/users/{known.user_id}/disable")
        assert codes(await client.put(f"{url}/change", json=change)) == ["UserDisabled"]


async def test_wrong_old_passwords_lock_the_account_as_the_tenant_says(monocloud: MonoCloud) -> None:
    user = await monocloud.created(password=PASSWORD)
    url = f"/users/{user['user_id']}"
    lockout = {"lockout_type": "user_account", "max_failed_access_attempts": 2, "user_lockout_time_span": 5}
    async with monocloud.client() as client:
        await client.patch("/options/authentication", json={"account_protection": {"user_lockout": lockout}})
        change = {"old_password": "wrong", "new_password": "another-password"}
        for code in ("PasswordMismatch", "PasswordMismatch", "UserLockedOut"):
            assert codes(await client.put(f"{url}/password/change", json=change)) == [code]
        user = await shown(client, user["user_id"])
        assert (user["failure_count"], user["block_until"]) == (2, 1_800_000_300)
        answer = await client.post(f"{url}/unblock")
        assert (answer.json()["failure_count"], answer.json()["block_until"]) == (0, None)
        assert LockoutRules().failures == 10


@ON_ONE_ENGINE
async def test_a_change_can_be_demanded_and_forgiven(monocloud: MonoCloud) -> None:
    user = await monocloud.created(password=PASSWORD, is_temporary_password=False)
    url = f"/users/{user['user_id']}/password/force_reset"
    async with monocloud.client() as client:
        for method, flag in (("POST", True), ("POST", True), ("DELETE", False), ("DELETE", False)):
            answer = await client.request(method, url)
            assert (answer.status_code, answer.json()["force_password_reset"]) == (200, flag)


async def test_setting_a_password_can_sign_everybody_out(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    url = f"/users/{known.user_id}"
    async with monocloud.client() as client:
        await client.put(f"{url}/password", json={"password": PASSWORD})
        assert len((await client.get(f"{url}/sessions")).json()) == 1
        await client.put(f"{url}/password", json={"password": PASSWORD, "revoke_sessions": True})
        assert (await client.get(f"{url}/sessions")).json() == []
        assert (await client.get(f"{url}/grants/clients")).json() == [
            {
                "client_id": APP,
                "consented": True,
                "refresh_tokens": 0,
                "reference_tokens": 0,
                "authorization_codes": 0,
            }
        ]


async def test_a_link_for_choosing_a_password(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}"
    async with monocloud.client() as client:
        answer = (await client.post(f"{url}/password/reset", json={"expiry": 600})).json()
        state = answer.pop("link").removeprefix(f"{PUBLIC_URL}ui/passwordReset/verify?state=")
        assert (len(state), answer) == (32, {"expires_at": 1_800_000_600, "email_sent": False})
        assert codes(await client.post(f"{url}/password/reset", json={"send_email": True})) == ["VerifiedEmailRequired"]
        assert await monocloud.mails() == []
        await client.post(f"{url}/emails/{user['emails'][0]['id']}/verify")
        answer = (await client.post(f"{url}/password/reset", json={"send_email": True})).json()
        assert (answer["expires_at"], answer["email_sent"]) == (1_800_003_600, True)
        (mail,) = await monocloud.mails()
        assert (mail.to, mail.data["link"]) == ("jane@example.com", answer["link"])
        await client.put(f"{url}/password", json={"password": PASSWORD})
        await monocloud.act(reset_by_ticket, answer["link"].rpartition("=")[2], HashedPassword(HASH, "bcrypt"))
        user = await shown(client, user["user_id"])
        assert (user["has_password"], user["force_password_reset"]) == (True, False)
