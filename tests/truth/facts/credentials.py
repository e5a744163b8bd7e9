"""By what somebody proves who they are: passwords, second factors, codes, passkeys."""

from typing import Any, Final

import bcrypt
from msgspec.structs import replace

from muster.core.ids import new_id
from muster.core.transaction import Transaction
from muster.core.users.model import Passkey, User
from tests.truth.fact import ABSENT, NOTHING, Act, Fact, Hidden, Like, Step, When
from tests.truth.facts.identifiers import BY_ADMIN, IDN, NUMBER, clerk_phone
from tests.truth.steps import (
    EMAIL,
    PASSWORD,
    auth0,
    auth0_new,
    clerk,
    clerk_do,
    clerk_new,
    monocloud_do,
    monocloud_new,
    netwrix,
    netwrix_new,
)

CHANGED: Final = "another horse battery 2"
DIGEST: Final = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
SEED: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
KEY: Final = "sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAgCYxouA"
WEEK: Final = 7 * 24 * 3600

WITH_PASSWORD: Final = {
    "auth0": auth0_new(email=EMAIL),
    "clerk": clerk_new(email_address=[EMAIL], password=PASSWORD),
    "monocloud": monocloud_new(email=EMAIL, password=PASSWORD, is_temporary_password=False),
    "netwrix": netwrix_new(),
}
"""How each dialect makes somebody who has `PASSWORD`."""

TWO_FACTOR_STATUS: Final = Step("POST", "/users/twoFactorStatus", {"UserName": "{id}", "Password": PASSWORD})


async def add_passkey(tx: Transaction, user: User) -> None:
    """As the ceremony at a sign-in page does."""
    passkey = Passkey(
        id=new_id(tx.now),
        dev="d" * 16,
        credential_id=f"{KEY}{user.seq}",
        public_key="MIICYzCCAcyg",
        aaguid="204a871ff7c4465ca81f83d7ad4d04ee",
        name="Phone",
        created_at=tx.now,
    )
    tx.save(replace(user, passkeys=[passkey]))


def clerk_passkey() -> dict[str, Any]:
    verification = {**BY_ADMIN, "object": "verification_passkey", "strategy": "passkey"}
    return {"id": IDN, "object": "passkey", "name": "Phone", "last_used_at": When("ms"), "verification": verification}


def factors(*, totp: bool, second: bool, codes: bool) -> dict[str, Any]:
    """Clerk's summary."""
    return {"totp_enabled": totp, "two_factor_enabled": second, "backup_code_enabled": codes}


def demanded(*, change: bool, by: Any = ABSENT) -> dict[str, Any]:
    """Whether the password must be changed, where that is shown."""
    return {
        "auth0": NOTHING,
        "clerk": {"password_enabled": True},
        "monocloud": {"force_password_reset": change, "has_password": True},
        "mattr": NOTHING,
        "netwrix": {"ChangePasswordByUtc": by},
    }


FACTS: Final = (
    Fact(
        "a password from the first",
        {name: (step,) for name, step in WITH_PASSWORD.items()},
        {
            "auth0": {"last_password_reset": ABSENT},
            "clerk": {"password_enabled": True, "password_last_updated_at": When("ms")},
            "monocloud": {"has_password": True, "password_updated_at": When("seconds"), "force_password_reset": False},
            "mattr": Hidden(PASSWORD),
            "netwrix": {"ChangePasswordByUtc": ABSENT, "GeneratedPassword": ABSENT},
        },
        password=PASSWORD,
    ),
    Fact(
        "a password that is changed",
        {
            "auth0": (WITH_PASSWORD["auth0"], Step("PATCH", ".", {"password": CHANGED}, lasts=60)),
            "clerk": (WITH_PASSWORD["clerk"], Step("PATCH", ".", {"password": CHANGED}, lasts=60)),
            "monocloud": (
                WITH_PASSWORD["monocloud"],
                Step(
                    "PUT",
                    "./password/change",
                    {"old_password": PASSWORD, "new_password": CHANGED},
                    lasts=60,
                ),
            ),
            "netwrix": (
                WITH_PASSWORD["netwrix"],
                Step("POST", "/users/resetPassword", {"UserName": "{id}", "NewPassword": CHANGED}, lasts=60),
            ),
        },
        {
            "auth0": {"last_password_reset": When("iso")},
            "clerk": {"password_enabled": True, "password_last_updated_at": When("ms")},
            "monocloud": {"has_password": True, "password_updated_at": When("seconds")},
            "mattr": Hidden(CHANGED),
            "netwrix": NOTHING,
        },
        password=CHANGED,
    ),
    Fact(
        "a hash that was made elsewhere",
        {
            "clerk": (clerk_new(email_address=[EMAIL], password_digest=DIGEST, password_hasher="bcrypt"),),
            "monocloud": (
                monocloud_new(
                    email=EMAIL, password_hash=DIGEST, password_hash_algorithm="bcrypt", is_temporary_password=False
                ),
            ),
        },
        {
            "auth0": Hidden(DIGEST),
            "clerk": {"password_enabled": True},
            "monocloud": {"has_password": True, "force_password_reset": False},
            "mattr": Hidden(DIGEST),
            "netwrix": Hidden(DIGEST),
        },
        password=PASSWORD,
    ),
    Fact(
        "a password that is taken away",
        {
            "auth0": (WITH_PASSWORD["auth0"], auth0(password=None)),
            "clerk": (WITH_PASSWORD["clerk"], clerk_do("remove_password")),
            "monocloud": (WITH_PASSWORD["monocloud"], Step("DELETE", "./password")),
        },
        {
            "auth0": {"last_password_reset": ABSENT},
            "clerk": {"password_enabled": False, "password_last_updated_at": None},
            "monocloud": {"has_password": False, "password_updated_at": None},
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
    ),
    Fact(
        "a password that must be changed at once",
        {
            "clerk": (WITH_PASSWORD["clerk"], clerk_do("password/set_compromised")),
            "monocloud": (WITH_PASSWORD["monocloud"], monocloud_do("password/force_reset")),
        },
        demanded(change=True, by=When("ticks")),
    ),
    Fact(
        "a temporary password, to be changed at once",
        {"monocloud": (monocloud_new(email=EMAIL, password=PASSWORD),)},
        demanded(change=True, by=When("ticks")),
    ),
    Fact(
        "a temporary password, to be changed within a week",
        {
            "netwrix": (
                Step("POST", "/users/add", {"UserDetails": {"UserName": "new{n}"}}),
                Step("POST", "/users/resetPassword", {"UserName": "{id}"}),
            )
        },
        demanded(change=True, by=When("ticks", WEEK)),
    ),
    Fact(
        "a password that need not be changed any more",
        {
            "clerk": (
                WITH_PASSWORD["clerk"],
                monocloud_do("password/force_reset"),
                clerk_do("password/unset_compromised"),
            ),
            "monocloud": (
                WITH_PASSWORD["monocloud"],
                clerk_do("password/set_compromised"),
                Step("DELETE", "./password/force_reset"),
            ),
        },
        demanded(change=False),
    ),
    Fact(
        "a password that need not be changed, because it is a new one",
        {
            "auth0": (WITH_PASSWORD["auth0"], monocloud_do("password/force_reset"), auth0(password=CHANGED)),
            "clerk": (WITH_PASSWORD["clerk"], monocloud_do("password/force_reset"), clerk(password=CHANGED)),
            "monocloud": (
                WITH_PASSWORD["monocloud"],
                clerk_do("password/set_compromised"),
                Step("PUT", "./password", {"password": CHANGED, "is_temporary_password": False}),
            ),
        },
        demanded(change=False),
    ),
    Fact(
        "an authenticator app",
        {"clerk": (clerk_new(email_address=[EMAIL], password=PASSWORD, totp_secret=SEED),)},
        {
            "auth0": {"multifactor": ["guardian"], "multifactor_last_modified": When("iso")},
            "clerk": {
                **factors(totp=True, second=True, codes=False),
                "mfa_enabled_at": When("ms"),
                "mfa_disabled_at": None,
            },
            "monocloud": Hidden(SEED),
            "mattr": Hidden(SEED),
            "netwrix": {"answer.TwoFactorRegistration": "Registered", "answer.SetupCode": ABSENT},
        },
        looks={"netwrix": TWO_FACTOR_STATUS},
    ),
    Fact(
        "an authenticator app that is taken away",
        {
            "clerk": (clerk_new(email_address=[EMAIL], password=PASSWORD, totp_secret=SEED), Step("DELETE", "./mfa")),
            "netwrix": (
                netwrix_new(),
                clerk(totp_secret=SEED),
                Step("POST", "/users/reset2fa", {"UserName": "{id}"}),
            ),
        },
        {
            "auth0": {"multifactor": ABSENT},
            "clerk": {
                **factors(totp=False, second=False, codes=False),
                "mfa_enabled_at": When("ms"),
                "mfa_disabled_at": When("ms"),
            },
            "monocloud": Hidden(SEED),
            "mattr": Hidden(SEED),
            "netwrix": {"answer.TwoFactorRegistration": "None"},
        },
        looks={"netwrix": TWO_FACTOR_STATUS},
    ),
    Fact(
        "a second factor that is demanded",
        {"netwrix": (netwrix(TwoFactorRequired=True),)},
        {
            "auth0": {"multifactor": ABSENT},
            "clerk": {**factors(totp=False, second=False, codes=False), "mfa_enabled_at": None},
            "monocloud": NOTHING,
            "mattr": NOTHING,
            "netwrix": {
                "answer.TwoFactorRequired": True,
                "answer.TwoFactorRegistration": "Pending",
                "answer.SetupCode": Like(r"[A-Z2-7]{16,}"),
                "answer.SetupImageUrl": Like(r"data:image/png;base64,.+"),
            },
        },
        looks={"netwrix": TWO_FACTOR_STATUS},
    ),
    Fact(
        "a second factor that is demanded, in the details",
        {"netwrix": (netwrix(TwoFactorRequired=True),)},
        {
            "auth0": NOTHING,
            "clerk": NOTHING,
            "monocloud": NOTHING,
            "mattr": NOTHING,
            "netwrix": {"TwoFactorRequired": True},
        },
    ),
    Fact(
        "codes for a rainy day",
        {"clerk": (clerk(backup_codes=["abcdefgh1", "abcdefgh2"]),)},
        {
            "auth0": {"multifactor": ABSENT},
            "clerk": factors(totp=False, second=False, codes=True),
            "monocloud": Hidden("abcdefgh1"),
            "mattr": Hidden("abcdefgh1"),
            "netwrix": Hidden("abcdefgh1"),
        },
    ),
    Fact(
        "a phone number as the second factor",
        {
            "clerk": (
                clerk_new(email_address=[EMAIL], phone_number=[NUMBER]),
                Step("PATCH", "/phone_numbers/{phone_numbers.0.id}", {"reserved_for_second_factor": True}),
            )
        },
        {
            "auth0": {"multifactor": ["guardian"], "multifactor_last_modified": When("iso")},
            "clerk": {
                **factors(totp=False, second=True, codes=False),
                "phone_numbers": [{**clerk_phone(NUMBER, BY_ADMIN, second=True), "default_second_factor": True}],
            },
            "monocloud": {"phone_numbers.0.phone": NUMBER},
            "mattr": {"claims.phone_number": NUMBER},
            "netwrix": NOTHING,
        },
    ),
    Fact(
        "a passkey",
        {"sign-up": (Act("a passkey is enrolled", add_passkey),)},
        {
            "auth0": {"multifactor": ABSENT},
            "clerk": {**factors(totp=False, second=False, codes=False), "passkeys": [clerk_passkey()]},
            "monocloud": {
                "passkeys": [
                    {
                        "name": "Phone",
                        "passkey_id": f"{KEY}{{seq}}",
                        "public_key": "MIICYzCCAcyg",
                        "aa_guid": "204a871f-f7c4-465c-a81f-83d7ad4d04ee",
                        "backup_state": False,
                        "backup_eligibility": False,
                        "user_present": True,
                        "user_verified": False,
                        "user_agent": "",
                    }
                ]
            },
            "mattr": Hidden(KEY),
            "netwrix": Hidden(KEY),
        },
    ),
    Fact(
        "a passkey that is taken away",
        {
            "clerk": (Act("a passkey is enrolled", add_passkey), Step("DELETE", "./passkeys/{passkeys.0.id}")),
            "monocloud": (
                Act("a passkey is enrolled", add_passkey),
                Step("DELETE", "./passkeys/{passkeys.0.passkey_id}"),
            ),
        },
        {
            "auth0": NOTHING,
            "clerk": {"passkeys": []},
            "monocloud": {"passkeys": []},
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
    ),
)
