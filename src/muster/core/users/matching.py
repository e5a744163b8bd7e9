"""Whether one user matches a query: the meaning of the query tree, which storage's searches must agree with."""

from collections.abc import Set as AbstractSet

from muster.core.query import All, Everyone, Is, Query, Scalar
from muster.core.users.model import User
from muster.core.users.terms import Term, facts_of, term


def matches(user: User, query: Query) -> bool:
    """Whether all that the query asks for is true of the user, whatever the number of its terms."""
    return _matches(user, frozenset(facts_of(user)), query)


def _matches(user: User, facts: AbstractSet[Term], query: Query) -> bool:
    match query:
        case Everyone():
            return True
        case All(parts):
            return all(_matches(user, facts, part) for part in parts)
        case Is("id" | "seq" | "created_at" | "updated_at" | "logins" | "last_login" | "last_ip" as field, value):
            return not isinstance(value, bool) and _beside(user, field) == value
        case Is(field, value):
            return term(field, value) in facts


def _beside(user: User, field: str) -> Scalar | None:
    """What is kept beside the document. Nobody has signed in zero times: there is no such fact."""
    activity = user.activity
    last = activity.last_login if activity is not None else None
    match field:
        case "logins":
            return (activity.logins or None) if activity is not None else None
        case "last_login":
            return last.at if last is not None else None
        case "last_ip":
            return (last.ip or None) if last is not None else None
        case _:
            value: str | int = getattr(user, field)
            return value
