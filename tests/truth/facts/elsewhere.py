"""Identities that somebody has elsewhere. They come from a sign-in, but for MATTR's, which its API writes."""

from typing import Any, Final

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.ids import new_id
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.model import Link, User
from tests.truth.drivers import REALM
from tests.truth.fact import ABSENT, NOTHING, Act, Fact, Hidden, Like, Step, When
from tests.truth.facts.identifiers import IDN
from tests.truth.steps import by

SUBJECT: Final = "elsewhere-{seq}"
SIGNED_IN: Final = "a sign-in elsewhere is linked"
GOOGLE, SAML, AD = "truth-google", "truth-saml", "truth-ad"
_KINDS: Final[dict[str, Any]] = {
    GOOGLE: ("social", "google", "google-oauth2"),
    SAML: ("enterprise", "saml", "samlp"),
    AD: ("enterprise", "ad", "ad"),
}

PROFILE: Final = {
    "email": "there@elsewhere.example",
    "email_verified": True,
    "name": "Ada There",
    "given_name": "Ada",
    "family_name": "There",
    "picture": "https://pictures.example.com/there.png",
    "locale": "en",
}
PROFILE_DATA: Final = {name: value for name, value in PROFILE.items() if name != "locale"}


def linked(name: str) -> Act:
    """A sign-in by a connection of this name, which is made when it is first needed."""
    kind, provider, strategy = _KINDS[name]

    async def link(tx: Transaction, user: User) -> None:
        connection = await tx.find(Connection, Key("", "connection_name", name))
        if connection is None:
            connection = tx.insert(
                Connection(id=new_id(tx.now)[:16], name=name, kind=kind, strategy=strategy, created_at=tx.now)
            )
        made = Link(
            id=new_id(tx.now),
            kind=kind,
            connection_id=connection.id,
            provider=provider,
            subject=f"elsewhere-{user.seq}",
            profile=PROFILE,
            scopes=["email", "profile"],
            created_at=tx.now,
            updated_at=tx.now,
        )
        tx.save(replace(user, links=[*user.links, made]))

    return Act(SIGNED_IN, link)


def auth0_identity(connection: str, provider: str, *, social: bool) -> dict[str, Any]:
    return {
        "identities.1": {
            "connection": connection,
            "user_id": SUBJECT,
            "provider": provider,
            "isSocial": social,
            "profileData": PROFILE_DATA,
        }
    }


def monocloud_provider(connection: str, kind: str) -> dict[str, Any]:
    return {
        "connections.1": {"idp": kind, "connection_id": SUBJECT},
        "external_providers": [
            {"provider": connection, "authenticator": kind, "provider_user_id": SUBJECT, "claims": PROFILE}
        ],
    }


def clerk_enterprise(provider: str) -> dict[str, Any]:
    return {
        "id": IDN,
        "provider": provider,
        "active": True,
        "email_address": "there@elsewhere.example",
        "first_name": "Ada",
        "last_name": "There",
        "provider_user_id": SUBJECT,
        "last_authenticated_at": None,
        "public_metadata": {},
        "verification": {
            "object": "verification_saml",
            "status": "verified",
            "strategy": "saml",
            "attempts": None,
            "expire_at": None,
        },
    }


CLERK_GOOGLE: Final = {
    "object": "google_account",
    "id": IDN,
    "provider": "oauth_google",
    "identification_id": IDN,
    "external_account_id": Like(r"eac_[0-9A-Za-z]{27}"),
    "provider_user_id": SUBJECT,
    "approved_scopes": "email profile",
    "email_address": "there@elsewhere.example",
    "email_address_verified": True,
    "first_name": "Ada",
    "last_name": "There",
    "avatar_url": "https://pictures.example.com/there.png",
    "image_url": "https://pictures.example.com/there.png",
    "username": None,
    "phone_number": None,
    "public_metadata": {},
    "label": None,
    "created_at": When("ms"),
    "updated_at": When("ms"),
    "verification": {
        "object": "verification_oauth",
        "status": "verified",
        "strategy": "oauth_google",
        "attempts": None,
        "expire_at": When("ms", 600),
    },
}


def in_netwrix(**flags: bool) -> dict[str, Any]:
    """Whether the account is one of a directory or provider, which an account with a password here never is."""
    return {"IsADUser": False, "IsOAuthUser": False, "IsSSOUser": False, **flags}


FACTS: Final = (
    Fact(
        "an account at a social provider",
        {"sign-in": (linked(GOOGLE),)},
        {
            "auth0": auth0_identity(GOOGLE, "google-oauth2", social=True),
            "clerk": {"external_accounts": [CLERK_GOOGLE], "saml_accounts": [], "enterprise_accounts": []},
            "monocloud": monocloud_provider(GOOGLE, "google"),
            "mattr": Hidden(SUBJECT),
            "netwrix": in_netwrix(IsOAuthUser=True),
        },
        finds=by(
            auth0=f'identities.user_id:"{SUBJECT}"',
            clerk={"provider": "oauth_google", "provider_user_id": SUBJECT},
            monocloud=f'external_providers.provider_user_id:"{SUBJECT}"',
        ),
    ),
    Fact(
        "an account at an enterprise's SAML provider",
        {"sign-in": (linked(SAML),)},
        {
            "auth0": auth0_identity(SAML, "samlp", social=False),
            "clerk": {
                "external_accounts": [],
                "saml_accounts": [
                    {**clerk_enterprise("saml_custom"), "object": "saml_account", "saml_connection": None}
                ],
                "enterprise_accounts": [
                    {
                        **clerk_enterprise("saml_custom"),
                        "object": "enterprise_account",
                        "protocol": "saml",
                        "enterprise_connection_id": None,
                        "enterprise_connection": None,
                    }
                ],
            },
            "monocloud": monocloud_provider(SAML, "custom_enterprise"),
            "mattr": Hidden(SUBJECT),
            "netwrix": in_netwrix(IsSSOUser=True),
        },
    ),
    Fact(
        "an account in a directory",
        {"sign-in": (linked(AD),)},
        {
            "auth0": auth0_identity(AD, "ad", social=False),
            "clerk": {
                "enterprise_accounts.0.provider": "saml_custom",
                "enterprise_accounts.0.object": "enterprise_account",
            },
            "monocloud": monocloud_provider(AD, "custom_enterprise"),
            "mattr": Hidden(SUBJECT),
            "netwrix": in_netwrix(IsADUser=True),
        },
    ),
    Fact(
        "an account elsewhere beside a password here",
        {"netwrix": (linked(SAML),)},
        {
            "auth0": {"identities.1.user_id": SUBJECT},
            "clerk": {"enterprise_accounts.0.provider_user_id": SUBJECT, "password_enabled": True},
            "monocloud": {"external_providers.0.provider_user_id": SUBJECT, "has_password": True},
            "mattr": Hidden(SUBJECT),
            "netwrix": in_netwrix(),
        },
    ),
    Fact(
        "an account elsewhere that is forgotten",
        {
            "clerk": (
                linked(GOOGLE),
                Step("DELETE", "./external_accounts/{external_accounts.0.external_account_id}"),
            ),
            "monocloud": (
                linked(GOOGLE),
                Step(
                    "POST",
                    "./external_authenticator/disconnect",
                    {"provider": GOOGLE, "provider_user_id": SUBJECT},
                ),
            ),
        },
        {
            "auth0": {"identities.0.connection": REALM, "identities.1": ABSENT},
            "clerk": {"external_accounts": []},
            "monocloud": {"external_providers": [], "connections.1": ABSENT},
            "mattr": NOTHING,
            "netwrix": in_netwrix(),
        },
        loses=by(
            auth0=f'identities.user_id:"{SUBJECT}"',
            clerk={"provider": "oauth_google", "provider_user_id": SUBJECT},
            monocloud=f'external_providers.provider_user_id:"{SUBJECT}"',
        ),
    ),
    Fact(
        "an account at MATTR's provider",
        {
            "mattr": (
                Step(
                    "POST",
                    "/users",
                    {
                        "claims": {},
                        "authenticationProvider": {"providerId": "{provider.id}", "subjectId": "subject-of-{n}"},
                    },
                ),
            ),
        },
        {
            "auth0": {
                "identities.1": {
                    "connection": "authentication-provider",
                    "user_id": "subject-of-{n}",
                    "provider": "oidc",
                    "isSocial": False,
                    "profileData": {},
                }
            },
            "clerk": {
                "external_accounts": [],
                "saml_accounts": [],
                "enterprise_accounts.0.protocol": "oauth",
                "enterprise_accounts.0.provider_user_id": "subject-of-{n}",
            },
            "monocloud": {
                "external_providers": [
                    {
                        "provider": "authentication-provider",
                        "authenticator": "custom_oidc",
                        "provider_user_id": "subject-of-{n}",
                        "claims": {"iss": "{provider.url}"},
                    }
                ]
            },
            "mattr": {
                "authenticationProvider": {
                    "providerId": "{provider.id}",
                    "url": "{provider.url}",
                    "subjectId": "subject-of-{n}",
                }
            },
            "netwrix": in_netwrix(IsOAuthUser=True),
        },
        finds={
            **by(
                auth0='identities.user_id:"subject-of-{n}"',
                monocloud='external_providers.provider_user_id:"subject-of-{n}"',
            ),
            "mattr": {"authenticationProvider": {"providerId": "{provider.id}", "subjectId": "subject-of-{n}"}},
        },
    ),
)
