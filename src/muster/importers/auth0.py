"""A row of Auth0's bulk import → a core user, or every reason why not."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final

from muster.core.connections.model import Connection
from muster.core.errors import Invalid, Refusal, Taken
from muster.core.ids import UserId, is_id, new_id, new_user_id, random_text
from muster.core.security import SecretBox
from muster.core.users.actions import HashedPassword, NewAddress, NewUser
from muster.core.users.model import Factor, ForeignId, Metadata, Origin, Profile
from muster.core.users.sealed import totp_purpose
from muster.importers.auth0_hashes import HashError, stored
from muster.importers.auth0_schema import REQUIRED, ROW, is_email, members_of
from muster.importers.reading import DEEPEST, LONGEST_ROW
from muster.importers.record import Person, RowError, RowRefused

PROVIDER: Final = "auth0|"
MASK: Final = "*****"

DUPLICATED: Final = "DUPLICATED_USER"
_EXISTS: Final = "The user already exist and upsert parameter is false"

_PROFILE: Final = ("name", "given_name", "family_name", "nickname", "picture")
_USERNAME: Final = re.compile(r"[A-Za-z0-9@^$.!`\-#+'~_]+")
_DEVICE_LENGTH: Final = 16

_MEMBERS: Final = {
    "email": "email",
    "phone": "phone_number",
    "username": "username",
    "id": "user_id",
    "id:auth0": "user_id",
}
"""Which member of a row holds which of the core's kinds of key."""

_UNREADABLE: Final = {
    "too_long": RowError("MAX_LENGTH", f"The row is longer than {LONGEST_ROW} bytes"),
    "not_utf8": RowError("FORMAT", "The row is not UTF-8"),
    "not_json": RowError("FORMAT", "The row is not JSON"),
    "too_deep": RowError("FORMAT", f"The row has more than {DEEPEST} levels"),
}
_HASH_REFUSED: Final = {
    "unknown_scheme": ("NOT_PASSED", "The hash has a format that this version cannot verify"),
    "malformed": ("FORMAT", "The hash is malformed"),
    "too_costly": ("MAXIMUM", "The hash would take more than 1 second or 128 MiB to verify"),
}
_NOT_SECRET: Final = frozenset({"algorithm", "encoding", "digest", "position"})
_SECRETS: Final = re.compile(r"pass|secret|token|hash|salt|otp", re.IGNORECASE)


class Auth0Rows:
    """The format for rows that go into one connection (`muster.importers.record.Vendor`).

    `scheme_of` names the scheme of a password hash, or refuses it: `Invalid("hash_refused", reason=…)` with the reason
    unknown_scheme, malformed or too_costly. Time-based codes' secrets are sealed for the purpose `totp:<user id>`.
    """

    def __init__(self, realm: Connection, scheme_of: Callable[[str], str], secrets: SecretBox) -> None:
        self._realm = realm
        self._scheme_of = scheme_of
        self._secrets = secrets

    def person(self, sent: Any, now: int) -> Person:
        """What a row asks for; `RowRefused` with every reason when it cannot be had.

        A `user_id` of our native form becomes the core's id, so that exports come back under their own; any other is kept
        word for word behind the provider, which is not put before it twice.
        """
        if not isinstance(sent, dict):
            raise RowRefused([RowError("OBJECT_REQUIRED", "The row is not an object")])
        errors = list(members_of(sent, ROW, REQUIRED))
        if "password_hash" in sent and "custom_password_hash" in sent:
            message = "password_hash and custom_password_hash cannot be given together"
            errors.append(RowError("NOT_PASSED", message, "custom_password_hash"))
        if errors:
            raise RowRefused(errors)
        password = self._password(sent, errors)
        username = self._username(sent, errors)
        given = sent.get("user_id", "").removeprefix(PROVIDER)
        id_ = UserId(given) if is_id(given) else new_user_id(now)
        factors = self._factors(sent, id_, now, errors)
        if errors:
            raise RowRefused(errors)
        phone = sent.get("phone_number")
        new = NewUser(
            origin=Origin(door="auth0", via="import"),
            id=id_,
            foreign_ids=[ForeignId(kind="auth0", value=PROVIDER + given)] if given and given != id_ else [],
            emails=[NewAddress(sent["email"], verified=sent.get("email_verified", False))],
            phones=[NewAddress(phone, verified=sent.get("phone_verified", False))] if phone is not None else [],
            username=username,
            profile=Profile(**{name: sent[name] for name in _PROFILE if name in sent}),
            metadata=Metadata.of(unsafe=sent.get("user_metadata"), private=sent.get("app_metadata")),
            password=password,
            factors=factors,
            suspended=sent.get("blocked"),
        )
        return Person(new, renews_password="custom_password_hash" in sent)

    def masked(self, sent: Any) -> Any:
        """The row as it was sent, with asterisks in the place of whatever may be a secret."""
        if not isinstance(sent, dict):
            return sent
        return {name: _masked(name, value) for name, value in sent.items()}

    def unreadable(self, fault: str) -> RowError:
        return _UNREADABLE[fault]

    def refused(self, refusal: Refusal, *, upsert: bool) -> RowError:
        match refusal:
            case Taken(kind="email") if not upsert:
                return RowError(DUPLICATED, _EXISTS)
            case Taken(kind=kind) if not upsert:
                return RowError(DUPLICATED, _EXISTS, _MEMBERS.get(kind, ""))
            case Taken(kind="username"):
                return RowError("CONFLICT_USERNAME", "The username provided is in use already.", "username")
            case Taken(kind="email"):
                return RowError("CONFLICT_EMAIL", "The email provided is in use already.", "email")
            case Taken(kind=kind):
                return RowError("CONFLICT", "The value provided is in use already.", _MEMBERS.get(kind, ""))
            case Invalid(code="identifier_malformed", detail={"kind": kind}):
                member = _MEMBERS.get(str(kind), "")
                return RowError("FORMAT", f"Object didn't pass validation for format {member}", member)
            case Invalid(code="username_malformed"):
                return RowError("FORMAT", "Object didn't pass validation for format username", "username")
            case Invalid(code=code, detail={"limit": limit}):
                return RowError("MAX_LENGTH", f"The user is refused: {code.replace('_', ' ')}, maximum {limit}")
            case _:
                return RowError("CONFLICT", f"The user is refused: {refusal.code.replace('_', ' ')}")

    def provided_twice(self, kind: str) -> RowError:
        member = _MEMBERS.get(kind, kind)
        return RowError(DUPLICATED, f"A user with this {member} was already provided.", member)

    def _username(self, sent: dict[str, Any], errors: list[RowError]) -> str | None:
        """In lower case, as this vendor keeps it; the length is the connection's, the alphabet the vendor's."""
        username: str | None = sent.get("username")
        if username is None:
            return None
        rule, length = self._realm.username_rule, len(username)
        if not self._realm.requires_username:
            message = "Cannot set username for connection without requires_username."
            errors.append(RowError("NOT_PASSED", message, "username"))
        elif length < rule.minimum:
            message = f"String is too short ({length} chars), minimum {rule.minimum}"
            errors.append(RowError("MIN_LENGTH", message, "username"))
        elif length > rule.maximum:
            message = f"String is too long ({length} chars), maximum {rule.maximum}"
            errors.append(RowError("MAX_LENGTH", message, "username"))
        elif not _USERNAME.fullmatch(username) or is_email(username):
            message = f"Object didn't pass validation for format username: {username}"
            errors.append(RowError("FORMAT", message, "username"))
        return username.lower()

    # ---- credentials

    def _password(self, sent: dict[str, Any], errors: list[RowError]) -> HashedPassword | None:
        if "password_hash" in sent:
            return self._hashed(sent["password_hash"], "bcrypt", "password_hash", errors)
        if "custom_password_hash" not in sent:
            return None
        try:
            kept = stored(sent["custom_password_hash"])
        except HashError as refused:
            errors.append(refused.error)
            return None
        return self._hashed(kept.text, kept.scheme, "custom_password_hash.hash.value", errors)

    def _hashed(self, hash_: str, wanted: str, path: str, errors: list[RowError]) -> HashedPassword | None:
        """The hash, never checked against a policy: nobody knows the password."""
        try:
            scheme = self._scheme_of(hash_)
        except Invalid as refused:
            code, message = _HASH_REFUSED[str(refused.detail["reason"])]
            errors.append(RowError(code, message, path))
            return None
        if scheme != wanted:
            errors.append(RowError("FORMAT", f"The hash is of {scheme}, not of {wanted}", path))
            return None
        return HashedPassword(hash_, scheme)

    def _factors(self, sent: dict[str, Any], user_id: UserId, now: int, errors: list[RowError]) -> list[Factor]:
        factors = []
        for number, given in enumerate(sent.get("mfa_factors", ())):
            ((kind, values),) = given.items()
            secret, target = values.get("secret"), values.get("value")
            if secret is not None and not _is_base32(secret):
                path = f"mfa_factors[{number}].totp.secret"
                errors.append(RowError("MFA_FACTORS_FAILED", "The secret is not base32 (RFC 4648, section 6)", path))
                continue
            factors.append(
                Factor(
                    id=new_id(now),
                    dev=random_text(_DEVICE_LENGTH),
                    kind=kind,
                    confirmed=True,
                    target=target,
                    channel="sms" if kind == "phone" else None,
                    secret=self._secrets.seal(secret.encode(), purpose=totp_purpose(user_id)) if secret else None,
                    created_at=now,
                    enrolled_at=now,
                )
            )
        return factors


def _is_base32(text: str) -> bool:
    try:
        return bool(base64.b32decode(text + "=" * (-len(text) % 8)))
    except binascii.Error:
        return False


def _masked(name: str, value: Any) -> Any:
    """What a hash is made with and where a factor sends its codes are worth reading; any other text of theirs is a secret."""
    if name == "custom_password_hash":
        return _masked_texts(value)
    if name == "mfa_factors":
        factors = value if isinstance(value, list) else [value]
        return [factor if _is_plain(factor) else _masked_texts(factor) for factor in factors]
    return MASK if name not in ("user_metadata", "app_metadata") and _SECRETS.search(name) else value


def _is_plain(factor: Any) -> bool:
    return isinstance(factor, dict) and factor.keys() <= {"phone", "email"}


def _masked_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: inner if name in _NOT_SECRET else _masked_texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked_texts(inner) for inner in value]
    return MASK if isinstance(value, str) else value
