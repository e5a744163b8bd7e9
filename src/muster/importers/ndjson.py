"""A row of Muster's own form (`muster.exporters.ndjson`) → the user it was, times, ids and secrets included."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muster.core.errors import Invalid, Refusal, Taken
from muster.core.ids import is_id
from muster.core.security import SecretBox
from muster.core.users import invariants
from muster.core.users.actions import NewUser
from muster.core.users.identifiers import LISTS
from muster.core.users.model import User
from muster.core.users.sealed import tokens_purpose, totp_purpose
from muster.core.users.shapes import canonical, username_key
from muster.importers.record import Person, RowError, RowRefused

MASK: Final = "*****"

_SECRETS: Final = frozenset({"hash", "history", "secret", "tokens"})
_OPEN_DOCUMENTS: Final = frozenset({"metadata", "claims", "profile", "vendor", "image"})
_NOT_SENT: Final = frozenset({"realm", "seq", "version"})
_MEMBERS: Final = frozenset(User.__struct_fields__) - _NOT_SENT | {"connection"}
_UNREADABLE: Final = {
    "too_long": "the row is too long",
    "not_utf8": "the row is not UTF-8",
    "not_json": "the row is not JSON",
    "too_deep": "the row has too many levels",
}


_encode: Final = msgspec.json.Encoder().encode
_user: Final = msgspec.json.Decoder(User).decode


class NdjsonRows:
    """The format (`muster.importers.record.Vendor`). `connections` are the ids of those in use, by name.

    With `into` every user goes into that connection (an id), whichever the row names.
    """

    def __init__(self, connections: Mapping[str, str], secrets: SecretBox, *, into: str | None = None) -> None:
        self._connections = connections
        self._secrets = secrets
        self._into = into

    def person(self, sent: Any, now: int) -> Person:  # noqa: ARG002 - a whole user brings its times
        """The user; `RowRefused` when it is not one, or names a connection that is not here."""
        if not isinstance(sent, dict):
            raise RowRefused([RowError("invalid", "the row is not an object")])
        unknown = sent.keys() - _MEMBERS
        if unknown:
            raise RowRefused([RowError("unknown_member", "there is no such member", name) for name in sorted(unknown)])
        try:
            user = _user(_encode(self._ours(sent)))
        except msgspec.ValidationError as error:
            text, _, path = str(error).partition(" - at `$")
            raise RowRefused([RowError("invalid", text, path.strip("`.") or "")]) from None
        _check(user)
        return Person(NewUser(origin=user.origin), whole=user)

    def masked(self, sent: Any) -> Any:
        """The row without hashes, factors' secrets and tokens."""
        if not isinstance(sent, dict):
            return sent
        return {name: inner if name in _OPEN_DOCUMENTS else _masked(name, inner) for name, inner in sent.items()}

    def unreadable(self, fault: str) -> RowError:
        return RowError("unreadable", _UNREADABLE[fault])

    def refused(self, refusal: Refusal, *, upsert: bool) -> RowError:  # noqa: ARG002 - rows of this form never update
        if isinstance(refusal, Taken):
            return RowError("taken", f"another user has this {refusal.kind}", refusal.kind)
        return RowError(refusal.code, f"refused: {refusal.code.replace('_', ' ')}")

    def provided_twice(self, kind: str) -> RowError:
        return RowError("taken", f"an earlier row of the file has this {kind}", kind)

    def _ours(self, sent: dict[str, Any]) -> dict[str, Any]:
        """The document as it is kept here: connections by id, secrets sealed."""
        doc = {name: value for name, value in sent.items() if name != "connection"}
        doc["realm"] = self._into or self._connection(sent.get("connection"), "connection")
        if _objects(sent.get("factors")):
            doc["factors"] = [self._factor(factor, sent.get("id")) for factor in sent["factors"]]
        if _objects(sent.get("links")):
            doc["links"] = [self._link(link, f"links[{n}].connection") for n, link in enumerate(sent["links"])]
        return doc

    def _connection(self, name: Any, path: str) -> str:
        found = self._connections.get(name) if isinstance(name, str) else None
        if found is None:
            raise RowRefused([RowError("no_such_connection", "there is no connection of this name in use", path)])
        return found

    def _factor(self, factor: dict[str, Any], user_id: Any) -> dict[str, Any]:
        return self._sealed(factor, "secret", totp_purpose(user_id))

    def _link(self, link: dict[str, Any], path: str) -> dict[str, Any]:
        link = {**link, "connection_id": self._connection(link.get("connection"), path)}
        del link["connection"]
        return self._sealed(link, "tokens", tokens_purpose(link.get("id")))

    def _sealed(self, part: dict[str, Any], name: str, purpose: str) -> dict[str, Any]:
        secret = part.get(name)
        if not isinstance(secret, str):
            return part
        return {**part, name: self._secrets.seal(secret.encode(), purpose=purpose)}


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(inner, dict) for inner in value)


def _check(user: User) -> None:
    """What the core promises of every user, and relies on when it looks for one."""
    if not is_id(user.id):
        raise RowRefused([RowError("invalid", "an id has 32 hexadecimal digits (UUIDv7)", "id")])
    if user.internal:
        raise RowRefused([RowError("invalid", "an internal user cannot be imported", "internal")])
    try:
        for kind, name in LISTS.items():
            for address in getattr(user, name):
                if canonical(kind, address.value) != address.value:
                    raise Invalid("identifier_malformed", kind=kind)
        invariants.check(user)
    except Invalid as refused:
        raise RowRefused([RowError(refused.code, f"refused: {refused.code.replace('_', ' ')}")]) from None
    if user.username is not None and username_key(user.username.value) != user.username.key:
        raise RowRefused([RowError("invalid", "the key of a user name is its compared form", "username.key")])


def _masked(name: str, value: Any) -> Any:
    if name in _SECRETS:
        return MASK
    if isinstance(value, dict):
        return {inner: v if inner in _OPEN_DOCUMENTS else _masked(inner, v) for inner, v in value.items()}
    if isinstance(value, list):
        return [_masked("", inner) for inner in value]
    return value
