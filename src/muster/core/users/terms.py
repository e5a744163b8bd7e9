"""What a user can be found by: one fact per scalar that some dialect can search. Storage keeps one row per fact, a *term*, in
step with the document.

Names on the left are the core's; each dialect maps its own words to them. Activity is not here: signing in writes no term.
"""

import hashlib
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from muster.core.query import Scalar
from muster.core.users.claims import SHARED_FACTS, claim_facts
from muster.core.users.model import Document, Metadata, User
from muster.core.users.shapes import username_key
from muster.core.users.shown import full_name, primary, shown_email, shown_name, shown_nickname

LONGEST_TEXT: Final = 200
"""Bytes of a text that are kept as they are; a longer one is cut and told apart by a hash (PostgreSQL refuses longer keys)."""

SHORT: Final = LONGEST_TEXT // 4
"""So many characters are never more bytes than `LONGEST_TEXT`: none takes more than four."""

CUT: Final = "…"
"""Stands between the beginning of a text that was cut and the 64 digits of its hash."""

MOST_TERMS: Final = 1_000
"""A user with more is never refused: the rest is not indexed and the user is marked as a candidate of every search."""

TERMS_VERSION: Final = 1
"""Grows whenever this module finds more in a document than before, so that older rows can be indexed again.

The index `users_to_look_at` names the number too, so a migration must make it anew."""

TEXT: Final = "text"
"""The field whose values are a user's `identifying_texts`."""

Fact = tuple[str, str | float]
"""A field and one value of it. A truth value is the number 1 or 0 under the field's name with a `?` before it, and an object
that is not empty is the number 1 under its name with a `{` before it: no field begins with either.

A plain tuple, because a write makes a hundred of them."""

Term = tuple[str, str | float]
"""A fact in the form in which it is stored: its text is cut."""


class Moved(NamedTuple):
    """What a change does to the terms: those that go, those that come, and whether some are left out afterwards."""

    freed: frozenset[Term]
    added: frozenset[Term]
    overflow: bool


def fact(field: str, value: Scalar) -> Fact:
    """A value as a fact of its field, the same for writing and for asking."""
    if isinstance(value, str):
        return field, value
    if isinstance(value, bool):
        return f"?{field}", 1.0 if value else 0.0
    try:
        return field, float(value)
    except OverflowError:  # a whole number beyond a double's range is compared as text
        return field, str(value)


def term(field: str, value: Scalar) -> Term:
    """The stored form of a fact."""
    return _stored([fact(field, value)])[0]


def terms_of(user: User) -> tuple[frozenset[Term], bool]:
    """The user's terms, at most `MOST_TERMS`, and whether some were left out. An internal user has none."""
    if user.internal:
        return frozenset(), False
    terms = dict.fromkeys(_stored(facts_of(user)))
    if len(terms) <= MOST_TERMS:
        return frozenset(terms), False
    return frozenset(islice(terms, MOST_TERMS)), True


def moved_terms(before: User, after: User) -> Moved:
    """What changes between two states of a user. Parts that are the same in both are not looked into."""
    if before.internal or after.internal or _most_facts(before) > MOST_TERMS or _most_facts(after) > MOST_TERMS:
        had, (wants, overflow) = terms_of(before)[0], terms_of(after)
        return Moved(had - wants, wants - had, overflow)
    lost: list[Fact] = []
    made: list[Fact] = []
    if names_changed(before, after):
        lost, made = _own_facts(before), _own_facts(after)
    for name, old, new in zip(DOCUMENTS, _json(before.metadata), _json(after.metadata), strict=True):
        if old != new:
            _differences(name, old, new, lost, made)
    had, wants = frozenset(_stored(lost)), frozenset(_stored(made))
    return Moved(had - wants, wants - had, overflow=False)


def names_changed(before: User, after: User) -> bool:
    """Whether anything beside the metadata may be found in another way than before."""
    return any(getattr(before, part) is not getattr(after, part) for part in _OWN_PARTS)


def facts_of(user: User) -> list[Fact]:
    """Every fact of the user, in a fixed order; some may stand there twice."""
    found = _own_facts(user)
    for name, document in zip(DOCUMENTS, _documents(user.metadata), strict=True):
        if document:
            _look_inside(name, document, found)
    return found


def identifying_texts(user: User) -> list[str]:
    """What people type to find somebody, case folded, each once: addresses, names, the id."""
    email = shown_email(user)
    profile = user.profile
    texts = [
        *(address.value for address in (*user.emails, *user.phones, *user.wallets)),
        email.address if email is not None else None,
        user.username.key if user.username is not None else None,
        shown_name(user),
        full_name(profile),
        profile.given_name,
        profile.family_name,
        user.id,
    ]
    return list(dict.fromkeys(text.casefold() for text in texts if text))


_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode: Final = msgspec.json.Decoder().decode

DOCUMENTS: Final = ("private", "unsafe", "public")

_OWN_PARTS: Final = (
    *("id", "realm", "external_id", "foreign_ids", "emails", "phones", "username", "wallets", "profile", "claims"),
    *("claims_view", "links", "suspended", "groups", "hub_roles", "organizations"),
)
"""What `_own_facts` and `identifying_texts` look at."""


def _documents(metadata: Metadata) -> tuple[Document | None, ...]:
    return metadata.private, metadata.unsafe, metadata.public


def _json(metadata: Metadata) -> tuple[bytes, ...]:
    return bytes(metadata.private_json), bytes(metadata.unsafe_json), bytes(metadata.public_json)


def _own_facts(user: User) -> list[Fact]:
    """All but the metadata."""
    found: list[Fact] = [*_addresses(user), *_names(user), ("realm", user.realm), ("connection", user.realm)]
    if user.external_id is not None:
        found.append(("external_id", user.external_id))
    found.extend(("hub_role", username_key(role)) for role in user.hub_roles)
    if user.suspended is not None:
        found.append(fact("suspended", user.suspended))
    for foreign in user.foreign_ids:
        found.append((f"id:{foreign.kind}", foreign.value))
    found.extend(("organization", id_) for id_ in user.organizations)
    for membership in user.groups:
        found.append(("group", membership.group_id))
        found.append((f"group_joined:{membership.group_id}", float(membership.joined_at)))
    found.extend(fact(field, value) for field, value in claim_facts(user))
    for link in user.links:
        found.append(("link", f"{link.connection_id} {link.subject}"))
        found.append(("connection", link.connection_id))
        found.append(("link.provider", link.provider))
        found.append(("link.subject", link.subject))
        found.append(fact("link.social", link.kind == "social"))
        if link.profile:
            _look_inside("link.profile", link.profile, found)
    return found


def _addresses(user: User) -> list[Fact]:
    found: list[Fact] = []
    email = shown_email(user)
    if email is not None:
        found.append(("email", email.address))
        found.append(("email.domain", email.address.rpartition("@")[2]))
        found.append(fact("email_verified", email.verified))
    for kind, addresses in (("emails", user.emails), ("phones", user.phones), ("wallets", user.wallets)):
        found.extend((kind, address.value) for address in addresses)
        found.extend(("address", address.id) for address in addresses)
    phone = primary(user.phones)
    if phone is not None:
        found.append(("phone", phone.value))
        found.append(fact("phone_verified", phone.verified))
    return found


def _names(user: User) -> list[Fact]:
    profile = user.profile
    found: list[Fact] = [
        ("shown_name", shown_name(user).casefold()),
        ("shown_nickname", shown_nickname(user).casefold()),
    ]
    if user.username is not None:
        found.append(("username", user.username.key))
    for field, value in (
        ("given_name", profile.given_name),
        ("family_name", profile.family_name),
        ("middle_name", profile.middle_name),
        ("full_name", full_name(profile)),
    ):
        if value is not None:
            found.append((field, value.casefold()))
    return found


def _look_inside(path: str, value: Any, found: list[Fact]) -> None:
    """Every scalar below a path; arrays are transparent, a dot inside a key is written with a backslash."""
    waiting: list[tuple[str, Any]] = [(path, value)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict):
            if value:
                found.append((f"{{{at}", 1.0))
            for key, inner in value.items():
                below = f"{at}.{key}" if "." not in key else _below(at, key)
                if isinstance(inner, str):  # most of them
                    found.append((below, inner))
                elif isinstance(inner, bool):
                    found.append((f"?{below}", 1.0 if inner else 0.0))
                else:
                    waiting.append((below, inner))
        elif isinstance(value, list):
            waiting.extend((at, inner) for inner in value)
        elif value is not None:
            found.append(fact(at, value))


def _below(path: str, key: str) -> str:
    return f"{path}.{key.replace('.', chr(92) + '.')}"


def _differences(name: str, old: bytes, new: bytes, lost: list[Fact], made: list[Fact]) -> None:
    """Look only into what stands under the keys that changed."""
    before, after = (_members(json) if json else {} for json in (old, new))
    twins = any("\\" in key for key in (*before, *after))  # then two keys may lead to one path
    for of, other, found in ((before, after, lost), (after, before, made)):
        if of:
            found.append((f"{{{name}", 1.0))
        for key, value in of.items():
            if twins or other.get(key) != value:
                _look_inside(f"{name}.{key}" if "." not in key else _below(name, key), _decode(value), found)


def _most_facts(user: User) -> int:
    """At least as many facts as the user has, without making them."""
    addresses = len(user.emails) + len(user.phones) + len(user.wallets) + len(user.foreign_ids)
    fixed = (
        20
        + addresses
        + len(user.organizations)
        + 2 * len(user.groups)
        + 5 * len(user.links)
        + sum(_size(link.profile) for link in user.links)
    )
    fixed += SHARED_FACTS + (sum(1 for _ in claim_facts(user)) if user.claims else 0)
    shortest = sum(map(len, _json(user.metadata))) // 2  # a scalar and its comma
    if fixed + shortest <= MOST_TERMS:
        return fixed + shortest
    return fixed + _size([document or {} for document in _documents(user.metadata)])


def _size(document: object) -> int:
    """How many objects and scalars there are."""
    counted = 0
    waiting: list[Iterable[Any]] = [[document]]
    while waiting:
        for value in waiting.pop():
            if isinstance(value, dict):
                counted += 1
                waiting.append(value.values())
            elif isinstance(value, list):
                waiting.append(value)
            else:
                counted += 1
    return counted


def _stored(facts: list[Fact]) -> list[Term]:
    return [
        known if isinstance(known[1], float) or len(known[1]) <= SHORT else (known[0], cut(known[1])) for known in facts
    ]


def cut(text: str) -> str:
    """The text as a term holds it: whole, or its beginning and a hash of all of it."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= LONGEST_TEXT:
        return text
    return raw[:LONGEST_TEXT].decode("utf-8", "ignore") + CUT + hashlib.sha256(raw).hexdigest()
