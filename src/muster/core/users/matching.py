"""Whether one user matches a query, and what users are sorted by: the meaning of the query tree, which storage's searches must
agree with.
"""

from collections.abc import Callable
from typing import Any as AnyValue
from typing import Final

from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Order, Query, Range, Scalar
from muster.core.users.activity_facts import ACTIVITY_FACTS
from muster.core.users.model import User
from muster.core.users.terms import TEXT, fact, facts_of, identifying_texts, terms_of

BESIDE: Final = frozenset({"id", "seq", "created_at", "updated_at", *ACTIVITY_FACTS})
"""Fields of which there is no fact, because they are kept beside the document."""

Values = dict[str, list[str | float]]


def matches(user: User, query: Query) -> bool:
    """Whether all that the query asks for is true of the user, whatever the number of its terms."""
    return _Look(user).matches(query)


def sort_key(user: User, order: Order) -> tuple[int, str | float] | None:
    """By what the user is sorted among others, the `seq` left out; None for one without the field, who comes last.

    Truth values and numbers are less than any text. Of several values the least counts; descending, the greatest. Only what is
    indexed is sorted by: the first 200 bytes of a text, and the first thousand facts of a user.
    """
    field = order.field
    if field in BESIDE:
        value = _beside(user, field)
        return None if value is None else (int(isinstance(value, str)), value)
    values = [value for name, value in terms_of(user)[0] if name in (field, f"?{field}")]
    keys = [(int(isinstance(value, str)), value) for value in values]
    return (max if order.descending else min)(keys, default=None)


class _Look:
    """One user, whose facts are made when they are first asked about."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._facts: Values | None = None

    def matches(self, query: Query) -> bool:
        match query:
            case Everyone():
                return True
            case All(parts):
                return all(self.matches(part) for part in parts)
            case Any(parts):
                return any(self.matches(part) for part in parts)
            case Not(part):
                return not self.matches(part)
            case Is(field, value):
                return self._is(field, value)
            case Range(field):
                return any(map(_within(query), self.values(field)))
            case Like(field, parts):
                return any(isinstance(value, str) and is_like(value, parts) for value in self.values(field))
            case Exists(field):
                return any(self.values(name) for name in (field, f"?{field}", f"{{{field}"))

    def values(self, field: str) -> list[str | float]:
        """The values of a field, under the name that facts have."""
        if field in BESIDE:
            kept = _beside(self._user, field)
            return [] if kept is None else [kept]
        if field == TEXT:
            return list(identifying_texts(self._user))
        if self._facts is None:
            self._facts = {}
            for name, value in facts_of(self._user):
                self._facts.setdefault(name, []).append(value)
        return self._facts.get(field, [])

    def _is(self, field: str, value: Scalar) -> bool:
        if field in BESIDE or field == TEXT:
            return not isinstance(value, bool) and value in self.values(field)
        name, wanted = fact(field, value)
        return wanted in self.values(name)


def is_like(text: str, parts: tuple[str, ...]) -> bool:
    """Whether the text begins with the first part, ends with the last and has the others between, in order."""
    first, *between, last = parts
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in between:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _within(asked: Range) -> Callable[[AnyValue], bool]:
    ends: list[AnyValue] = [end for end in (asked.low, asked.high) if end is not None]
    kinds = {str if isinstance(end, str) else bool if isinstance(end, bool) else float for end in ends}
    if len(kinds) > 1 or bool in kinds:
        return lambda _: False
    low: AnyValue = asked.low
    high: AnyValue = asked.high

    def within(value: AnyValue) -> bool:
        if kinds and isinstance(value, str) is not (str in kinds):
            return False
        above = low is None or value > low or (asked.low_included and value == low)
        return above and (high is None or value < high or (asked.high_included and value == high))

    return within


def _beside(user: User, field: str) -> str | int | None:
    """What is kept beside the document."""
    fact_of = ACTIVITY_FACTS.get(field)
    if fact_of is None:
        value: str | int = getattr(user, field)
        return value
    return None if user.activity is None else fact_of(user.activity)
