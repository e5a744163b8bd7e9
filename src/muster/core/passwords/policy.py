"""What a new password must be: pure rules, in no vendor's words. Each dialect says what its own vendor asks for.

By default at least eight characters and none of the passwords that everybody knows, and nothing about its composition (NIST SP
800-63B, section 5.1.1.2). Characters are those of Unicode as typed.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal

import msgspec

from muster.core.security import PasswordHasher

MOST_BYTES: Final = 4096
"""What any password may have at most, in UTF-8: hashing it must not be a way to stop the server."""
LONGEST_HISTORY: Final = 24

Kind = Literal["lower", "upper", "digit", "special"]
Problem = Literal[
    "not_text",
    "too_long",
    "too_short",
    "nul",
    "no_lower",
    "no_upper",
    "no_digit",
    "no_special",
    "kinds",
    "distinct",
    "repeated",
    "sequence",
    "known",
    "personal",
]

_KINDS: Final[dict[Kind, re.Pattern[str]]] = {
    "lower": re.compile("[a-z]"),
    "upper": re.compile("[A-Z]"),
    "digit": re.compile("[0-9]"),
    "special": re.compile("[^a-zA-Z0-9]"),
}
_LACKS: Final[dict[Kind, Problem]] = {
    "lower": "no_lower",
    "upper": "no_upper",
    "digit": "no_digit",
    "special": "no_special",
}
_SEQUENCE: Final = 3
_LEAST_PERSONAL: Final = 3
_WORDS: Final = re.compile(r"[\W_]+")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules for one new password.

    `least` is in characters, `most_bytes` in UTF-8 and never over 4,096. Of `kinds` all must occur, or `kinds_needed` if that
    is given, and `distinct` different characters in all. A character may stand `identical` times in a row, and three
    letters or digits may not follow each other as in the alphabet if `sequences` is False. `words` are refused in any case
    of letters, whole, and so is whatever is widely known if `known` is False. `personal` says whether what is known of the person may stand in it. `history` is how many
    of the passwords before (the present one is the first of them) may not come again.
    """

    least: int = 8
    most_bytes: int = MOST_BYTES
    kinds: tuple[Kind, ...] = ()
    kinds_needed: int | None = None
    distinct: int = 0
    identical: int | None = None
    sequences: bool = True
    nul: bool = True
    known: bool = False
    words: frozenset[str] = frozenset()
    personal: bool = True
    history: int = 0


DEFAULT: Final = Policy()


def nothing_known(_: str) -> bool:
    """A list of widely known passwords with nothing in it."""
    return False


def problems(
    policy: Policy,
    password: str,
    *,
    about: Iterable[str] = (),
    is_known: Callable[[str], bool] = nothing_known,
) -> list[Problem]:
    """Everything that is wrong with a password, its form first; empty for a good one. `history` is for `was_used`.

    `about` holds what is known of the person: names, the part of an address before the @. A word of it with at least three
    characters may not stand in the password. `is_known` looks a password up in a list of widely known ones.
    """
    try:
        size = len(password.encode("utf-8"))
    except UnicodeEncodeError:
        return ["not_text"]
    if size > min(policy.most_bytes, MOST_BYTES):
        return ["too_long"]
    found: list[Problem] = []
    if len(password) < policy.least:
        found.append("too_short")
    if not policy.nul and "\0" in password:
        found.append("nul")
    lacks = [kind for kind in policy.kinds if not _KINDS[kind].search(password)]
    if policy.kinds_needed is None:
        found += [_LACKS[kind] for kind in lacks]
    elif len(policy.kinds) - len(lacks) < policy.kinds_needed:
        found.append("kinds")
    if len(set(password)) < policy.distinct:
        found.append("distinct")
    if policy.identical is not None and _longest_run(password) > policy.identical:
        found.append("repeated")
    if not policy.sequences and _has_sequence(password):
        found.append("sequence")
    if password.casefold() in policy.words or (not policy.known and _is_known(password, is_known)):
        found.append("known")
    if not policy.personal and _is_personal(password, about):
        found.append("personal")
    return found


async def was_used(policy: Policy, passwords: PasswordHasher, password: str, former: Sequence[str]) -> bool:
    """Whether a password is one of the last `policy.history`; `former` are their hashes, the present one first.

    As slow as checking each, so only for a password that is good otherwise, and never inside an act.
    """
    for hash_ in former[: min(policy.history, LONGEST_HISTORY)]:
        if await passwords.verify(hash_, password):
            return True
    return False


def folded(words: Collection[str]) -> frozenset[str]:
    """Words as `Policy.words` has them."""
    return frozenset(word.casefold() for word in words)


def _is_known(password: str, is_known: Callable[[str], bool]) -> bool:
    return is_known(password) or is_known(password.lower())


def _longest_run(password: str) -> int:
    longest = run = 1
    for before, after in pairwise(password):
        run = run + 1 if before == after else 1
        longest = max(longest, run)
    return longest


def _has_sequence(password: str) -> bool:
    """Three letters or three digits that follow each other upwards or downwards, as in `abc` or `321`."""
    folded_ = password.lower()
    for place in range(len(folded_) - _SEQUENCE + 1):
        part = folded_[place : place + _SEQUENCE]
        if part.isascii() and (part.isalpha() or part.isdigit()):
            steps = {ord(after) - ord(before) for before, after in pairwise(part)}
            if steps in ({1}, {-1}):
                return True
    return False


def _is_personal(password: str, about: Iterable[str]) -> bool:
    typed = password.casefold()
    words = (word for text in about for word in (text.casefold(), *_WORDS.split(text.casefold())))
    return any(len(word) >= _LEAST_PERSONAL and word in typed for word in words)
