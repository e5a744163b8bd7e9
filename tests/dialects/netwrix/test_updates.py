"""What an update changes and what it leaves, for administrators and for people themselves."""

from __future__ import annotations

from typing import Any

from muster.core.users.model import User
from tests.dialects.netwrix.people import made
from tests.dialects.netwrix.service import PASSWORD, Netwrix, jsv, refusal

NOT_ALLOWED = refusal("Forbidden", "Invalid Permission")


async def test_what_is_sent_changes_and_the_rest_stays(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    before = await netwrix.add(admin, "user1", FirstName="First", Email="user1@example.com", Groups=["North", "South"])
    changes: dict[str, Any] = {
        "SecondName": "Second",
        "Email": "NEW@example.com",
        "Roles": ["USER", "reportadmin"],
        "Groups": ["south", "East"],
        "TimeZoneId": "GMT",
        "TwoFactorRequired": True,
        "Locked": True,
    }
    answer = await admin.post("/users/update/", json={"UserDetails": {"UserName": "USER1", **changes}})
    assert (answer.status_code, answer.content) == (204, b"")
    expected = before | changes | {"Email": "new@example.com", "Roles": ["user", "reportadmin"]}
    expected |= {"Groups": ["South", "East"], "Permissions": ["DeviceView"]}
    shown = (await admin.get("/users/user1")).json()
    assert shown == expected
    stored = await netwrix.user("user1")
    assert [(email.value, email.verified) for email in stored.emails] == [("new@example.com", False)]

    # A client that sends back what it has read changes nothing at all.
    for back in (shown, {**shown, "Roles": ["REPORTADMIN", "user"], "FirstName": None}):
        assert (await admin.post("/users/update/", json={"UserDetails": back})).status_code == 204
    assert await netwrix.user("user1") == stored

    cleared = {"UserName": "user1", "FirstName": "", "Email": "", "Roles": [], "Groups": [], "Locked": "false"}
    answer = await admin.get("/users/update/", params={"UserDetails": jsv(cleared).replace(":,", ':"",')})
    assert answer.status_code == 204
    shown = (await admin.get("/users/user1")).json()
    assert (shown["Roles"], shown["Groups"], shown["Locked"], shown["Permissions"]) == ([], [], False, [])
    assert "FirstName" not in shown
    assert "Email" not in shown


async def test_what_is_derived_is_never_stored(netwrix: Netwrix) -> None:
    user = await made(netwrix, emails=("ada@example.com",))
    admin = await netwrix.signed_in()
    shown = (await admin.get("/users/ada@example.com")).json()
    await admin.post("/users/update/", json={"UserDetails": shown})
    stored = await netwrix.store.get(netwrix.tenant.number, User, user.id)
    assert stored is not None
    assert (stored.version, stored.vendor) == (1, {})


async def test_what_cannot_be_updated(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    one = await netwrix.add(admin, "user1", Email="one@example.com")
    await netwrix.add(admin, "user2", Email="two@example.com")
    for details, status, code in (
        ({"UserName": "user1", "Id": one["Id"] + 1}, 400, "ArgumentException"),
        ({"UserName": "user1", "Email": "two@example.com"}, 400, "ArgumentException"),
        ({"UserName": "user1", "Email": "nothing"}, 400, "ArgumentException"),
        ({"UserName": "user1", "Roles": ["nothing"]}, 400, "ArgumentException"),
        ({"UserName": "nobody"}, 404, "NotFound"),
        ({"FirstName": "x"}, 400, "NotEmpty"),
    ):
        answer = await admin.post("/users/update/", json={"UserDetails": details})
        assert (answer.status_code, answer.json()["ResponseStatus"]["ErrorCode"]) == (status, code), details
    read_only = {"IsInternal": True, "IsADUser": True, "Permissions": ["UserManage"], "GeneratedPassword": "x"}
    read_only |= {"LastLogonAttemptUtc": "2020-01-01", "ChangePasswordByUtc": "2020-01-01"}
    assert (await admin.post("/users/update/", json={"UserDetails": {"UserName": "user1", **read_only}})).is_success
    assert (await admin.get("/users/user1")).json() == one


async def test_one_s_own_account(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    await netwrix.add(admin, "user2")
    user = await netwrix.signed_in("user1", PASSWORD)
    own: dict[str, Any] = {
        "FirstName": "First",
        "SecondName": "Second",
        "Email": "user1@example.com",
        "TimeZoneId": "GMT",
        "DateFormats": {"Name": "own"},
        "NotificationGroups": [{"GroupName": "All", "NotificationTypes": ["Planned"]}],
    }
    shown = (await user.get("/users/user1")).json()
    answer = await user.post("/users/update/", json={"UserDetails": shown | own})
    assert answer.status_code == 204
    shown |= own
    assert (await user.get("/users/user1")).json() == shown
    others: list[dict[str, Any]] = [
        {"Roles": ["admin"]},
        {"Roles": []},
        {"Groups": ["North"]},
        {"Locked": True},
        {"TwoFactorRequired": True},
        {"IsInternal": True},
        {"Permissions": ["UserManage"]},
        {"ChangePasswordByUtc": "2099-01-01"},
    ]
    for other in others:
        sent = {"UserDetails": {"UserName": "user1", "FirstName": "Other", **other}}
        answer = await user.post("/users/update/", json=sent)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED), other
    for name in ("user2", "admin", "nobody"):
        for answer in (
            await user.post("/users/update/", json={"UserDetails": {"UserName": name, "FirstName": "x"}}),
            await user.get(f"/users/{name}"),
            await user.get("/users/reset", params={"UserName": name}),
        ):
            assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED), name
    assert (await user.get("/users/user1")).json() == shown
