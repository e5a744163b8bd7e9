"""What programs keep of somebody: metadata, what a person may do, and what only one vendor knows."""

from typing import Any, Final

from tests.truth.fact import ABSENT, NOTHING, Fact, Hidden, Step
from tests.truth.facts.person import only
from tests.truth.steps import (
    BORN,
    EMAIL,
    auth0,
    by,
    clerk,
    clerk_do,
    clerk_new,
    mattr_new,
    monocloud,
    netwrix,
)

DOCUMENT: Final[dict[str, Any]] = {
    "plan": "gold{n}",
    "nested": {"deep": [1, 2.5, None, True, "é"]},
    "empty": {},
}

FORMATS: Final = {
    "Name": "formats{n}",
    "LongDateTimeFormatNet": "dd MMMM yyyy",
    "ShortDateTimeFormatNet": "dd/MM/yyyy",
    "LongDateTimeFormatJs": "D MMMM YYYY",
    "ShortDateTimeFormatJs": "DD/MM/YYYY",
}
ALERT: Final = {
    "Id": "alert{n}",
    "GroupName": "g",
    "NotificationTypes": ["Planned"],
    "NotificationMethod": "Email",
    "Version": 0,
}


def documents(auth0_: str | None, clerk_: str, monocloud_: str | None, value: Any) -> dict[str, Any]:
    """A document where there is a member for it."""
    hidden = Hidden("gold{n}")
    return {
        "auth0": hidden if auth0_ is None else {auth0_: value},
        "clerk": {clerk_: value},
        "monocloud": hidden if monocloud_ is None else {monocloud_: value},
        "mattr": hidden,
        "netwrix": hidden,
    }


FACTS: Final = (
    Fact(
        "data of back ends",
        {
            "auth0": (auth0(app_metadata=DOCUMENT),),
            "clerk": (Step("PATCH", "./metadata", {"private_metadata": DOCUMENT}),),
            "monocloud": (monocloud("private_data", private_data=DOCUMENT),),
        },
        documents("app_metadata", "private_metadata", "private_data", DOCUMENT),
        finds=by(auth0='app_metadata.plan:"gold{n}"', monocloud='private_data.plan:"gold{n}"'),
    ),
    Fact(
        "data that the person may change",
        {
            "auth0": (auth0(user_metadata=DOCUMENT),),
            "clerk": (Step("PATCH", "./metadata", {"unsafe_metadata": DOCUMENT}),),
        },
        documents("user_metadata", "unsafe_metadata", None, DOCUMENT),
        finds=by(auth0='user_metadata.plan:"gold{n}"'),
    ),
    Fact(
        "data that everybody may see",
        {
            "clerk": (Step("PUT", "./metadata", {"public_metadata": DOCUMENT}),),
            "monocloud": (monocloud("public_data", public_data=DOCUMENT),),
        },
        documents(None, "public_metadata", "public_data", DOCUMENT),
        finds=by(monocloud='public_data.plan:"gold{n}"'),
    ),
    Fact(
        "one key of the data changed and one removed",
        {
            "auth0": (auth0(app_metadata={"a": 1, "b": "gold{n}"}), auth0(app_metadata={"a": {"c": 2}, "b": None})),
            "clerk": (
                clerk_new(email_address=[EMAIL], private_metadata={"a": 1, "b": "gold{n}"}),
                Step("PATCH", "./metadata", {"private_metadata": {"a": {"c": 2}, "b": None}}),
            ),
            "monocloud": (
                monocloud("private_data", private_data={"a": 1, "b": "gold{n}"}),
                monocloud("private_data", private_data={"a": {"c": 2}, "b": None}),
            ),
        },
        documents("app_metadata", "private_metadata", "private_data", {"a": {"c": 2}}),
        loses=by(auth0='app_metadata.b:"gold{n}"', monocloud='private_data.b:"gold{n}"'),
    ),
    Fact(
        "data of which nothing was ever said",
        BORN,
        {
            "auth0": {"user_metadata": ABSENT, "app_metadata": ABSENT},
            "clerk": {"public_metadata": {}, "private_metadata": {}, "unsafe_metadata": {}},
            "monocloud": {"public_data": {}, "private_data": {}},
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
    ),
    Fact(
        "data of which nothing is said, at some length",
        {
            "clerk": (
                clerk_new(email_address=[EMAIL], public_metadata={}, private_metadata={}, unsafe_metadata={}),
                Step("PATCH", "./metadata", {"private_metadata": {"a": None}, "unsafe_metadata": {}}),
                Step("PUT", "./metadata", {"public_metadata": {}, "unsafe_metadata": {}}),
            ),
            "monocloud": (
                monocloud("private_data", private_data={"a": None}),
                monocloud("public_data", public_data={}),
            ),
        },
        {
            "auth0": {"user_metadata": ABSENT, "app_metadata": ABSENT},
            "clerk": {"public_metadata": {}, "private_metadata": {}, "unsafe_metadata": {}},
            "monocloud": {"public_data": {}, "private_data": {}},
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
    ),
    Fact(
        "data that was emptied",
        {
            "auth0": (auth0(app_metadata={"plan": "gold{n}"}), auth0(app_metadata={})),
            "clerk": (
                Step("PUT", "./metadata", {"private_metadata": {"plan": "gold{n}"}}),
                Step("PUT", "./metadata", {"private_metadata": {}}),
            ),
            "monocloud": (
                monocloud("private_data", private_data={"plan": "gold{n}"}),
                monocloud("private_data", private_data={"plan": None}),
            ),
        },
        documents("app_metadata", "private_metadata", "private_data", {}),
        loses=by(auth0='app_metadata.plan:"gold{n}"', monocloud='private_data.plan:"gold{n}"'),
    ),
    Fact(
        "what a person may do for themselves",
        {
            "clerk": (
                clerk(
                    delete_self_enabled=False,
                    create_organization_enabled=False,
                    create_organizations_limit=3,
                    bypass_client_trust=True,
                    legal_accepted_at="2026-01-02T03:04:05Z",
                ),
            )
        },
        {
            "auth0": NOTHING,
            "clerk": {
                "delete_self_enabled": False,
                "create_organization_enabled": False,
                "create_organizations_limit": 3,
                "bypass_client_trust": True,
                "legal_accepted_at": 1_767_323_045_000,
            },
            "monocloud": NOTHING,
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
    ),
    Fact(
        "what only Netwrix keeps",
        {"netwrix": (netwrix(DateFormats=FORMATS, TimeZoneId="GMT Standard Time", NotificationGroups=[ALERT]),)},
        only(
            "netwrix",
            {"DateFormats": FORMATS, "TimeZoneId": "GMT Standard Time", "NotificationGroups": [ALERT]},
            "formats{n}",
        ),
    ),
    Fact(
        "a person of whom Netwrix was told nothing",
        {
            "clerk": (clerk_do("unban"),),
            "mattr": (mattr_new(),),
        },
        {
            "auth0": NOTHING,
            "clerk": NOTHING,
            "monocloud": NOTHING,
            "mattr": NOTHING,
            "netwrix": {
                "DateFormats": ABSENT,
                "TimeZoneId": "UTC",
                "NotificationGroups": [],
                "Roles": [],
                "Permissions": [],
                "Groups": [],
                "TwoFactorRequired": False,
            },
        },
    ),
)
