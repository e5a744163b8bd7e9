"""Searching by `user_id`, which nobody stores as it is shown: `auth0|` and the core's id, or an imported id word for word.

Whoever has an imported id is shown under it. A whole id finds a user under either, as reading one does; wildcards and ranges
go by what is shown.
"""

from collections.abc import Sequence

from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Query, Range
from muster.core.records import Key
from muster.dialects.auth0.wire.ids import NATIVE, parse_user_id

FOREIGN = "id:auth0"


def is_id(value: str) -> Query:
    """The user who answers to exactly this id."""
    if "|" not in value:
        return Any(())
    key = parse_user_id(value)
    return Is(key.kind, key.value) if isinstance(key, Key) else Is("id", key)


def id_like(parts: tuple[str, ...]) -> Query:
    """Users whose shown id has these texts around its wildcards."""
    return _shown([like_rest("id", rest) for rest in rests_after(NATIVE, parts)], Like(FOREIGN, parts))


def id_between(low: str | None, high: str | None, *, low_included: bool, high_included: bool) -> Query:
    """Users whose shown id lies between two texts, compared by their characters' numbers."""
    foreign = Range(FOREIGN, low, high, low_included, high_included)
    above_all = low is not None and low > NATIVE and not low.startswith(NATIVE)
    below_all = high is not None and high <= NATIVE
    if above_all or below_all:
        return foreign
    rest_low = low.removeprefix(NATIVE) if low is not None and low.startswith(NATIVE) else None
    rest_high = high.removeprefix(NATIVE) if high is not None and high.startswith(NATIVE) else None
    if rest_low is None and rest_high is None:
        return _shown([Everyone()], foreign)
    return _shown([Range("id", rest_low, rest_high, low_included, high_included)], foreign)


def like_rest(field: str, parts: tuple[str, ...]) -> Query:
    """What is left of a pattern, asked of a field that everyone has."""
    if len(parts) == 1:
        return Is(field, parts[0])
    return Everyone() if parts == ("", "") else Like(field, parts)


def _shown(native: Sequence[Query], foreign: Query) -> Query:
    if not native:
        return foreign
    return Any((foreign, *(All((part, Not(Exists(FOREIGN)))) for part in native)))


def rests_after(prefix: str, parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The patterns that the rest of a text must fit so that prefix and rest together fit this one; empty when none can.

    The places are those where a matcher may stand after each character: a number of a part, and of a character in it.
    """
    places = _with_stars({(0, 0)}, parts)
    for character in prefix:
        moved = set()
        for part, offset in places:
            if part and not offset:
                moved.add((part, 0))  # the wildcard before this part takes it
            if parts[part][offset : offset + 1] == character:
                moved.add((part, offset + 1))
        places = _with_stars(moved, parts)
    open_places = sorted((part, at) for part, at in places if at < len(parts[part]) or part + 1 == len(parts))
    return [rest for part, at in open_places if (rest := _rest(parts, part, at)) != ("",)]


def _with_stars(places: set[tuple[int, int]], parts: tuple[str, ...]) -> set[tuple[int, int]]:
    """Whoever has come to the end of a part may stand before the next one too, behind the wildcard between them."""
    reached, waiting = set(places), list(places)
    while waiting:
        part, offset = waiting.pop()
        if offset == len(parts[part]) and part + 1 < len(parts) and (part + 1, 0) not in reached:
            reached.add((part + 1, 0))
            waiting.append((part + 1, 0))
    return reached


def _rest(parts: tuple[str, ...], part: int, offset: int) -> tuple[str, ...]:
    """From a place on; a place at the beginning of a part has the wildcard before it still at hand."""
    rest = (parts[part][offset:], *parts[part + 1 :])
    return ("", *rest) if part and not offset else rest
