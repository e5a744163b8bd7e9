"""A new user as MonoCloud sends it, and what the tenant's sign-up demands of one."""

from collections.abc import Collection
from typing import Any

from muster.core.settings.model import SignInSettings
from muster.core.settings.rules import is_barred
from muster.core.users.actions import HashedPassword, NewAddress, NewUser
from muster.core.users.model import MustChange, Origin, Profile
from muster.dialects.monocloud.access import DOOR
from muster.dialects.monocloud.problems import IdentityProblem, KeyProblem
from muster.dialects.monocloud.schema.users import CreateUserRequest

NAMES = ("name", "given_name", "middle_name", "family_name", "nickname", "picture")


def parse_new(
    body: CreateUserRequest,
    document: dict[str, Any],
    settings: SignInSettings,
    password: HashedPassword | None,
    now: int,
) -> NewUser:
    """The new user that a request describes; `document` is the same with the members that only this tenant knows."""
    if body.username is not None:
        check_username(body.username, settings)
    must_change = password is not None and body.is_temporary_password
    names = {name: getattr(body, name) for name in NAMES}
    return NewUser(
        origin=Origin(door=DOOR),
        emails=[] if body.email is None else [NewAddress(body.email, bool(body.email_verified))],
        phones=[] if body.phone_number is None else [NewAddress(body.phone_number, bool(body.phone_number_verified))],
        username=body.username,
        profile=Profile(**names, custom=custom_claims(document, settings)),
        password=password,
        must_change=MustChange(by=now, why="temporary") if must_change else None,
    )


def custom_claims(document: dict[str, Any], settings: SignInSettings) -> dict[str, Any]:
    """The answers to the tenant's own questions that a request holds, each a text or null."""
    found = {field.name: document[field.name] for field in settings.custom_fields if field.name in document}
    wrong = {name: ["Expected `str | null`"] for name, value in found.items() if not isinstance(value, str | None)}
    if wrong:
        raise KeyProblem(wrong)
    return found


def check_conformance(body: CreateUserRequest, document: dict[str, Any], settings: SignInSettings) -> None:
    """Refuse a user whom nothing identifies, or who lacks what the tenant's sign-up requires."""
    if body.email is None and body.phone_number is None and body.username is None:
        raise IdentityProblem(("IdentifierRequired", "An email, a phone number or a username is required."))
    lacking = [
        (f"{name}Required", f"{text} is required.")
        for name, text, rule, value in (
            ("Email", "An email", settings.email, body.email),
            ("PhoneNumber", "A phone number", settings.phone, body.phone_number),
            ("UserName", "A username", settings.username, body.username),
        )
        if rule.required_at_sign_up and value is None
    ]
    lacking += lacking_claims(document, settings)
    if lacking:
        raise IdentityProblem(*lacking)


def lacking_claims(
    claims: dict[str, Any], settings: SignInSettings, *, among: Collection[str] | None = None
) -> list[tuple[str, str]]:
    """The tenant's own questions (all, or `among` these) that must be answered and are not."""
    return [
        ("ClaimRequired", f"The claim '{field.name}' is required.")
        for field in settings.custom_fields
        if field.enabled and field.required and (among is None or field.name in among) and not claims.get(field.name)
    ]


def check_restrictions(settings: SignInSettings, *, email: str | None = None, phone: str | None = None) -> None:
    """Refuse an address that the tenant's lists bar."""
    barred = [
        ("IdentifierRestricted", f"'{value}' may not be used.")
        for kind, value in (("email", email), ("phone", phone))
        if value is not None and is_barred(settings, "email" if kind == "email" else "phone", value)
    ]
    if barred:
        raise IdentityProblem(*barred)


def check_username(username: str, settings: SignInSettings) -> None:
    """Refuse a user name that is shorter than the tenant allows."""
    if len(username) < settings.shortest_username:
        least = settings.shortest_username
        raise IdentityProblem(("InvalidUserName", f"Usernames must be at least {least} characters."))
