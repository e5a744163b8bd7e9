"""Values that are derived at read time and never stored: they follow their source at once."""

from typing import NamedTuple

from muster.core.users.model import Address, Profile, User


class ShownEmail(NamedTuple):
    """The one address that a dialect with a single e-mail shows; a contact is an address nobody proved or reserved."""

    address: str
    verified: bool
    contact: bool


def primary(addresses: list[Address]) -> Address | None:
    """The primary entry of a list."""
    for address in addresses:
        if address.primary:
            return address
    return None


def shown_email(user: User) -> ShownEmail | None:
    """The primary e-mail; else a contact: what the claims say, then what the first identity elsewhere brought."""
    own = primary(user.emails)
    if own is not None:
        return ShownEmail(own.value, own.verified, contact=False)
    for source in (user.claims, *(link.profile for link in user.links)):
        address = source.get("email")
        if isinstance(address, str) and address:
            return ShownEmail(address, source.get("email_verified") is True, contact=True)
    return None


def full_name(profile: Profile) -> str | None:
    """Given and family name, those that exist, with a blank between. A name is never split the other way."""
    return " ".join(part for part in (profile.given_name, profile.family_name) if part) or None


def _phone(user: User) -> str | None:
    own = primary(user.phones)
    return own.value if own is not None else None


def shown_name(user: User) -> str:
    """The stored name; else e-mail, full name, user name, phone, what others brought, and at last the id. Never empty."""
    if user.profile.name:
        return user.profile.name
    email = shown_email(user)
    if email is not None:
        return email.address
    brought = [user.claims.get("name"), *(link.profile.get("name") for link in user.links)]
    return (
        full_name(user.profile)
        or (user.username.key if user.username else None)
        or _phone(user)
        or next((name for name in brought if isinstance(name, str) and name), None)
        or own_id(user)
    )


def shown_nickname(user: User) -> str:
    """The stored nickname; else the local part of the e-mail, user name, given name, phone, and at last the id."""
    if user.profile.nickname:
        return user.profile.nickname
    email = shown_email(user)
    if email is not None:
        return email.address.partition("@")[0]
    return (user.username.key if user.username else None) or user.profile.given_name or _phone(user) or own_id(user)


def own_id(user: User) -> str:
    """The part of the shown id that names the user within its provider: an imported one, else the core's."""
    for foreign in user.foreign_ids:
        if foreign.kind == "auth0":
            return foreign.value.partition("|")[2]
    return user.id
