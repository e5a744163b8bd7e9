"""Hard cases of passwords, suspensions and locks: who may come in, who lets them, and what else happens."""

import pytest
from msgspec.structs import replace

from muster.core.users.model import Activity, IpBlock, User
from tests.truth.hard_cases import PASSWORD, Five, Person, email, username

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

OTHER_PASSWORD = "another long and rare passphrase 18"
FOREVER = 253402300799
HOUR = 3600
DAY = 86_400
IP = "192.0.2.1"


async def test_h12_a_suspension_is_one_fact(five: Five) -> None:
    """A suspension made in any dialect is shown by all that know it and keeps the user out of all; sessions are refused
    while it lasts and live again after it, unless Clerk, or MonoCloud when asked, ended them with it; and it is no
    lock.
    """
    name = email()
    person = await five.born_in_auth0(email=name)
    claims = (await person.in_mattr())["claims"]
    assert "blocked" not in await person.in_auth0()
    token = (await five.sign_in_to_netwrix(name))["BearerToken"]

    await person.patch_auth0(blocked=True)
    await _is_suspended(person, suspended=True)
    assert (await person.in_mattr())["claims"] == claims
    assert await five.as_netwrix_user(token) == 401
    refused = await five.sign_in_to_netwrix(name, expect=403)
    assert refused["ResponseStatus"]["Message"] == "This account has been suspended"
    await five.monocloud("POST", f"{person.monocloud_path}/enable")
    await _is_suspended(person, suspended=False)
    assert await five.as_netwrix_user(token) == 200

    await five.monocloud("POST", f"{person.monocloud_path}/disable", {})
    await person.in_clerk_now("unban")
    assert await five.as_netwrix_user(token) == 200
    await five.monocloud("POST", f"{person.monocloud_path}/disable", {"revoke_sessions": True})
    await person.patch_auth0(blocked=False)
    assert await five.as_netwrix_user(token) == 401

    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    await person.in_clerk_now("ban")
    await _is_suspended(person, suspended=True)
    await person.in_clerk_now("lock")
    await person.patch_auth0(blocked=False)
    await _is_suspended(person, suspended=False)
    assert (await person.in_clerk())["locked"] is True
    await person.in_clerk_now("unlock")
    assert await five.as_netwrix_user(token) == 401
    await five.sign_in_to_netwrix(name, expect=200)


async def _is_suspended(person: Person, *, suspended: bool) -> None:
    shown = (
        (await person.in_auth0())["blocked"],
        (await person.in_clerk())["banned"],
        (await person.in_monocloud())["disabled"],
    )
    assert shown == (suspended, suspended, suspended)


async def test_h13_an_unlock_anywhere_unlocks_everywhere(five: Five) -> None:
    """There is one lock, by hand for an hour in Clerk and for good in Netwrix, shown alike wherever it is shown; it
    ends by time, by any dialect's unlock, by Netwrix's reset and by a password set through Auth0, and sessions stay.
    """
    name = email()
    person = await five.born_in_auth0(email=name)
    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    now = five.clock.now() // 1000

    async def unlock_in_monocloud() -> None:
        await five.monocloud("POST", f"{person.monocloud_path}/unblock")

    async def reset_in_netwrix() -> None:
        await five.netwrix("POST", "/users/reset", {"UserName": name})

    async def password_in_auth0() -> None:
        await person.patch_auth0(password=OTHER_PASSWORD)

    async def unlock_in_clerk() -> None:
        await person.in_clerk_now("unlock")

    async def unlock_in_netwrix() -> None:
        await person.update_netwrix(Locked=False)

    ways = (unlock_in_monocloud, reset_in_netwrix, password_in_auth0, unlock_in_clerk, unlock_in_netwrix)
    for number, unlock in enumerate(ways):
        if number % 2:
            await person.update_netwrix(Locked=True)
            await _lock_is(person, until=FOREVER, left=None)
        else:
            await person.in_clerk_now("lock")
            await _lock_is(person, until=now + HOUR, left=HOUR)
        assert await five.as_netwrix_user(token) == 200
        await unlock()
        await _lock_is(person, until=None, left=None)

    await person.in_clerk_now("lock")
    refused = await five.sign_in_to_netwrix(name, OTHER_PASSWORD, expect=403)
    assert refused["ResponseStatus"]["Message"] == "This account has been locked"
    await five.pass_time(seconds=HOUR)
    await _lock_is(person, until=None, left=None)


async def _lock_is(person: Person, *, until: int | None, left: int | None) -> None:
    clerk = await person.in_clerk()
    locked = until is not None
    assert (clerk["locked"], clerk["lockout_expires_in_seconds"]) == (locked, left)
    assert clerk["verification_attempts_remaining"] == (0 if locked else 100)
    assert (await person.in_monocloud())["block_until"] == until
    assert (await person.in_netwrix())["Locked"] is locked


async def test_h13_a_blocked_address_is_no_lock(five: Five) -> None:
    """An address that is blocked for a user is shown by MonoCloud and not as a lock by anybody; a lock's end leaves it, and
    an administrator's unlock in Clerk, Netwrix or by a password in Auth0 lifts it with the rest.
    """
    name = email()
    person = await five.born_in_auth0(email=name)
    path = f"{person.monocloud_path}/blocked_ips"
    until = five.clock.now() + DAY * 1000

    def block(user: User) -> User:
        address = IpBlock(ip=IP, failures=10, attempts=12, until=until, last_at=five.clock.now())
        return replace(user, activity=replace(user.activity or Activity(), ip_blocks=[address]))

    for lifted_by in ("monocloud", "clerk", "netwrix", "auth0"):
        await person.become(block)
        (shown,) = await five.monocloud("GET", path)
        assert (shown["ip"], shown["failure_count"], shown["block_until"]) == (IP, 10, until // 1000)
        await _lock_is(person, until=None, left=None)
        await five.monocloud("POST", f"{person.monocloud_path}/unblock")
        refused = await five.sign_in_to_netwrix(name, expect=403)
        assert refused["ResponseStatus"]["Message"] == "Ip Address Blocked: LoginFailures"
        if lifted_by == "monocloud":
            await five.monocloud("POST", f"{path}/unblock", {"ip_address": IP})
        elif lifted_by == "clerk":
            await person.in_clerk_now("unlock")
        elif lifted_by == "netwrix":
            await five.netwrix("POST", "/users/reset", {"UserName": name})
        else:
            await person.patch_auth0(password=PASSWORD)
        assert await five.monocloud("GET", path) == []
    await five.sign_in_to_netwrix(name, expect=200)


async def test_h18_a_password_that_must_be_changed(five: Five) -> None:
    """That a password must be changed is one demand, made by Clerk's compromised, MonoCloud's forced reset and
    Netwrix's date, and cleared by the user's own change, a password set through Auth0 or Clerk, and a lasting one of
    MonoCloud's.
    """
    name = email()
    person = await five.born_in_auth0(email=name)
    now = "2027-01-15T08:00:00.0000000Z"
    await _must_change(person, by=None)

    await person.in_clerk_now("password/set_compromised")
    await _must_change(person, by=now)
    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    assert await five.as_netwrix_user(token, f"/users/{person.uuid}") == 403
    async with five.house.anonymous(accept="application/json", authorization=f"Bearer {token}") as own:
        body = {"UserName": name, "CurrentPassword": PASSWORD, "Password": OTHER_PASSWORD}
        assert (await own.post("/netwrix/api/users/updatePassword", json=body)).status_code == 204
    await _must_change(person, by=None)
    assert await five.as_netwrix_user(token, f"/users/{person.uuid}") == 200

    await five.monocloud("POST", f"{person.monocloud_path}/password/force_reset")
    await _must_change(person, by=now)
    await person.patch_auth0(password=PASSWORD)
    await _must_change(person, by=None)

    reset = await five.netwrix("POST", "/users/resetPassword", {"UserName": name})
    await _must_change(person, by="2027-01-22T08:00:00.0000000Z")
    token = (await five.sign_in_to_netwrix(name, reset["Password"]))["BearerToken"]
    assert await five.as_netwrix_user(token, f"/users/{person.uuid}") == 200  # there is time
    await person.patch_clerk(password=PASSWORD)
    await _must_change(person, by=None)

    await five.monocloud("PUT", f"{person.monocloud_path}/password", {"password": OTHER_PASSWORD})
    await _must_change(person, by=now)
    await person.in_clerk_now("password/unset_compromised")
    await _must_change(person, by=None)
    await five.monocloud("POST", f"{person.monocloud_path}/password/force_reset")
    lasting = {"password": PASSWORD, "is_temporary_password": False}
    await five.monocloud("PUT", f"{person.monocloud_path}/password", lasting)
    await _must_change(person, by=None)


async def _must_change(person: Person, *, by: str | None) -> None:
    assert (await person.in_monocloud())["force_password_reset"] is (by is not None)
    assert (await person.in_netwrix()).get("ChangePasswordByUtc") == by


async def test_h19_what_setting_a_password_does_besides(five: Five) -> None:
    """A password set through Auth0 lifts a suspension that Auth0 made and no other's, and keeps sessions; Clerk and
    MonoCloud end sessions if asked; Netwrix ends the other's sessions; and a user may be left without any.
    """
    name = email()
    person = await five.born_in_auth0(email=name)
    assert "last_password_reset" not in await person.in_auth0()
    token = (await five.sign_in_to_netwrix(name))["BearerToken"]

    await person.patch_auth0(blocked=True)
    shown = await person.patch_auth0(password=OTHER_PASSWORD)
    assert (shown["blocked"], shown["last_password_reset"]) == (False, "2027-01-15T08:00:00.000Z")
    await five.monocloud("POST", f"{person.monocloud_path}/disable", {})
    assert (await person.patch_auth0(password=PASSWORD))["blocked"] is True
    await five.monocloud("POST", f"{person.monocloud_path}/enable")
    assert await five.as_netwrix_user(token) == 200

    await person.patch_clerk(password=OTHER_PASSWORD)
    assert await five.as_netwrix_user(token) == 200
    await person.patch_clerk(password=PASSWORD, sign_out_of_other_sessions=True)
    assert await five.as_netwrix_user(token) == 401

    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    new = {"password": OTHER_PASSWORD, "is_temporary_password": False}
    await five.monocloud("PUT", f"{person.monocloud_path}/password", new)
    assert await five.as_netwrix_user(token) == 200
    new = {"password": PASSWORD, "is_temporary_password": False, "revoke_sessions": True}
    await five.monocloud("PUT", f"{person.monocloud_path}/password", new)
    assert await five.as_netwrix_user(token) == 401

    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    await five.netwrix("POST", "/users/resetPassword", {"UserName": name, "NewPassword": OTHER_PASSWORD})
    assert await five.as_netwrix_user(token) == 401
    mine = five.house.credentials["default"]["netwrix"]["password"]
    body = {"UserName": name, "CurrentPassword": mine, "Password": PASSWORD}
    await five.netwrix("POST", "/users/updatePassword", body)
    await five.clerk("POST", f"{person.clerk_path}/verify_password", {"password": PASSWORD})

    await person.in_clerk_now("remove_password")
    assert (await person.in_monocloud())["has_password"] is False
    assert (await person.in_netwrix())["IsOAuthUser"] is False
    await five.sign_in_to_netwrix(name, expect=401)
    await five.monocloud("PUT", f"{person.monocloud_path}/password", {"password": PASSWORD})
    await five.monocloud("DELETE", f"{person.monocloud_path}/password")
    assert (await person.in_clerk())["password_enabled"] is False


async def test_h20_the_caller_s_own_policy(five: Five) -> None:
    """A new password meets the rules of the dialect that sets it and of no other: Netwrix wants twelve characters where the
    others want eight, and only Auth0 and Clerk refuse more than 72 bytes.
    """
    person = await five.born_in_auth0()
    name = (await person.in_netwrix())["UserName"]
    short, long = "Zq7-vB2k", "Zq7-vB2k" * 10
    temporary = {"is_temporary_password": False}

    async def fits(password: str) -> dict[str, bool]:
        auth0 = await five.auth0.client.patch(person.auth0_path, json={"password": password})
        clerk = await five.clerk.client.patch(person.clerk_path, json={"password": password})
        path = f"{person.monocloud_path}/password"
        monocloud = await five.monocloud.client.put(path, json={"password": password, **temporary})
        body = {"UserName": name, "NewPassword": password}
        netwrix = await five.netwrix.client.post("/users/resetPassword", json=body)
        answers = {"auth0": auth0, "clerk": clerk, "monocloud": monocloud, "netwrix": netwrix}
        assert all(answer.status_code in (200, 400, 422) for answer in answers.values())
        return {dialect: answer.is_success for dialect, answer in answers.items()}

    assert await fits(short) == {"auth0": True, "clerk": True, "monocloud": True, "netwrix": False}
    assert await fits(long) == {"auth0": False, "clerk": False, "monocloud": True, "netwrix": True}
    await five.clerk("POST", f"{person.clerk_path}/verify_password", {"password": long})
    by_mail = await five.born_in_clerk(email_address=[email()], username=username(), password=short)
    assert (await by_mail.in_monocloud())["has_password"] is True
