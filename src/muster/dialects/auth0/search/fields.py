"""What can be searched for, under this vendor's names, and what each kind of field asks of the core."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from muster.core.connections.model import Connection
from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Query, Range
from muster.core.users.shapes import username_key
from muster.dialects.auth0.schema.connections import STRATEGIES
from muster.dialects.auth0.search.grammar import Field, Span, Unreadable, Word
from muster.dialects.auth0.search.ids import FOREIGN, id_between, id_like, is_id, like_rest
from muster.dialects.auth0.search.moments import period
from muster.dialects.auth0.wire.ids import NATIVE
from muster.dialects.auth0.wire.users import PROFILE_DATA, PROVIDERS

NOBODY = Any(())

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]+")


class Searchable(Protocol):
    """A field that can be searched; what it cannot be asked is `Unreadable`, at its place."""

    def equal(self, word: Word) -> Query:
        """The whole value is this."""

    def like(self, word: Word) -> Query:
        """The value has these texts around its wildcards."""

    def within(self, span: Span) -> Query:
        """The value lies in the range, of which one end at least is given."""

    def exists(self) -> Query:
        """There is a value."""


class Texts(NamedTuple):
    """A text, folded as the core folds that term."""

    core: str
    fold: Callable[[str], str] = str

    def equal(self, word: Word) -> Query:
        return Is(self.core, self.fold(word.text))

    def like(self, word: Word) -> Query:
        return Like(self.core, tuple(self.fold(part) for part in word.parts))

    def within(self, span: Span) -> Query:
        low, high = (self.fold(end.text) if end is not None else None for end in (span.low, span.high))
        return Range(self.core, low, high, span.low_included, span.high_included)

    def exists(self) -> Query:
        return Exists(self.core)


class Truth(NamedTuple):
    core: str

    def equal(self, word: Word) -> Query:
        if word.text not in ("true", "false"):
            raise Unreadable("this field is either true or false", word.at)
        return Is(self.core, word.text == "true")

    def like(self, word: Word) -> Query:
        raise _no_wildcards(word)

    def within(self, span: Span) -> Query:
        raise _no_range(span)

    def exists(self) -> Query:
        return Exists(self.core)


class Number(NamedTuple):
    core: str

    def equal(self, word: Word) -> Query:
        return Is(self.core, self._read(word))

    def like(self, word: Word) -> Query:
        raise _no_wildcards(word)

    def within(self, span: Span) -> Query:
        low, high = (self._read(end) if end is not None else None for end in (span.low, span.high))
        return Range(self.core, low, high, span.low_included, span.high_included)

    def exists(self) -> Query:
        return Exists(self.core)

    def _read(self, word: Word) -> float:
        if not _NUMBER.fullmatch(word.text):
            raise Unreadable("this field is a number", word.at)
        return float(word.text)


class Moment(NamedTuple):
    """A time. A day or a month means all of it: a range that includes its end includes the whole day."""

    core: str

    def equal(self, word: Word) -> Query:
        first, last = self._read(word)
        return Range(self.core, first, last)

    def like(self, word: Word) -> Query:
        raise _no_wildcards(word)

    def within(self, span: Span) -> Query:
        low = high = None
        if span.low is not None:
            first, last = self._read(span.low)
            low = first if span.low_included else last + 1
        if span.high is not None:
            first, last = self._read(span.high)
            high = last if span.high_included else first - 1
        return Range(self.core, low, high)

    def exists(self) -> Query:
        return Exists(self.core)

    def _read(self, word: Word) -> tuple[int, int]:
        meant = period(word.text)
        if meant is None:
            raise Unreadable("this field is a date, YYYY-MM-DD, YYYY-MM or all of ISO 8601", word.at)
        return meant


class ShownId:
    """`user_id`."""

    def equal(self, word: Word) -> Query:
        return is_id(word.text)

    def like(self, word: Word) -> Query:
        return id_like(word.parts)

    def within(self, span: Span) -> Query:
        low, high = (end.text if end is not None else None for end in (span.low, span.high))
        return id_between(low, high, low_included=span.low_included, high_included=span.high_included)

    def exists(self) -> Query:
        return Everyone()


class Metadata(NamedTuple):
    """A path in a document of programs. It is typed: a bare number or truth value also finds those, quoted text only text."""

    core: str
    open: bool
    """Whether wildcards and ranges are available."""

    def equal(self, word: Word) -> Query:
        text = Is(self.core, word.text)
        if word.quoted:
            return text
        if word.text in ("true", "false"):
            return Any((Is(self.core, word.text == "true"), text))
        if _WHOLE.fullmatch(word.text):
            return Any((Is(self.core, int(word.text)), text))
        if _NUMBER.fullmatch(word.text):
            return Any((Is(self.core, float(word.text)), text))
        return text

    def like(self, word: Word) -> Query:
        if not self.open:
            raise Unreadable("user_metadata has no wildcards", word.at)
        return Like(self.core, word.parts)

    def within(self, span: Span) -> Query:
        if not self.open:
            raise Unreadable("user_metadata has no ranges", span.at)
        ends = [end for end in (span.low, span.high) if end is not None]
        if all(_NUMBER.fullmatch(end.text) and not end.quoted for end in ends):
            return Number(self.core).within(span)
        return Texts(self.core).within(span)

    def exists(self) -> Query:
        return Exists(self.core)


class IdentityConnection(NamedTuple):
    """`identities.connection`: programs know connections by name, the core keeps their ids."""

    connections: Sequence[Connection]

    def equal(self, word: Word) -> Query:
        return self.like(word)

    def like(self, word: Word) -> Query:
        return either([Is("connection", one.id) for one in self.connections if fits(one.name, word.parts)])

    def within(self, span: Span) -> Query:
        raise _no_range(span)

    def exists(self) -> Query:
        return Everyone()


class IdentityProvider(NamedTuple):
    """`identities.provider`: for accounts of our own it follows from their connection, for others it is kept with the link."""

    connections: Sequence[Connection]

    def equal(self, word: Word) -> Query:
        return self.like(word)

    def like(self, word: Word) -> Query:
        own = [
            Is("connection", one.id)
            for one in self.connections
            if one.kind in ("database", "passwordless") and fits(_provider_of(one), word.parts)
        ]
        shown_as = {**{name: name for name in STRATEGIES}, **PROVIDERS}
        return either(
            [*own, *(Is("link.provider", core) for core, shown in shown_as.items() if fits(shown, word.parts))]
        )

    def within(self, span: Span) -> Query:
        raise _no_range(span)

    def exists(self) -> Query:
        return Everyone()


class IdentityId(NamedTuple):
    """`identities.user_id`: the part of the shown id after the provider, or how a provider elsewhere names the user."""

    connections: Sequence[Connection]

    def equal(self, word: Word) -> Query:
        return self.like(word)

    def like(self, word: Word) -> Query:
        providers = {"auth0", *map(_provider_of, self.connections)}
        foreign = [like_rest(FOREIGN, (f"{name}|{word.parts[0]}", *word.parts[1:])) for name in sorted(providers)]
        native = All((like_rest("id", word.parts), Not(Exists(FOREIGN))))
        return Any((native, like_rest("link.subject", word.parts), *foreign))

    def within(self, span: Span) -> Query:
        raise _no_range(span)

    def exists(self) -> Query:
        return Everyone()


class IdentitySocial:
    """`identities.isSocial`: an account of our own is not social, and everyone has one but those who were born elsewhere."""

    def equal(self, word: Word) -> Query:
        asked = Truth("link.social").equal(word)
        if word.text == "true":
            return asked
        return Any((asked, Not(Exists(FOREIGN)), Like(FOREIGN, (NATIVE, ""))))

    def like(self, word: Word) -> Query:
        raise _no_wildcards(word)

    def within(self, span: Span) -> Query:
        raise _no_range(span)

    def exists(self) -> Query:
        return Everyone()


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


EMAIL = Texts("email", _lower)
NAMES = tuple(Texts(core, str.casefold) for core in ("shown_name", "shown_nickname", "given_name", "family_name"))
ID = ShownId()

FIELDS: dict[str, Searchable] = {
    "user_id": ID,
    "email": EMAIL,
    "email.domain": Texts("email.domain", _lower),
    "email_verified": Truth("email_verified"),
    "username": Texts("username"),
    "phone_number": Texts("phone"),
    "phone_verified": Truth("phone_verified"),
    **dict(zip(("name", "nickname", "given_name", "family_name"), NAMES, strict=True)),
    "created_at": Moment("created_at"),
    "updated_at": Moment("updated_at"),
    "last_login": Moment("last_login"),
    "last_ip": Texts("last_ip"),
    "logins_count": Number("logins"),
    "blocked": Truth("suspended"),
    "organization_id": Texts("org"),
    "identities.isSocial": IdentitySocial(),
    **{
        f"identities.profileData.{name}": (Truth if name.endswith("_verified") else Texts)(f"link.profile.{name}")
        for name in PROFILE_DATA
    },
}
"""The fields that need no look at anything else."""

NAMELESS: tuple[Searchable, ...] = (EMAIL, *NAMES, Texts("username", username_key), ID)
"""Where a term without a field is looked for, without case."""

METADATA = {"app_metadata": "private", "user_metadata": "unsafe"}

_OF_CONNECTIONS: dict[str, Callable[[Sequence[Connection]], Searchable]] = {
    "identities.connection": IdentityConnection,
    "identities.provider": IdentityProvider,
    "identities.user_id": IdentityId,
}


def field_of(field: Field, connections: Sequence[Connection]) -> Searchable:
    """What stands behind a name; `Unreadable` when nothing can be searched under it."""
    root, inner = field.path[0], field.path[1:]
    if root in METADATA and inner and all(inner):
        path = ".".join((METADATA[root], *(name.replace(".", r"\.") for name in inner)))
        return Metadata(path, open=root == "app_metadata")
    if field.name in FIELDS:
        return FIELDS[field.name]
    if field.name in _OF_CONNECTIONS:
        return _OF_CONNECTIONS[field.name](connections)
    raise Unreadable(f"unknown field '{field.name[:100]}'", field.at)


def either(parts: Sequence[Query]) -> Query:
    """Any of the parts, without a wrapping when there is one."""
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def fits(text: str, parts: tuple[str, ...]) -> bool:
    """Whether a text has these parts around its wildcards."""
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _provider_of(connection: Connection) -> str:
    return "auth0" if connection.kind == "database" else connection.strategy


def _no_wildcards(word: Word) -> Unreadable:
    return Unreadable("this field has no wildcards", word.at)


def _no_range(span: Span) -> Unreadable:
    return Unreadable("this field has no ranges", span.at)
