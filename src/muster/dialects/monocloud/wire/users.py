"""The user as MonoCloud writes it. Pure functions; every member is always sent."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from muster.core.credentials.lockout import settled
from muster.core.users import model
from muster.core.users.model import Activity, Address, Link, Passkey
from muster.dialects.monocloud.wire.ids import show_user_id, show_uuid
from muster.dialects.monocloud.wire.times import FAR, Seconds, show_time, show_time_or_none

NATIVE: Final = "monocloud"

ExternalKind = Literal[
    "google",
    "apple",
    "facebook",
    "microsoft",
    "github",
    "gitlab",
    "discord",
    "twitter",
    "linkedin",
    "xero",
    "custom_oidc",
    "custom_enterprise",
    "entra_oidc",
]
IdentityProvider = Literal["monocloud"] | ExternalKind

KINDS: dict[str, ExternalKind] = {
    "google": "google",
    "apple": "apple",
    "facebook": "facebook",
    "microsoft": "microsoft",
    "github": "github",
    "gitlab": "gitlab",
    "discord": "discord",
    "twitter": "twitter",
    "linkedin": "linkedin",
    "xero": "xero",
    "oidc": "custom_oidc",
    "oauth2": "custom_oidc",
    "entra": "entra_oidc",
    "saml": "custom_enterprise",
    "okta": "custom_enterprise",
    "google_workspace": "custom_enterprise",
    "ad": "custom_enterprise",
    "adfs": "custom_enterprise",
}
"""The core's providers in this API's words, of which there are no others: clients break on one they do not know."""

EMPTY = Raw(b"{}")
NO_GUID = "00000000-0000-0000-0000-000000000000"

Guid = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
Count = Annotated[int, msgspec.Meta(extra_json_schema={"format": "int32"})]
Data = Annotated[Raw, msgspec.Meta(extra_json_schema={"type": "object"})]
Claims = dict[str, Any]


class UserConnection(Struct):
    idp: IdentityProvider
    connection_id: str


class UserEmail(Struct):
    id: Guid
    primary: bool
    verified: bool
    source: str | None
    verification_source: str | None
    email: str


class UserPhone(Struct):
    id: Guid
    primary: bool
    verified: bool
    source: str | None
    verification_source: str | None
    phone: str


class UserUsername(Struct):
    id: Guid
    username: str
    source: str | None


class UserPasskey(Struct):
    name: str | None
    passkey_id: str
    public_key: str
    aa_guid: Guid
    backup_state: bool
    backup_eligibility: bool
    user_present: bool
    user_verified: bool
    user_agent: str


class UserExternalProviderSummary(Struct):
    provider: str
    authenticator: ExternalKind
    provider_user_id: str


class UserExternalProvider(Struct):
    provider: str
    authenticator: ExternalKind
    provider_user_id: str
    claims: Claims


class UserSummary(Struct, kw_only=True):
    """A user in a list."""

    user_id: str
    disabled: bool
    connections: list[UserConnection]
    claims: Claims
    emails: list[UserEmail]
    phone_numbers: list[UserPhone]
    username: UserUsername | None
    passkeys: list[UserPasskey]
    force_password_reset: bool
    external_providers: list[UserExternalProviderSummary]
    creation_time: Seconds
    last_updated: Seconds
    has_password: bool
    password_updated_at: Seconds | None
    block_until: Seconds | None
    failure_count: Count
    sign_in_attempts_count: Count
    last_sign_in_attempt: Seconds | None
    last_sign_in_attempt_ip: str | None
    sign_in_success_count: Count
    last_sign_in_success: Seconds | None
    last_sign_in_success_ip: str | None
    last_activity: Seconds | None
    last_known_city: str | None
    last_known_country: str | None
    last_known_region: str | None


class User(UserSummary, kw_only=True):
    """A user alone, with the data that programs keep."""

    public_data: Data
    private_data: Data
    external_providers: list[UserExternalProvider]  # type: ignore[assignment]


class UserPrivateData(Struct):
    private_data: Data


class UserPublicData(Struct):
    public_data: Data


class UserIpAccessDetails(Struct):
    ip: str
    failure_count: Count
    block_until: Seconds | None
    sign_in_attempts_count: Count
    last_sign_in_attempt: Seconds


class ResetPasswordResponse(Struct):
    link: str
    expires_at: Seconds
    email_sent: bool


class VerifyEmailResponse(Struct):
    expires_at: Seconds
    email_sent: bool


def show_user(user: model.User, connections: Mapping[str, str], now: int) -> User:
    """The whole user. `connections` holds the names of the connections of the user's links, by id."""
    summary = show_summary(user, connections, now)
    members = {name: getattr(summary, name) for name in UserSummary.__struct_fields__}
    members["external_providers"] = [
        UserExternalProvider(shown.provider, shown.authenticator, shown.provider_user_id, link.profile)
        for shown, link in zip(summary.external_providers, external_links(user), strict=True)
    ]
    return User(**members, public_data=show_public(user), private_data=show_private(user))


def show_summary(user: model.User, connections: Mapping[str, str], now: int) -> UserSummary:
    """The user without the programs' data."""
    activity = settled(user.activity, now) if user.activity is not None else Activity()
    lock, attempt, success = activity.lock, activity.last_attempt, activity.last_success
    user_id = show_user_id(user)
    return UserSummary(
        user_id=user_id,
        disabled=user.suspended is True,
        connections=_connections(user, user_id),
        claims=show_claims(user),
        emails=[UserEmail(*_address(user, email), email.value) for email in user.emails],
        phone_numbers=[UserPhone(*_address(user, phone), phone.value) for phone in user.phones],
        username=_username(user),
        passkeys=[_passkey(passkey) for passkey in user.passkeys],
        force_password_reset=user.must_change is not None,
        external_providers=[
            UserExternalProviderSummary(
                connections.get(link.connection_id, link.connection_id), kind_of(link), link.subject
            )
            for link in external_links(user)
        ],
        creation_time=show_time(user.created_at),
        last_updated=show_time(user.updated_at),
        has_password=user.password is not None,
        password_updated_at=show_time_or_none(user.password.set_at if user.password is not None else None),
        block_until=None if lock is None else FAR if lock.until is None else show_time(lock.until),
        failure_count=activity.failures,
        sign_in_attempts_count=activity.attempts,
        last_sign_in_attempt=show_time_or_none(attempt.at if attempt is not None else None),
        last_sign_in_attempt_ip=(attempt.ip or None) if attempt is not None else None,
        sign_in_success_count=activity.successes,
        last_sign_in_success=show_time_or_none(success.at if success is not None else None),
        last_sign_in_success_ip=(success.ip or None) if success is not None else None,
        last_activity=show_time_or_none(activity.last_active_at),
        last_known_city=activity.place.get("city"),
        last_known_country=activity.place.get("country"),
        last_known_region=activity.place.get("region"),
    )


def show_private(user: model.User) -> Raw:
    """The programs' own data; empty when nothing was ever kept."""
    return user.metadata.private_json or EMPTY


def show_public(user: model.User) -> Raw:
    """The data that everybody may see."""
    return user.metadata.public_json or EMPTY


def show_claims(user: model.User) -> Claims:
    """What is stored of the person, with the answers to a sign-up form of one's own; nothing is derived."""
    claims: Claims = dict(user.profile.custom)
    for name in user.profile.__struct_fields__:
        value = getattr(user.profile, name)
        if value is None or name == "custom":
            continue
        if name == "address":
            value = {part: text for part in value.__struct_fields__ if (text := getattr(value, part)) is not None}
        claims[name] = value
    return claims


def external_links(user: model.User) -> list[Link]:
    """The identities elsewhere that this API shows, oldest first."""
    links = [link for link in user.links if link.kind in ("social", "enterprise")]
    return sorted(links, key=lambda link: (link.created_at, link.id))


def kind_of(link: Link) -> ExternalKind:
    """The kind of a link's provider; one of no known name is told by the kind of the link."""
    return KINDS.get(link.provider, "custom_oidc" if link.kind == "social" else "custom_enterprise")


def show_blocked(block: model.IpBlock) -> UserIpAccessDetails:
    """An address that is blocked for the user."""
    return UserIpAccessDetails(
        block.ip, block.failures, show_time_or_none(block.until), block.attempts, show_time(block.last_at)
    )


def _connections(user: model.User, user_id: str) -> list[UserConnection]:
    """The account here, unless there is nothing by which to sign in to it, then those elsewhere."""
    own = user.password is not None or user.username is not None or user.emails != [] or user.phones != []
    home = [UserConnection(NATIVE, user_id)] if own or user.origin.via != "external" else []
    return [*home, *(UserConnection(kind_of(link), link.subject) for link in external_links(user))]


def _address(user: model.User, address: Address) -> tuple[str, bool, bool, str, str | None]:
    brought = next((kind_of(link) for link in user.links if link.id in address.links), NATIVE)
    checked = address.verification
    by = KINDS.get(checked.provider or "", NATIVE) if checked is not None else brought
    return (
        show_uuid(address.id),
        address.primary,
        address.verified,
        brought,
        by if address.verified else None,
    )


def _username(user: model.User) -> UserUsername | None:
    name = user.username
    return None if name is None else UserUsername(show_uuid(name.id), name.value, NATIVE)


def _passkey(passkey: Passkey) -> UserPasskey:
    return UserPasskey(
        passkey.name,
        passkey.credential_id,
        passkey.public_key,
        _guid(passkey.aaguid),
        passkey.backup_state,
        passkey.backup_eligible,
        passkey.user_present,
        passkey.user_verified,
        passkey.user_agent or "",
    )


def _guid(aaguid: str | None) -> str:
    try:
        return str(UUID(aaguid)) if aaguid else NO_GUID
    except ValueError:
        return NO_GUID
