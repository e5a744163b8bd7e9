"""The second factor: asked about, enrolled, proved, reset; and what a session may do before."""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image

from tests.dialects.netwrix.service import PASSWORD, Netwrix, refusal, sign_in

DUE = refusal("TwoFactorRequired", "Two-factor authentication is required to continue")
WRONG_CODE = refusal("Unauthorized", "Invalid One Time Password")


async def status(netwrix: Netwrix, name: str = "user1", password: str = PASSWORD) -> dict[str, object]:
    answer = await netwrix.client().post("/users/twoFactorStatus", json={"UserName": name, "Password": password})
    assert answer.status_code == 200, answer.text
    shown: dict[str, object] = answer.json()
    return shown


async def test_from_enrolment_to_reset(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    assert await status(netwrix) == {"TwoFactorRequired": False, "TwoFactorRegistration": "None", "Version": 0}
    await admin.post("/users/update", json={"UserDetails": {"UserName": "user1", "TwoFactorRequired": True}})

    pending = await status(netwrix)
    secret, picture = str(pending.pop("SetupCode")), str(pending.pop("SetupImageUrl"))
    assert pending == {"TwoFactorRequired": True, "TwoFactorRegistration": "Pending", "Version": 0}
    assert len(base64.b32decode(secret)) == 20
    kind, _, data = picture.partition(",")
    assert kind == "data:image/png;base64"
    assert Image.open(BytesIO(base64.b64decode(data))).format == "PNG"
    assert (await status(netwrix))["SetupCode"] == secret, "a picture that was scanned must not break"

    user = netwrix.client()
    signed_in = (await sign_in(user, "user1", PASSWORD)).json()
    assert signed_in["Meta"] == {"TwoFactorRequired": "true"}
    own_password = f"/users/updatePassword?UserName=user1&CurrentPassword={PASSWORD}&Password=another+password"
    for path in ("/users/user1", "/userRoles", "/timezones", "/users/reset2fa?UserName=user1", own_password):
        answer = await user.get(path)
        assert (answer.status_code, answer.json()) == (403, DUE), path
    assert (await user.get("/auth")).json() == signed_in
    assert (await user.get("/userRolesPermissions")).json()["TwoFactorRegistration"] == "Pending"
    stored = await netwrix.user("user1")
    assert stored.activity is not None
    assert stored.activity.logins == 0, "half a sign-in is none"

    wrong = await user.post("/users/elevateTwoFactorStatus", json={"OneTimePassword": "000000"})
    assert (wrong.status_code, wrong.json()) == (401, WRONG_CODE)
    code = netwrix.code(secret)
    elevated = await user.post("/users/elevateTwoFactorStatus", json={"OneTimePassword": code})
    assert elevated.status_code == 200
    assert elevated.json() == {name: value for name, value in signed_in.items() if name != "Meta"}
    assert (await user.get("/users/user1")).json()["TwoFactorRequired"] is True
    assert await status(netwrix) == {"TwoFactorRequired": True, "TwoFactorRegistration": "Registered", "Version": 0}
    stored = await netwrix.user("user1")
    assert stored.activity is not None
    assert (stored.activity.logins, stored.activity.failures) == (1, 0)

    # A code is taken once, and in the next session another is wanted.
    second = netwrix.client()
    await sign_in(second, "user1", PASSWORD)
    again = await second.post("/users/elevateTwoFactorStatus", json={"OneTimePassword": code})
    assert (again.status_code, again.json()) == (401, WRONG_CODE)
    netwrix.clock.turn(seconds=30)
    later = await second.post("/users/elevateTwoFactorStatus", data={"onetimepassword": netwrix.code(secret)})
    assert later.status_code == 200

    assert (await second.post("/users/reset2fa", json={"UserName": "user1"})).status_code == 204
    renewed = await status(netwrix)
    assert renewed["TwoFactorRegistration"] == "Pending"
    assert renewed["SetupCode"] != secret


async def test_a_code_is_asked_for_before_what_could_take_the_account_over(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1", TwoFactorRequired=True)
    secret = str((await status(netwrix))["SetupCode"])
    user = await netwrix.signed_in("user1", PASSWORD)
    await user.post("/users/elevateTwoFactorStatus", json={"OneTimePassword": netwrix.code(secret)})
    await admin.post("/users/update", json={"UserDetails": {"UserName": "user1", "TwoFactorRequired": False}})

    # Registered, and no longer asked at every sign-in.
    user = await netwrix.signed_in("user1", PASSWORD)
    assert (await user.get("/users/user1")).status_code == 200
    own = {"UserName": "user1", "CurrentPassword": PASSWORD, "Password": PASSWORD + "2"}
    for path, body in (("/users/reset2fa", {"UserName": "user1"}), ("/users/updatePassword", own)):
        answer = await user.post(path, json=body)
        assert (answer.status_code, answer.json()) == (403, DUE)
    netwrix.clock.turn(seconds=60)
    await user.post("/users/elevateTwoFactorStatus", json={"OneTimePassword": netwrix.code(secret)})
    assert (await user.post("/users/updatePassword", json=own)).status_code == 204

    # An administrator resets it for somebody who lost the telephone, and others may not.
    await netwrix.add(admin, "user2")
    other = await netwrix.signed_in("user2", PASSWORD)
    answer = await other.post("/users/reset2fa", json={"UserName": "user1"})
    assert (answer.status_code, answer.json()) == (403, refusal("Forbidden", "Invalid Permission"))
    assert (await admin.get("/users/reset2fa?UserName=user1")).status_code == 204
    assert (await netwrix.user("user1")).factors == []


async def test_a_code_without_an_app(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    answer = await admin.post("/users/elevateTwoFactorStatus", json={"OneTimePassword": "123456"})
    assert answer.status_code == 400
    assert answer.json()["ResponseStatus"]["Errors"][0]["FieldName"] == "OneTimePassword"
    assert (await admin.post("/users/elevateTwoFactorStatus", json={})).status_code == 400
    assert (await netwrix.client().post("/users/elevateTwoFactorStatus", json={})).status_code == 401


async def test_asking_about_it_counts_as_an_attempt(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    await netwrix.add(admin, "user1")
    for name in ("user1", "nobody"):
        answer = await netwrix.client().post("/users/twoFactorStatus", json={"UserName": name, "Password": "x"})
        assert (answer.status_code, answer.json()) == (401, refusal("Unauthorized", "Invalid Username or Password"))
    user = await netwrix.user("user1")
    assert user.activity is not None
    assert user.activity.failures == 1
