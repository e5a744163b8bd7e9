"""Signing in and out: whole answers, the three ways to show a session, how long one lasts, and who may not bring one along."""

from __future__ import annotations

from typing import Any

import pytest

from muster.core.credentials.attempts import CredentialRefused
from muster.core.sessions.actions import NewSession, Started, session_of_token, start_session
from muster.core.users import actions
from muster.core.users.model import User
from muster.dialects.kit.call import Site
from tests.dialects.netwrix.service import ADMIN_PASSWORD, PASSWORD, PUBLIC_URL, Netwrix, refusal, sign_in

NOT_SIGNED_IN = refusal("Unauthorized", "Not Authenticated")
WRONG = refusal("Unauthorized", "Invalid Username or Password")
FOREIGN = refusal("Forbidden", "The request comes from another site")
PERMISSIONS = ["UserManage", "UserRoleManage", "CredentialsGet", "CredentialsManage", "DeviceView", "DeviceRegister"]


async def test_a_session_from_sign_in_to_sign_out(netwrix: Netwrix) -> None:
    client = netwrix.client()
    answer = await client.post(
        "/auth/credentials",
        content=f"username=ADMIN&password={ADMIN_PASSWORD.replace(' ', '+')}&format=json",
        headers={"accept": "application/json", "content-type": "application/x-www-form-urlencoded"},
    )
    admin = await netwrix.user("admin", internal=True)
    shown = answer.json()
    token = shown["SessionId"]
    assert (answer.status_code, shown) == (
        200,
        {
            "UserId": str(admin.seq),
            "SessionId": token,
            "UserName": "admin",
            "DisplayName": "admin@localhost",
            "BearerToken": token,
            "Roles": ["admin"],
            "Permissions": PERMISSIONS,
        },
    )
    assert answer.headers.get_list("set-cookie") == [
        f"ss-id={token}; Path=/; HttpOnly; SameSite=Strict; Secure",
        "ss-opt=temp; Path=/; HttpOnly; SameSite=Strict; Secure",
    ]
    assert answer.headers["cache-control"] == "no-store"
    for spelling in ("/auth", "/auth/", "/auth/credentials", "/AUTH/Credentials"):
        assert (await client.get(spelling)).json() == shown
    gone = await client.get("/auth/logout")
    assert (gone.status_code, gone.json()) == (200, {})
    assert gone.headers.get_list("set-cookie") == [
        f"{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure" for name in ("ss-id", "ss-pid", "ss-opt")
    ]
    after = await client.get("/auth", headers={"authorization": f"Bearer {token}"})
    assert (after.status_code, after.json()) == (401, NOT_SIGNED_IN)
    assert after.headers["www-authenticate"] == 'credentials realm="/auth/credentials"'
    assert (await client.post("/auth/logout", json={})).json() == {}


async def test_a_session_is_shown_by_cookie_header_or_bearer_token(netwrix: Netwrix) -> None:
    token = (await sign_in(netwrix.client(), "admin", ADMIN_PASSWORD)).json()["SessionId"]
    ways = [
        {"cookie": f"ss-id={token}"},
        {"cookie": f"ss-opt=perm; ss-id=old; ss-pid={token}"},
        {"cookie": f"ss-opt=temp; ss-pid=old; ss-id={token}; other=1"},
        {"x-ss-id": token},
        {"x-ss-pid": token},
        {"authorization": f"bearer {token}"},
    ]
    for headers in ways:
        assert (await netwrix.client(**headers).get("/users/admin")).status_code == 200, headers
    none = [
        {"cookie": "ss-id=; ss-pid="},
        {"cookie": f"ss-opt=perm; ss-pid=wrong; ss-id={token}"},
        {"cookie": '=;;"\\'},
        {"x-ss-id": token[:-1] + ("A" if token[-1] != "A" else "B")},
        {"authorization": f"Basic {token}"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer \xff"},
        {},
    ]
    for headers in none:
        answer = await netwrix.client(**headers).get("/users/admin")
        assert (answer.status_code, answer.json()) == (401, NOT_SIGNED_IN), headers


async def test_a_session_ends_when_it_lies_unused_and_a_remembered_one_later(netwrix: Netwrix) -> None:
    client = await netwrix.signed_in()
    for _ in range(3):
        netwrix.clock.turn(seconds=590)
        assert (await client.get("/users/admin")).status_code == 200
    netwrix.clock.turn(seconds=600)
    assert (await client.get("/users/admin")).status_code == 401

    remembered = netwrix.client()
    body: dict[str, Any] = {"UserName": "admin", "Password": ADMIN_PASSWORD, "RememberMe": "true"}
    answer = await remembered.post("/auth", json=body)
    token = answer.json()["SessionId"]
    assert answer.headers.get_list("set-cookie")[1:] == [
        f"ss-pid={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2419200; Secure",
        "ss-opt=perm; Path=/; HttpOnly; SameSite=Strict; Max-Age=2419200; Secure",
    ]
    netwrix.clock.turn(days=27)
    assert (await remembered.get("/users/admin")).status_code == 200
    netwrix.clock.turn(days=29)
    assert (await remembered.get("/users/admin")).status_code == 401


async def test_who_does_not_come_in(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    client = netwrix.client()
    for name, password in (("user1", "wrong"), ("nobody", PASSWORD), ("User1 ", PASSWORD), ("user1", PASSWORD + " ")):
        answer = await sign_in(client, name, password)
        assert (answer.status_code, answer.json()) == (401, WRONG), name
        assert "set-cookie" not in answer.headers
    answer = await client.get("/auth/credentials", params={"UserName": "user1", "Password": PASSWORD})
    assert (answer.status_code, answer.json()) == (
        405,
        refusal("MethodNotAllowed", "Credentials are taken by POST only"),
    )
    answer = await client.post("/auth/github", json={})
    assert answer.json() == refusal("NotFound", "Auth provider 'github' does not exist")

    inside = await netwrix.signed_in("user1", PASSWORD)
    user = await netwrix.user("user1")

    async def suspend(tx: Any) -> None:
        await actions.suspend(tx, await actions.find_user(tx, user.id), door="auth0")

    await netwrix.act(suspend)
    answer = await sign_in(client, "user1", PASSWORD)
    assert (answer.status_code, answer.json()) == (403, refusal("Forbidden", "This account has been suspended"))
    assert (await inside.get("/users/user1")).status_code == 401


async def test_a_page_of_another_site_cannot_use_a_cookie(netwrix: Netwrix) -> None:
    token = (await sign_in(netwrix.client(), "admin", ADMIN_PASSWORD)).json()["SessionId"]
    by_cookie = {"cookie": f"ss-id={token}"}
    foreign = [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://users.example.com"},
        {"origin": "https://users.example.com.evil.example"},
        {"origin": "https://users.example.com/x"},
        {"origin": "https://[broken"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": PUBLIC_URL.rstrip("/"), "sec-fetch-site": "cross-site"},
    ]
    own = [{"origin": PUBLIC_URL.rstrip("/")}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}, {}]
    for headers in foreign:
        for path in ("/users/", "/users/delete?UserName=x", "/auth", "/auth/logout"):
            answer = await netwrix.client(**by_cookie, **headers).get(path)
            assert (answer.status_code, answer.json()) == (403, FOREIGN), (path, headers)
        answer = await sign_in(netwrix.client(**headers), "admin", ADMIN_PASSWORD)
        assert (answer.status_code, answer.json()) == (403, FOREIGN)
        # What a browser does not add by itself is no danger.
        assert (await netwrix.client(**headers, **{"x-ss-id": token}).get("/users/")).status_code == 200
    for headers in own:
        assert (await netwrix.client(**by_cookie, **headers).get("/users/")).status_code == 200, headers


async def test_cookies_and_origins_of_a_server_without_an_address_of_its_own(netwrix: Netwrix) -> None:
    also = ("https://127.0.0.1:8400/", "https://127.0.0.1:8443/")
    netwrix.site = Site(netwrix.tenant.number, "https://127.0.0.1:8443/", also=also)
    client = netwrix.client()
    client.base_url = "http://127.0.0.1:8400/api"
    plain = await client.post(
        "/auth/credentials",
        json={"UserName": "admin", "Password": ADMIN_PASSWORD},
        headers={"origin": "http://127.0.0.1:8400"},
    )
    assert plain.status_code == 200
    assert not any("Secure" in cookie for cookie in plain.headers.get_list("set-cookie"))
    answer = await client.get("/users/", headers={"origin": "http://127.0.0.1:9999"})
    assert answer.status_code == 403
    client.base_url = "https://127.0.0.1:8443/api"
    secure = await sign_in(client, "admin", ADMIN_PASSWORD)
    assert all("Secure" in cookie for cookie in secure.headers.get_list("set-cookie"))


async def test_a_session_of_another_tenant_is_none(netwrix: Netwrix) -> None:
    token = (await sign_in(netwrix.client(), "admin", ADMIN_PASSWORD)).json()["SessionId"]
    other = await netwrix.store.create_tenant("other", netwrix.clock.now())
    netwrix.site = replace_tenant(netwrix.site, other.number)
    answer = await netwrix.client(**{"x-ss-id": token}).get("/users/admin")
    assert (answer.status_code, answer.json()) == (401, NOT_SIGNED_IN)


def replace_tenant(site: Site, number: int) -> Site:
    return site._replace(tenant_id=number)


async def test_what_signing_in_leaves_behind(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    assert "LastLogonAttemptUtc" not in (await admin.get("/users/user1")).json()
    netwrix.clock.turn(ms=32_123)
    await sign_in(netwrix.client(), "user1", "wrong")
    assert (await admin.get("/users/user1")).json()["LastLogonAttemptUtc"] == "2027-01-15T08:00:32.1230000Z"
    user = await netwrix.user("user1")
    assert user.activity is not None
    assert (user.activity.failures, user.activity.logins) == (1, 0)
    await netwrix.signed_in("user1", PASSWORD)
    user = await netwrix.user("user1")
    assert user.activity is not None
    assert (user.activity.failures, user.activity.logins, user.activity.successes) == (0, 1, 1)
    assert user.version == 1


async def test_a_session_for_an_application_is_none_here_and_one_from_here_is_none_there(netwrix: Netwrix) -> None:
    admin = await netwrix.user("admin", internal=True)

    async def start(tx: Any) -> Started:
        return await start_session(tx, await tx.need(User, admin.id), NewSession())

    started = await netwrix.act(start)
    answer = await netwrix.client(**{"x-ss-id": started.token}).get("/users/")
    assert (answer.status_code, answer.json()) == (401, NOT_SIGNED_IN)
    token = (await sign_in(netwrix.client(), "admin", ADMIN_PASSWORD)).json()["SessionId"]
    with pytest.raises(CredentialRefused, match="session_over"):
        await session_of_token(netwrix.store, netwrix.tenant.number, token, netwrix.clock.now())
