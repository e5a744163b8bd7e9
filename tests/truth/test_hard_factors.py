"""Hard cases of second factors: one list, what each dialect makes of it, and what each one's reset takes away."""

from typing import Any

import pyotp
import pytest
from msgspec.structs import replace

from muster.core.credentials.second_factors import with_mfa_noted
from muster.core.ids import new_id
from muster.core.sessions.tokens import hash_of
from muster.core.users.model import Code, Factor, Passkey, User
from tests.truth.hard_cases import PASSWORD, Five, Person, phone

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY = "RECOVERY12345678"


async def summaries(person: Person) -> dict[str, Any]:
    """What the dialects make of the user's second factors and codes."""
    clerk, auth0 = await person.in_clerk(), await person.in_auth0()
    async with person.five.house.anonymous(accept="application/json") as client:
        asked = {"UserName": (await person.in_netwrix())["UserName"], "Password": PASSWORD}
        answer = await client.post("/netwrix/api/users/twoFactorStatus", json=asked)
    assert answer.status_code == 200, answer.text
    return {
        "auth0": auth0.get("multifactor"),
        "any": clerk["two_factor_enabled"],
        "totp": clerk["totp_enabled"],
        "codes": clerk["backup_code_enabled"],
        "netwrix": answer.json()["TwoFactorRegistration"],
    }


NONE = {"auth0": None, "any": False, "totp": False, "codes": False, "netwrix": "None"}


async def with_everything(five: Five) -> Person:
    """A user with an app, a number of their own and one of nobody's as second factors, a passkey, and codes of both kinds."""
    number = phone()
    person = await five.born_in_clerk(
        password=PASSWORD, email_address=[f"{number[1:]}@example.com"], phone_number=[number]
    )
    (own,) = (await person.in_clerk())["phone_numbers"]
    await five.clerk("PATCH", f"/phone_numbers/{own['id']}", {"reserved_for_second_factor": True})
    await person.patch_clerk(totp_secret=SECRET, backup_codes=["backup-one", "backup-two"])

    def more(user: User) -> User:
        now = five.clock.now()
        elsewhere = Factor(
            id=new_id(now), dev="a" * 16, kind="phone", confirmed=True, target=phone(), channel="sms", created_at=now
        )
        passkey = Passkey(
            id=new_id(now), dev="b" * 16, credential_id=f"pk-{user.id}", public_key="AQID", created_at=now
        )
        codes = [*user.codes, Code(kind="recovery", hash=hash_of(RECOVERY))]
        return replace(user, factors=[*user.factors, elsewhere], passkeys=[passkey], codes=codes)

    await person.become(more)
    return person


async def test_h21_one_list_of_factors_and_four_summaries(five: Five) -> None:
    """Every confirmed factor counts for Auth0 and Clerk, a number that is no address of the user's own among them; Netwrix
    sees the app alone; a passkey is a way to sign in and no second factor, and codes alone are none.
    """
    person = await five.born_in_clerk(password=PASSWORD)
    now = five.clock.now()
    assert await summaries(person) == NONE

    def passkey(user: User) -> User:
        added = Passkey(id=new_id(now), dev="b" * 16, credential_id=f"pk-{user.id}", public_key="AQID", created_at=now)
        return replace(user, passkeys=[added], codes=[Code(kind="recovery", hash=hash_of(RECOVERY))])

    await person.become(passkey)
    assert await summaries(person) == {**NONE, "codes": True}
    (shown,) = (await person.in_clerk())["passkeys"]
    (same,) = (await person.in_monocloud())["passkeys"]
    assert (shown["name"], shown["last_used_at"]) == ("Passkey", now)
    assert (same["passkey_id"], same["name"], same["user_agent"]) == (f"pk-{person.id}", None, "")

    def elsewhere(user: User) -> User:
        factor = Factor(id=new_id(now), dev="a" * 16, kind="phone", confirmed=True, target=phone(), created_at=now)
        return with_mfa_noted(user, replace(user, factors=[factor]), now)

    await person.become(elsewhere)
    assert await summaries(person) == {
        "auth0": ["guardian"],
        "any": True,
        "totp": False,
        "codes": True,
        "netwrix": "None",
    }
    assert (await person.in_clerk())["phone_numbers"] == []
    assert (await person.in_clerk())["mfa_enabled_at"] == now

    await person.update_netwrix(TwoFactorRequired=True)
    assert (await summaries(person))["netwrix"] == "Pending"
    assert (await person.in_clerk())["totp_enabled"] is False
    await person.patch_clerk(totp_secret=SECRET)
    assert await summaries(person) == {
        "auth0": ["guardian"],
        "any": True,
        "totp": True,
        "codes": True,
        "netwrix": "Registered",
    }
    number = phone()
    body = {"user_id": person.clerk_id, "phone_number": number, "verified": True, "reserved_for_second_factor": True}
    added = await five.clerk("POST", "/phone_numbers", body)
    assert (added["reserved_for_second_factor"], added["default_second_factor"]) == (True, True)
    assert (await person.in_auth0())["phone_number"] == number


async def test_h22_each_reset_names_its_kinds(five: Five) -> None:
    """Netwrix's reset takes the app and the codes, Clerk's removal of the app the app alone, and Clerk's of all factors
    every factor and code, but none takes a passkey; the moment when the last one went is kept.
    """
    person = await with_everything(five)
    everything = {"auth0": ["guardian"], "any": True, "totp": True, "codes": True, "netwrix": "Registered"}
    assert await summaries(person) == everything

    await five.clerk("DELETE", f"{person.clerk_path}/totp")
    assert await summaries(person) == {**everything, "totp": False, "netwrix": "None"}
    await person.patch_clerk(totp_secret=SECRET)
    await five.netwrix("POST", "/users/reset2fa", {"UserName": (await person.in_netwrix())["UserName"]})
    assert await summaries(person) == {**everything, "totp": False, "codes": False, "netwrix": "None"}
    (own,) = (await person.in_clerk())["phone_numbers"]
    assert own["reserved_for_second_factor"] is True
    assert (await person.in_clerk())["mfa_disabled_at"] is None

    await person.patch_clerk(totp_secret=SECRET, backup_codes=["backup-one"])
    five.clock.turn(seconds=60)
    await five.clerk("DELETE", f"{person.clerk_path}/mfa")
    assert await summaries(person) == NONE
    clerk = await person.in_clerk()
    assert (clerk["mfa_disabled_at"], len(clerk["passkeys"])) == (five.clock.now(), 1)
    assert clerk["phone_numbers"][0]["reserved_for_second_factor"] is False
    await five.monocloud("DELETE", f"{person.monocloud_path}/passkeys/pk-{person.id}")
    assert (await person.in_clerk())["passkeys"] == []


async def test_h23_recovery_and_backup_codes_are_one_list_of_two_kinds(five: Five) -> None:
    """Codes of either kind are taken wherever a code is asked for, each once; setting new backup codes leaves recovery codes
    alone, and removing codes through Clerk removes both kinds.
    """
    person = await with_everything(five)
    verify = f"{person.clerk_path}/verify_totp"
    assert await five.clerk("POST", verify, {"code": RECOVERY}) == {"verified": True, "code_type": "backup_code"}
    await five.clerk("POST", verify, {"code": RECOVERY}, expect=422)

    await person.become(lambda user: replace(user, codes=[*user.codes, Code(kind="recovery", hash=hash_of("SECOND"))]))
    await person.patch_clerk(backup_codes=["backup-three"])
    await five.clerk("POST", verify, {"code": "backup-one"}, expect=422)
    assert (await five.clerk("POST", verify, {"code": "backup-three"}))["code_type"] == "backup_code"

    name = (await person.in_netwrix())["UserName"]
    token = (await five.sign_in_to_netwrix(name))["BearerToken"]
    async with five.house.anonymous(accept="application/json", authorization=f"Bearer {token}") as own:
        path = "/netwrix/api/users/elevateTwoFactorStatus"
        assert (await own.post(path, json={"OneTimePassword": "SECOND"})).status_code == 200
        assert (await own.post(path, json={"OneTimePassword": "SECOND"})).status_code == 401
    code = pyotp.TOTP(SECRET).at(five.clock.now() // 1000)
    assert (await five.clerk("POST", verify, {"code": code}))["code_type"] == "totp"
    assert (await person.in_clerk())["backup_code_enabled"] is False  # all are used

    await person.patch_clerk(backup_codes=["backup-four"])
    await person.become(lambda user: replace(user, codes=[*user.codes, Code(kind="recovery", hash=hash_of("THIRD"))]))
    await five.clerk("DELETE", f"{person.clerk_path}/backup_code")
    assert (await person.in_clerk())["backup_code_enabled"] is False
    await five.clerk("POST", verify, {"code": "THIRD"}, expect=422)
