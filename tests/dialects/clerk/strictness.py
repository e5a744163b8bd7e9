"""What the vendor's clients need in every answer, line by line, as checks over what went over the wire.

The older generations of the clients and those of other languages read more strictly than the ones that are run here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.dialects.clerk.exchanges import Exchange, objects

# By the `object` of a resource: what must be there and not null, and after the bar what may be null.
# The older Python clients also want an organization's private metadata.
_COMMON = "id created_at updated_at"
_REQUIRED = {
    "user": f"{_COMMON} has_image password_enabled two_factor_enabled totp_enabled backup_code_enabled email_addresses"
    " phone_numbers web3_wallets passkeys external_accounts saml_accounts enterprise_accounts public_metadata banned"
    " locked delete_self_enabled create_organization_enabled | username first_name last_name primary_email_address_id"
    " primary_phone_number_id primary_web3_wallet_id mfa_enabled_at mfa_disabled_at external_id last_sign_in_at"
    " lockout_expires_in_seconds verification_attempts_remaining last_active_at legal_accepted_at",
    "email_address": f"{_COMMON} email_address reserved linked_to | verification",
    "phone_number": f"{_COMMON} phone_number reserved linked_to | verification",
    "organization": f"{_COMMON} name slug has_image max_allowed_memberships admin_delete_enabled public_metadata"
    " private_metadata |",
    "organization_membership": f"{_COMMON} role public_metadata organization | permissions",
    "session": f"{_COMMON} client_id user_id status last_active_at expire_at abandon_at |",
    "session_activity": "id is_mobile |",
    "redirect_url": f"{_COMMON} url |",
    "invitation": f"{_COMMON} email_address public_metadata status |",
    "organization_invitation": f"{_COMMON} email_address role role_name public_metadata | inviter_id"
    " public_inviter_data url expires_at",
    "total_count": "total_count |",
}
_VERIFICATIONS = {
    "email_address": ("verification_otp", "verification_admin", "verification_from_oauth", "verification_ticket"),
    "phone_number": ("verification_otp", "verification_admin"),
    "web3_wallet": ("verification_web3", "verification_admin"),
}
_COUNTS = ("total_count", "members_count", "pending_invitations_count", "max_allowed_memberships")


def content_type_is_exactly_json(exchange: Exchange) -> Iterator[str]:
    """With a charset behind it, JavaScript's client reads no answer and loses every error."""
    if exchange.content_type != "application/json":
        yield exchange.content_type


def no_body_is_null_or_empty(exchange: Exchange) -> Iterator[str]:
    if exchange.body is None or exchange.body == "":
        yield repr(exchange.body)


def success_is_200(exchange: Exchange) -> Iterator[str]:
    """Python's client takes 201 and 204 for failures, and tries anything from 500 on again, for up to an hour."""
    if exchange.status != 200 and not 400 <= exchange.status < 500:
        yield str(exchange.status)


def errors_have_a_code_and_both_texts(exchange: Exchange) -> Iterator[str]:
    if exchange.status == 200:
        return
    if not exchange.body["errors"] or not isinstance(exchange.body["clerk_trace_id"], str):
        yield repr(exchange.body)
    for error in exchange.body["errors"]:
        for name in ("code", "message", "long_message"):
            if not isinstance(error.get(name), str):
                yield f"{name} of {error}"


def every_resource_names_its_kind(exchange: Exchange) -> Iterator[str]:
    """Clients build their objects from `object`, whose values are closed lists in Python's."""
    page = exchange.body.get("data", [exchange.body]) if isinstance(exchange.body, dict) else exchange.body
    for value in page or ():
        if "id" in value and "object" not in value:
            yield repr(value)
    for each in objects(exchange.body):
        known = each["object"] in _REQUIRED or "deleted" in each or "verification" in each["object"]
        if not known and each["object"] != "web3_wallet":
            yield str(each["object"])


def required_members_are_there(exchange: Exchange) -> Iterator[str]:
    for each in objects(exchange.body):
        kind = str(each["object"])
        if "deleted" in each or kind not in _REQUIRED:
            continue
        filled, _, nullable = _REQUIRED[kind].partition("|")
        for name in (*filled.split(), *nullable.split()):
            if name not in each or (each[name] is None and name in filled.split()):
                yield f"{kind}.{name} is {each.get(name, 'missing')}"
        member = each.get("public_user_data")
        if member is not None:
            yield from (
                f"{name} of a member's data is missing"
                for name in ("user_id", "first_name", "last_name", "profile_image_url", "image_url", "has_image")
                if name not in member
            )


def times_are_whole_milliseconds(exchange: Exchange) -> Iterator[str]:
    """An ISO date raises, and so does a fraction."""
    for each in objects(exchange.body):
        for name, value in each.items():
            timely = name.endswith("_at") and value is not None
            if timely and (type(value) is not int or not 10**11 < value < 10**14):
                yield f"{name} is {value!r}"


def numbers_are_whole_and_switches_are_booleans(exchange: Exchange) -> Iterator[str]:
    for each in objects(exchange.body):
        for name, value in each.items():
            if isinstance(value, float) or (name in _COUNTS and value is not None and type(value) is not int):
                yield f"{name} is {value!r}"
            if name.endswith("_enabled") or name in ("banned", "locked", "has_image", "reserved", "deleted"):
                yield from () if type(value) is bool else (f"{name} is {value!r}",)


def ids_are_texts(exchange: Exchange) -> Iterator[str]:
    for each in objects(exchange.body):
        if "id" in each and not isinstance(each["id"], str):
            yield repr(each["id"])


def metadata_are_objects(exchange: Exchange) -> Iterator[str]:
    """Public metadata that are null, or a list, raise."""
    for each in objects(exchange.body):
        for name, value in each.items():
            if name.endswith("_metadata") and not isinstance(value, dict):
                yield f"{name} is {value!r}"


def verifications_are_of_a_known_kind(exchange: Exchange) -> Iterator[str]:
    """Null, or an object that names itself; by hand only what is proved; of a phone only two kinds are read."""
    for each in objects(exchange.body):
        proof = each.get("verification")
        if proof is None:
            continue
        if not {"object", "status", "strategy", "attempts", "expire_at"} <= proof.keys():
            yield repr(proof)
        elif proof["object"] not in _VERIFICATIONS.get(str(each["object"]), (proof["object"],)):
            yield f"{proof['object']} of {each['object']}"
        elif proof["object"] == "verification_admin" and proof["status"] != "verified":
            yield f"verification_admin that is {proof['status']}"


CHECKS: tuple[Callable[[Exchange], Iterator[str]], ...] = (
    content_type_is_exactly_json,
    no_body_is_null_or_empty,
    success_is_200,
    errors_have_a_code_and_both_texts,
    every_resource_names_its_kind,
    required_members_are_there,
    times_are_whole_milliseconds,
    numbers_are_whole_and_switches_are_booleans,
    ids_are_texts,
    metadata_are_objects,
    verifications_are_of_a_known_kind,
)


def broken(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """By the name of a check, what does not hold of which answers; empty when all do."""
    found = {
        check.__name__: [
            (each.method, each.path, each.status, problem) for each in exchanges for problem in check(each)
        ]
        for check in CHECKS
    }
    return {name: problems for name, problems in found.items() if problems}
