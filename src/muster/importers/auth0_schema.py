"""The members of a row of Auth0's bulk import, and what is wrong with one that does not fit, in that API's codes and texts.

A check takes a value and its path and gives the errors found, none for a good value.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from muster.importers.record import RowError

Check = Callable[[Any, str], Sequence[RowError]]

RESERVED: Final = frozenset(
    [
        "__tenant",
        "_id",
        "blocked",
        "clientID",
        "created_at",
        "email_verified",
        "email",
        "globalClientID",
        "global_client_id",
        "identities",
        "lastIP",
        "lastLogin",
        "loginsCount",
        "metadata",
        "multifactor_last_modified",
        "multifactor",
        "updated_at",
        "user_id",
    ]
)
"""Keys that `app_metadata` must not have."""

MOST_FACTORS: Final = 10
LONGEST_USER_ID: Final = 255

_LONGEST_SHOWN: Final = 200
_MOST_ERRORS: Final = 20
_GOOD: Final[Sequence[RowError]] = ()
_TYPES: Final = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}

_NOT_IN_KEYS: Final = re.compile(r"[.$]")
_CONTAINERS: Final = (dict, list)

_LONGEST_EMAIL, _LONGEST_LOCAL_PART = 254, 64
_PLAIN_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def shown(value: str) -> str:
    """A sent text as a message repeats it: not all of a long one."""
    return value[:_LONGEST_SHOWN]


def is_email(text: str) -> bool:
    """Whether a text is an address of RFC 5322 or 6531 with a dot in its domain; nothing is looked up."""
    if len(text) > _LONGEST_EMAIL or text.rfind("@") > _LONGEST_LOCAL_PART:
        return False
    if _PLAIN_EMAIL.fullmatch(text) and "--" not in text:
        return True
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return "." in valid.domain


# ---- kinds of values


def _wrong_type(wanted: str, value: Any, path: str) -> Sequence[RowError]:
    return (RowError("INVALID_TYPE", f"Expected type {wanted} but found type {_TYPES[type(value)]}", path),)


def _flag(value: Any, path: str) -> Sequence[RowError]:
    return _GOOD if isinstance(value, bool) else _wrong_type("boolean", value, path)


def _integer(value: Any, path: str) -> Sequence[RowError]:
    if isinstance(value, int) and not isinstance(value, bool):
        return _GOOD if value >= 1 else (RowError("MINIMUM", f"Value {value} is less than minimum 1", path),)
    return _wrong_type("integer", value, path)


def _text(value: Any, path: str) -> Sequence[RowError]:
    return _GOOD if isinstance(value, str) else _wrong_type("string", value, path)


def _filled(most: int, pattern: str = "") -> Check:
    """A text of 1 to so many characters, wholly of a pattern if there is one."""
    compiled = _compiled(pattern)

    def check(value: Any, path: str) -> Sequence[RowError]:
        if not isinstance(value, str):
            return _wrong_type("string", value, path)
        if not value:
            return (RowError("MIN_LENGTH", "String is too short (0 chars), minimum 1", path),)
        if len(value) > most:
            return (RowError("MAX_LENGTH", f"String is too long ({len(value)} chars), maximum {most}", path),)
        if pattern and not compiled.fullmatch(value):
            return (RowError("PATTERN", f"String does not match pattern {pattern}: {shown(value)}", path),)
        return _GOOD

    return check


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.removeprefix("^").removesuffix("$"))


def _pattern(pattern: str, *, secret: bool = False) -> Check:
    """A text that is wholly of a pattern; a secret one is not repeated when it is not."""
    compiled = _compiled(pattern)

    def check(value: Any, path: str) -> Sequence[RowError]:
        if not isinstance(value, str):
            return _wrong_type("string", value, path)
        if compiled.fullmatch(value):
            return _GOOD
        rest = "" if secret else f": {shown(value)}"
        return (RowError("PATTERN", f"String does not match pattern {pattern}{rest}", path),)

    return check


def _email(value: Any, path: str) -> Sequence[RowError]:
    if not isinstance(value, str):
        return _wrong_type("string", value, path)
    if is_email(value):
        return _GOOD
    return (RowError("FORMAT", f"Object didn't pass validation for format email: {shown(value)}", path),)


def _one_of(*choices: str) -> Check:
    def check(value: Any, path: str) -> Sequence[RowError]:
        if not isinstance(value, str):
            return _wrong_type("string", value, path)
        return _GOOD if value in choices else (RowError("ENUM_MISMATCH", f"No enum match for: {shown(value)}", path),)

    return check


def _object(members: Mapping[str, Check], *required: str) -> Check:
    """An object with no other members than these."""

    def check(value: Any, path: str) -> Sequence[RowError]:
        if not isinstance(value, dict):
            return _wrong_type("object", value, path)
        return members_of(value, members, required, path)

    return check


def members_of(
    value: dict[str, Any], members: Mapping[str, Check], required: Sequence[str], path: str = ""
) -> Sequence[RowError]:
    """What is wrong with an object's members."""
    prefix = f"{path}." if path else ""
    errors = [
        RowError("OBJECT_REQUIRED", f"Missing required property: {name}", prefix + name)
        for name in required
        if name not in value
    ]
    for name, inner in value.items():
        check = members.get(name)
        if check is not None:
            errors += check(inner, prefix + name)
        else:
            errors.append(
                RowError("NOT_PASSED", f"Additional properties not allowed: {shown(name)}", prefix + shown(name))
            )
    return errors[:_MOST_ERRORS]


def _metadata(*reserved: str) -> Check:
    """An object whose keys, at any depth, hold neither a dot nor a dollar sign; some are not allowed at its first level."""

    def check(value: Any, path: str) -> Sequence[RowError]:
        if not isinstance(value, dict):
            return _wrong_type("object", value, path)
        errors = []
        if reserved and not value.keys().isdisjoint(reserved):
            held = ",".join(sorted(value.keys() & set(reserved)))
            errors.append(RowError("NOT_PASSED", f"Additional properties not allowed: {held}", path))
        waiting: list[Any] = [value]
        while waiting and len(errors) < _MOST_ERRORS:
            outer = waiting.pop()
            if isinstance(outer, dict):
                # One search in all keys together; which it was is asked only when one was found.
                if _NOT_IN_KEYS.search("\0".join(outer)):
                    errors += [_bad_key(key, path) for key in outer if _NOT_IN_KEYS.search(key)]
                outer = outer.values()
            waiting += [inner for inner in outer if type(inner) in _CONTAINERS]
        return errors[:_MOST_ERRORS]

    return check


def _bad_key(key: str, path: str) -> RowError:
    return RowError("NOT_PASSED", f"Invalid key '{shown(key)}': keys must not contain '.' or '$'", path)


# ---- the schema

_PHONE: Final = _pattern(r"^\+[0-9]{1,15}$")

_FACTORS: Final[Mapping[str, Check]] = {
    "totp": _object({"secret": _pattern("^[A-Z2-7]+$", secret=True)}, "secret"),
    "phone": _object({"value": _PHONE}, "value"),
    "email": _object({"value": _email}, "value"),
}


def _factors(value: Any, path: str) -> Sequence[RowError]:
    if not isinstance(value, list):
        return _wrong_type("array", value, path)
    if not value:
        return (RowError("ARRAY_LENGTH_SHORT", "Array is too short (0), minimum 1", path),)
    if len(value) > MOST_FACTORS:
        return (RowError("ARRAY_LENGTH_LONG", f"Array is too long ({len(value)}), maximum {MOST_FACTORS}", path),)
    errors: list[RowError] = []
    for number, factor in enumerate(value):
        place = f"{path}[{number}]"
        if not isinstance(factor, dict):
            errors += _wrong_type("object", factor, place)
        elif len(factor) != 1:
            names = ", ".join(_FACTORS)
            errors.append(RowError("NOT_PASSED", f"A factor has exactly one of: {names}", place))
        else:
            errors += members_of(factor, _FACTORS, (), place)
    return errors


_ENCODING: Final = _one_of("base64", "hex", "utf8")
_CUSTOM_HASH: Final = _object(
    {
        "algorithm": _one_of(
            "argon2", "bcrypt", "hmac", "ldap", "md4", "md5", "sha1", "sha256", "sha512", "pbkdf2", "scrypt"
        ),
        "hash": _object(
            {
                "value": _text,
                "encoding": _ENCODING,
                "digest": _one_of(
                    "md4", "md5", "ripemd160", "sha1", "sha224", "sha256", "sha384", "sha512", "whirlpool"
                ),
                "key": _object({"value": _text, "encoding": _ENCODING}, "value"),
            },
            "value",
        ),
        "salt": _object({"value": _text, "encoding": _ENCODING, "position": _one_of("prefix", "suffix")}, "value"),
        "password": _object({"encoding": _one_of("ascii", "utf8", "utf16le", "ucs2", "latin1", "binary")}),
        "keylen": _integer,
        "cost": _integer,
        "blockSize": _integer,
        "parallelization": _integer,
    },
    "algorithm",
    "hash",
)

ROW: Final[Mapping[str, Check]] = {
    "email": _email,
    "email_verified": _flag,
    "phone_number": _PHONE,
    "phone_verified": _flag,
    "user_id": _filled(LONGEST_USER_ID, r"^\S*$"),
    "username": _filled(128),
    "given_name": _text,
    "family_name": _text,
    "name": _text,
    "nickname": _text,
    "picture": _text,
    "blocked": _flag,
    "user_metadata": _metadata(),
    "app_metadata": _metadata(*RESERVED),
    "password_hash": _text,
    "custom_password_hash": _CUSTOM_HASH,
    "mfa_factors": _factors,
}
"""Every member a row may have."""

REQUIRED: Final = ("email",)
