"""The user as this API writes it. Pure functions: every member is always there, and what has no value is null."""

from typing import Any, NamedTuple

from muster.core.credentials.lockout import LockPolicy, attempts_left, lock_of
from muster.core.credentials.second_factors import has_second_factor
from muster.core.passkeys.actions import last_used
from muster.core.users.model import Address, Factor, Passkey, User
from muster.core.users.shown import primary
from muster.dialects.clerk.wire import pictures
from muster.dialects.clerk.wire.accounts import provider_of, show_enterprise, show_saml, show_social
from muster.dialects.clerk.wire.ids import show_id, show_user_id
from muster.dialects.clerk.wire.pictures import Place
from muster.dialects.clerk.wire.times import DAY

NOTHING: dict[str, Any] = {}


class View(NamedTuple):
    """What an answer depends on besides the user: the time (ms), where pictures are, and when failures lock."""

    now: int
    place: Place
    lockout: LockPolicy


def show_user(user: User, view: View) -> dict[str, Any]:
    """The whole user."""
    shown_id = show_user_id(user)
    picture = show_picture(user, shown_id, view.place)
    metadata, password, activity = user.metadata, user.password, user.activity
    lock = lock_of(activity, view.now)
    last = activity.last_success if activity is not None else None
    active_at = activity.last_active_at if activity is not None else None
    return {
        "id": shown_id,
        "object": "user",
        "username": user.username.value if user.username is not None else None,
        "first_name": user.profile.given_name,
        "last_name": user.profile.family_name,
        "locale": user.profile.locale,
        "image_url": picture,
        "has_image": bool(user.profile.picture),
        "primary_email_address_id": _primary_id(user.emails),
        "primary_phone_number_id": _primary_id(user.phones),
        "primary_web3_wallet_id": _primary_id(user.wallets),
        "password_enabled": password is not None,
        "two_factor_enabled": has_second_factor(user),
        "totp_enabled": any(factor.kind == "totp" and factor.confirmed for factor in user.factors),
        "backup_code_enabled": any(code.used_at is None for code in user.codes),
        "mfa_enabled_at": user.mfa.enabled_at,
        "mfa_disabled_at": user.mfa.disabled_at,
        "password_last_updated_at": password.set_at if password is not None else None,
        "email_addresses": [show_email(user, address) for address in user.emails],
        "phone_numbers": [show_phone(user, address) for address in user.phones],
        "web3_wallets": [show_wallet(address) for address in user.wallets],
        "passkeys": [_passkey(user, passkey) for passkey in user.passkeys],
        "external_accounts": [show_social(link) for link in user.links if link.kind == "social"],
        "saml_accounts": [
            show_saml(link)
            for link in user.links
            if link.kind == "enterprise" and provider_of(link).startswith("saml_")
        ],
        "enterprise_accounts": [show_enterprise(link) for link in user.links if link.kind == "enterprise"],
        "public_metadata": metadata.public_json or NOTHING,
        "private_metadata": metadata.private_json or NOTHING,
        "unsafe_metadata": metadata.unsafe_json or NOTHING,
        "external_id": user.external_id,
        "last_sign_in_at": last.at if last is not None else None,
        "banned": user.suspended is True,
        "locked": lock is not None,
        "lockout_expires_in_seconds": (
            max(1, -(-(lock.until - view.now) // 1000)) if lock is not None and lock.until is not None else None
        ),
        "verification_attempts_remaining": attempts_left(activity, view.now, view.lockout),
        "deprovisioned": False,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "delete_self_enabled": user.allow.delete_self,
        "create_organization_enabled": user.allow.create_orgs,
        "create_organizations_limit": user.allow.create_orgs_limit,
        "last_active_at": active_at // DAY * DAY if active_at is not None else None,
        "legal_accepted_at": user.legal_accepted_at,
        "bypass_client_trust": user.allow.bypass_client_trust,
        "profile_image_url": picture,
    }


def show_picture(user: User, shown_id: str, place: Place) -> str:
    """The address of the user's picture, or of one drawn from the names."""
    if user.profile.picture:
        return user.profile.picture
    return pictures.default(place, shown_id, pictures.initials_of(user.profile.given_name, user.profile.family_name))


def show_identifier(user: User) -> str | None:
    """What people know the user by."""
    for addresses in (user.emails, user.phones, user.wallets):
        own = primary(addresses)
        if own is not None:
            return own.value
    return user.username.value if user.username is not None else None


def show_email(user: User, address: Address) -> dict[str, Any]:
    """One e-mail address."""
    return {
        "id": show_id("idn", address.id),
        "object": "email_address",
        "email_address": address.value,
        "reserved": address.reserved,
        "verification": _verification(address, "email_code"),
        "linked_to": [
            {"type": provider_of(link), "id": show_id("idn", link.id)}
            for link in user.links
            if link.id in address.links
        ],
        "matches_sso_connection": False,
        "created_at": address.created_at,
        "updated_at": address.updated_at,
    }


def show_phone(user: User, address: Address) -> dict[str, Any]:
    """One phone number."""
    factor = phone_factor(user, address)
    return {
        "id": show_id("idn", address.id),
        "object": "phone_number",
        "phone_number": address.value,
        "reserved_for_second_factor": factor is not None,
        "default_second_factor": factor is not None and factor.default,
        "reserved": address.reserved,
        "verification": _verification(address, "phone_code", only=("admin", "code")),
        "linked_to": [],
        "backup_codes": None,
        "created_at": address.created_at,
        "updated_at": address.updated_at,
    }


def show_wallet(address: Address) -> dict[str, Any]:
    """One wallet."""
    return {
        "id": show_id("idn", address.id),
        "object": "web3_wallet",
        "web3_wallet": address.value,
        "verification": _verification(address, "web3_metamask_signature", only=("admin", "web3")),
        "created_at": address.created_at,
        "updated_at": address.updated_at,
    }


def phone_factor(user: User, address: Address) -> Factor | None:
    """The confirmed second factor that this number is."""
    for factor in user.factors:
        if factor.kind == "phone" and factor.confirmed and factor.target == address.value:
            return factor
    return None


def _primary_id(addresses: list[Address]) -> str | None:
    own = primary(addresses)
    return show_id("idn", own.id) if own is not None else None


_OBJECTS = {
    "admin": "verification_admin",
    "code": "verification_otp",
    "link": "verification_email_link",
    "oauth": "verification_from_oauth",
    "saml": "verification_saml",
    "ticket": "verification_ticket",
    "scim": "verification_scim",
    "web3": "verification_web3",
}


def _verification(address: Address, by_code: str, only: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The last check of an address. Where `only` some can be shown, any other stands as an administrator's word."""
    last = address.verification
    if last is None:
        # Proved before anybody kept how: as good as an administrator's word.
        return _admin() if address.verified else None
    if only and last.method not in only:
        return _admin() if address.verified else None
    if last.method == "admin":
        return _admin()
    strategy = {
        "code": by_code,
        "link": "email_link",
        "oauth": f"from_oauth_{last.provider or 'custom'}",
        "web3": by_code,
    }.get(last.method, last.method)
    return {
        "object": _OBJECTS[last.method],
        "status": last.status,
        "strategy": strategy,
        "attempts": last.attempts,
        "expire_at": last.expires_at,
    }


def _admin() -> dict[str, Any]:
    return {
        "object": "verification_admin",
        "status": "verified",
        "strategy": "admin",
        "attempts": None,
        "expire_at": None,
    }


def _passkey(user: User, passkey: Passkey) -> dict[str, Any]:
    used_at = last_used(user, passkey)
    return {
        "id": show_id("idn", passkey.id),
        "object": "passkey",
        "name": passkey.name or "Passkey",
        "last_used_at": passkey.created_at if used_at is None else used_at,
        "verification": {
            "object": "verification_passkey",
            "status": "verified",
            "strategy": "passkey",
            "attempts": None,
            "expire_at": None,
        },
    }
