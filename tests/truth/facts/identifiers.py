"""Who somebody is: ids, user names, wallets; and how addresses are written, for all tables."""

from typing import Any, Final

from tests.truth.drivers import REALM
from tests.truth.fact import ABSENT, Fact, Hidden, Like, Step, When
from tests.truth.steps import (
    BORN,
    auth0,
    auth0_new,
    by,
    clerk,
    clerk_new,
    monocloud_new,
    netwrix_new,
)

ADDRESS: Final = "ada{n}@truth.example"
OTHER: Final = "other{n}@truth.example"
NUMBER: Final = "+1212555{n:04}"
NAME: Final = "adauser{n}"
MIXED: Final = "AdaUser{n}"
WALLET: Final = "0x{n:040}"

UUID: Final = Like(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IDN: Final = Like(r"idn_[0-9A-Za-z]{27}")
CLERK_ID: Final = Like(r"user_[0-9A-Za-z]{27}")
MONOCLOUD_ID: Final = Like(r"[0-9A-Za-z_-]{21}")

BY_ADMIN: Final = {
    "object": "verification_admin",
    "status": "verified",
    "strategy": "admin",
    "attempts": None,
    "expire_at": None,
}


def clerk_email(address: str, verification: Any, *, reserved: bool = False) -> dict[str, Any]:
    """A whole entry."""
    return {
        "id": IDN,
        "object": "email_address",
        "email_address": address,
        "reserved": reserved,
        "verification": verification,
        "linked_to": [],
        "matches_sso_connection": False,
        "created_at": When("ms"),
        "updated_at": When("ms"),
    }


def clerk_phone(number: str, verification: Any, *, second: bool = False, reserved: bool = False) -> dict[str, Any]:
    return {
        "id": IDN,
        "object": "phone_number",
        "phone_number": number,
        "reserved_for_second_factor": second,
        "default_second_factor": False,
        "reserved": reserved,
        "verification": verification,
        "linked_to": [],
        "backup_codes": None,
        "created_at": When("ms"),
        "updated_at": When("ms"),
    }


def monocloud_address(member: str, value: str, *, verified: bool, primary: bool = True) -> dict[str, Any]:
    return {
        "id": UUID,
        "primary": primary,
        "verified": verified,
        "source": "monocloud",
        "verification_source": "monocloud" if verified else None,
        member: value,
    }


def with_username(value: str, key: str) -> dict[str, Any]:
    return {
        "auth0": {"username": key},
        "clerk": {"username": value},
        "monocloud": {"username": {"id": UUID, "username": value, "source": "monocloud"}},
        "mattr": Hidden(value),
        "netwrix": {"UserName": value},
    }


FACTS: Final = (
    Fact(
        "somebody new, by every id",
        BORN,
        {
            "auth0": {
                "user_id": "auth0|{core}",
                "identities": [{"connection": REALM, "user_id": "{core}", "provider": "auth0", "isSocial": False}],
            },
            "clerk": {"id": CLERK_ID, "object": "user", "deprovisioned": False, "external_id": None},
            "monocloud": {
                "user_id": MONOCLOUD_ID,
                "connections": [{"idp": "monocloud", "connection_id": "{user_id}"}],
            },
            "mattr": {"id": "{uuid}", "authenticationProvider": ABSENT},
            "netwrix": {
                "Id": "{seq}",
                "Version": 0,
                "IsInternal": False,
                "IsADUser": False,
                "IsOAuthUser": False,
                "IsSSOUser": False,
            },
        },
    ),
    Fact(
        "an id that Auth0 gave",
        {"auth0": (auth0_new(user_id="old-{n}", email=ADDRESS),)},
        {
            "auth0": {"user_id": "auth0|old-{n}", "identities.0.user_id": "old-{n}"},
            "clerk": {"id": CLERK_ID, "external_id": None},
            "monocloud": {"user_id": MONOCLOUD_ID},
            "mattr": {"id": "{uuid}"},
            "netwrix": {"UserName": ADDRESS, "Id": "{seq}"},
        },
        finds=by(auth0='user_id:"auth0|old-{n}"', clerk={"user_id": "{id}"}, monocloud='user_id:"{user_id}"'),
    ),
    Fact(
        "the id of another system",
        {
            "clerk": (clerk_new(email_address=[ADDRESS], external_id="ext-{n}"),),
        },
        {
            "auth0": Hidden("ext-{n}"),
            "clerk": {"external_id": "ext-{n}"},
            "monocloud": Hidden("ext-{n}"),
            "mattr": Hidden("ext-{n}"),
            "netwrix": Hidden("ext-{n}"),
        },
        finds=by(clerk={"external_id": "ext-{n}"}),
    ),
    Fact(
        "a user name",
        {
            "auth0": (auth0_new(email=ADDRESS, username=NAME),),
            "clerk": (clerk_new(username=NAME),),
            "monocloud": (monocloud_new(username=NAME),),
            "netwrix": (netwrix_new(UserName=NAME),),
        },
        with_username(NAME, NAME),
        finds=by(
            auth0=f'username:"{NAME}"',
            clerk={"username": NAME},
            monocloud=f'username:"{NAME}"',
            netwrix=NAME,
        ),
    ),
    Fact(
        "a user name with capitals",
        {
            "clerk": (clerk_new(username=MIXED),),
            "monocloud": (monocloud_new(username=MIXED),),
            "netwrix": (netwrix_new(UserName=MIXED),),
        },
        with_username(MIXED, NAME),
        finds=by(
            auth0=f'username:"{NAME}"',
            clerk={"username": NAME},
            monocloud=f'username:"{NAME}"',
            netwrix=NAME,
        ),
    ),
    Fact(
        "a user name that comes later",
        {
            "auth0": (auth0_new(email=ADDRESS), auth0(username=NAME)),
            "clerk": (clerk_new(email_address=[ADDRESS]), clerk(username=NAME)),
            "monocloud": (monocloud_new(email=ADDRESS), Step("PUT", "./username", {"username": NAME})),
        },
        with_username(NAME, NAME),
        finds=by(
            auth0=f'username:"{NAME}"',
            clerk={"username": MIXED},
            monocloud=f'username:"{NAME}"',
            netwrix=MIXED,
        ),
    ),
    Fact(
        "a user name that is given up",
        {
            "auth0": (auth0_new(email=ADDRESS, username=NAME), auth0(username=None)),
            "clerk": (clerk_new(email_address=[ADDRESS], username=NAME), clerk(username=None)),
            "monocloud": (monocloud_new(email=ADDRESS, username=NAME), Step("DELETE", "./username")),
        },
        {
            "auth0": {"username": ABSENT},
            "clerk": {"username": None},
            "monocloud": {"username": None},
            "mattr": {"claims.email": ADDRESS},
            "netwrix": {"UserName": ADDRESS},
        },
        loses=by(
            auth0=f'username:"{NAME}"',
            clerk={"username": NAME},
            monocloud=f'username:"{NAME}"',
            netwrix=NAME,
        ),
    ),
    Fact(
        "a wallet",
        {"clerk": (clerk_new(username=NAME, web3_wallet=[WALLET]),)},
        {
            "auth0": Hidden(WALLET),
            "clerk": {
                "web3_wallets": [
                    {
                        "id": IDN,
                        "object": "web3_wallet",
                        "web3_wallet": WALLET,
                        "verification": BY_ADMIN,
                        "created_at": When("ms"),
                        "updated_at": When("ms"),
                    }
                ],
                "primary_web3_wallet_id": "{web3_wallets.0.id}",
            },
            "monocloud": Hidden(WALLET),
            "mattr": Hidden(WALLET),
            "netwrix": Hidden(WALLET),
        },
        finds=by(clerk={"web3_wallet": WALLET}),
    ),
)
