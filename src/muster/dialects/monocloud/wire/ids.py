"""How ids are spelled here. A user's: 21 characters of base64url that hold the core's id, or the id that was imported, word for
word; grants' likewise. Everything else is UUID text (RFC 9562), except a session's 32 upper-case digits.
"""

import base64
import binascii
import re

from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.users.model import User
from muster.core.users.shapes import foreign_key
from muster.dialects.monocloud.problems import KeyProblem

DIALECT = "monocloud"

_LENGTH = 21
_FREE = 122
"""Bits of a UUIDv7 beside its version and variant: 21 characters hold them with four to spare, which are zero."""

_LOW = 62
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
_SESSION = re.compile(r"[0-9A-Fa-f]{32}")


def show_user_id(user: User) -> str:
    """The first imported id, which never changes again, else the encoded one."""
    for foreign in user.foreign_ids:
        if foreign.kind == DIALECT:
            return foreign.value
    return encode(user.id)


def parse_user_id(text: str) -> UserId | Key:
    """The core id that a shown id encodes, or the key under which an imported one is stored.

    An imported id never has the native form (it became the core id then), so the two readings cannot meet.
    """
    id_ = decode(text)
    return foreign_key(DIALECT, text) if id_ is None else UserId(id_)


def encode(id_: str) -> str:
    """A core id (32 hex digits of a UUIDv7) in 21 characters."""
    number = int(id_, 16)
    time, high, low = number >> 80, number >> 64 & 0xFFF, number & (1 << _LOW) - 1
    packed = time << 74 | high << _LOW | low
    return base64.urlsafe_b64encode((packed << 2).to_bytes(16, "big"))[:_LENGTH].decode("ascii")


def decode(text: str) -> str | None:
    """The core id that `encode` made this of; None for any other text."""
    if len(text) != _LENGTH or not text.isascii():
        return None
    try:
        packed = int.from_bytes(base64.b64decode(f"{text}A==", altchars=b"-_", validate=True), "big") >> 2
    except binascii.Error:
        return None
    if packed >> _FREE:
        return None
    time, high, low = packed >> 74, packed >> _LOW & 0xFFF, packed & (1 << _LOW) - 1
    return f"{time << 80 | 0x7 << 76 | high << 64 | 0b10 << _LOW | low:032x}"


def show_uuid(id_: str) -> str:
    """A core id as UUID text."""
    return f"{id_[:8]}-{id_[8:12]}-{id_[12:16]}-{id_[16:20]}-{id_[20:]}"


def parse_uuid(text: str, member: str) -> str:
    """The core id of a UUID in a path; refused where it stands when it is none."""
    if not _UUID.fullmatch(text):
        raise KeyProblem({member: ["The value is not a valid UUID."]})
    return text.replace("-", "").lower()


def show_session_id(id_: str) -> str:
    """A session's id."""
    return id_.upper()


def parse_session_id(text: str) -> str | None:
    """The core id of a session; None for what cannot be one."""
    return text.lower() if _SESSION.fullmatch(text) else None
