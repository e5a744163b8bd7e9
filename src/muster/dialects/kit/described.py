"""The route by which a dialect describes itself: the document is made and encoded once for each public address."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import JSON, Header, Reply
from muster.dialects.kit.routes import Handler

MOST_KEPT: Final = 64
"""Encoded documents, one for each address; beyond that all are made anew."""


def described(
    document: Callable[[str], Any],
    *,
    address_of: Callable[[Call], str] = lambda call: call.address,
    media: Header = JSON,
) -> Handler:
    """The handler that answers what `document` makes for an address."""
    encoded: dict[str, bytes] = {}

    async def describe(call: Call) -> Reply:
        address = address_of(call)
        body = encoded.get(address)
        if body is None:
            if len(encoded) >= MOST_KEPT:
                encoded.clear()
            body = encoded[address] = await asyncio.to_thread(lambda: msgspec.json.encode(document(address)))
        return Reply(200, body, (media,))

    return describe
