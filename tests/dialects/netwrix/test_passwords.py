"""Passwords: checked, changed, previewed, reset; and who may do it to whom."""

from __future__ import annotations

import re
from typing import Any

from muster.core.signing.model import Credential
from tests.dialects.netwrix.people import linked
from tests.dialects.netwrix.service import ADMIN_PASSWORD, PASSWORD, Netwrix, refusal, sign_in

NEW = "another password 2"
WRONG = refusal("Unauthorized", "Invalid Username or Password")
NOT_ALLOWED = refusal("Forbidden", "Invalid Permission")


def bad(field: str, message: str) -> dict[str, Any]:
    error = {"ErrorCode": "ArgumentException", "FieldName": field, "Message": message}
    return refusal("ArgumentException", message, error)


TOO_SHORT = bad("Password", "The password must have at least 12 characters")


async def test_validate(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    anybody = netwrix.client()
    for sent, status, body in (
        ({"UserName": "user1", "Password": PASSWORD}, 204, None),
        ({"UserName": "user1", "Password": "wrong"}, 401, WRONG),
        ({"UserName": "nobody", "Password": PASSWORD}, 401, WRONG),
        ({"UserName": "user1", "CurrentPassword": PASSWORD, "Password": NEW}, 204, None),
        ({"UserName": "user1", "CurrentPassword": PASSWORD, "Password": "short"}, 400, TOO_SHORT),
        ({"UserName": "user1", "CurrentPassword": "wrong", "Password": "short"}, 401, WRONG),
    ):
        for answer in (
            await anybody.post("/users/validatePassword/", json=sent),
            await anybody.get("/users/validatePassword/", params=sent),
        ):
            assert (answer.status_code, answer.json() if answer.content else None) == (status, body), sent
    user = await netwrix.user("user1")
    assert user.activity is not None
    assert user.activity.failures == 2


async def test_one_s_own_new_password(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    added = await admin.post("/users/add", json={"UserDetails": {"UserName": "user1"}})
    generated = added.json()["GeneratedPassword"]
    assert re.fullmatch("[A-Za-z2-9]{16}", generated)
    assert added.json()["ChangePasswordByUtc"] == "2027-01-22T08:00:00.0000000Z"
    assert "GeneratedPassword" not in (await admin.get("/users/user1")).json()

    user, elsewhere = await netwrix.signed_in("user1", generated), await netwrix.signed_in("user1", generated)
    assert (await user.get("/userHasChangedPassword")).json() is False
    body = {"UserName": "user1", "CurrentPassword": "wrong", "Password": NEW}
    answer = await user.post("/users/updatePassword/", json=body)
    assert (answer.status_code, answer.json()) == (401, WRONG)
    answer = await user.post("/users/updatePassword/", json=body | {"CurrentPassword": generated, "Password": "x"})
    assert (answer.status_code, answer.json()) == (400, TOO_SHORT)
    answer = await user.get("/users/updatePassword/", params=body | {"CurrentPassword": generated})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await user.get("/userHasChangedPassword")).json() is True
    assert "ChangePasswordByUtc" not in (await user.get("/users/user1")).json()
    assert (await elsewhere.get("/users/user1")).status_code == 401
    assert (await sign_in(netwrix.client(), "user1", generated)).status_code == 401
    assert (await sign_in(netwrix.client(), "user1", NEW)).status_code == 200


async def test_a_password_that_must_be_changed_now(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    generated = (await admin.post("/users/add", json={"UserDetails": {"UserName": "user1"}})).json()[
        "GeneratedPassword"
    ]
    netwrix.clock.turn(days=8)
    user = netwrix.client()
    assert (await sign_in(user, "user1", generated)).json()["Meta"] == {"PasswordChangeRequired": "true"}
    answer = await user.get("/users/user1")
    assert (answer.status_code, answer.json()) == (
        403,
        refusal("PasswordChangeRequired", "The password must be changed to continue"),
    )
    body = {"UserName": "user1", "CurrentPassword": generated, "Password": NEW}
    assert (await user.post("/users/updatePassword", json=body)).status_code == 204
    assert (await user.get("/users/user1")).status_code == 200

    # Nor may a manager change somebody else's before the own one.
    body = {"UserDetails": {"UserName": "boss", "Roles": ["admin"]}}
    admin = await netwrix.signed_in()
    generated = (await admin.post("/users/add", json=body)).json()["GeneratedPassword"]
    netwrix.clock.turn(days=8)
    boss = await netwrix.signed_in("boss", generated)
    answer = await boss.post(
        "/users/updatePassword", json={"UserName": "user1", "CurrentPassword": generated, "Password": NEW}
    )
    assert answer.json()["ResponseStatus"]["ErrorCode"] == "PasswordChangeRequired"


async def test_somebody_else_s_new_password(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    for name in ("user1", "user2"):
        await netwrix.add(admin, name)
    user = await netwrix.signed_in("user1", PASSWORD)
    body = {"UserName": "user2", "CurrentPassword": PASSWORD, "Password": NEW}
    for name in ("user2", "admin", "nobody"):
        answer = await user.post("/users/updatePassword", json=body | {"UserName": name})
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED), name
    answer = await admin.post("/users/updatePassword", json=body)
    assert (answer.status_code, answer.json()) == (401, WRONG), "the caller's own password is asked for"
    answer = await admin.post("/users/updatePassword", json=body | {"UserName": "nobody"})
    assert answer.status_code == 404
    other = await netwrix.signed_in("user2", PASSWORD)
    answer = await admin.post("/users/updatePassword", json=body | {"CurrentPassword": ADMIN_PASSWORD})
    assert answer.status_code == 204
    assert (await other.get("/users/user2")).status_code == 401
    assert (await sign_in(netwrix.client(), "user2", NEW)).status_code == 200


async def test_reset_with_a_preview_with_a_password_and_with_neither(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    await netwrix.add(admin, "user2")
    before = await netwrix.user("user1")

    preview = (await admin.post("/users/previewResetPassword", json={"UserName": "user1"})).json()
    assert set(preview) == {"Password", "PreviewToken", "Version"}
    assert await netwrix.user("user1") == before
    token = {"UserName": "user1", "PreviewToken": preview["PreviewToken"]}
    unusable = bad("PreviewToken", "The preview's token is not valid")
    second = netwrix.client()
    await netwrix.add(admin, "boss", Roles=["admin"])
    await sign_in(second, "boss", PASSWORD)
    for client, sent in (
        (admin, token | {"UserName": "user2"}),
        (second, token),
        (admin, token | {"PreviewToken": "x"}),
        (admin, token | {"PreviewToken": preview["PreviewToken"][:-2] + "AA"}),
        (admin, token | {"PreviewToken": "é"}),
    ):
        answer = await client.post("/users/resetPassword", json=sent)
        assert (answer.status_code, answer.json()) == (400, unusable), sent
    answer = await admin.post("/users/resetPassword", json=token | {"NewPassword": NEW})
    assert answer.json() == bad("PreviewToken", "Either a preview's token or a new password can be given")

    user = await netwrix.signed_in("user1", PASSWORD)
    answer = await admin.post("/users/resetPassword", json=token)
    assert (answer.status_code, answer.json()) == (
        200,
        {"Password": preview["Password"], "ChangeByDateUtc": "2027-01-22T08:00:00.0000000Z", "Version": 0},
    )
    assert (await user.get("/users/user1")).status_code == 401
    user = await netwrix.signed_in("user1", preview["Password"])
    assert (await user.get("/userHasChangedPassword")).json() is False
    answer = await admin.post("/users/resetPassword", json=token)
    assert (answer.status_code, answer.json()) == (400, unusable), "a token is used once"

    preview = (await admin.post("/users/previewResetPassword", json={"UserName": "user1"})).json()
    netwrix.clock.turn(seconds=600)
    admin = await netwrix.signed_in()
    answer = await admin.post("/users/resetPassword", json=token | {"PreviewToken": preview["PreviewToken"]})
    assert (answer.status_code, answer.json()) == (400, unusable), "and within ten minutes"

    answer = await admin.post("/users/resetPassword", data={"UserName": "user1", "NewPassword": NEW})
    assert answer.json()["Password"] == NEW
    answer = await admin.get("/users/resetPassword?UserName=user1")
    assert (await sign_in(netwrix.client(), "user1", answer.json()["Password"])).status_code == 200


async def test_who_may_reset_whose(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    user = await netwrix.signed_in("user1", PASSWORD)
    for path in ("/users/resetPassword", "/users/previewResetPassword"):
        answer = await admin.post(path, json={"UserName": "admin"})
        assert (answer.status_code, answer.json()) == (
            403,
            refusal("Forbidden", "This cannot be done to one's own account"),
        )
        for name in ("user1", "admin", "nobody"):
            answer = await user.post(path, json={"UserName": name})
            assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
        assert (await admin.post(path, json={"UserName": "nobody"})).status_code == 404


async def test_the_first_password_is_forgotten_once_it_changed(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    body = {"UserName": "admin", "CurrentPassword": ADMIN_PASSWORD, "Password": NEW}
    assert (await admin.post("/users/updatePassword", json=body)).status_code == 204
    credential = await netwrix.store.get(netwrix.tenant.number, Credential, "admin")
    assert credential is not None
    assert credential.secret == ""


async def test_an_account_that_signs_in_elsewhere_has_no_password_here(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await linked(netwrix, "ada@example.com", kind="enterprise", provider="ad")
    shown = (await admin.get("/users/ada@example.com")).json()
    assert (shown["IsADUser"], shown["IsSSOUser"], shown["IsOAuthUser"]) == (True, False, False)
    elsewhere = bad("UserName", "The account signs in elsewhere and has no password here")
    sent = {"UserName": "ada@example.com", "CurrentPassword": ADMIN_PASSWORD, "Password": NEW}
    for path in ("resetPassword", "previewResetPassword", "updatePassword"):
        answer = await admin.post(f"/users/{path}", json=sent)
        assert (answer.status_code, answer.json()) == (400, elsewhere), path
    assert (await sign_in(netwrix.client(), "ada@example.com", "")).status_code == 400
    assert (await sign_in(netwrix.client(), "ada@example.com", "x")).status_code == 401
