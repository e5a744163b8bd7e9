"""What a `filter` asks of users, in the core's query tree. Fields are named as in the answers.

A bare word is looked for anywhere in what names somebody: addresses, names, the id; without regard to case, as are the fields
of addresses and names. Data is compared as it is.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from muster.core import query
from muster.core.query import All, Everyone, Exists, Is, Like, Not, Query, Range, Scalar
from muster.core.users.shapes import username_key
from muster.core.users.terms import TEXT
from muster.dialects.kit.errors import BadRequest
from muster.dialects.monocloud.search.grammar import Clause, Either, Every, Negation, Node, Span, Word, read
from muster.dialects.monocloud.wire.ids import decode
from muster.dialects.monocloud.wire.users import KINDS

How = Literal["folded", "username", "exact", "time", "number", "flag", "provider"]


class Field(NamedTuple):
    """The core's name, and how a value is read."""

    name: str
    how: How


FIELDS: Final[Mapping[str, Field]] = {
    "email": Field("emails", "folded"),
    "emails.email": Field("emails", "folded"),
    "phone": Field("phones", "folded"),
    "phone_number": Field("phones", "folded"),
    "phone_numbers.phone": Field("phones", "folded"),
    "username": Field("username", "username"),
    "username.username": Field("username", "username"),
    "claims.name": Field("shown_name", "folded"),
    "claims.given_name": Field("given_name", "folded"),
    "claims.middle_name": Field("middle_name", "folded"),
    "claims.family_name": Field("family_name", "folded"),
    "claims.nickname": Field("shown_nickname", "folded"),
    "name": Field("shown_name", "folded"),
    "given_name": Field("given_name", "folded"),
    "middle_name": Field("middle_name", "folded"),
    "family_name": Field("family_name", "folded"),
    "nickname": Field("shown_nickname", "folded"),
    "disabled": Field("suspended", "flag"),
    "external_providers.provider_user_id": Field("link.subject", "exact"),
    "external_providers.authenticator": Field("link.provider", "provider"),
    "creation_time": Field("created_at", "time"),
    "last_updated": Field("updated_at", "time"),
    "last_sign_in_attempt": Field("last_attempt", "time"),
    "last_sign_in_success": Field("last_success", "time"),
    "last_activity": Field("last_active_at", "time"),
    "block_until": Field("locked_until", "time"),
    "failure_count": Field("failures", "number"),
    "sign_in_attempts_count": Field("attempts", "number"),
    "sign_in_success_count": Field("successes", "number"),
}

DATA: Final = {"private_data": "private", "public_data": "public"}

SORTS: Final[Mapping[str, str]] = {
    "creation_time": "created_at",
    "last_updated": "updated_at",
    "last_sign_in_attempt": "last_attempt",
    "last_sign_in_success": "last_success",
    "last_activity": "last_active_at",
    "block_until": "locked_until",
    "failure_count": "failures",
    "sign_in_attempts_count": "attempts",
    "sign_in_success_count": "successes",
    "given_name": "given_name",
    "middle_name": "middle_name",
    "family_name": "family_name",
    "name": "shown_name",
}
"""What users can be ordered by."""


COUNTS: Final = frozenset({"failures", "attempts", "successes"})
"""What is 0 where the core knows nothing."""


def parse(text: str | None) -> Query:
    """The query that a filter stands for; no filter asks for everyone."""
    return Everyone() if text is None or not text.strip() else _meaning(read(text))


def _meaning(node: Node) -> Query:
    match node:
        case Every(parts):
            return All(tuple(_meaning(part) for part in parts))
        case Either(parts):
            return query.Any(tuple(_meaning(part) for part in parts))
        case Negation(part):
            return Not(_meaning(part))
        case Clause(None, asked):
            return _anywhere(asked)
        case Clause("*", Word(("", ""))):
            return Everyone()
        case Clause("_exists_", Word((name,))):
            return Exists(_core_name(name))
        case Clause(name, asked):
            return _of_field(str(name), asked)


def _anywhere(asked: Word | Span) -> Query:
    if isinstance(asked, Span):
        raise _refused("a range needs a field")
    parts = tuple(part.casefold() for part in asked.parts)
    if not any(parts):
        return Everyone()
    # A word is a piece of a text wherever it stands: `*` before and after it changes nothing.
    inner = tuple(part for part in parts if part)
    return query.Any((Like(TEXT, ("", *inner, "")), _user_id(asked)))


def _of_field(name: str, asked: Word | Span) -> Query:
    if name == "user_id":
        return _user_id(asked)
    if name.partition(".")[0] in DATA:
        return _of_data(_core_name(name), asked)
    field = FIELDS.get(name)
    if field is None:
        raise _refused(f"unknown field {name[:100]}")
    return _READ[field.how](field.name, asked)


def _core_name(name: str) -> str:
    root, dot, rest = name.partition(".")
    if root in DATA and dot and rest:
        return f"{DATA[root]}.{rest}"
    if name in FIELDS:
        return FIELDS[name].name
    raise _refused(f"unknown field {name[:100]}")


def _user_id(asked: Word | Span) -> Query:
    if isinstance(asked, Span):
        raise _refused("user_id has no range")
    if len(asked.parts) > 1:
        return Like("id:monocloud", asked.parts)
    (text,) = asked.parts
    own = decode(text)
    return Is("id:monocloud", text) if own is None else Is("id", own)


def _folded(field: str, asked: Word | Span) -> Query:
    return _text(field, asked, str.casefold)


def _username(field: str, asked: Word | Span) -> Query:
    return _text(field, asked, username_key)


def _exact(field: str, asked: Word | Span) -> Query:
    return _text(field, asked, str)


def _text(field: str, asked: Word | Span, fold: Callable[[str], str]) -> Query:
    if isinstance(asked, Span):
        low, high = (None if end is None else fold(_plain(end)) for end in (asked.low, asked.high))
        return Range(field, low, high, asked.low_included, asked.high_included)
    parts = tuple(fold(part) for part in asked.parts)
    if len(parts) == 1:
        return Is(field, parts[0])
    return Like(field, parts) if any(parts) else Exists(field)


def _flag(field: str, asked: Word | Span) -> Query:
    text = "" if isinstance(asked, Span) else "*".join(asked.parts).lower()
    if text not in ("true", "false"):
        raise _refused("the value must be true or false")
    return Is(field, value=True) if text == "true" else Not(Is(field, value=True))


def _number(field: str, asked: Word | Span) -> Query:
    """A count of which the core knows nothing is 0."""
    found = _between(field, asked, factor=1)
    if isinstance(found, Range) and _is_in(0, found):
        return query.Any((found, Not(Exists(field))))
    return found


def _is_in(value: int, found: Range) -> bool:
    low, high = found.low, found.high
    return not (isinstance(low, int | float) and low > value) and not (isinstance(high, int | float) and high < value)


def _time(field: str, asked: Word | Span) -> Query:
    return _between(field, asked, factor=1000)


def _between(field: str, asked: Word | Span, *, factor: int) -> Query:
    """Of times the core holds the milliseconds, every one of which is the second that is shown."""
    last = factor - 1
    if isinstance(asked, Word):
        if asked.parts == ("", ""):
            return Exists(field)
        value = _whole(asked) * factor
        return Range(field, value, value + last)
    low = high = None
    if asked.low is not None:
        low = _whole(asked.low) * factor + (0 if asked.low_included else factor)
    if asked.high is not None:
        high = _whole(asked.high) * factor + (last if asked.high_included else -1)
    return Range(field, low, high)


def _provider(field: str, asked: Word | Span) -> Query:
    if isinstance(asked, Span) or len(asked.parts) > 1:
        raise _refused("the value must be the name of a kind of provider")
    names = [provider for provider, kind in KINDS.items() if kind == asked.parts[0]]
    return query.Any(tuple(Is(field, name) for name in names))


def _of_data(field: str, asked: Word | Span) -> Query:
    """Data has types: what stands in no quotes may be a text, a number or a truth value."""
    if isinstance(asked, Span):
        ends = [end for end in (asked.low, asked.high) if end is not None]
        numbers = [_number_of(end) for end in ends]
        if ends and None not in numbers:
            low, high = (None if end is None else _number_of(end) for end in (asked.low, asked.high))
            return Range(field, low, high, asked.low_included, asked.high_included)
        return _exact(field, asked)
    if len(asked.parts) > 1 or asked.quoted:
        return _exact(field, asked)
    text = asked.parts[0]
    values: list[Scalar] = [text]
    if text in ("true", "false"):
        values.append(text == "true")
    number = _number_of(asked)
    if number is not None:
        values.append(number)
    return query.Any(tuple(Is(field, value) for value in values))


def _number_of(word: Word) -> float | None:
    if word.quoted or len(word.parts) > 1 or not word.parts[0][-1:].isdigit():
        return None
    try:
        return float(word.parts[0])
    except ValueError:
        return None


def _whole(word: Word) -> int:
    text = _plain(word)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise _refused("the value must be a whole number")
    return int(text)


def _plain(word: Word) -> str:
    if len(word.parts) > 1:
        raise _refused("* cannot stand in a range")
    return word.parts[0]


def _refused(what: str) -> BadRequest:
    return BadRequest("filter", message=f"filter: {what}.")


_READ: Mapping[How, Callable[[str, Word | Span], Query]] = {
    "folded": _folded,
    "username": _username,
    "exact": _exact,
    "time": _time,
    "number": _number,
    "flag": _flag,
    "provider": _provider,
}
