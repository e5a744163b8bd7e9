"""The forms of what identifies people: what has the shape of an address, and the one form in which it is compared."""

import re
import unicodedata
from typing import Literal

from muster.core.errors import Invalid
from muster.core.records import Key

Kind = Literal["email", "phone", "wallet"]

LONGEST_ADDRESS = 320

_EMAIL_SHAPE = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE_SHAPE = re.compile(r"\+[0-9]{1,15}")
_UUID_SHAPE = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")


def canonical(kind: Kind, value: str) -> str:
    """The one form in which an address is stored and compared; `Invalid` when it has not even the shape of one.

    E-mail: NFC, trimmed, wholly lower case. Phone: `+` and up to 15 digits (E.164). Wallet: lower case after `0x`.
    """
    value = unicodedata.normalize("NFC", value).strip()
    if kind == "email":
        value = value.lower()
        shaped = bool(_EMAIL_SHAPE.fullmatch(value))
    elif kind == "phone":
        shaped = bool(_PHONE_SHAPE.fullmatch(value))
    else:
        value = value.lower() if value[:2].lower() == "0x" else value
        shaped = bool(value)
    if not shaped or len(value) > LONGEST_ADDRESS or has_control(value):
        raise Invalid("identifier_malformed", kind=kind)
    return value


def has_control(text: str) -> bool:
    """Whether a text holds a control character (Unicode category Cc) or a lone surrogate (Cs)."""
    if text.isprintable():
        return False
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def username_key(value: str) -> str:
    """What two user names are compared by: compatibility form, without case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())


def is_uuid_shaped(key: str) -> bool:
    """Whether a user name's key could be read as one of our ids."""
    return bool(_UUID_SHAPE.fullmatch(key))


def username_keys(realm: str, key: str) -> set[Key]:
    """A name shaped like an e-mail or a phone number also takes that key: one typed text must never name two people."""
    keys = {Key(realm, "username", key)}
    if _EMAIL_SHAPE.fullmatch(key):
        keys.add(Key(realm, "email", key))
    if _PHONE_SHAPE.fullmatch(key):
        keys.add(Key(realm, "phone", key))
    return keys


def foreign_key(kind: str, value: str) -> Key:
    """The key of an id that another system gave."""
    return Key("", f"id:{kind}", value)
