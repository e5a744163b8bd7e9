"""What a connection demands of a new password, in this vendor's levels. Length is in characters, 72 bytes at most."""

import re
from typing import Any

from muster.dialects.kit.errors import BadRequest

MOST_BYTES = 72

LEVELS = {"none": (1, 0), "low": (6, 0), "fair": (8, 3), "good": (8, 3), "excellent": (10, 3)}
"""Level → least length, and how many of lower case, upper case, digit and special must occur."""

_CLASSES = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"), re.compile(r"[^a-zA-Z0-9]"))
_TYPES = dict(zip(("lowercase", "uppercase", "number", "special"), _CLASSES, strict=True))


def check_password(password: str, options: dict[str, Any]) -> None:
    """Refuse a password that is too weak for a connection with these options, in the vendor's words."""
    if len(password.encode()) > MOST_BYTES or "\0" in password or not strong_enough(password, options):
        raise BadRequest("password", message="PasswordStrengthError: Password is too weak")


def strong_enough(password: str, options: dict[str, Any]) -> bool:
    """Whether a password meets the connection's level, or its `password_options.complexity` where it has that."""
    complexity = _dict(_dict(options.get("password_options")).get("complexity"))
    if complexity:
        wanted = [_TYPES[name] for name in complexity.get("character_types", ()) if name in _TYPES]
        met = sum(bool(kind.search(password)) for kind in wanted)
        needed = len(wanted) if complexity.get("character_type_rule", "all") == "all" else min(3, len(wanted))
        least = complexity.get("min_length", 1)
        repeated = complexity.get("identical_characters") == "block" and re.search(r"(.)\1\1", password)
        return len(password) >= least and met >= needed and not repeated
    level = options.get("passwordPolicy") or "none"
    least, classes = LEVELS.get(level, LEVELS["good"])
    least = _dict(options.get("password_complexity_options")).get("min_length", least)
    if len(password) < least or sum(bool(kind.search(password)) for kind in _CLASSES) < classes:
        return False
    if level == "fair" and not all(kind.search(password) for kind in _CLASSES[:3]):
        return False
    return not (level == "excellent" and re.search(r"(.)\1\1", password))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
