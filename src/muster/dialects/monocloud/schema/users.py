"""What may be sent about a user. Members without a default must be sent."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

MOST_SECONDS = 31_536_000

Expiry = Annotated[int, msgspec.Meta(ge=1, le=MOST_SECONDS)] | None
Algorithm = Literal["bcrypt", "b_crypt"] | None
"""The second is how older clients spell the first."""


class CreateUserRequest(Struct, kw_only=True):
    username: str | None = None
    email: str | None = None
    email_verified: bool | None = False
    phone_number: str | None = None
    phone_number_verified: bool | None = False
    password: str | None = None
    password_hash: str | None = None
    password_hash_algorithm: Algorithm = None
    is_temporary_password: bool = True
    name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    nickname: str | None = None
    picture: str | None = None
    skip_password_policy_checks: bool = False
    skip_identifier_restriction_checks: bool = False
    skip_conformance_checks: bool = False


class DisableUserRequest(Struct):
    revoke_sessions: bool = False


class UpdateUsernameRequest(Struct):
    username: str


class AddEmailRequest(Struct):
    email: str
    is_verified: bool = False
    skip_restriction_checks: bool = False


class AddPhoneRequest(Struct):
    phone_number: str
    is_verified: bool = False
    skip_restriction_checks: bool = False


class VerifyEmailRequest(Struct):
    expiry: Expiry = None


class SetPasswordRequest(Struct, kw_only=True):
    password: str | None = None
    password_hash: str | None = None
    password_hash_algorithm: Algorithm = None
    is_temporary_password: bool = True
    skip_password_policy_checks: bool = False
    revoke_sessions: bool = False


class ChangePasswordRequest(Struct, kw_only=True):
    old_password: str
    new_password: str | None = None
    new_password_hash: str | None = None
    new_password_hash_algorithm: Algorithm = None
    revoke_sessions: bool = False


class ResetPasswordRequest(Struct):
    send_email: bool = False
    expiry: Expiry = None


class HttpUserAddressRequest(Struct, kw_only=True):
    formatted: str | UnsetType | None = UNSET
    street_address: str | UnsetType | None = UNSET
    locality: str | UnsetType | None = UNSET
    region: str | UnsetType | None = UNSET
    postal_code: str | UnsetType | None = UNSET
    country: str | UnsetType | None = UNSET


class UpdateClaimsRequest(Struct, kw_only=True):
    name: str | UnsetType | None = UNSET
    given_name: str | UnsetType | None = UNSET
    middle_name: str | UnsetType | None = UNSET
    family_name: str | UnsetType | None = UNSET
    nickname: str | UnsetType | None = UNSET
    picture: str | UnsetType | None = UNSET
    preferred_username: str | UnsetType | None = UNSET
    profile: str | UnsetType | None = UNSET
    birthdate: str | UnsetType | None = UNSET
    website: str | UnsetType | None = UNSET
    gender: str | UnsetType | None = UNSET
    zoneinfo: str | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    address: HttpUserAddressRequest | UnsetType | None = UNSET
    skip_conformance_checks: bool = False


class UpdatePrivateDataRequest(Struct):
    private_data: dict[str, Any] | None


class UpdatePublicDataRequest(Struct):
    public_data: dict[str, Any] | None


class UnblockIpRequest(Struct):
    ip_address: str


class ExternalAuthenticatorDisconnectRequest(Struct, kw_only=True):
    """The newer clients name the provider, the older its kind; one of the two must be there."""

    provider: str | None = None
    authenticator: str | None = None
    provider_user_id: str
