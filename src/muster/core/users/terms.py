"""What a user can be found by: one term per scalar that some dialect can search. Kept in step with the document on save.

Names on the left are the core's; each dialect maps its own words to them. Activity is not here: signing in writes no term.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from muster.core.query import Scalar
from muster.core.users.model import User
from muster.core.users.shown import shown_email, shown_name, shown_nickname

LONGEST_TEXT = 200
"""Bytes of a text that are kept as they are; a longer one is cut and told apart by a hash (PostgreSQL refuses longer keys)."""

MOST_TERMS = 1_000
"""A user with more is never refused: the rest is not indexed and the user is marked as a candidate of every search."""

TERMS_VERSION = 1
"""Grows whenever this module finds more in a document than before, so that older rows can be indexed again."""


class Term(NamedTuple):
    """One searchable fact. Truth values are kept as the numbers 1 and 0 under a field of their own (`<field>?`)."""

    field: str
    value: str | float


def term(field: str, value: Scalar) -> Term:
    """The stored form of a fact, the same for writing and for asking."""
    if isinstance(value, str):
        return Term(field, _cut(value))
    if isinstance(value, bool):
        return Term(f"{field}?", 1.0 if value else 0.0)
    try:
        return Term(field, float(value))
    except OverflowError:  # a whole number beyond a double's range is compared as text
        return Term(field, _cut(str(value)))


def terms_of(user: User) -> tuple[frozenset[Term], bool]:
    """The user's terms, at most `MOST_TERMS`, and whether some were left out."""
    found: set[Term] = set()
    for fact in facts_of(user):
        if len(found) >= MOST_TERMS:
            return frozenset(found), True
        found.add(fact)
    return frozenset(found), False


def facts_of(user: User) -> Iterator[Term]:
    yield from _addresses(user)
    yield from _names(user)
    if user.external_id is not None:
        yield term("external_id", user.external_id)
    if user.suspended is not None:
        yield term("suspended", user.suspended)
    for foreign in user.foreign_ids:
        yield term(f"id:{foreign.kind}", foreign.value)
    yield term("realm", user.realm)
    yield term("connection", user.realm)
    for link in user.links:
        yield term("connection", link.connection_id)
        yield term("link.provider", link.provider)
        yield term("link.subject", link.subject)
    for name in ("private", "unsafe", "public"):
        document = getattr(user.metadata, name)
        if document:
            yield from _inside(name, document)


def _addresses(user: User) -> Iterator[Term]:
    email = shown_email(user)
    if email is not None:
        yield term("email", email.address)
        yield term("email.domain", email.address.rpartition("@")[2])
        yield term("email_verified", email.verified)
    for kind, addresses in (("emails", user.emails), ("phones", user.phones), ("wallets", user.wallets)):
        for address in addresses:
            yield term(kind, address.value)
    for phone in user.phones:
        if phone.primary:
            yield term("phone", phone.value)
            yield term("phone_verified", phone.verified)


def _names(user: User) -> Iterator[Term]:
    if user.username is not None:
        yield term("username", user.username.key)
    for field in ("given_name", "family_name", "middle_name"):
        value = getattr(user.profile, field)
        if value is not None:
            yield term(field, value.casefold())
    yield term("shown_name", shown_name(user).casefold())
    yield term("shown_nickname", shown_nickname(user).casefold())


def _inside(path: str, document: Any) -> Iterator[Term]:
    """Every scalar below a path; arrays are transparent, a dot inside a key is written with a backslash."""
    waiting: list[tuple[str, Any]] = [(path, document)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(
                (f"{at}.{key}" if "." not in key else f"{at}.{key.replace('.', chr(92) + '.')}", inner)
                for key, inner in value.items()
            )
        elif isinstance(value, list):
            waiting.extend((at, inner) for inner in value)
        elif value is not None:
            yield term(_cut(at), value)


def _cut(text: str) -> str:
    if len(text) <= LONGEST_TEXT // 4:  # no character takes more than four bytes
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= LONGEST_TEXT:
        return text
    return raw[:LONGEST_TEXT].decode("utf-8", "ignore") + "…" + hashlib.sha256(raw).hexdigest()
