"""Users: what creates, changes and finds them, and how they are shown."""

from muster.dialects.clerk.schema.listing import ERROR, PAGE, VALUES
from muster.dialects.clerk.schema.organizations import MEMBERSHIP
from muster.dialects.clerk.schema.values import DATE, DOCUMENT, TIME
from muster.dialects.kit.fields import Field, Flag, Integer, List, Object, Text, always, required

NAME = Text(max=256, nullable=True)
FLAG = Flag(nullable=True)
STATUS = Text(one_of=("verified", "reserved"))

METADATA: dict[str, Field] = {
    "public_metadata": Object(about="Seen by everybody, written by back ends."),
    "private_metadata": Object(about="For back ends alone."),
    "unsafe_metadata": Object(about="Written by the user too."),
}

_WRITTEN: dict[str, Field] = {
    "external_id": Text(about="The id that another system knows the user by.", max=255, nullable=True),
    "first_name": NAME,
    "last_name": NAME,
    "locale": Text(about="A BCP 47 language tag.", max=64, format="locale", nullable=True),
    "username": Text(about="The name for signing in.", nullable=True),
    "password": Text(about="A password to be hashed.", nullable=True),
    "password_digest": Text(about="A hash that was made elsewhere.", nullable=True),
    "password_hasher": Text(about="How the digest was made.", nullable=True),
    "skip_password_checks": Flag(about="Whether the password policy is left out.", nullable=True),
    "totp_secret": Text(about="The base32 secret of an authenticator app.", nullable=True),
    "backup_codes": List(about="Codes, plain or as bcrypt hashes.", items=Text(), max=50),
    "delete_self_enabled": FLAG,
    "create_organization_enabled": FLAG,
    "create_organizations_limit": Integer(min=0, max=2**31 - 1, nullable=True),
    "legal_accepted_at": Text(about="When the terms were accepted, RFC 3339.", nullable=True),
    "skip_legal_checks": FLAG,
    "bypass_client_trust": FLAG,
    "created_at": Text(about="When the user came to be, RFC 3339.", nullable=True),
}

CREATE = Object(
    closed=True,
    members={
        **_WRITTEN,
        "email_address": List(items=Text(format="email"), max=100),
        "email_address_identification_status": List(items=STATUS, max=100),
        "phone_number": List(items=Text(format="phone"), max=100),
        "phone_number_identification_status": List(items=STATUS, max=100),
        "web3_wallet": List(items=Text(format="wallet"), max=100),
        "skip_password_requirement": Flag(about="Whether a user without a password is meant.", nullable=True),
        "skip_user_requirement": FLAG,
        **METADATA,
        "banned": FLAG,
        "locked": FLAG,
    },
)

UPDATE = Object(
    closed=True,
    members={
        **_WRITTEN,
        "primary_email_address_id": Text(nullable=True),
        "notify_primary_email_address_changed": FLAG,
        "primary_phone_number_id": Text(nullable=True),
        "primary_web3_wallet_id": Text(nullable=True),
        "profile_image_id": Text(nullable=True),
        "sign_out_of_other_sessions": Flag(about="Whether all sessions end; acts only with a password.", nullable=True),
        **{
            name: Object(about="Replaces the whole document; refused from version 2026-05-12.", nullable=True)
            for name in METADATA
        },
    },
)

WRITE_METADATA = Object(closed=True, members=METADATA)
REMOVE_PASSWORD = Object(closed=True, members={"sign_out_of_other_sessions": FLAG})
VERIFY_PASSWORD = Object(closed=True, members={"password": Text(required=True)})
VERIFY_TOTP = Object(closed=True, members={"code": Text(required=True, max=256)})
SET_COMPROMISED = Object(closed=True, members={"revoke_all_sessions": FLAG})
BULK = Object(members={"user_ids": List(items=Text(max=256), min=1, required=True)})

FILTERS: dict[str, Field] = {
    "email_address": VALUES,
    "phone_number": VALUES,
    "external_id": VALUES,
    "username": VALUES,
    "web3_wallet": VALUES,
    "user_id": VALUES,
    "organization_id": VALUES,
    "query": Text(about="Part of an address, a number, a name or an id."),
    "email_address_query": Text(),
    "phone_number_query": Text(),
    "username_query": Text(),
    "name_query": Text(),
    "banned": Flag(),
    "last_active_at_before": DATE,
    "last_active_at_after": DATE,
    "last_active_at_since": DATE,
    "created_at_before": DATE,
    "created_at_after": DATE,
    "last_sign_in_at_before": DATE,
    "last_sign_in_at_after": DATE,
    "provider": Text(about="With provider_user_id alone."),
    "provider_user_id": VALUES,
}

COUNT = Object(members=FILTERS)
LIST = Object(members={**FILTERS, **PAGE, "starting_after": Text(), "order_by": Text()})

TOTAL = Object(members=always(object=Text(one_of=("total_count",)), total_count=Integer()))

_INT = Integer(nullable=True)
_STRING = Text(nullable=True)


def _verification(*objects: str) -> Field:
    return Object(
        about="The last check; null where there was none.",
        nullable=True,
        members={
            **always(object=Text(one_of=objects), status=Text(), strategy=Text(), attempts=_INT, expire_at=_INT),
            "nonce": Text(),
            "message": _STRING,
            "channel": _STRING,
            "verified_at_client": _STRING,
            "external_verification_redirect_url": _STRING,
            "error": Object(members=ERROR, nullable=True),
        },
    )


LINKED_TO = List(items=Object(members=always(type=Text(), id=Text())))

EMAIL_ADDRESS = Object(
    members=always(
        id=Text(),
        object=Text(one_of=("email_address",)),
        email_address=Text(),
        reserved=Flag(),
        verification=_verification(
            "verification_otp",
            "verification_admin",
            "verification_from_oauth",
            "verification_ticket",
            "verification_saml",
            "verification_email_link",
            "verification_scim",
        ),
        linked_to=LINKED_TO,
        matches_sso_connection=Flag(),
        created_at=TIME,
        updated_at=TIME,
    ),
)

PHONE_NUMBER = Object(
    members=always(
        id=Text(),
        object=Text(one_of=("phone_number",)),
        phone_number=Text(),
        reserved_for_second_factor=Flag(),
        default_second_factor=Flag(),
        reserved=Flag(),
        verification=_verification("verification_otp", "verification_admin"),
        linked_to=LINKED_TO,
        backup_codes=List(items=Text(), nullable=True),
        created_at=TIME,
        updated_at=TIME,
    ),
)

WEB3_WALLET = Object(
    members=always(
        id=Text(),
        object=Text(one_of=("web3_wallet",)),
        web3_wallet=Text(),
        verification=_verification("verification_web3", "verification_admin"),
        created_at=TIME,
        updated_at=TIME,
    ),
)

PASSKEY = Object(
    members=always(
        id=Text(),
        object=Text(one_of=("passkey",)),
        name=Text(),
        last_used_at=TIME,
        verification=_verification("verification_passkey"),
    ),
)

EXTERNAL_ACCOUNT = Object(
    members={
        **always(
            object=Text(one_of=("external_account", "facebook_account", "google_account")),
            id=Text(),
            provider=Text(),
            identification_id=Text(),
            provider_user_id=Text(),
            approved_scopes=Text(),
            email_address=Text(),
            first_name=Text(),
            last_name=Text(),
            public_metadata=DOCUMENT,
            created_at=TIME,
            updated_at=TIME,
            verification=_verification("verification_oauth", "verification_google_one_tap"),
        ),
        "external_account_id": Text(),
        "email_address_verified": Flag(nullable=True),
        "avatar_url": Text(deprecated=True),
        "image_url": _STRING,
        "username": _STRING,
        "phone_number": _STRING,
        "label": _STRING,
    },
)

_ACCOUNT: dict[str, Field] = {
    **always(id=Text(), provider=Text(), active=Flag(), email_address=Text()),
    "first_name": _STRING,
    "last_name": _STRING,
    "provider_user_id": _STRING,
    "last_authenticated_at": _INT,
    "public_metadata": DOCUMENT,
}

_CONNECTION: dict[str, Field] = {
    **always(
        id=Text(),
        name=Text(),
        provider=Text(),
        domains=List(items=Text()),
        active=Flag(),
        sync_user_attributes=Flag(),
        allow_subdomains=Flag(),
        allow_idp_initiated=Flag(),
        disable_additional_identifications=Flag(),
        created_at=TIME,
        updated_at=TIME,
    ),
    "domain": Text(deprecated=True),
}

SAML_ACCOUNT = Object(
    members={
        **_ACCOUNT,
        "object": Text(one_of=("saml_account",), required=True),
        "verification": required(_verification("verification_saml", "verification_ticket")),
        "saml_connection": Object(members=_CONNECTION, nullable=True),
    },
)

ENTERPRISE_ACCOUNT = Object(
    members={
        **_ACCOUNT,
        "object": Text(one_of=("enterprise_account",), required=True),
        "protocol": Text(one_of=("oauth", "saml")),
        "enterprise_connection_id": _STRING,
        "verification": required(_verification("verification_saml", "verification_ticket", "verification_oauth")),
        "enterprise_connection": Object(
            members={**_CONNECTION, **always(protocol=Text(), logo_public_url=_STRING)}, nullable=True
        ),
    },
)

USER = Object(
    closed=True,
    members={
        **always(
            id=Text(),
            object=Text(one_of=("user",)),
            external_id=_STRING,
            primary_email_address_id=_STRING,
            primary_phone_number_id=_STRING,
            primary_web3_wallet_id=_STRING,
            username=_STRING,
            first_name=_STRING,
            last_name=_STRING,
            has_image=Flag(),
            public_metadata=DOCUMENT,
            email_addresses=List(items=EMAIL_ADDRESS),
            phone_numbers=List(items=PHONE_NUMBER),
            web3_wallets=List(items=WEB3_WALLET),
            passkeys=List(items=PASSKEY),
            password_enabled=Flag(),
            two_factor_enabled=Flag(),
            totp_enabled=Flag(),
            backup_code_enabled=Flag(),
            mfa_enabled_at=_INT,
            mfa_disabled_at=_INT,
            external_accounts=List(items=EXTERNAL_ACCOUNT),
            saml_accounts=List(items=SAML_ACCOUNT),
            enterprise_accounts=List(items=ENTERPRISE_ACCOUNT),
            last_sign_in_at=_INT,
            banned=Flag(),
            locked=Flag(),
            lockout_expires_in_seconds=_INT,
            verification_attempts_remaining=_INT,
            created_at=TIME,
            updated_at=TIME,
            delete_self_enabled=Flag(),
            create_organization_enabled=Flag(),
            last_active_at=_INT,
            legal_accepted_at=_INT,
        ),
        "locale": _STRING,
        "profile_image_url": Text(deprecated=True),
        "image_url": Text(),
        "private_metadata": Object(nullable=True),
        "unsafe_metadata": DOCUMENT,
        "password_last_updated_at": _INT,
        "deprovisioned": Flag(),
        "create_organizations_limit": _INT,
        "bypass_client_trust": Flag(),
        "scim": Object(
            members={**always(directory_id=Text(), external_id=_STRING), "directory_enabled": Flag()}, nullable=True
        ),
        "organization_memberships": List(items=MEMBERSHIP),
    },
)

USERS = List(items=USER)
MFA_GONE = Object(members=always(user_id=Text()))
PASSWORD_VERIFIED = Object(members=always(verified=Flag()))
TOTP_VERIFIED = Object(members=always(verified=Flag(), code_type=Text(one_of=("totp", "backup_code"))))
IMAGE_FORM = Object(members={"file": Text(about="The picture: JPEG, PNG, GIF or WebP, at most 10 MB.")})
ACCESS_TOKENS = List(
    items=Object(
        members={
            **always(
                object=Text(one_of=("oauth_access_token",)),
                external_account_id=Text(),
                provider_user_id=Text(),
                token=Text(),
                expires_at=_INT,
                provider=Text(),
                public_metadata=DOCUMENT,
                label=_STRING,
            ),
            "scopes": List(items=Text()),
            "id_token": Text(),
            "token_secret": Text(),
        }
    )
)
