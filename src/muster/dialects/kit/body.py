"""Reading a request's body: how much, how long, and whether it is JSON that every part of Muster can hold."""

import asyncio
import contextlib
from typing import Any

import msgspec
from starlette.types import Receive

from muster.dialects.kit.errors import BadRequest

MOST_BYTES = 1_048_576
MOST_SECONDS = 30.0
DEEPEST = 100

_decode = msgspec.json.Decoder().decode


async def read_body(receive: Receive, *, most: int = MOST_BYTES, seconds: float = MOST_SECONDS) -> bytes:
    """The whole body; `BadRequest` when it is over `most` bytes, takes over `seconds`, or the client goes away."""
    chunks: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BadRequest("client_gone")
                chunk: bytes = message.get("body", b"")
                more = message.get("more_body", False)
                size += len(chunk)
                if size > most:
                    raise BadRequest("too_large", limit=most)
                chunks.append(chunk)
    except TimeoutError:
        raise BadRequest("too_slow", seconds=seconds) from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def parse_json(body: bytes) -> Any:
    """The JSON value of a body, RFC 8259; of two equal keys the last wins.

    Refused, each with its own `BadRequest` code: what is no JSON, broken UTF-8 or half a surrogate pair, U+0000 in any text
    (PostgreSQL cannot hold it), numbers beyond a double's range, and more than `DEEPEST` levels.
    """
    try:
        value = _decode(body)
    except RecursionError:
        raise BadRequest("too_deep", limit=DEEPEST) from None
    except UnicodeDecodeError:
        raise BadRequest("not_utf8") from None
    except msgspec.DecodeError:
        with contextlib.suppress(UnicodeDecodeError):
            body.decode()
            raise BadRequest("not_json") from None
        raise BadRequest("not_utf8") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and _deeper(value, DEEPEST):
        raise BadRequest("too_deep", limit=DEEPEST)
    if b"\\u0000" in body and _has_nul(value):
        raise BadRequest("nul")
    return value


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value has more than so many levels of arrays and objects; walks level by level, so depth costs no stack."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(outer, (dict, list)) for outer in level)


def _has_nul(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item:
                return True
        elif isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False
