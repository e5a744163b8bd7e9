"""Users through the API: added, shown, listed, changed, deleted; each time the whole answer is looked at."""

from __future__ import annotations

from tests.dialects.netwrix.service import PASSWORD, Netwrix, refusal


async def test_a_user_s_life(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    details = {
        "FirstName": "First",
        "SecondName": "Second",
        "Email": "User1@example.com",
        "Groups": ["North"],
        "TimeZoneId": "GMT Standard Time",
    }
    added = await netwrix.add(admin, "user1", **details)
    assert added == {
        "Version": 0,
        "Id": added["Id"],
        "UserName": "user1",
        "Locked": False,
        "FirstName": "First",
        "SecondName": "Second",
        "Email": "user1@example.com",
        "Roles": ["user"],
        "Permissions": [],
        "Groups": ["North"],
        "NotificationGroups": [],
        "TimeZoneId": "GMT Standard Time",
        "TwoFactorRequired": False,
        "IsInternal": False,
        "IsADUser": False,
        "IsOAuthUser": False,
        "IsSSOUser": False,
    }
    for answer in (await admin.get("/users/USER1"), await admin.post("/users/user1@example.com/", json={})):
        assert (answer.status_code, answer.json()) == (200, added)
    listed = await admin.get("/users/")
    assert [user["UserName"] for user in listed.json()] == ["admin", "user1"]
    assert listed.json()[1] == added

    changed = await admin.post("/users/update/", json={"UserDetails": {"UserName": "user1", "FirstName": "Other"}})
    assert (changed.status_code, changed.content) == (204, b"")
    assert (await admin.get("/users/user1")).json() == added | {"FirstName": "Other"}

    user = await netwrix.signed_in("user1", PASSWORD)
    assert (await user.get("/users/user1")).status_code == 200
    deleted = await admin.post("/users/delete/", data={"UserName": "user1"})
    assert (deleted.status_code, deleted.content) == (204, b"")
    again = await admin.post("/users/delete/", data={"UserName": "user1"})
    assert (again.status_code, again.json()) == (404, refusal("NotFound", "User does not exist"))
    assert (await user.get("/users/user1")).status_code == 401
