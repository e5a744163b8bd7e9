"""Ids on the wire: the UUID's text of an id that the core keeps as 32 hexadecimal digits."""

import re
from typing import Final

from muster.core.records import Key
from muster.core.users.model import User
from muster.core.users.shapes import foreign_key

DOOR: Final = "mattr"

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parse_uuid(text: str) -> str | None:
    """The 32 digits of a UUID's text in either case; None for anything else."""
    folded = text.lower() if text.isascii() else ""
    return folded.replace("-", "") if _UUID.fullmatch(folded) else None


def show_uuid(id_: str) -> str:
    """The UUID's text."""
    return f"{id_[:8]}-{id_[8:12]}-{id_[12:16]}-{id_[16:20]}-{id_[20:]}"


def show_user_id(user: User) -> str:
    """The id that the vendor once gave, else the user's own."""
    for foreign in user.foreign_ids:
        if foreign.kind == DOOR:
            return foreign.value
    return show_uuid(user.id)


def given_key(id_: str) -> Key:
    """What a user is found by whose id the vendor once gave."""
    return foreign_key(DOOR, show_uuid(id_))
