"""Claims: what a verifiable-credential API says of a user, in one truth with the profile that every other API sees.

Members that both know are *shared*. A shared text is kept in the profile, and `User.claims_view` remembers whose it is: `own`
when it was written as a claim, `hidden` when a write of all claims left it out although another API had written it. So what was
written is what is read, and a write that knows nothing of another program's names cannot wipe them. Addresses and numbers given
as claims are contacts: kept beside the proved ones, never unique. Every function here is pure.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import asdict, replace

from muster.core.query import All, Is, Query
from muster.core.users.model import Address, Document, PostalAddress, Profile, User
from muster.core.users.shown import full_name, primary

TEXTS: Final = tuple(name for name in Profile.__struct_fields__ if name not in ("address", "custom"))
"""The shared texts, which the profile keeps."""

ADDRESS_PARTS: Final = frozenset(PostalAddress.__struct_fields__)

CONTACTS: Final = (("email", "email_verified"), ("phone_number", "phone_number_verified"))
"""Shared with the primary e-mail address and phone number; each pair comes from one place."""

SHARED_FACTS: Final = len(TEXTS) + 1 + len(ADDRESS_PARTS) + 4
"""The most facts that shared members make."""

_canonical: Final = msgspec.json.Encoder(order="sorted").encode
_WHOLE: Final = 2.0**53


def shown_claims(user: User) -> Document:
    """The claims as they are shown: what was written as claims, over the shared members that are not hidden."""
    shared = _shared(user)
    for pair in CONTACTS:
        if any(name in user.claims for name in pair):
            for name in pair:
                shared.pop(name, None)
    for name, view in user.claims_view.items():
        if view == "hidden":
            shared.pop(name, None)
    return {**shared, **user.claims}


def replace_claims(user: User, sent: Document) -> User:
    """All claims are what was sent.

    A shared member that is left out is deleted where it was written as a claim, else only hidden here. One that is sent as it
    is shown stores nothing: a default or another API's value does not become a claim by being sent back.
    """
    shared = _shared(user)
    kept = {name for name in sent if name not in TEXTS and name != "address" and not _is_contact(name)}
    changes: dict[str, Any] = {}
    view: dict[str, Literal["own", "hidden"]] = {}
    for name in (*TEXTS, "address"):
        own, there = user.claims_view.get(name) == "own", name in sent
        if there and _fits(name, sent[name]):
            if sent[name] != shared.get(name):
                changes[name] = PostalAddress(**sent[name]) if name == "address" else sent[name]
                view[name] = "own"
            elif own:
                view[name] = "own"
            continue
        if there:
            kept.add(name)
        if own:
            changes[name] = None
        elif name in shared and not there:
            view[name] = "hidden"
    for pair in CONTACTS:
        given = [name for name in pair if name in sent]
        if any(name not in shared or not _same(sent[name], shared[name]) for name in given):
            kept.update(given)
        else:
            view.update({name: "hidden" for name in pair if name in shared and name not in given})
    claims = {name: value for name, value in sent.items() if name in kept}
    image = None if "picture" in changes else user.image
    profile = _with_names(user.profile, changes, named="name" in sent)
    return replace(user, profile=profile, image=image, claims=claims, claims_view=view)


def is_same_document(one: Document, other: Document) -> bool:
    """Whether two documents are the same as JSON: in Python 1 equals true."""
    return _canonical(one) == _canonical(other)


def forget_contact(user: User, kind: Literal["email", "phone"]) -> User:
    """Another API wrote the shown address or number: what was said of it as a claim no longer counts."""
    names = CONTACTS[0] if kind == "email" else CONTACTS[1]
    if not any(name in user.claims or name in user.claims_view for name in names):
        return user
    claims = {name: value for name, value in user.claims.items() if name not in names}
    view = {name: value for name, value in user.claims_view.items() if name not in names}
    return replace(user, claims=claims, claims_view=view)


def _shared(user: User) -> Document:
    """The shared members as other APIs have them."""
    profile = user.profile
    shared: Document = {name: value for name in TEXTS if (value := getattr(profile, name)) is not None}
    if profile.address is not None:
        shared["address"] = {name: part for name, part in asdict(profile.address).items() if part is not None}
    own: list[tuple[tuple[str, str], Address | None]] = [
        (CONTACTS[0], primary(user.emails)),
        (CONTACTS[1], primary(user.phones)),
    ]
    for (value, verified), address in own:
        if address is not None:
            shared[value] = address.value
            shared[verified] = address.verified
    return shared


def _with_names(before: Profile, changes: dict[str, Any], *, named: bool) -> Profile:
    """The profile with the changes; a name that was joined from its parts is joined again, unless one was sent."""
    after: Profile = replace(before, **changes)
    if not named and "name" not in changes and before.name is not None and before.name == full_name(before):
        return replace(after, name=full_name(after))
    return after


def _is_contact(name: str) -> bool:
    return any(name in pair for pair in CONTACTS)


def _fits(name: str, value: Any) -> bool:
    """Whether the profile can hold the value; what it cannot stays a claim of its own."""
    if name != "address":
        return isinstance(value, str)
    return (
        isinstance(value, dict)
        and bool(value)
        and value.keys() <= ADDRESS_PARTS
        and all(isinstance(part, str) for part in value.values())
    )


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


# ---------------------------------------------------------------------------------------------------------------- search


def claim_facts(user: User) -> Iterator[tuple[str, str | float | bool]]:
    """Every claim that is shown, by the field that `claims_query` asks for.

    Unlike in metadata a list is one value, told by its canonical text: a search for one of its elements does not find it.
    """
    waiting: list[tuple[str, Any]] = [("claims", shown_claims(user))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            if path != "claims":
                yield f"{{{path}", 1.0
            waiting.extend((_below(path, name), inner) for name, inner in value.items())
        else:
            yield _told(path, value)


def claims_query(wanted: Document) -> Query:
    """Users whose shown claims have all that is wanted: objects as parts at every depth, everything else equal."""
    parts: list[Query] = []
    waiting: list[tuple[str, Any]] = [("claims", wanted)]
    while waiting:
        path, value = waiting.pop()
        if not isinstance(value, dict):
            field, told = _told(path, value)
            parts.append(Is(field, told))
        elif value:
            waiting.extend((_below(path, name), inner) for name, inner in value.items())
        elif path != "claims":
            parts.append(Is(f"{{{path}", 1.0))
    return All(tuple(parts))


def _told(path: str, value: Any) -> tuple[str, str | float | bool]:
    if isinstance(value, list):
        return f"[{path}", _canonical(_plain(value)).decode()
    return (f"~{path}", 1.0) if value is None else (path, value)


def _below(path: str, name: str) -> str:
    """A path in which no two different keys are alike."""
    return f"{path}.{name.replace(chr(92), chr(92) * 2).replace('.', chr(92) + '.')}"


def _plain(value: Any) -> Any:
    """The value with its numbers in one spelling: 1.0 is 1."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return int(value)
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value
