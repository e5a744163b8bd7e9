"""Identifiers. A thing's id is a UUIDv7 (RFC 9562) written as 32 lower-case hex digits; each dialect spells it its own way."""

import re
import secrets
from typing import NewType

UserId = NewType("UserId", str)

_CANONICAL = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}")
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_id(now: int) -> str:
    """A UUIDv7 for the time `now` (ms): 48 bits of time, then 74 random bits between version and variant."""
    low = secrets.randbits(74)
    value = (now & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (low >> 62) << 64 | 0b10 << 62 | low & 0x3FFF_FFFF_FFFF_FFFF
    return f"{value:032x}"


def new_user_id(now: int) -> UserId:
    """The id of a user made at `now`, by the real clock: sorting ids sorts by insertion, whatever `created_at` says."""
    return UserId(new_id(now))


def is_id(text: str) -> bool:
    """Whether the text is an id of ours in its canonical form: 32 lower-case hex digits, version 7, RFC variant."""
    return _CANONICAL.fullmatch(text) is not None


def random_text(length: int) -> str:
    """Letters and digits from the system's generator; 16 of them hold 95 bits."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))
