"""Two requests at once: neither is lost, and what may happen once happens once."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.dialects.netwrix.service import Netwrix


async def test_two_who_change_different_members_both_win(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    changes: list[dict[str, Any]] = [
        {"FirstName": "First"},
        {"SecondName": "Second"},
        {"Email": "a@example.com"},
        {"Groups": ["North"]},
    ]
    answers = await asyncio.gather(
        *(admin.post("/users/update", json={"UserDetails": {"UserName": "user1", **change}}) for change in changes)
    )
    assert [answer.status_code for answer in answers] == [204] * 4
    shown = (await admin.get("/users/user1")).json()
    for change in changes:
        assert shown.items() >= change.items()


async def test_a_name_is_given_once_and_a_preview_used_once(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    body = {"UserDetails": {"UserName": "user1"}, "Password": "a good password"}
    answers = await asyncio.gather(*(admin.post("/users/add", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    token = (await admin.post("/users/previewResetPassword", json={"UserName": "user1"})).json()["PreviewToken"]
    sent = {"UserName": "user1", "PreviewToken": token}
    answers = await asyncio.gather(*(admin.post("/users/resetPassword", json=sent) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


async def test_a_role_that_is_deleted_is_given_to_nobody(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    for _ in range(5):
        await admin.post("/userRoles/add", json={"DisplayName": "Own", "ReadOnly": False, "Permissions": []})
        given, deleted = await asyncio.gather(
            admin.post("/users/update", json={"UserDetails": {"UserName": "user1", "Roles": ["own"]}}),
            admin.post("/userRoles/delete", json={"Name": "Own"}),
        )
        assert (given.status_code, deleted.status_code) in ((204, 400), (400, 204))
        shown = (await admin.get("/users/user1")).json()["Roles"]
        assert shown == (["Own"] if given.status_code == 204 else ["user"])
        await admin.post("/users/update", json={"UserDetails": {"UserName": "user1", "Roles": ["user"]}})
        await admin.post("/userRoles/delete", json={"Name": "Own"})
