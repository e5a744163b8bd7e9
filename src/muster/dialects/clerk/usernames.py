"""Which user names this API takes."""

import re
import unicodedata
from typing import Final

from muster.dialects.clerk.problems import Refused, about

SHORTEST: Final = 4
LONGEST: Final = 64
_REFUSED: Final = frozenset("^$!.`#+~")
_PHONE: Final = re.compile(r"[+(]?[0-9][0-9 ().-]{5,}")


def check_username(name: str) -> None:
    """Refuse a name of another length or alphabet, of digits alone, or one that could be a phone number."""
    problem = _problem(name)
    if problem is not None:
        code, text = problem
        raise Refused(422, [about(code, "username", text)])


def _problem(name: str) -> tuple[str, str] | None:
    if not SHORTEST <= len(name) <= LONGEST:
        return (
            "form_username_invalid_length",
            f"Your username must be between {SHORTEST} and {LONGEST} characters long.",
        )
    if _PHONE.fullmatch(name) and not name.isdigit():
        return (
            "form_username_cannot_be_phone_number",
            "username cannot be a phone number. Please choose a different username.",
        )
    if name.isdigit():
        return "form_username_needs_non_number_char", "Your username must contain one non-number character."
    if not all(map(_allowed, name)):
        return "form_username_invalid_character", "Your username contains characters that are not allowed."
    return None


def _allowed(character: str) -> bool:
    if character in _REFUSED or character.isspace() or not character.isprintable():
        return False
    return not character.isalpha() or unicodedata.name(character, "").startswith("LATIN")
