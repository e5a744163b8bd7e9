"""Metadata of users: three documents, merged at every depth or replaced whole, and not larger than the API lets them be."""

from typing import Any

import msgspec

from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.metadata import Kind, Mode, merged
from muster.core.users.model import User
from muster.dialects.clerk.problems import form

LARGEST = 8192
"""Bytes of one document as JSON."""

KINDS: dict[str, Kind] = {"public_metadata": "public", "private_metadata": "private", "unsafe_metadata": "unsafe"}


async def write_metadata(tx: Transaction, user: User, sent: dict[str, Any], mode: Mode) -> User:
    """Every document that is sent. A null replaces by nothing.

    One of which nothing was ever said is shown as empty, and is not made an empty one by being sent back so.
    """
    for name, kind in KINDS.items():
        if name in sent:
            before = len(getattr(user.metadata, f"{kind}_json") or b"")
            if not before and not merged(None, sent[name], mode):
                continue
            user = await actions.set_metadata(tx, user, kind, sent[name], mode)
            check_size(name, len(getattr(user.metadata, f"{kind}_json") or b""), before)
    return user


def check_size(name: str, size: int, before: int = 0) -> None:
    """Refuse a document that is too large, unless the write makes one that was so smaller."""
    if size > LARGEST and size >= before:
        text = f"The given {name} exceeds the maximum allowed size of {LARGEST} bytes ({LARGEST // 1024} KB)."
        raise form("form_param_exceeds_allowed_size", name, text)


def size_of(document: Any) -> int:
    """Bytes of a document as JSON."""
    return len(msgspec.json.encode(document)) if document else 0
