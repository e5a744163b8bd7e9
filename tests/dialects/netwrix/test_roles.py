"""Hub roles: what there is, who defines and gives them, and that nobody reaches above themselves."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.dialects.netwrix.service import PASSWORD, Netwrix, refusal

NOT_ALLOWED = refusal("Forbidden", "Invalid Permission")
LAST = refusal("Forbidden", "The last account that manages users must stay")
EVERYTHING = ["UserManage", "UserRoleManage", "CredentialsGet", "CredentialsManage", "DeviceView", "DeviceRegister"]


async def test_what_there_is(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    assert (await admin.get("/permissions/")).json() == EVERYTHING
    listed = (await admin.post("/userRoles", json={})).json()
    assert {name: listed[name] for name in ("Total", "Returned", "Version")} == {
        "Total": 8,
        "Returned": 8,
        "Version": 0,
    }
    roles = {role["Name"]: role for role in listed["Roles"]}
    assert list(roles) == [
        "admin",
        "user",
        "useradmin",
        "changeapprover",
        "reportadmin",
        "itsm",
        "licenseupdater",
        "agent",
    ]
    assert roles["admin"] == {
        "Name": "admin",
        "DisplayName": "Administrator",
        "Permissions": EVERYTHING,
        "ReadOnly": True,
    }
    assert roles["useradmin"]["Permissions"] == ["UserManage"]
    assert (await admin.get("/userRoles?RoleName=ADMIN")).json()["Roles"] == [roles["admin"]]
    assert (await admin.get("/userRoles?RoleName=none")).json() == {
        "Roles": [],
        "Total": 0,
        "Returned": 0,
        "Version": 0,
    }
    assert {"Id": "Europe/London"} in (await admin.get("/timezones")).json()
    for path in ("/resetAdminPassword", "/resetAdminPassword/admin", "/resetAdminPassword/1/admin"):
        answer = await netwrix.client().get(path)
        assert answer.status_code == 403
        assert "muster user reset-password" in answer.json()["ResponseStatus"]["Message"]


async def test_a_role_s_life(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    sent = {"DisplayName": "Help desk", "Permissions": ["devicevieW"], "ReadOnly": False, "ExternalName": "CN=help"}
    role = {
        "Name": "Help desk",
        "DisplayName": "Help desk",
        "ExternalName": "CN=help",
        "Permissions": ["DeviceView"],
        "ReadOnly": False,
    }
    answer = await admin.post("/userRoles/add", json=sent)
    assert (answer.status_code, answer.json()) == (200, {"Roles": [role], "Version": 0})
    assert (await admin.post("/userRoles/add", json=sent)).status_code == 400
    for name in ("ADMIN", " x", "x" * 101, "a\nb"):
        assert (await admin.post("/userRoles/add", json=sent | {"Name": name})).status_code == 400, name
    answer = await admin.post("/userRoles/add", json=sent | {"Name": "x", "Permissions": ["UserManage", "Fly"]})
    assert answer.json()["ResponseStatus"]["Message"] == "Unknown permissions: Fly"

    answer = await admin.get("/userRoles/clone?ExistingRoleName=help+DESK&NewRoleName=Second")
    assert answer.json() == role | {"Name": "Second", "DisplayName": "Second"}
    update = {"Name": "help desk", "DisplayName": "Desk", "Permissions": ["UserManage"]}
    updated = {"Name": "Help desk", "DisplayName": "Desk", "Permissions": ["UserManage"], "ReadOnly": False}
    assert (await admin.post("/userRoles/update", json=update)).json() == {"Roles": [updated], "Version": 0}

    await netwrix.add(admin, "user1", Roles=["help desk"])
    user = await netwrix.signed_in("user1", PASSWORD)
    shown = (await user.get("/userRolesPermissions")).json()
    assert shown == {
        "UserName": "user1",
        "OrganisationName": "default",
        "Roles": ["Help desk"],
        "Permissions": ["UserManage"],
        "Flags": [],
        "Features": {},
        "HasValidLicense": True,
        "TimeZoneId": "UTC",
        "TwoFactorEnabled": False,
        "TwoFactorRegistration": "None",
        "Version": 0,
    }
    assert (await user.get("/userRolesPermissions/check?Roles=HELP+DESK&Permissions=usermanage")).json() is True
    assert (await user.get("/userRolesPermisions/check?Permissions=UserManage,DeviceView")).json() is False
    assert (await user.get("/users/")).status_code == 200
    # A role that changes changes its holders at once.
    await admin.post("/userRoles/update", json=update | {"Permissions": []})
    assert (await user.get("/users/")).status_code == 403

    in_use = await admin.post("/userRoles/delete", json={"Name": "Help desk"})
    assert (in_use.status_code, in_use.json()["ResponseStatus"]["Message"]) == (
        400,
        "Role 'Help desk' is given to users",
    )
    assert (await admin.post("/userRoles/delete", json={"Name": "Second"})).status_code == 204
    for path, body in (
        ("/userRoles/delete", {"Name": "Second"}),
        ("/userRoles/update", update | {"Name": "Second"}),
        ("/userRoles/clone", {"ExistingRoleName": "Second", "NewRoleName": "x"}),
    ):
        answer = await admin.post(path, json=body)
        assert (answer.status_code, answer.json()) == (404, refusal("NotFound", "Role 'Second' does not exist"))
    for path in ("/userRoles/delete", "/userRoles/update"):
        answer = await admin.post(path, json=update | {"Name": "user"})
        assert (answer.status_code, answer.json()) == (403, refusal("Forbidden", "The role is read-only"))
        assert (await user.post(path, json=update)).json() == NOT_ALLOWED


async def test_an_administrator_of_groups_reaches_those_groups_only(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "lead", Roles=["useradmin"], Groups=["North"])
    await netwrix.add(admin, "near", Groups=["North"])
    await netwrix.add(admin, "far", Groups=["South"])
    await netwrix.add(admin, "chief", Roles=["admin"], Groups=["North"])
    lead = await netwrix.signed_in("lead", PASSWORD)
    assert [user["UserName"] for user in (await lead.get("/users/")).json()] == ["lead", "near", "chief"]
    assert (await lead.get("/users/near")).status_code == 200
    for name in ("far", "admin", "nobody"):
        answer = await lead.get(f"/users/{name}")
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED), name

    def details(name: str, **given: Any) -> dict[str, Any]:
        return {"UserDetails": {"UserName": name, **given}, "Password": PASSWORD}

    async def status(path: str, body: dict[str, Any]) -> int:
        return (await lead.post(path, json=body)).status_code

    assert await status("/users/add", details("own", Groups=["North"])) == 200
    assert await status("/users/add", details("a", Groups=["South"])) == 403
    assert await status("/users/add", details("b", Groups=["North", "New"])) == 403
    assert await status("/users/add", details("c")) == 403, "out of reach as soon as it is there"
    assert await status("/users/add", details("d", Groups=["North"], Roles=["admin"])) == 403
    assert await status("/users/update", details("near", FirstName="x", Locked=True)) == 204
    assert await status("/users/update", details("near", Groups=["North", "South"])) == 403
    assert await status("/users/update", details("near", Roles=["useradmin"])) == 204
    assert await status("/users/update", details("near", Roles=["admin"])) == 403
    assert await status("/users/update", details("lead", Roles=["admin"])) == 403
    # Somebody who may do more is not theirs to take over, though they share a group.
    for path, body in (
        ("/users/update", details("chief", Email="mine@example.com")),
        ("/users/update", details("chief", Roles=["user"])),
        ("/users/resetPassword", {"UserName": "chief"}),
        ("/users/previewResetPassword", {"UserName": "chief"}),
        ("/users/updatePassword", {"UserName": "chief", "CurrentPassword": PASSWORD, "Password": PASSWORD}),
        ("/users/reset2fa", {"UserName": "chief"}),
        ("/users/delete", {"UserName": "chief"}),
    ):
        answer = await lead.post(path, json=body)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED), path
    assert await status("/users/delete", {"UserName": "far"}) == 403
    assert await status("/users/delete", {"UserName": "own"}) == 204
    assert [user["UserName"] for user in (await admin.get("/users/")).json()] == [
        "admin",
        "lead",
        "near",
        "far",
        "chief",
    ]


async def test_nobody_deletes_themselves_or_an_operator(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "boss", Roles=["admin"])
    boss = await netwrix.signed_in("boss", PASSWORD)
    own = refusal("Forbidden", "This cannot be done to one's own account")
    for client, name, body in (
        (admin, "admin", own),
        (boss, "boss", own),
        (boss, "admin", refusal("Forbidden", "System accounts cannot be deleted or renamed")),
    ):
        answer = await client.post("/users/delete", json={"UserName": name})
        assert (answer.status_code, answer.json()) == (403, body), name


async def demote(client: httpx.AsyncClient, name: str) -> httpx.Response:
    return await client.post("/users/update", json={"UserDetails": {"UserName": name, "Roles": ["user"]}})


async def test_somebody_always_manages_users(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    answer = await demote(admin, "admin")
    assert (answer.status_code, answer.json()) == (403, LAST)
    # By a role of its own too, which then must keep the permission.
    await admin.post("/userRoles/add", json={"DisplayName": "Own", "ReadOnly": False, "Permissions": EVERYTHING})
    await netwrix.add(admin, "boss", Roles=["own"])
    assert (await demote(admin, "admin")).status_code == 204
    boss = await netwrix.signed_in("boss", PASSWORD)
    update = {"Name": "Own", "DisplayName": "Own", "Permissions": ["UserRoleManage"]}
    answer = await boss.post("/userRoles/update", json=update)
    assert (answer.status_code, answer.json()) == (403, LAST)
    assert (await demote(boss, "boss")).json() == LAST


async def test_of_two_managers_who_give_it_up_at_once_one_stays(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "boss", Roles=["admin"])
    boss = await netwrix.signed_in("boss", PASSWORD)
    for _ in range(5):
        answers = await asyncio.gather(demote(admin, "boss"), demote(boss, "admin"))
        assert sorted(answer.status_code for answer in answers) == [204, 403]
        listed = [user["UserName"] for user in await _managers(netwrix)]
        assert len(listed) == 1
        winner, other = (admin, "boss") if listed == ["admin"] else (boss, "admin")
        back = {"UserDetails": {"UserName": other, "Roles": ["admin"]}}
        assert (await winner.post("/users/update", json=back)).status_code == 204


async def _managers(netwrix: Netwrix) -> list[dict[str, Any]]:
    for name in ("admin", "boss"):
        user = await netwrix.user(name, internal=name == "admin")
        if user.hub_roles == ["admin"]:
            client = await netwrix.signed_in(name, PASSWORD if name == "boss" else "first password 1")
            shown = (await client.get("/users/")).json()
            return [each for each in shown if "UserManage" in each["Permissions"]]
    return []
