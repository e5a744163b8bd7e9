"""The search language of `q`: exact terms, joined by AND. Field names are this vendor's; the tree is the core's.

`email:"jane@example.com" AND app_metadata.plan:pro`. A value in quotes is taken as it stands, a bare one up to the next blank;
a backslash takes the next character as it is. What the language has beyond that is refused by name, at its place.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from muster.core.query import All, Is, Query
from muster.core.records import Key
from muster.core.users.shapes import username_key
from muster.dialects.auth0.wire.ids import parse_user_id
from muster.dialects.kit.errors import BadRequest

MOST_BYTES = 4_096
MOST_CLAUSES = 64

FOLDED = {
    "email": "email",
    "email.domain": "email.domain",
    "name": "shown_name",
    "nickname": "shown_nickname",
    "given_name": "given_name",
    "family_name": "family_name",
}
"""Fields that are compared without case, and the core's terms for them."""

EXACT = {"phone_number": "phone"}

TRUTHS = {"email_verified": "email_verified", "phone_verified": "phone_verified", "blocked": "suspended"}

METADATA = {"app_metadata": "private", "user_metadata": "unsafe"}

_FIELD = re.compile(r"\s*([A-Za-z_][\w.\-]*(?:\\.[\w.\-]*)*):")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"(?:[^\s\"()\[\]{}\\]|\\.)+")
_NEXT = re.compile(r"\s+(AND)\s+(?=\S)|\s*\Z")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


class Asked(NamedTuple):
    """One `field:value`; `quoted` says whether the value stood in quotes."""

    field: str
    value: str
    quoted: bool


def parse(q: str, connections: Mapping[str, str]) -> Query | None:
    """The query tree of a `q`, or None when nobody can match it; `connections` leads from names to ids.

    `BadRequest("invalid_query_string")` points at the character that cannot be read.
    """
    if len(q.encode()) > MOST_BYTES:
        raise BadRequest("uri_too_long")
    clauses: list[Query | None] = []
    at, more = 0, True
    while more:
        if len(clauses) == MOST_CLAUSES:
            raise _invalid(f"more than {MOST_CLAUSES} clauses")
        asked, at = _clause(q, at)
        clauses.append(_meaning(asked, at, connections))
        joined = _NEXT.match(q, at)
        if joined is None:
            raise _unreadable(q, at)
        at, more = joined.end(), joined[1] is not None
    parts = tuple(clause for clause in clauses if clause is not None)
    if len(parts) != len(clauses):
        return None
    return parts[0] if len(parts) == 1 else All(parts)


def _clause(q: str, at: int) -> tuple[Asked, int]:
    field = _FIELD.match(q, at)
    if field is None:
        raise _unreadable(q, at)
    at = field.end()
    quoted = _QUOTED.match(q, at)
    if quoted is not None:
        return Asked(field[1], _ESCAPED.sub(r"\1", quoted[1]), quoted=True), quoted.end()
    bare = _BARE.match(q, at)
    if bare is None or "*" in _ESCAPED.sub("", bare[0]) or "?" in _ESCAPED.sub("", bare[0]):
        raise _unreadable(q, at)
    return Asked(field[1], _ESCAPED.sub(r"\1", bare[0]), quoted=False), bare.end()


def _meaning(asked: Asked, at: int, connections: Mapping[str, str]) -> Query | None:
    """What a clause asks of the core; None for what no user can be."""
    field, value, quoted = asked
    root, _, path = field.partition(".")
    if root in METADATA and path:
        return _in_metadata(f"{METADATA[root]}.{path}", value, quoted=quoted)
    if field in FOLDED:
        return Is(FOLDED[field], value.lower() if field == "email" else value.casefold())
    if field in EXACT:
        return Is(EXACT[field], value)
    if field in TRUTHS:
        return Is(TRUTHS[field], value == "true") if value in ("true", "false") else None
    if field == "username":
        return Is("username", value) if value == username_key(value) else None
    if field == "user_id":
        return _by_id(value)
    if field == "identities.connection":
        return Is("connection", connections[value]) if value in connections else None
    if field == "logins_count":
        return Is("logins", float(value)) if _NUMBER.fullmatch(value) else None
    raise _invalid(f"unknown field '{field[:100]}' before position {at}")


def _by_id(value: str) -> Query | None:
    if "|" not in value:
        return None
    key = parse_user_id(value)
    return Is(key.kind, key.value) if isinstance(key, Key) else Is("id", key)


def _in_metadata(path: str, value: str, *, quoted: bool) -> Query:
    """Metadata is typed: an unquoted number or truth value finds those, text in quotes finds text."""
    if not quoted and value in ("true", "false"):
        return Is(path, value == "true")
    if not quoted and _NUMBER.fullmatch(value):
        return Is(path, float(value))
    return Is(path, value)


def _unreadable(q: str, at: int) -> BadRequest:
    shown = q[at : at + 20].strip() or "the end"
    return _invalid(f"cannot be read at position {at + 1}, near '{shown}'")


def _invalid(problem: str) -> BadRequest:
    return BadRequest("invalid_query_string", message=f"Query validation error: 'Invalid q: {problem}' on property q.")
