"""How texts, search terms and documents are bound to statements."""

from typing import Final

import msgspec

from muster.core.errors import Invalid
from muster.core.users.terms import Term

LARGEST_DOCUMENT: Final = 1024 * 1024
"""Bytes of one record's JSON."""

_encode: Final = msgspec.json.Encoder().encode


def bound(text: str) -> str:
    """The text as it is stored and asked for: PostgreSQL cannot hold NUL, so it is spelled with two other characters.

    Two different texts stay different.
    """
    if "\0" not in text and "\1" not in text:
        return text
    return text.replace("\1", "\1\2").replace("\0", "\1\3")


def term_row(fact: Term) -> tuple[str, str, str | float]:
    """The table that keeps such a fact, its field and its value."""
    field, value = fact
    return (
        ("text_terms", bound(field), bound(value)) if isinstance(value, str) else ("number_terms", bound(field), value)
    )


def document(value: object, kind: str) -> str:
    """The value as JSON text, in which NUL is escaped anyway. `Invalid` when it is too large or holds half a character."""
    try:
        encoded = _encode(value)
    except UnicodeEncodeError:
        raise Invalid("text_not_unicode") from None
    if len(encoded) > LARGEST_DOCUMENT:
        raise Invalid(f"{kind.lower()}_too_large", limit=LARGEST_DOCUMENT)
    return encoded.decode()
