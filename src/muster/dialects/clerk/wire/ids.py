"""Ids as this API writes them: a prefix and 27 digits of base 62, which hold four bytes of time and the core's own id.

That is a KSUID whose 16 free bytes are the UUIDv7: encoding needs no look-up, and ids sort by age.
"""

from typing import Final

from muster.core.ids import UserId, is_id
from muster.core.records import Key
from muster.core.users.model import User
from muster.core.users.shapes import foreign_key

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_LENGTH = 27
_EPOCH = 1_400_000_000
"""Seconds since 1970 at which a KSUID's time begins."""

DOOR: Final = "clerk"


def show_id(prefix: str, id_: str) -> str:
    """The core's id behind this API's prefix."""
    number = _seconds(id_) << 128 | int(id_, 16)
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return f"{prefix}_{''.join(reversed(digits))}"


def read_id(prefix: str, text: str) -> str | None:
    """The core's id, or None for what this server never wrote."""
    digits = text[len(prefix) + 1 :]
    if len(digits) != _LENGTH or not text.startswith(f"{prefix}_"):
        return None
    number = 0
    for digit in digits:
        value = _VALUES.get(digit)
        if value is None:
            return None
        number = number * 62 + value
    id_ = f"{number & (1 << 128) - 1:032x}"
    return id_ if is_id(id_) and number >> 128 == _seconds(id_) else None


def show_user_id(user: User) -> str:
    """The id that the user came with, else the core's."""
    for foreign in user.foreign_ids:
        if foreign.kind == DOOR:
            return foreign.value
    return show_id("user", user.id)


def read_user_id(text: str) -> UserId | Key:
    """How the user of an id is found: by the core's id, or by one that was imported."""
    own = read_id("user", text)
    return UserId(own) if own is not None else foreign_key(DOOR, text)


def _seconds(id_: str) -> int:
    return int(id_[:12], 16) // 1000 - _EPOCH & 0xFFFF_FFFF
