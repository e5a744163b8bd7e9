"""What a user can be found by: one term per scalar that some dialect can search. Kept in step with the document on save.

Names on the left are the core's; each dialect maps its own words to them. Activity is not here: signing in writes no term.
"""

import hashlib
from itertools import islice
from typing import Any

from muster.core.query import Scalar
from muster.core.users.model import Document, User
from muster.core.users.shown import primary, shown_email, shown_name, shown_nickname

LONGEST_TEXT = 200
"""Bytes of a text that are kept as they are; a longer one is cut and told apart by a hash (PostgreSQL refuses longer keys)."""

SHORT = LONGEST_TEXT // 4
"""So many characters are never more bytes than `LONGEST_TEXT`: none takes more than four."""

MOST_TERMS = 1_000
"""A user with more is never refused: the rest is not indexed and the user is marked as a candidate of every search."""

TERMS_VERSION = 1
"""Grows whenever this module finds more in a document than before, so that older rows can be indexed again."""


Term = tuple[str, str | float]
"""One searchable fact: a field and its value. A truth value is the number 1 or 0 under a field of its own (`<field>?`).

A plain tuple, because a write makes a hundred of them."""


def term(field: str, value: Scalar) -> Term:
    """The stored form of a fact, the same for writing and for asking."""
    if isinstance(value, str):
        return field, value if len(value) <= SHORT else _cut(value)
    if isinstance(value, bool):
        return f"{field}?", 1.0 if value else 0.0
    try:
        return field, float(value)
    except OverflowError:  # a whole number beyond a double's range is compared as text
        return field, _cut(str(value))


def terms_of(user: User) -> tuple[frozenset[Term], bool]:
    """The user's terms, at most `MOST_TERMS`, and whether some were left out."""
    facts = dict.fromkeys(facts_of(user))
    if len(facts) <= MOST_TERMS:
        return frozenset(facts), False
    return frozenset(islice(facts, MOST_TERMS)), True


def facts_of(user: User) -> list[Term]:
    """Every fact of the user, in a fixed order; some may stand there twice."""
    found = [*_addresses(user), *_names(user), ("realm", user.realm), ("connection", user.realm)]
    if user.external_id is not None:
        found.append(term("external_id", user.external_id))
    if user.suspended is not None:
        found.append(term("suspended", user.suspended))
    for foreign in user.foreign_ids:
        found.append(term(f"id:{foreign.kind}", foreign.value))
    for link in user.links:
        found.append(term("connection", link.connection_id))
        found.append(term("link.provider", link.provider))
        found.append(term("link.subject", link.subject))
    metadata = user.metadata
    for name, document in (("private", metadata.private), ("unsafe", metadata.unsafe), ("public", metadata.public)):
        if document:
            _look_inside(name, document, found)
    return found


def _addresses(user: User) -> list[Term]:
    found: list[Term] = []
    email = shown_email(user)
    if email is not None:
        found.append(term("email", email.address))
        found.append(term("email.domain", email.address.rpartition("@")[2]))
        found.append(term("email_verified", email.verified))
    for kind, addresses in (("emails", user.emails), ("phones", user.phones), ("wallets", user.wallets)):
        found.extend(term(kind, address.value) for address in addresses)
    phone = primary(user.phones)
    if phone is not None:
        found.append(term("phone", phone.value))
        found.append(term("phone_verified", phone.verified))
    return found


def _names(user: User) -> list[Term]:
    profile = user.profile
    found = [
        term("shown_name", shown_name(user).casefold()),
        term("shown_nickname", shown_nickname(user).casefold()),
    ]
    if user.username is not None:
        found.append(term("username", user.username.key))
    for field, value in (
        ("given_name", profile.given_name),
        ("family_name", profile.family_name),
        ("middle_name", profile.middle_name),
    ):
        if value is not None:
            found.append(term(field, value.casefold()))
    return found


def _look_inside(path: str, document: Document, found: list[Term]) -> None:
    """Every scalar below a path; arrays are transparent, a dot inside a key is written with a backslash."""
    waiting: list[tuple[str, Any]] = [(path, document)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                below = f"{at}.{key}" if "." not in key else f"{at}.{key.replace('.', chr(92) + '.')}"
                if isinstance(inner, str) and len(inner) <= SHORT and len(below) <= SHORT:  # nearly all of them
                    found.append((below, inner))
                else:
                    waiting.append((below, inner))
        elif isinstance(value, list):
            waiting.extend((at, inner) for inner in value)
        elif value is not None:
            found.append(term(_cut(at), value))


def _cut(text: str) -> str:
    if len(text) <= SHORT:
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= LONGEST_TEXT:
        return text
    return raw[:LONGEST_TEXT].decode("utf-8", "ignore") + "…" + hashlib.sha256(raw).hexdigest()
