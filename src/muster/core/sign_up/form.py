"""The questions of a tenant's sign-up form, and what can be taken as an answer. Pure functions."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.settings.model import CustomField, SignInSettings
from muster.core.settings.rules import is_barred
from muster.core.sign_up.model import Claimed, SignUp
from muster.core.sign_up.usernames import check_username
from muster.core.sign_up.view import Field, Kind
from muster.core.users.shapes import canonical, has_control

NAMES: Final = ("given_name", "family_name")
CUSTOM: Final = "custom."
LONGEST: Final = 300
"""Characters of a name or of an answer to a tenant's own question."""

ADDRESSES: Final[tuple[Kind, Kind]] = ("email", "phone")

Fault = Literal["malformed", "too_long", "not_allowed_here", "taken"]


def may_sign_up(settings: SignInSettings, realm: Connection) -> bool:
    """Whether people make accounts for themselves in the realm."""
    closed = realm.disabled or realm.internal or realm.sign_up_closed or realm.kind != "database"
    return settings.sign_up.enabled and not closed


def fields(settings: SignInSettings, realm: Connection, sign_up: SignUp) -> list[Field]:
    """The form, with what was told so far. A password is never shown again."""
    asked: list[Field] = []
    if settings.email.shown_at_sign_up or settings.email.required_at_sign_up:
        value = sign_up.email.value if sign_up.email is not None else ""
        asked.append(Field(name="email", type="email", required=settings.email.required_at_sign_up, value=value))
    if settings.phone.shown_at_sign_up or settings.phone.required_at_sign_up:
        value = sign_up.phone.value if sign_up.phone is not None else ""
        asked.append(Field(name="phone", type="phone", required=settings.phone.required_at_sign_up, value=value))
    username = settings.username
    if username.required_at_sign_up or (username.shown_at_sign_up and realm.requires_username):
        asked.append(
            Field(
                name="username",
                type="username",
                required=username.required_at_sign_up,
                value=sign_up.username or "",
            )
        )
    if settings.rules.password:
        required = realm.password_required and sign_up.external is None
        asked.append(Field(name="password", type="password", required=required))
    asked += [Field(name=name, value=getattr(sign_up, name) or "") for name in NAMES]
    asked += [
        Field(
            name=f"{CUSTOM}{each.name}",
            type=each.type,
            label=each.label,
            required=each.required,
            value=sign_up.custom.get(each.name, ""),
        )
        for each in _questions(settings)
    ]
    return asked


def missing(settings: SignInSettings, realm: Connection, sign_up: SignUp) -> list[str]:
    """The required fields without an answer. Somebody who is called nothing can never come back, so one
    identifier is needed, unless a provider knows who it is.
    """
    form = fields(settings, realm, sign_up)
    lacks = [
        field.name
        for field in form
        if field.required and not (field.value or (field.name == "password" and sign_up.password is not None))
    ]
    identifiers = [field for field in form if field.name in (*ADDRESSES, "username")]
    if sign_up.external is None and identifiers and not any(field.value or field.required for field in identifiers):
        lacks.insert(0, identifiers[0].name)
    return lacks


def wants_proof(settings: SignInSettings, kind: Kind) -> bool:
    """Whether an address must be proved before there is an account."""
    return settings.sign_up.verify_email if kind == "email" else settings.sign_up.verify_phone


def unproved(settings: SignInSettings, sign_up: SignUp) -> list[Kind]:
    """The addresses that are to be proved yet."""
    return [
        kind
        for kind in ADDRESSES
        if (claimed := claim(sign_up, kind)) is not None and claimed.verified_at is None and wants_proof(settings, kind)
    ]


def claim(sign_up: SignUp, kind: Kind) -> Claimed | None:
    """What was told of one address."""
    return sign_up.email if kind == "email" else sign_up.phone


def with_claim(sign_up: SignUp, kind: Kind, claimed: Claimed | None) -> SignUp:
    """The sign-up with another answer about one address."""
    return replace(sign_up, email=claimed) if kind == "email" else replace(sign_up, phone=claimed)


def answered(
    settings: SignInSettings, realm: Connection, sign_up: SignUp, given: Mapping[str, str]
) -> tuple[SignUp, dict[str, Fault]]:
    """The sign-up with these answers, and what is wrong with which; names that the form does not have are left out.

    An address that stays the same keeps its proof; another one starts without. The password is for the caller, who hashes it.
    """
    faults: dict[str, Fault] = {}
    for field in fields(settings, realm, sign_up):
        if field.name not in given or field.type == "password":
            continue
        try:
            sign_up = _answered(settings, realm, sign_up, field, given[field.name].strip())
        except Invalid as wrong:
            faults[field.name] = _FAULTS.get(wrong.code, "malformed")
    if "locale" in given and 1 <= len(given["locale"]) <= _LONGEST_LOCALE and given["locale"].isprintable():
        sign_up = replace(sign_up, locale=given["locale"])
    return sign_up, faults


_LONGEST_LOCALE: Final = 35
"""The longest tag that every program must take (RFC 5646, section 4.4.1)."""

_FAULTS: Final[dict[str, Fault]] = {"too_long": "too_long", "not_allowed_here": "not_allowed_here"}


def _answered(settings: SignInSettings, realm: Connection, sign_up: SignUp, field: Field, text: str) -> SignUp:
    if field.name == "email":
        return replace(sign_up, email=_claimed(settings, "email", sign_up.email, text))
    if field.name == "phone":
        return replace(sign_up, phone=_claimed(settings, "phone", sign_up.phone, text.translate(_BETWEEN_DIGITS)))
    if field.name == "username":
        if text:
            check_username(text, settings, realm)
        return replace(sign_up, username=text or None)
    if len(text) > LONGEST:
        raise Invalid("too_long")
    if has_control(text):
        raise Invalid("malformed")
    if field.name.startswith(CUSTOM):
        if text and field.type in ("email", "phone"):
            text = canonical("email" if field.type == "email" else "phone", text)
        custom = {**sign_up.custom, field.name.removeprefix(CUSTOM): text}
        return replace(sign_up, custom={name: value for name, value in custom.items() if value})
    changed: SignUp = msgspec.structs.replace(sign_up, **{field.name: text or None})
    return changed


_BETWEEN_DIGITS: Final = str.maketrans("", "", " -./()\u00a0")


def _claimed(settings: SignInSettings, kind: Kind, before: Claimed | None, text: str) -> Claimed | None:
    if not text:
        return None
    value = canonical(kind, text)
    if before is not None and before.value == value:
        return before
    if is_barred(settings, kind, value):
        raise Invalid("not_allowed_here")
    return Claimed(value=value)


def _questions(settings: SignInSettings) -> list[CustomField]:
    return [each for each in settings.custom_fields if each.enabled]
