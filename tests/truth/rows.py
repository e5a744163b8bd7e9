"""Every member of every dialect that the field map knows, row by row, so that none is forgotten by the cross-check.

A member is covered when a fact of the table shows or sends it, by its path without numbers. A row of which no fact can speak yet
names the test that proves it, or what it waits for.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from tests.truth.fact import Fact, Hidden, Like, Step, When


class Row(NamedTuple):
    """Members of one dialect: shown ones, or with `sent` those of requests.

    `proved_by` is a test elsewhere. `waits_for` names what must first be there; `until` is the operation that will bring it,
    and when that is served the row must be covered by a fact.
    """

    members: tuple[str, ...]
    sent: bool = False
    proved_by: str = ""
    waits_for: str = ""
    until: str = ""


def shown(*members: str, proved_by: str = "", waits_for: str = "", until: str = "") -> Row:
    return Row(members, proved_by=proved_by, waits_for=waits_for, until=until)


def sent(*members: str, proved_by: str = "", waits_for: str = "") -> Row:
    return Row(members, sent=True, proved_by=proved_by, waits_for=waits_for)


_SIGN_IN: Final = "sign-in: only it brings this"
_IMPORT: Final = "tests/truth/test_cross_check_births.py::test_a_user_from_an_import"
_BORN: Final = "tests/truth/test_cross_check_births.py::test_a_user_born_of_a_sign_in_elsewhere"
_MAIL: Final = "tests/truth/test_cross_check_births.py::test_who_asks_for_a_message_has_one_promised"

AUTH0: Final = (
    shown("user_id"),
    shown("email", "email_verified"),
    shown("phone_number", "phone_verified"),
    shown("username"),
    shown("name"),
    shown("nickname"),
    shown("picture"),
    shown("given_name", "family_name"),
    shown("user_metadata", "app_metadata"),
    shown("blocked"),
    shown("created_at", "updated_at"),
    shown("last_login", "last_ip", "logins_count", "last_password_reset"),
    shown("multifactor", "multifactor_last_modified"),
    shown("locale and other root members", proved_by=_BORN),
    shown(*(f"identities.{name}" for name in ("connection", "user_id", "provider", "isSocial"))),
    shown("identities.profileData"),
    shown(
        "identities.access_token",
        "identities.access_token_secret",
        "identities.refresh_token",
        "identities.expires_in",
        waits_for=_SIGN_IN,
    ),
    sent("connection"),
    sent("password"),
    sent("verify_email", "verify_phone_number", proved_by=_MAIL),
    sent("client_id", waits_for="mails: it picks the template, and nothing of it is kept"),
    sent("password_hash", "custom_password_hash", "mfa_factors", "blocked", "user_id", proved_by=_IMPORT),
    shown(
        *("id", "type", "confirmed", "name", "created_at", "enrolled_at", "last_auth_at"),
        waits_for="authentication methods",
        until="/users/{id}/authentication-methods",
    ),
    shown(
        *("phone_number", "email", "preferred_authentication_method", "authentication_methods", "link_id"),
        waits_for="authentication methods",
        until="/users/{id}/authentication-methods",
    ),
    shown(
        *("key_id", "public_key", "aaguid", "transports", "user_agent", "user_handle"),
        *("credential_device_type", "credential_backed_up", "identity_user_id", "relying_party_identifier"),
        waits_for="authentication methods",
        until="/users/{id}/authentication-methods",
    ),
    shown("enrollments", waits_for="enrollments", until="/users/{id}/enrollments"),
    shown("blocked_for", waits_for="user blocks", until="/user-blocks/{id}"),
    shown("connected account", waits_for="connected accounts", until="/users/{id}/connected-accounts"),
)

_ADDRESS: Final = ("id", "object", "reserved", "linked_to", "created_at", "updated_at", "verification")

CLERK: Final = (
    shown("id", "object"),
    shown("external_id"),
    shown("username"),
    shown("first_name", "last_name"),
    shown("locale"),
    shown("primary_email_address_id", "primary_phone_number_id", "primary_web3_wallet_id"),
    shown("image_url", "profile_image_url"),
    shown("has_image"),
    shown("public_metadata", "private_metadata", "unsafe_metadata"),
    shown(
        *(f"email_addresses.{name}" for name in _ADDRESS),
        "email_addresses.email_address",
        "email_addresses.matches_sso_connection",
    ),
    shown(
        *(f"email_addresses.verification.{name}" for name in ("object", "status", "strategy", "attempts", "expire_at"))
    ),
    shown(
        *(f"phone_numbers.{name}" for name in _ADDRESS),
        "phone_numbers.phone_number",
        "phone_numbers.reserved_for_second_factor",
        "phone_numbers.default_second_factor",
        "phone_numbers.backup_codes",
    ),
    shown(*(f"web3_wallets.{name}" for name in _ADDRESS if name not in ("reserved", "linked_to"))),
    shown(*(f"passkeys.{name}" for name in ("id", "object", "name", "last_used_at", "verification"))),
    shown("password_enabled", "password_last_updated_at"),
    shown("totp_enabled", "backup_code_enabled"),
    shown("two_factor_enabled"),
    shown("mfa_enabled_at", "mfa_disabled_at"),
    shown(
        "external_accounts.id",
        "external_accounts.provider",
        "external_accounts.identification_id",
        "external_accounts.provider_user_id",
        "external_accounts.approved_scopes",
        "external_accounts.email_address",
        "external_accounts.email_address_verified",
        "external_accounts.first_name",
        "external_accounts.last_name",
        "external_accounts.avatar_url",
        "external_accounts.image_url",
        "external_accounts.username",
        "external_accounts.phone_number",
        "external_accounts.label",
        "external_accounts.public_metadata",
        "external_accounts.verification",
    ),
    shown(
        "saml_accounts.provider",
        "saml_accounts.saml_connection",
        "saml_accounts.last_authenticated_at",
        "enterprise_accounts.protocol",
        "enterprise_accounts.active",
        "enterprise_accounts.enterprise_connection",
        "enterprise_accounts.enterprise_connection_id",
    ),
    shown("last_sign_in_at", "last_active_at"),
    shown("banned"),
    shown("locked", "lockout_expires_in_seconds"),
    shown("verification_attempts_remaining"),
    shown("deprovisioned"),
    shown(
        *("delete_self_enabled", "create_organization_enabled", "create_organizations_limit"),
        *("bypass_client_trust", "legal_accepted_at"),
    ),
    shown("created_at", "updated_at"),
    sent("email_address", "email_address_identification_status", "phone_number", "web3_wallet"),
    sent("password_digest", "password_hasher", "skip_password_requirement"),
    sent("skip_password_checks", proved_by="tests/dialects/clerk/test_users.py::test_what_is_refused_of_a_new_user"),
    sent("skip_legal_checks", "skip_user_requirement", waits_for="nothing: they ask for less, and are kept nowhere"),
    sent(
        "sign_out_of_other_sessions",
        proved_by="tests/dialects/clerk/test_user_state.py::test_a_changed_password_ends_sessions_when_asked",
    ),
    sent("revoke_all_sessions", proved_by="tests/truth/test_cross_check_births.py::test_a_password_that_was_found_out"),
    sent("notify_primary_email_address_changed", proved_by=_MAIL),
    sent(
        "profile_image_id",
        proved_by="tests/dialects/clerk/test_users.py::test_what_is_refused_of_an_update",
    ),
)

MONOCLOUD: Final = (
    shown("user_id"),
    shown("disabled"),
    shown("connections.idp", "connections.connection_id"),
    shown("claims"),
    shown("public_data", "private_data"),
    shown(*(f"emails.{name}" for name in ("id", "primary", "verified", "source", "verification_source", "email"))),
    shown(
        *(f"phone_numbers.{name}" for name in ("id", "primary", "verified", "source", "verification_source", "phone"))
    ),
    shown("username.id", "username.username", "username.source"),
    shown(
        *("passkeys.name", "passkeys.passkey_id", "passkeys.public_key", "passkeys.aa_guid", "passkeys.backup_state"),
        *("passkeys.backup_eligibility", "passkeys.user_present", "passkeys.user_verified", "passkeys.user_agent"),
    ),
    shown("force_password_reset"),
    shown(*(f"external_providers.{name}" for name in ("provider", "authenticator", "provider_user_id", "claims"))),
    shown("has_password", "password_updated_at"),
    shown("block_until"),
    shown("failure_count", "sign_in_attempts_count", "sign_in_success_count"),
    shown(
        *("last_sign_in_attempt", "last_sign_in_attempt_ip", "last_sign_in_success", "last_sign_in_success_ip"),
        *("last_activity", "last_known_city", "last_known_country", "last_known_region"),
    ),
    shown("creation_time", "last_updated"),
    shown(
        *("answer.ip", "answer.failure_count", "answer.block_until"),
        *("answer.sign_in_attempts_count", "answer.last_sign_in_attempt"),
    ),
    shown("answer.group_id", "answer.user_id", "answer.creation_time", "answer.group_name"),
    shown(
        "last_assigned",
        proved_by="tests/dialects/monocloud/test_groups.py::test_a_group_is_made_shown_changed_and_deleted",
    ),
    sent("email", "email_verified", "phone_number", "phone_number_verified", "is_verified", "username"),
    sent("name", "given_name", "middle_name", "family_name", "nickname", "picture"),
    sent("password", "password_hash", "password_hash_algorithm", "new_password"),
    sent("is_temporary_password"),
    sent("skip_conformance_checks", "revoke_sessions", "old_password"),
    sent(
        "skip_password_policy_checks",
        proved_by=(
            "tests/dialects/monocloud/test_passwords.py::test_the_tenants_policy_tells_all_that_a_password_lacks"
        ),
    ),
    sent(
        "skip_identifier_restriction_checks",
        proved_by="tests/dialects/monocloud/test_identifiers.py::test_the_lists_of_the_tenant_bar_addresses",
    ),
)

MATTR: Final = (
    shown("id"),
    shown("claims"),
    shown(*(f"authenticationProvider.{name}" for name in ("providerId", "url", "subjectId"))),
    shown("nextCursor", proved_by="tests/truth/test_behaviour.py::test_a_list_is_read_to_its_end"),
    shown("credentials", proved_by="tests/dialects/mattr/test_credentials.py::test_records_come_in_and_are_shown"),
)

NETWRIX: Final = (
    shown("Id", "Version"),
    shown("UserName"),
    shown("FirstName", "SecondName"),
    shown("Email"),
    shown("Locked"),
    shown("LastLogonAttemptUtc"),
    shown("ChangePasswordByUtc"),
    shown("Roles", "Permissions"),
    shown("Groups"),
    shown("DateFormats", "TimeZoneId", "NotificationGroups"),
    shown("TwoFactorRequired"),
    shown("IsInternal"),
    shown("IsADUser", "IsOAuthUser", "IsSSOUser"),
    shown(
        "GeneratedPassword",
        proved_by="tests/dialects/netwrix/test_passwords.py::test_one_s_own_new_password",
    ),
    sent("Password", "NewPassword"),
    sent(
        *("SkipCheck", "CurrentPassword"),
        proved_by="tests/dialects/netwrix/test_passwords.py::test_one_s_own_new_password",
    ),
    sent(
        "PreviewToken",
        proved_by=(
            "tests/dialects/netwrix/test_passwords.py::test_reset_with_a_preview_with_a_password_and_with_neither"
        ),
    ),
    shown(
        *("answer.SetupCode", "answer.SetupImageUrl", "answer.TwoFactorRequired", "answer.TwoFactorRegistration"),
    ),
    shown(
        *("UserId", "DisplayName", "SessionId", "BearerToken"),
        proved_by="tests/dialects/netwrix/test_sessions.py::test_a_session_from_sign_in_to_sign_out",
    ),
)

ROWS: Final[Mapping[str, tuple[Row, ...]]] = {
    "auth0": AUTH0,
    "clerk": CLERK,
    "monocloud": MONOCLOUD,
    "mattr": MATTR,
    "netwrix": NETWRIX,
}


HARD_CASES: Final = range(1, 42)
"""The numbers of the cases in which dialects contradict each other; each has a test `test_h01_…`, or waits."""

HARD_CASES_THAT_WAIT: Final[Mapping[int, str]] = {}


def members_shown(fact: Fact, dialect: str) -> set[str]:
    """The paths, without numbers, of all that a fact says a dialect shows."""
    expected = fact.shows[dialect]
    return set() if isinstance(expected, Hidden) else set(_paths(dict(expected), ""))


def members_sent(fact: Fact, dialect: str) -> set[str]:
    """The names of all that a fact has a dialect sent."""
    return {
        name
        for writer, steps in fact.writes.items()
        for step in steps
        if isinstance(step, Step) and (step.of or writer) == dialect
        for path in _paths(step.body, "")
        for name in path.split(".")
    }


def _paths(value: Any, before: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            path = ".".join(part for part in f"{before}.{name}".split(".") if part and not part.isdigit())
            parts = path.split(".")
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))
            yield from _paths(inner, path)
    elif isinstance(value, list) and not isinstance(value, Like | When):
        for inner in value:
            yield from _paths(inner, before)
