"""What a connection demands of a new password, in this vendor's levels, options and refusals."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from muster.core.passwords.policy import LONGEST_HISTORY, MOST_BYTES, Kind, Policy, Problem, folded, problems, was_used
from muster.core.security import PasswordHasher
from muster.dialects.kit.errors import BadRequest

LONGEST: Final = 72
"""Bytes, as with bcrypt, whatever the password is hashed with here. A connection may have longer ones cut; we keep them whole."""

_KINDS: Final[dict[str, Kind]] = {"lowercase": "lower", "uppercase": "upper", "number": "digit", "special": "special"}
_ALL: Final[tuple[Kind, ...]] = tuple(_KINDS.values())
_OF_FOUR: Final = 3

LEVELS: Final = {
    "none": Policy(least=1),
    "low": Policy(least=6),
    "fair": Policy(least=8, kinds=_ALL[:3]),
    "good": Policy(least=8, kinds=_ALL, kinds_needed=_OF_FOUR),
    "excellent": Policy(least=10, kinds=_ALL, kinds_needed=_OF_FOUR, identical=2),
}
_IDENTICAL: Final = 2

PERSONAL: Final = (
    "name",
    "username",
    "nickname",
    "email",
    "user_metadata.name",
    "user_metadata.first",
    "user_metadata.last",
)
"""Where a user's information is that may not stand in the password, unless the connection lists the places itself."""

_WEAK, _COMMON = "PasswordStrengthError: Password is too weak", "PasswordDictionaryError: Password is too common"
_PERSONAL, _USED = (
    "PasswordNoUserInfoError: Password contains user information",
    "PasswordHistoryError: Password has previously been used",
)
_MESSAGES: Final[dict[Problem, str]] = {"known": _COMMON, "personal": _PERSONAL}
"""What is not named here is a lack of strength."""


class ConnectionPolicy:
    """The rules of a connection with these options: the newer `password_options`, or the older single ones."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.rules, self._places = _newer(options) if _dict(options.get("password_options")) else _older(options)

    def check(self, password: str, user: dict[str, Any], is_known: Callable[[str], bool]) -> None:
        """Refuse what is wrong with a password for this user, who is as the API shows users; the first reason is told."""
        about = [text.partition("@")[0] for place in self._places if isinstance(text := _at(user, place), str)]
        found = problems(self.rules, password, about=about, is_known=is_known)
        if found:
            raise BadRequest("password", message=_MESSAGES.get(found[0], _WEAK))

    async def check_history(self, passwords: PasswordHasher, password: str, former: Sequence[str]) -> None:
        """Refuse one that the user had before; `former` are the hashes, the present one first."""
        if await was_used(self.rules, passwords, password, former):
            raise BadRequest("password", message=_USED)


def _older(options: dict[str, Any]) -> tuple[Policy, Sequence[str]]:
    level = LEVELS.get(options.get("passwordPolicy") or "none", LEVELS["good"])
    dictionary = _dict(options.get("password_dictionary"))
    history = _dict(options.get("password_history"))
    refuses_known = dictionary.get("enable") is True
    return (
        Policy(
            least=_dict(options.get("password_complexity_options")).get("min_length", level.least),
            most_bytes=LONGEST,
            kinds=level.kinds,
            kinds_needed=level.kinds_needed,
            identical=level.identical,
            nul=False,
            known=not refuses_known,
            words=folded(dictionary.get("dictionary") or ()) if refuses_known else frozenset(),
            personal=_dict(options.get("password_no_personal_info")).get("enable") is not True,
            history=_size(history, 5) if history.get("enable") is True else 0,
        ),
        PERSONAL,
    )


def _newer(options: dict[str, Any]) -> tuple[Policy, Sequence[str]]:
    parts = _dict(options["password_options"])
    shape, dictionary = _dict(parts.get("complexity")), _dict(parts.get("dictionary"))
    history, personal = _dict(parts.get("history")), _dict(parts.get("profile_data"))
    kinds = tuple(_KINDS[name] for name in dict.fromkeys(shape.get("character_types") or ()) if name in _KINDS)
    of_four = shape.get("character_type_rule") == "three_of_four"
    refuses_known = dictionary.get("active") is True
    return (
        Policy(
            least=shape.get("min_length", 1),
            most_bytes=MOST_BYTES if shape.get("max_length_exceeded") == "truncate" else LONGEST,
            kinds=kinds,
            kinds_needed=min(_OF_FOUR, len(kinds)) if of_four else None,
            identical=_IDENTICAL if shape.get("identical_characters") == "block" else None,
            sequences=shape.get("sequential_characters") != "block",
            nul=False,
            known=not refuses_known,
            words=folded(dictionary.get("custom") or ()) if refuses_known else frozenset(),
            personal=personal.get("active") is not True,
            history=_size(history, 3) if history.get("active") is True else 0,
        ),
        personal.get("blocked_fields", PERSONAL),
    )


def _size(history: dict[str, Any], usual: int) -> int:
    return min(int(history.get("size", usual)), LONGEST_HISTORY)


def _at(user: dict[str, Any], place: str) -> Any:
    value: Any = user
    for name in place.split("."):
        value = _dict(value).get(name)
    return value


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
