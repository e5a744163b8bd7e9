"""What an application learns of a user by which scope: the standard claims of OpenID Connect Core sections 5.1 and 5.4.

`sub` is the core's id of the user, 32 hexadecimal digits: it never changes and is never given to anybody else.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from msgspec.structs import asdict

from muster.core.users.model import User
from muster.core.users.shown import full_name, primary, shown_email, shown_name, shown_nickname

Claims = dict[str, Any]

_PROFILE: Final = (
    "given_name",
    "middle_name",
    "family_name",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
)
"""Claims that are told as the profile holds them."""


def subject_of(user: User) -> str:
    """The `sub` of a user, in every token and answer."""
    return str(user.id)


def claims_of(user: User, scopes: Collection[str]) -> Claims:
    """The user's claims that the scopes open, without `sub`. What was never said is left out."""
    claims: Claims = {}
    for scope, tell in _BY_SCOPE.items():
        if scope in scopes:
            claims |= tell(user)
    return claims


def _profile(user: User) -> Claims:
    profile = user.profile
    told = {name: getattr(profile, name) for name in _PROFILE}
    told["name"] = profile.name or full_name(profile) or shown_name(user)
    told["nickname"] = shown_nickname(user)
    told["preferred_username"] = profile.preferred_username or (user.username.value if user.username else None)
    told["updated_at"] = user.updated_at // 1000
    return _said(told)


def _email(user: User) -> Claims:
    """A contact, which nobody proved, is never told as verified, whatever the provider that brought it says."""
    email = shown_email(user)
    if email is None:
        return {}
    return {"email": email.address, "email_verified": email.verified and not email.contact}


def _phone(user: User) -> Claims:
    phone = primary(user.phones)
    return {} if phone is None else {"phone_number": phone.value, "phone_number_verified": phone.verified}


def _address(user: User) -> Claims:
    address = user.profile.address
    told = {} if address is None else _said(asdict(address))
    return {"address": told} if told else {}


def _said(values: Mapping[str, Any]) -> Claims:
    return {name: value for name, value in values.items() if value not in (None, "")}


_BY_SCOPE: Final[dict[str, Callable[[User], Claims]]] = {
    "profile": _profile,
    "email": _email,
    "phone": _phone,
    "address": _address,
}

NAMES: Final = (
    "sub",
    "name",
    "nickname",
    "preferred_username",
    "updated_at",
    *_PROFILE,
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "address",
)
"""Every claim about a user that there is, as discovery tells them."""
