"""Answers. The media type has no charset: this API's clients compare it letter by letter."""

from collections.abc import Sequence
from typing import Any

import msgspec

from muster.dialects.kit.reply import Header, Reply

JSON: Header = (b"content-type", b"application/json")

_encode = msgspec.json.Encoder().encode


def answer(value: Any, status: int = 200, headers: Sequence[Header] = ()) -> Reply:
    """A JSON answer."""
    return Reply(status, _encode(value), (JSON, *headers))


def listed(items: Sequence[Any], total: int) -> Reply:
    """A page in the object form."""
    return answer({"data": items, "total_count": total})


def deleted(kind: str, id_: str, **more: str) -> Reply:
    """What is left of something: `kind` is the `object` that it was."""
    return answer({"object": kind, "id": id_, **more, "deleted": True})
