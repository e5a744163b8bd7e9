"""How a user's id is spelled here: `auth0|` and the 32 digits of the core's id, or the id that was imported, word for word."""

from muster.core.ids import UserId, is_id
from muster.core.records import Key
from muster.core.users.model import User
from muster.core.users.shapes import foreign_key
from muster.dialects.kit.errors import BadRequest

NATIVE = "auth0|"


def show_user_id(user: User) -> str:
    """The first imported id, which never changes again, else the encoded one."""
    for foreign in user.foreign_ids:
        if foreign.kind == "auth0":
            return foreign.value
    return NATIVE + user.id


def parse_user_id(text: str) -> UserId | Key:
    """The core id that a shown id encodes, or the key under which an imported one is stored.

    An imported id never has the native form (it became the core id then), so the two readings cannot meet.
    """
    if "|" not in text:
        raise BadRequest("invalid_uri", message=f"Object didn't pass validation for format user-id: {text[:200]}")
    if text.startswith(NATIVE) and is_id(text[len(NATIVE) :]):
        return UserId(text[len(NATIVE) :])
    return foreign_key("auth0", text)
