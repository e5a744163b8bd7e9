"""What is known of somebody: names, picture, claims."""

import base64
from typing import Any, Final

from msgspec.structs import replace

from muster.core.transaction import Transaction
from muster.core.users.model import User
from tests.truth.fact import ABSENT, NOTHING, Act, Fact, Hidden, Like, Step
from tests.truth.facts.identifiers import NAME
from tests.truth.steps import (
    BORN,
    EMAIL,
    auth0,
    by,
    clerk,
    clerk_new,
    mattr,
    mattr_new,
    monocloud,
    monocloud_new,
    netwrix,
    netwrix_new,
)

PICTURE: Final = "https://pictures.example.com/{n}.png"
UPLOADED: Final = Like(r"https://[^/]+/clerk/images/img_[0-9A-Za-z]{27}")
DRAWN: Final = Like(r"https://[^/]+/clerk/images/[0-9A-Za-z_-]{40,}")
PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)

CLAIMS: Final[dict[str, Any]] = {
    "middle_name": "Augusta{n}",
    "preferred_username": "countess{n}",
    "profile": "https://people.example.com/{n}",
    "website": "https://{n}.example.com",
    "gender": "female",
    "birthdate": "1815-12-10",
    "zoneinfo": "Europe/London",
    "address": {"locality": "London{n}", "country": "GB"},
}
"""The shared claims that three dialects have no member for."""

WHOLE: Final = {"name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace"}


async def answer_a_form(tx: Transaction, user: User) -> None:
    """As a sign-up with a question of the tenant's own does."""
    tx.save(replace(user, profile=replace(user.profile, custom={"shoe_size": f"size-{user.seq}"})))


def named(given: Any, family: Any) -> dict[str, Any]:
    """How these two names are shown everywhere."""
    return {
        "auth0": {"given_name": given, "family_name": family},
        "clerk": {"first_name": given, "last_name": family},
        "monocloud": {"claims.given_name": given, "claims.family_name": family},
        "mattr": {"claims.given_name": given, "claims.family_name": family},
        "netwrix": {"FirstName": given, "SecondName": family},
    }


def only(dialect: str, shown: dict[str, Any], text: str) -> dict[str, Any]:
    """What one dialect shows and no other does."""
    return {name: shown if name == dialect else Hidden(text) for name in BORN}


FACTS: Final = (
    Fact(
        "given and family name",
        {
            "auth0": (auth0(given_name="Ada{n}", family_name="Lovelace"),),
            "clerk": (clerk(first_name="Ada{n}", last_name="Lovelace"),),
            "monocloud": (monocloud("claims", given_name="Ada{n}", family_name="Lovelace"),),
            "mattr": (mattr(given_name="Ada{n}", family_name="Lovelace"),),
            "netwrix": (netwrix(FirstName="Ada{n}", SecondName="Lovelace"),),
        },
        named("Ada{n}", "Lovelace"),
        finds=by(
            auth0='given_name:"Ada{n}" AND family_name:lovelace',
            clerk={"name_query": "ada{n}"},
            monocloud='claims.given_name:"ADA{n}" AND claims.family_name:Lovelace',
            mattr={"given_name": "Ada{n}", "family_name": "Lovelace"},
        ),
    ),
    Fact(
        "given and family name from the first",
        {
            "clerk": (clerk_new(email_address=[EMAIL], first_name="Ada{n}", last_name="Lovelace"),),
            "monocloud": (monocloud_new(email=EMAIL, given_name="Ada{n}", family_name="Lovelace"),),
            "mattr": (mattr_new(given_name="Ada{n}", family_name="Lovelace"),),
            "netwrix": (netwrix_new(FirstName="Ada{n}", SecondName="Lovelace"),),
        },
        named("Ada{n}", "Lovelace"),
        finds=by(
            auth0='given_name:"Ada{n}" AND family_name:lovelace',
            clerk={"name_query": "ada{n}"},
            monocloud='claims.given_name:"ADA{n}" AND claims.family_name:Lovelace',
            mattr={"given_name": "Ada{n}", "family_name": "Lovelace"},
        ),
    ),
    Fact(
        "names that are taken away",
        {
            "auth0": (auth0(given_name="Ada{n}", family_name="L"), auth0(given_name=None, family_name=None)),
            "clerk": (clerk(first_name="Ada{n}", last_name="L"), clerk(first_name=None, last_name=None)),
            "monocloud": (
                monocloud("claims", given_name="Ada{n}", family_name="L"),
                monocloud("claims", given_name=None, family_name=None),
            ),
            "mattr": (mattr(given_name="Ada{n}", family_name="L"), mattr()),
            "netwrix": (netwrix(FirstName="Ada{n}", SecondName="L"), netwrix(FirstName="", SecondName="")),
        },
        {**named(ABSENT, ABSENT), "clerk": {"first_name": None, "last_name": None}},
        loses=by(
            auth0='given_name:"Ada{n}"',
            clerk={"name_query": "Ada{n}"},
            monocloud='given_name:"Ada{n}"',
            mattr={"given_name": "Ada{n}"},
        ),
    ),
    Fact(
        "a full name, which nobody takes apart",
        {
            "auth0": (auth0(name="Ada Lovelace{n}"),),
            "monocloud": (monocloud("claims", name="Ada Lovelace{n}"),),
            "mattr": (mattr(name="Ada Lovelace{n}"),),
        },
        {
            "auth0": {"name": "Ada Lovelace{n}", "given_name": ABSENT, "family_name": ABSENT},
            "clerk": {"first_name": None, "last_name": None},
            "monocloud": {"claims.name": "Ada Lovelace{n}", "claims.given_name": ABSENT},
            "mattr": {"claims.name": "Ada Lovelace{n}", "claims.given_name": ABSENT},
            "netwrix": {"FirstName": ABSENT, "SecondName": ABSENT},
        },
        finds=by(
            auth0='name:"Ada Lovelace{n}"',
            monocloud='claims.name:"Ada Lovelace{n}"',
            mattr={"name": "Ada Lovelace{n}"},
        ),
    ),
    Fact(
        "a full name made of two, which follows them",
        {
            "auth0": (monocloud("claims", **WHOLE), auth0(family_name="King{n}")),
            "clerk": (monocloud("claims", **WHOLE), clerk(last_name="King{n}")),
            "monocloud": (monocloud("claims", **WHOLE), monocloud("claims", family_name="King{n}")),
            "netwrix": (monocloud("claims", **WHOLE), netwrix(SecondName="King{n}")),
        },
        {
            "auth0": {"name": "Ada King{n}"},
            "clerk": {"first_name": "Ada", "last_name": "King{n}"},
            "monocloud": {"claims.name": "Ada King{n}"},
            "mattr": {"claims.name": "Ada King{n}"},
            "netwrix": {"FirstName": "Ada", "SecondName": "King{n}"},
        },
        finds=by(auth0='name:"Ada King{n}"', monocloud='claims.name:"ada king{n}"', mattr={"name": "Ada King{n}"}),
        loses=by(
            auth0='family_name:Lovelace AND email:"new{n}@truth.example"', clerk={"name_query": "Lovelace King{n}"}
        ),
    ),
    Fact(
        "no full name, but an e-mail address",
        {
            "auth0": (auth0(given_name="Ada"),),
            "clerk": (clerk(first_name="Ada"),),
            "monocloud": (monocloud("claims", given_name="Ada"),),
            "mattr": (mattr_new(email=EMAIL, given_name="Ada"),),
            "netwrix": (netwrix_new(Email=EMAIL, FirstName="Ada"),),
        },
        {
            "auth0": {"name": EMAIL, "nickname": "new{n}"},
            "clerk": {"first_name": "Ada", "last_name": None},
            "monocloud": {"claims.given_name": "Ada", "claims.name": ABSENT, "claims.nickname": ABSENT},
            "mattr": {"claims.name": ABSENT, "claims.nickname": ABSENT, "claims.given_name": "Ada"},
            "netwrix": {"FirstName": "Ada", "SecondName": ABSENT},
        },
        finds=by(
            auth0='name:"new{n}@truth.example" AND nickname:"new{n}"', mattr={"given_name": "Ada", "email": EMAIL}
        ),
    ),
    Fact(
        "no full name and no address, but two names",
        {
            "clerk": (clerk_new(username=NAME, first_name="Ada", last_name="Lovelace"),),
            "monocloud": (monocloud_new(username=NAME, given_name="Ada", family_name="Lovelace"),),
            "netwrix": (netwrix_new(UserName=NAME, FirstName="Ada", SecondName="Lovelace"),),
        },
        {
            "auth0": {"name": "Ada Lovelace", "nickname": NAME, "email": ABSENT, "email_verified": ABSENT},
            "clerk": {"email_addresses": [], "primary_email_address_id": None},
            "monocloud": {"claims.name": ABSENT, "emails": []},
            "mattr": {"claims": {"given_name": "Ada", "family_name": "Lovelace"}},
            "netwrix": {"Email": ABSENT, "UserName": NAME},
        },
        finds=by(auth0=f'name:"Ada Lovelace" AND nickname:"{NAME}"'),
    ),
    Fact(
        "a nickname",
        {
            "auth0": (auth0(nickname="Ady{n}"),),
            "monocloud": (monocloud("claims", nickname="Ady{n}"),),
            "mattr": (mattr(nickname="Ady{n}"),),
        },
        {
            "auth0": {"nickname": "Ady{n}"},
            "clerk": Hidden("Ady{n}"),
            "monocloud": {"claims.nickname": "Ady{n}"},
            "mattr": {"claims.nickname": "Ady{n}"},
            "netwrix": Hidden("Ady{n}"),
        },
        finds=by(auth0='nickname:"Ady{n}"', monocloud='claims.nickname:"Ady{n}"', mattr={"nickname": "Ady{n}"}),
    ),
    Fact(
        "a language",
        {
            "clerk": (clerk(locale="en-GB"),),
            "monocloud": (monocloud("claims", locale="en-GB"),),
            "mattr": (mattr(locale="en-GB"),),
        },
        {
            "auth0": {"locale": ABSENT},
            "clerk": {"locale": "en-GB"},
            "monocloud": {"claims.locale": "en-GB"},
            "mattr": {"claims.locale": "en-GB"},
            "netwrix": Hidden("en-GB"),
        },
    ),
    Fact(
        "the other shared claims",
        {"monocloud": (monocloud("claims", **CLAIMS),), "mattr": (mattr(**CLAIMS),)},
        {
            "auth0": Hidden("Augusta{n}"),
            "clerk": Hidden("Augusta{n}"),
            "monocloud": {"claims": CLAIMS},
            "mattr": {f"claims.{name}": value for name, value in CLAIMS.items()},
            "netwrix": Hidden("Augusta{n}"),
        },
        finds=by(
            monocloud='claims.middle_name:"Augusta{n}"',
            mattr={"preferred_username": "countess{n}", "address": {"locality": "London{n}"}},
        ),
    ),
    Fact(
        "a claim that only MATTR knows",
        {"mattr": (mattr(studentNumber="s-{n}", marks=[1, {"a": None}]),)},
        only("mattr", {"claims": {"studentNumber": "s-{n}", "marks": [1, {"a": None}]}}, "s-{n}"),
        finds=by(mattr={"studentNumber": "s-{n}", "marks": [1, {"a": None}]}),
    ),
    Fact(
        "claims that MATTR leaves out, though another dialect wrote them",
        {"clerk": (clerk(first_name="Ada{n}"), mattr(role="x"))},
        {
            "auth0": {"given_name": "Ada{n}"},
            "clerk": {"first_name": "Ada{n}"},
            "monocloud": {"claims.given_name": "Ada{n}"},
            "mattr": {"claims": {"role": "x"}},
            "netwrix": {"FirstName": "Ada{n}"},
        },
        finds=by(auth0='given_name:"Ada{n}"', clerk={"name_query": "Ada{n}"}, monocloud='given_name:"Ada{n}"'),
        loses=by(mattr={"given_name": "Ada{n}"}),
    ),
    Fact(
        "the answer to a sign-up form's own question",
        {"sign-up": (Act("profile.custom is kept", answer_a_form),)},
        only("monocloud", {"claims.shoe_size": "size-{seq}"}, "size-{seq}"),
    ),
    Fact(
        "a picture from elsewhere",
        {
            "auth0": (auth0(picture=PICTURE),),
            "monocloud": (monocloud("claims", picture=PICTURE),),
            "mattr": (mattr(picture=PICTURE),),
        },
        {
            "auth0": {"picture": PICTURE},
            "clerk": {"image_url": PICTURE, "profile_image_url": PICTURE, "has_image": True},
            "monocloud": {"claims.picture": PICTURE},
            "mattr": {"claims.picture": PICTURE},
            "netwrix": Hidden(PICTURE),
        },
    ),
    Fact(
        "an uploaded picture",
        {"clerk": (Step("POST", "./profile_image", picture=PIXEL),)},
        {
            "auth0": {"picture": UPLOADED},
            "clerk": {"image_url": UPLOADED, "profile_image_url": "{image_url}", "has_image": True},
            "monocloud": {"claims.picture": UPLOADED},
            "mattr": {"claims.picture": UPLOADED},
            "netwrix": Hidden("/images/"),
        },
    ),
    Fact(
        "a picture that is taken away",
        {
            "auth0": (auth0(picture=PICTURE), auth0(picture=None)),
            "clerk": (Step("POST", "./profile_image", picture=PIXEL), Step("DELETE", "./profile_image")),
            "monocloud": (monocloud("claims", picture=PICTURE), monocloud("claims", picture=None)),
            "mattr": (mattr(picture=PICTURE), mattr()),
        },
        {
            "auth0": {"picture": Like(r"https://s\.gravatar\.com/avatar/[0-9a-f]{32}\?s=480&r=pg&d=.*")},
            "clerk": {"image_url": DRAWN, "profile_image_url": "{image_url}", "has_image": False},
            "monocloud": {"claims.picture": ABSENT},
            "mattr": {"claims.picture": ABSENT},
            "netwrix": NOTHING,
        },
    ),
)
