"""How texts, search terms and documents are bound to statements."""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from muster.core.errors import Invalid
from muster.core.users.terms import Term

LARGEST_DOCUMENT: Final = 1024 * 1024
"""Bytes of one record's JSON."""

_encode: Final = msgspec.json.Encoder().encode


BETWEEN: Final = "\1\4"
"""Stands before, between and after the texts that are kept as one; no bound text has it."""


def bound(text: str) -> str:
    """The text as it is stored and asked for: PostgreSQL cannot hold NUL, so it is spelled with two other characters.

    Two different texts stay different, and in the same order.
    """
    if text.isprintable() or ("\0" not in text and "\1" not in text):  # the first is one look at nearly all texts
        return text
    return text.replace("\1", "\1\3").replace("\0", "\1\2")


class _FieldNumbers(dict[str, int]):
    """Remembers numbers: a write needs fifty."""

    def __missing__(self, field: str) -> int:
        if len(self) >= _FIELDS_KEPT:
            self.clear()  # programs choose the names; nobody may fill the memory with them
        digest = hashlib.blake2b(field.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        number = self[field] = int.from_bytes(digest, "big", signed=True)
        return number


_FIELDS_KEPT: Final = 8192

field_number: Final = _FieldNumbers().__getitem__
"""64 bits that stand for a field's name in the indexes: half of a term's row would otherwise be its name."""


def term_row(fact: Term) -> tuple[str, int, str | float]:
    """The table that keeps such a fact, the number of its field and its value."""
    field, value = fact
    if isinstance(value, str):
        return "text_terms", field_number(field), bound(value)
    return "number_terms", field_number(field), value


def together(texts: Iterable[str]) -> str:
    """Several texts as one, in which each can still be told from its neighbours."""
    return BETWEEN + "".join(bound(text) + BETWEEN for text in texts)


def document(value: object, kind: str) -> bytes:
    """The value as JSON, in which NUL is escaped anyway. `Invalid` when it is too large or holds half a character.

    Documents go in and out as bytes: to make text of them and bytes again would cost a twentieth of what reading a user does.
    """
    try:
        encoded = _encode(value)
    except UnicodeEncodeError:
        raise Invalid("text_not_unicode") from None
    if len(encoded) > LARGEST_DOCUMENT:
        raise Invalid(f"{kind.lower()}_too_large", limit=LARGEST_DOCUMENT)
    return encoded
