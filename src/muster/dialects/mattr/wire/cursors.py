"""Cursors: base64 of a query string with a moment and an id, as the vendor's own decode.

One names the last entry of a page, and reading goes on behind it. It is a place in an order and nothing else: it carries no
tenant, no criteria and no power, so that a forged one only begins the same caller's list somewhere else.
"""

import base64
import binascii
from typing import Final, Literal, NamedTuple
from urllib.parse import parse_qsl, quote

from muster.dialects.mattr.wire.ids import show_uuid
from muster.dialects.mattr.wire.times import parse_time, show_time

LONGEST: Final = 1_024

_AFTER_EVERY_ID: Final = "g"
"""Sorts behind every hexadecimal digit."""


class Place(NamedTuple):
    """Behind which entry reading goes on: `at` in milliseconds, `id` as the cursor has it."""

    at: int
    id: str


def write_cursor(at: int, id_: str, name: Literal["createdAt", "timestamp"] = "createdAt") -> str:
    """The cursor of an entry; base64url without padding."""
    text = f"{name}={quote(show_time(at), safe='')}&id={quote(id_, safe='-')}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def id_cursor(id_: str, name: Literal["createdAt", "timestamp"] = "createdAt") -> str:
    """The cursor of what has an id of ours, which begins with its time."""
    return write_cursor(time_of(id_), show_uuid(id_), name)


def read_cursor(text: str) -> Place | None:
    """The place, from either alphabet of base64 with or without padding, the colons escaped or not; None if it is none.

    The id need not be one of ours: the vendor's own samples cut it off.
    """
    if len(text) > LONGEST:
        return None
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
        members = dict(parse_qsl(raw, strict_parsing=True, max_num_fields=8))
    except (binascii.Error, ValueError):
        return None
    at = parse_time(members.get("createdAt") or members.get("timestamp") or "")
    id_ = members.get("id")
    return None if at is None or not id_ or "\0" in id_ else Place(at, id_)


def time_of(id_: str) -> int:
    """When an id of ours was made, in milliseconds."""
    return int(id_[:12], 16)


def boundary(place: Place) -> str:
    """A text that sorts among the 32 digits of ids as the place does among entries: first by time, then by id."""
    moment = f"{place.at:012x}"
    digits = place.id.replace("-", "").lower()
    if digits.startswith(moment):
        return digits
    return moment if digits < moment else moment + _AFTER_EVERY_ID
