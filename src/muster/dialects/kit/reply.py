"""What a handler answers."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json; charset=utf-8")

_encode = msgspec.json.Encoder().encode


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A status, bytes and headers (names in lower case; `content-length` is added on sending).

    With `chunks` they are the body, sent as they come; one that raises cuts the answer off, so that nobody takes it for whole.
    """

    status: int
    body: bytes = b""
    headers: Sequence[Header] = ()
    chunks: AsyncIterator[bytes] | None = None


def json_reply(status: int, value: Any, headers: Sequence[Header] = ()) -> Reply:
    """A JSON answer; `value` is anything msgspec encodes."""
    return Reply(status, _encode(value), (JSON, *headers))


def empty(status: int = 204) -> Reply:
    """An answer without a body."""
    return Reply(status)
