"""Users: what creates, changes and finds them, and how they are shown."""

from typing import Any

from muster.dialects.auth0.schema.listing import INCLUDE_FIELDS, INCLUDE_TOTALS, PAGE, field_names, listed, per_page
from muster.dialects.kit.fields import Field, Flag, Integer, List, Object, OneOf, Text, required

E164 = r"^\+[0-9]{1,15}$"

_PHONE = "The user's phone number (following the E.164 recommendation)."
_PICTURE = "A URI pointing to the user's picture."
_USERNAME = "The user's username. Only valid if the connection requires a username."
_TIME: dict[str, Any] = {"format": "date-time"}

_BLOCKED = Flag("Whether an administrator has blocked the user.")
_EMAIL_VERIFIED = Flag("Whether the e-mail address is known to be the user's.")
_PHONE_VERIFIED = Flag("Whether the phone number is known to be the user's.")
_USER_METADATA = Object("What programs keep about the user that the user may change.")
_APP_METADATA = Object("What programs keep about the user that the user may not change.")

CREATE = Object(
    required=True,
    closed=True,
    members={
        "connection": Text("The name of the connection that the user will belong to.", required=True, min=1),
        "user_id": Text(
            "The part of the id after the provider, when it is to be a given one.", max=255, pattern=r"^\S*$"
        ),
        "email": Text("The user's e-mail address.", format="email"),
        "email_verified": _EMAIL_VERIFIED,
        "verify_email": Flag("Whether a mail that asks for verification is sent, whatever email_verified says."),
        "username": Text(_USERNAME, min=1, max=128),
        "password": Text("The first password; for database connections alone.", min=1),
        "name": Text("The full name.", min=1, max=300),
        "given_name": Text("The given name or names.", min=1, max=150),
        "family_name": Text("The family name or names.", min=1, max=150),
        "nickname": Text("The nickname.", min=1, max=300),
        "picture": Text(_PICTURE, format="strict-uri"),
        "phone_number": Text(_PHONE, pattern=E164),
        "phone_verified": _PHONE_VERIFIED,
        "blocked": _BLOCKED,
        "user_metadata": _USER_METADATA,
        "app_metadata": _APP_METADATA,
    },
)

# The document leaves this one open, but a name that means nothing is a client's mistake and is refused as on creation.
UPDATE = Object(
    required=True,
    closed=True,
    members={
        "connection": Text("The name of the connection whose identity is meant.", min=1),
        "client_id": Text("The application on whose behalf mail is sent.", min=1),
        "email": Text("The e-mail address; null removes it.", nullable=True, format="email"),
        "email_verified": _EMAIL_VERIFIED,
        "verify_email": Flag("Whether a mail that asks for verification is sent."),
        "username": Text(_USERNAME, nullable=True, min=1, max=128),
        "password": Text("The new password; for database connections alone.", nullable=True, min=1),
        "name": Text("The full name; null removes it.", nullable=True, min=1, max=300),
        "given_name": Text("The given name or names; null removes them.", nullable=True, min=1, max=150),
        "family_name": Text("The family name or names; null removes them.", nullable=True, min=1, max=150),
        "nickname": Text("The nickname; null removes it.", nullable=True, min=1, max=300),
        "picture": Text(_PICTURE, nullable=True, format="strict-uri"),
        "phone_number": Text(_PHONE, nullable=True, pattern=E164),
        "phone_verified": _PHONE_VERIFIED,
        "verify_phone_number": Flag("Whether a message that asks for verification is sent."),
        "blocked": _BLOCKED,
        "user_metadata": Object(
            "What programs keep that the user may change; merged at the first level.", nullable=True
        ),
        "app_metadata": Object(
            "What programs keep that the user may not change; merged at the first level.", nullable=True
        ),
    },
)

IDENTITY = Object(
    members={
        "connection": Text("The name of the connection that the identity belongs to."),
        "user_id": OneOf("The user's id at the provider.", shapes=(Text(min=1), Integer())),
        "provider": Text("The kind of provider."),
        "isSocial": Flag("Whether the provider is a social one."),
        "access_token": Text("The provider's access token; shown to callers with read:user_idp_tokens."),
        "access_token_secret": Text(
            "The secret of an OAuth 1.0 access token; shown to callers with read:user_idp_tokens."
        ),
        "refresh_token": Text("The provider's refresh token; shown to callers with read:user_idp_tokens."),
        "profileData": Object(
            "What the provider says about the user.",
            members={
                "email": Text("The e-mail address there."),
                "email_verified": Flag("Whether the provider has verified the address."),
                "name": Text("The full name there."),
                "username": Text("The user name there."),
                "given_name": Text("The given name there."),
                "phone_number": Text("The phone number there."),
                "phone_verified": Flag("Whether the provider has verified the phone number."),
                "family_name": Text("The family name there."),
            },
        ),
    },
)

USER = Object(
    members={
        "user_id": Text("The user's id."),
        "email": Text("The primary e-mail address.", format="email"),
        "email_verified": _EMAIL_VERIFIED,
        "username": Text("The user name."),
        "phone_number": Text("The primary phone number."),
        "phone_verified": _PHONE_VERIFIED,
        "created_at": Text("When the user was created.", **_TIME),
        "updated_at": Text("When the user was last changed.", **_TIME),
        "identities": List("The accounts that are linked to the user; the first is the user's own.", items=IDENTITY),
        "app_metadata": _APP_METADATA,
        "user_metadata": _USER_METADATA,
        "picture": Text("The address of a picture."),
        "name": Text("The full name, or what stands in for it."),
        "nickname": Text("The nickname, or what stands in for it."),
        "multifactor": List("The providers with which the user has enrolled a second factor.", items=Text()),
        "multifactor_last_modified": Text("When the second factors were last changed.", **_TIME),
        "last_ip": Text("The address of the last sign-in."),
        "last_login": Text("When the user last signed in.", **_TIME),
        "last_password_reset": Text("When the password was last changed.", **_TIME),
        "logins_count": Integer("How often the user has signed in."),
        "blocked": _BLOCKED,
        "given_name": Text("The given name or names."),
        "family_name": Text("The family name or names."),
    },
)

USERS_LIST = listed("users", USER, length=True)
USERS_BY_EMAIL = List(items=USER)

_FIELDS = field_names(
    (
        "phone_number",
        "email",
        "email_verified",
        "picture",
        "username",
        "user_id",
        "name",
        "nickname",
        "created_at",
        "identities",
        "app_metadata",
        "user_metadata",
        "last_ip",
        "last_login",
        "logins_count",
        "updated_at",
        "blocked",
        "family_name",
        "given_name",
    ),
    also=("phone_verified", "multifactor", "multifactor_last_modified", "last_password_reset"),
)
_SHOWN: dict[str, Field] = {"fields": _FIELDS, "include_fields": INCLUDE_FIELDS}

PATH = Object(members={"id": required(Text("The user_id of the user to retrieve.", format="user-id"))})

GET_QUERY = Object(closed=True, members=_SHOWN)

LIST_QUERY = Object(
    closed=True,
    members={
        "page": PAGE,
        "per_page": per_page(least=0),
        "include_totals": INCLUDE_TOTALS,
        "sort": Text("What to sort by, as field:1 (ascending) or field:-1 (descending)."),
        "connection": Text("The name of a connection; for search_engine=v1 alone."),
        **_SHOWN,
        "q": Text("A query in Lucene's syntax."),
        "search_engine": Text("The version of the query language.", one_of=("v1", "v2", "v3")),
        "primary_order": Flag("Whether results come in one stable order (the default)."),
    },
)

BY_EMAIL_QUERY = Object(
    closed=True,
    members={"email": Text("The e-mail address to look for, case-sensitive.", required=True), **_SHOWN},
)
