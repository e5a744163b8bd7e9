"""What earlier answers gave, for later requests to use, and whose it is, so that it is noticed where it must not turn up."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import unquote_to_bytes

MOST_KEPT: Final = 24
"""Values of one name that are remembered at once; a newer one takes the place of any."""

FAMILIES: Final = 80
"""Things of which is remembered what they were made of."""

LONGEST: Final = 300

TOKEN: Final = re.compile(rb"[a-z0-9_|.@+:-]{10,}")
MARKERS: Final = {"default": "kestrel", "other": "osprey"}
MARKER: Final = re.compile(rb"(?:kestrel|osprey)[0-9a-f]{12}")
"""Texts in the seeded users that nothing but that tenant's answers may hold."""

TELLING: Final = re.compile(r"(?:id|mail|phone|user_?name|key|token|secret|address)(?:s|_number)?$", re.IGNORECASE)
"""Members that hold what is one tenant's alone, such as ids and addresses."""

DATE: Final = re.compile(rb"\d{4}-\d\d-\d\d(t|$)")

Kind = tuple[str, str]
"""A dialect and what a value is there: `email_address` a text, `emailaddress#` an id of one."""

Family = dict[str, list[str]]
"""What one thing of an answer held, by kind."""


class Memory:
    """The values that each tenant's answers gave, by kind, and what each tenant has said itself.

    `own` are the credentials that the run itself holds, by tenant and dialect, and `never` what they stand on, which is
    not learnt.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._known: dict[str, dict[Kind, list[str]]] = {tenant: {} for tenant in MARKERS}
        self._families: dict[tuple[str, str], deque[Family]] = {}
        self._owner: dict[bytes, str] = {}
        self._said: dict[str, set[bytes]] = {tenant: set() for tenant in MARKERS}
        self.own: dict[tuple[str, str], dict[str, str]] = {}
        self.never: set[str] = set()

    def learn(
        self, tenant: str, dialect: str, path: str, content: bytes, asked_for: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Keep what an answer to `path` gave to the tenant; `asked_for` are the kinds and values that the path held."""
        for one in _objects(_parsed(content)):
            family: Family = {kind: [text] for kind, text in asked_for}
            for kind, name, text in _values(_things(path), one):
                if text in self.never or not 1 <= len(text) <= LONGEST:
                    continue
                self._keep(tenant, (dialect, kind), text)
                family.setdefault(kind, []).append(text)
                if TELLING.search(name):
                    self._claim(tenant, text)
            self._families.setdefault((tenant, dialect), deque(maxlen=FAMILIES)).append(family)

    def forget(self, tenant: str, dialect: str, ids: Iterable[tuple[str, str]]) -> None:
        """One of these is no more, or never was."""
        for kind, text in ids:
            kept = self._known[tenant].get((dialect, kind), [])
            if text in kept:
                kept.remove(text)
                if not kept:
                    del self._known[tenant][dialect, kind]

    def _keep(self, tenant: str, kind: Kind, text: str) -> None:
        kept = self._known[tenant].setdefault(kind, [])
        if text not in kept:
            if len(kept) < MOST_KEPT:
                kept.append(text)
            else:
                kept[self._rng.randrange(MOST_KEPT)] = text

    def _claim(self, tenant: str, text: str) -> None:
        """A value belongs to whom it was first shown, unless both may know it."""
        token = text.lower().encode("utf-8", "surrogatepass")
        if TOKEN.fullmatch(token) and not DATE.match(token) and not any(token in said for said in self._said.values()):
            self._owner.setdefault(token, tenant)

    def share(self, texts: Iterable[str]) -> None:
        """These are the same in every tenant."""
        for text in texts:
            for said in self._said.values():
                said |= set(TOKEN.findall(text.lower().encode()))

    def recall(self, tenant: str, dialect: str, *kinds: str) -> str | None:
        """Something of one of these kinds that an answer gave: mostly to this tenant, sometimes to the other."""
        rng = self._rng
        if rng.random() < 0.08:
            tenant = rng.choice([each for each in MARKERS if each != tenant])
        known = self._known[tenant]
        for kind in kinds:
            if kept := known.get((dialect, kind)):
                return rng.choice(kept)
            if kind.endswith("#"):  # an `inviter_user_id` is a `user_id`
                similar = [kept for (of, other), kept in known.items() if of == dialect and kind.endswith(other)]
                if similar:
                    return rng.choice(rng.choice(similar))
        return None

    def recall_together(self, tenant: str, dialect: str, wanted: Sequence[Sequence[str]]) -> list[str] | None:
        """For each of what is wanted, by its kinds, a value: all of them from one thing of one answer."""
        found = [
            [next((family[kind] for kind in kinds if kind in family), []) for kinds in wanted]
            for family in self._families.get((tenant, dialect), ())
        ]
        whole = [values for values in found if all(values)]
        return [self._rng.choice(value) for value in self._rng.choice(whole)] if whole else None

    def recall_anything(self) -> str | None:
        """Any value of any dialect that was given to anybody."""
        known = self._known[self._rng.choice(list(self._known))]
        return self._rng.choice(known[self._rng.choice(list(known))]) if known else None

    def say(self, tenant: str, *parts: bytes) -> None:
        """Note what a request of the tenant held: an answer may give that back, whoever it is of."""
        for part in parts:
            for spelling in (part.lower(), unquote_to_bytes(part).lower()):
                self._said[tenant] |= set(TOKEN.findall(spelling)) | set(MARKER.findall(spelling))

    def foreign(self, tenant: str, content: bytes) -> set[bytes]:
        """What an answer to the tenant holds that only the other tenant can have told it."""
        lower = content.lower()
        said = self._said[tenant]
        own = MARKERS[tenant].encode()
        markers = {each for each in MARKER.findall(lower) if not each.startswith(own)}
        ids = {each for each in TOKEN.findall(lower) if self._owner.get(each, tenant) != tenant}
        return (markers | ids) - said


def kind_of(name: str) -> str:
    """What a member or a parameter named so holds: `emailAddressId` and `email_address_ids` are one, `email_address` another."""
    plain = re.sub(r"[^a-z0-9]", "", re.sub(r"(?<=[a-z])I[dD]s?$", "_id", name).lower())
    if re.search(r"(_id|Id|ID)s?$", name):
        return f"{_singular(plain.removesuffix('s').removesuffix('id'))}#"
    return _singular(plain)


def id_of(things: str) -> str:
    """The kind of an id of one of these: `email_addresses` for `email_address_id`."""
    return f"{_singular(re.sub(r'[^a-z0-9]', '', things.lower()))}#"


def _singular(plain: str) -> str:
    return plain[:-2] if plain.endswith("sses") else plain.removesuffix("s")


def _things(path: str) -> list[str]:
    """What the objects may be that a path answers with: its last segment that is no parameter; without any, the first too."""
    named = [each for each in path.split("/") if each and not each.startswith("{")]
    return [*named[-1:], *(named[:1] if "{" not in path else [])]


def _objects(value: Any) -> Iterator[Any]:
    """The single things of an answer."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        lists = [inner for inner in value.values() if isinstance(inner, list) and inner and isinstance(inner[0], dict)]
        if not lists or any(TELLING.search(name) for name, inner in value.items() if isinstance(inner, str)):
            yield value
        else:
            yield {name: inner for name, inner in value.items() if not isinstance(inner, list)}
            for inner in lists:
                yield from inner


def _values(things: list[str], value: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Each text of an answer with its kind and its member's name; an `id` is one of the list or member that it is in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "identities":  # holds the halves of ids, which are ids of nothing
                continue
            within = things if key in ("data", "errors") or not isinstance(inner, (dict, list)) else [key]
            yield from _values(within, inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(things, inner, name)
    elif isinstance(value, str):
        for kind in [id_of(thing) for thing in things] if name in ("id", "Id") else [kind_of(name)]:
            yield kind, name, value


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
