"""What a handler answers."""

from collections.abc import Sequence
from typing import Any

import msgspec

Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json; charset=utf-8")

_encode = msgspec.json.Encoder().encode


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A status, bytes and headers (names in lower case; `content-length` is added on sending)."""

    status: int
    body: bytes = b""
    headers: Sequence[Header] = ()


def json_reply(status: int, value: Any, headers: Sequence[Header] = ()) -> Reply:
    """A JSON answer; `value` is anything msgspec encodes."""
    return Reply(status, _encode(value), (JSON, *headers))


def empty(status: int = 204) -> Reply:
    """An answer without a body."""
    return Reply(status)
