"""Where somebody is reached: e-mail addresses and phone numbers, own ones and such as are only claimed."""

from typing import Any, Final

from tests.truth.fact import ABSENT, Fact, Hidden, Step
from tests.truth.facts.identifiers import (
    ADDRESS,
    BY_ADMIN,
    NUMBER,
    OTHER,
    clerk_email,
    clerk_phone,
    monocloud_address,
)
from tests.truth.steps import (
    auth0,
    auth0_new,
    by,
    clerk,
    clerk_new,
    mattr_new,
    monocloud_do,
    monocloud_new,
    netwrix,
    netwrix_new,
)


def with_email(address: str, *, verified: bool, reserved: bool = False) -> dict[str, Any]:
    """How somebody with this one address is shown everywhere."""
    return {
        "auth0": {"email": address, "email_verified": verified, "nickname": address.partition("@")[0]},
        "clerk": {
            "email_addresses": [clerk_email(address, BY_ADMIN if verified else None, reserved=reserved)],
            "primary_email_address_id": "{email_addresses.0.id}",
        },
        "monocloud": {"emails": [monocloud_address("email", address, verified=verified)]},
        "mattr": {"claims.email": address, "claims.email_verified": verified},
        "netwrix": {"Email": address},
    }


def with_phone(number: str, *, verified: bool) -> dict[str, Any]:
    return {
        "auth0": {"phone_number": number, "phone_verified": verified},
        "clerk": {
            "phone_numbers": [clerk_phone(number, BY_ADMIN if verified else None)],
            "primary_phone_number_id": "{phone_numbers.0.id}",
        },
        "monocloud": {"phone_numbers": [monocloud_address("phone", number, verified=verified)]},
        "mattr": {"claims.phone_number": number, "claims.phone_number_verified": verified},
        "netwrix": Hidden(number),
    }


FACTS: Final = (
    Fact(
        "an e-mail address that nobody has proved",
        {
            "auth0": (auth0_new(email=ADDRESS),),
            "monocloud": (monocloud_new(email=ADDRESS),),
            "netwrix": (netwrix_new(Email=ADDRESS),),
        },
        with_email(ADDRESS, verified=False),
    ),
    Fact(
        "an e-mail address that is the person's own",
        {
            "auth0": (auth0_new(email=ADDRESS, email_verified=True),),
            "clerk": (clerk_new(email_address=[ADDRESS]),),
            "monocloud": (monocloud_new(email=ADDRESS, email_verified=True),),
        },
        with_email(ADDRESS, verified=True),
    ),
    Fact(
        "an e-mail address that is vouched for later",
        {
            "auth0": (auth0_new(email=ADDRESS), auth0(email_verified=True)),
            "clerk": (
                clerk_new(email_address=[ADDRESS]),
                Step("PATCH", "/email_addresses/{email_addresses.0.id}", {"verified": False}),
                Step("PATCH", "/email_addresses/{email_addresses.0.id}", {"verified": True}),
            ),
            "monocloud": (monocloud_new(email=ADDRESS), monocloud_do("emails/{emails.0.id}/verify")),
        },
        with_email(ADDRESS, verified=True),
    ),
    Fact(
        "an e-mail address that is no longer vouched for",
        {
            "auth0": (auth0_new(email=ADDRESS, email_verified=True), auth0(email_verified=False)),
            "clerk": (
                clerk_new(email_address=[ADDRESS]),
                Step("PATCH", "/email_addresses/{email_addresses.0.id}", {"verified": False}),
            ),
            "monocloud": (
                monocloud_new(email=ADDRESS, email_verified=True),
                monocloud_do("emails/{emails.0.id}/unverify"),
            ),
        },
        with_email(ADDRESS, verified=False),
    ),
    Fact(
        "an e-mail address that is kept for the person and proved at sign-in",
        {"clerk": (clerk_new(email_address=[ADDRESS], email_address_identification_status=["reserved"]),)},
        with_email(ADDRESS, verified=False, reserved=True),
    ),
    Fact(
        "an e-mail address in capitals",
        {
            "auth0": (auth0_new(email="ADA{n}@Truth.Example"),),
            "monocloud": (monocloud_new(email="ADA{n}@Truth.Example"),),
            "netwrix": (netwrix_new(Email="ADA{n}@Truth.Example"),),
        },
        with_email(ADDRESS, verified=False),
    ),
    Fact(
        "another e-mail address instead",
        {
            "auth0": (auth0_new(email=ADDRESS), auth0(email=OTHER)),
            "clerk": (
                clerk_new(email_address=[ADDRESS]),
                Step("PUT", "./email_address", {"email_address": OTHER, "identification_status": "unverified"}),
            ),
            "netwrix": (netwrix_new(Email=ADDRESS), netwrix(Email=OTHER)),
        },
        with_email(OTHER, verified=False),
        loses=by(
            auth0=f'email:"{ADDRESS}"',
            clerk={"query": ADDRESS},
            monocloud=ADDRESS,
            mattr={"email": ADDRESS},
            netwrix=ADDRESS,
        ),
        finds=by(auth0=f'name:"{OTHER}" AND nickname:"other{{n}}"', clerk={"query": OTHER}, monocloud=OTHER),
    ),
    Fact(
        "two e-mail addresses",
        {
            "clerk": (
                clerk_new(email_address=[ADDRESS]),
                Step("POST", "/email_addresses", {"user_id": "{id}", "email_address": OTHER, "verified": True}),
            ),
            "monocloud": (
                monocloud_new(email=ADDRESS, email_verified=True),
                monocloud_do("emails", email=OTHER, is_verified=True),
            ),
        },
        {
            "auth0": {"email": ADDRESS, "email_verified": True},
            "clerk": {
                "email_addresses": [clerk_email(ADDRESS, BY_ADMIN), clerk_email(OTHER, BY_ADMIN)],
                "primary_email_address_id": "{email_addresses.0.id}",
            },
            "monocloud": {
                "emails": [
                    monocloud_address("email", ADDRESS, verified=True),
                    monocloud_address("email", OTHER, verified=True, primary=False),
                ]
            },
            "mattr": {"claims.email": ADDRESS, "claims.email_verified": True},
            "netwrix": {"Email": ADDRESS},
        },
    ),
    Fact(
        "the second e-mail address becomes the first",
        {
            "clerk": (
                clerk_new(email_address=[ADDRESS, OTHER]),
                clerk(primary_email_address_id="{email_addresses.1.id}"),
            ),
            "monocloud": (
                monocloud_new(email=ADDRESS, email_verified=True),
                monocloud_do("emails", email=OTHER, is_verified=True),
                monocloud_do("emails/{emails.1.id}/primary"),
            ),
        },
        {
            "auth0": {"email": OTHER, "email_verified": True},
            "clerk": {
                "email_addresses.0.email_address": OTHER,
                "email_addresses.1.email_address": ADDRESS,
                "primary_email_address_id": "{email_addresses.0.id}",
            },
            "monocloud": {
                "emails": [
                    monocloud_address("email", OTHER, verified=True),
                    monocloud_address("email", ADDRESS, verified=True, primary=False),
                ]
            },
            "mattr": {"claims.email": OTHER, "claims.email_verified": True},
            "netwrix": {"Email": OTHER},
        },
    ),
    Fact(
        "an e-mail address that is only claimed",
        {"mattr": (mattr_new(email=ADDRESS, email_verified=True),)},
        {
            "auth0": {"email": ADDRESS, "email_verified": True},
            "clerk": {"email_addresses": [], "primary_email_address_id": None},
            "monocloud": {"emails": []},
            "mattr": {"claims": {"email": ADDRESS, "email_verified": True}},
            "netwrix": {"Email": ADDRESS, "UserName": "{uuid}"},
        },
        finds=by(auth0=f'email:"{ADDRESS}" AND name:"{ADDRESS}"', mattr={"email": ADDRESS, "email_verified": True}),
        loses=by(clerk={"email_address": ADDRESS}, monocloud=f'emails.email:"{ADDRESS}"', netwrix=ADDRESS),
    ),
    Fact(
        "a phone number that nobody has proved",
        {
            "auth0": (auth0_new(email=ADDRESS, phone_number=NUMBER),),
            "monocloud": (monocloud_new(email=ADDRESS, phone_number=NUMBER),),
        },
        with_phone(NUMBER, verified=False),
        finds=by(
            auth0=f'phone_number:"{NUMBER}"',
            clerk={"phone_number": NUMBER},
            monocloud=f'phone_numbers.phone:"{NUMBER}"',
            mattr={"phone_number": NUMBER},
            netwrix=NUMBER,
        ),
    ),
    Fact(
        "a phone number that is the person's own",
        {
            "auth0": (auth0_new(email=ADDRESS, phone_number=NUMBER, phone_verified=True),),
            "clerk": (clerk_new(email_address=[ADDRESS], phone_number=[NUMBER]),),
            "monocloud": (monocloud_new(email=ADDRESS, phone_number=NUMBER, phone_number_verified=True),),
        },
        with_phone(NUMBER, verified=True),
        finds=by(
            auth0=f'phone_number:"{NUMBER}"',
            clerk={"phone_number": NUMBER},
            monocloud=f'phone_numbers.phone:"{NUMBER}"',
            mattr={"phone_number": NUMBER},
            netwrix=NUMBER,
        ),
    ),
    Fact(
        "a phone number that is no longer vouched for",
        {
            "auth0": (
                auth0_new(email=ADDRESS, phone_number=NUMBER, phone_verified=True),
                auth0(phone_verified=False),
            ),
            "clerk": (
                clerk_new(email_address=[ADDRESS], phone_number=[NUMBER]),
                Step("PATCH", "/phone_numbers/{phone_numbers.0.id}", {"verified": False}),
            ),
            "monocloud": (
                monocloud_new(email=ADDRESS, phone_number=NUMBER, phone_number_verified=True),
                monocloud_do("phones/{phone_numbers.0.id}/unverify"),
            ),
        },
        with_phone(NUMBER, verified=False),
        finds=by(
            auth0=f'phone_number:"{NUMBER}"',
            clerk={"phone_number": NUMBER},
            monocloud=f'phone_numbers.phone:"{NUMBER}"',
            mattr={"phone_number": NUMBER},
            netwrix=NUMBER,
        ),
    ),
    Fact(
        "a phone number that is given up",
        {
            "auth0": (auth0_new(email=ADDRESS, phone_number=NUMBER), auth0(phone_number=None)),
            "clerk": (
                clerk_new(email_address=[ADDRESS], phone_number=[NUMBER]),
                Step("DELETE", "/phone_numbers/{phone_numbers.0.id}"),
            ),
            "monocloud": (
                monocloud_new(email=ADDRESS, phone_number=NUMBER),
                Step("DELETE", "./phones/{phone_numbers.0.id}"),
            ),
        },
        {
            "auth0": {"phone_number": ABSENT, "phone_verified": ABSENT},
            "clerk": {"phone_numbers": [], "primary_phone_number_id": None},
            "monocloud": {"phone_numbers": []},
            "mattr": {"claims.phone_number": ABSENT, "claims.phone_number_verified": ABSENT},
            "netwrix": {"UserName": ADDRESS},
        },
        loses=by(
            auth0=f'phone_number:"{NUMBER}"',
            clerk={"phone_number": NUMBER},
            monocloud=f'phone_numbers.phone:"{NUMBER}"',
            mattr={"phone_number": NUMBER},
            netwrix=NUMBER,
        ),
    ),
    Fact(
        "a phone number that is only claimed",
        {"mattr": (mattr_new(phone_number=NUMBER, phone_number_verified=True),)},
        {
            "auth0": {"phone_number": ABSENT, "phone_verified": ABSENT},
            "clerk": {"phone_numbers": [], "primary_phone_number_id": None},
            "monocloud": {"phone_numbers": []},
            "mattr": {"claims": {"phone_number": NUMBER, "phone_number_verified": True}},
            "netwrix": {"UserName": "{uuid}"},
        },
    ),
)
