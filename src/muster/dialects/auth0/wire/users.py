"""The user as Auth0 writes it. Pure functions: what has no value is left out, what has a default is derived on the spot."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

from muster.core.connections.model import Connection
from muster.core.users.model import Link, User
from muster.core.users.shown import primary, shown_email, shown_name, shown_nickname
from muster.dialects.auth0.wire.ids import show_user_id
from muster.dialects.auth0.wire.times import show_time

PROFILE_DATA = (
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "username",
    "nickname",
    "picture",
    "phone_number",
    "phone_verified",
)
"""The members of an identity's profile that are shown with it."""

_OWN_MEMBERS = frozenset(
    {*PROFILE_DATA, "user_id", "created_at", "updated_at", "identities", "user_metadata", "app_metadata", "blocked"}
)

_AVATAR = "https://s.gravatar.com/avatar/%s?s=480&r=pg&d=https%%3A%%2F%%2Fcdn.auth0.com%%2Favatars%%2F%s.png"

PROVIDERS = {
    "google": "google-oauth2",
    "microsoft": "windowslive",
    "gitlab": "oauth2",
    "discord": "oauth2",
    "xero": "oauth2",
    "saml": "samlp",
    "entra": "waad",
    "google_workspace": "google-apps",
}
"""The provider names that differ from the core's; this API's list is closed."""

Realms = dict[str, Connection]

_decode = msgspec.json.Decoder().decode


def show_user(user: User, realms: Realms) -> dict[str, Any]:
    """The whole user. `realms` holds the connections that the user names, by id."""
    shown: dict[str, Any] = {}
    if user.origin.via == "external" and user.links:
        shown.update((name, value) for name, value in user.links[0].profile.items() if name not in _OWN_MEMBERS)
    shown["user_id"] = user_id = show_user_id(user)
    _show_person(shown, user, user_id)
    metadata = user.metadata
    if metadata.unsafe_json:
        shown["user_metadata"] = metadata.unsafe_json
    if metadata.private_json:
        shown["app_metadata"] = metadata.private_json
    if user.suspended is not None:
        shown["blocked"] = user.suspended
    shown["identities"] = show_identities(user, user_id, realms)
    _show_times(shown, user)
    if user.factors and any(factor.confirmed for factor in user.factors):
        shown["multifactor"] = ["guardian"]
        if user.mfa.changed_at is not None:
            shown["multifactor_last_modified"] = show_time(user.mfa.changed_at)
    return shown


def opened(shown: dict[str, Any]) -> dict[str, Any]:
    """A shown user whose metadata can be looked into: `show_user` passes it on as it is kept."""
    return {name: _decode(value) if isinstance(value, msgspec.Raw) else value for name, value in shown.items()}


def _show_person(shown: dict[str, Any], user: User, user_id: str) -> None:
    """Addresses and names, the derived ones made on the spot."""
    email = shown_email(user)
    if email is not None:
        shown["email"] = email.address
        shown["email_verified"] = email.verified
    phone = primary(user.phones)
    if phone is not None:
        shown["phone_number"] = phone.value
        shown["phone_verified"] = phone.verified
    if user.username is not None:
        shown["username"] = user.username.key
    profile = user.profile
    shown["name"] = shown_name(user)
    shown["nickname"] = shown_nickname(user)
    shown["picture"] = profile.picture or default_picture(user_id, email and email.address, profile.name)
    if profile.given_name is not None:
        shown["given_name"] = profile.given_name
    if profile.family_name is not None:
        shown["family_name"] = profile.family_name


def _show_times(shown: dict[str, Any], user: User) -> None:
    """When things happened; what never happened is left out."""
    shown["created_at"] = created_at = show_time(user.created_at)
    shown["updated_at"] = created_at if user.updated_at == user.created_at else show_time(user.updated_at)
    if user.password is not None and user.password.changed_at is not None:
        shown["last_password_reset"] = show_time(user.password.changed_at)
    activity = user.activity
    if activity is not None and activity.logins:
        shown["logins_count"] = activity.logins
        if activity.last_login is not None:
            shown["last_login"] = show_time(activity.last_login.at)
            shown["last_ip"] = activity.last_login.ip


def default_picture(user_id: str, email: str | None, name: str | None) -> str:
    """The picture of a user who has none: a Gravatar address that falls back to two letters of the name or the e-mail."""
    digest = hashlib.md5((email or user_id).encode(), usedforsecurity=False).hexdigest()
    source = name or email
    return _AVATAR % (digest, _letters(source[:2]) if source else "default")


@lru_cache(maxsize=4096)
def _letters(first: str) -> str:
    return quote(first.lower(), safe="")


def show_identities(user: User, user_id: str, realms: Realms) -> list[dict[str, Any]]:
    """The home account (or the identity the user was born of) first, then the linked ones, oldest first."""
    links = sorted(user.links, key=lambda link: (link.created_at, link.id)) if user.links else []
    if user.origin.via == "external" and links:
        shown = [show_link(link, realms, with_profile=number > 0) for number, link in enumerate(links)]
        provider, _, own = user_id.partition("|")
        if provider == shown[0]["provider"]:  # for a company's provider that has the connection in it
            shown[0]["user_id"] = own
        return shown
    realm = realms.get(user.realm)
    home = {
        "connection": realm.name if realm is not None else "",
        "user_id": user_id.partition("|")[2],
        "provider": "auth0" if realm is None or realm.kind == "database" else realm.strategy,
        "isSocial": False,
    }
    return [home, *(show_link(link, realms) for link in links)] if links else [home]


def show_link(link: Link, realms: Realms, *, with_profile: bool = True) -> dict[str, Any]:
    """One linked identity, with the profile it brought."""
    realm = realms.get(link.connection_id)
    shown: dict[str, Any] = {
        "connection": realm.name if realm is not None else link.connection_id,
        "user_id": link.subject,
        "provider": "auth0" if link.kind == "database" else PROVIDERS.get(link.provider, link.provider),
        "isSocial": link.kind == "social",
    }
    if with_profile and link.profile:
        shown["profileData"] = {name: link.profile[name] for name in PROFILE_DATA if name in link.profile}
    return shown


def connections_of(users: Sequence[User]) -> set[str]:
    """The ids of every connection that these users name."""
    named = {user.realm for user in users}
    for user in users:
        if user.links:
            named.update(link.connection_id for link in user.links)
    return named
