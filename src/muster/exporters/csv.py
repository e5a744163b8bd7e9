"""Users as a flat table (RFC 4180, UTF-8) for people and spreadsheets: chosen fields, no secrets, not made to be read back.

A text that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection); a phone number is one.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from muster.core.users.model import User
from muster.core.users.shown import primary, shown_email, shown_name

METADATA: Final = ("public_metadata", "private_metadata", "unsafe_metadata")
"""Documents of which a member is named by its path, as in `private_metadata.plan`."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def _time(at: int | None) -> str | None:
    """Milliseconds since 1970 as `2024-05-01T12:00:00.000Z`."""
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _last_login(user: User) -> str | None:
    last = user.activity.last_login if user.activity is not None else None
    return _time(last.at) if last is not None else None


def _email(user: User) -> str | None:
    email = shown_email(user)
    return email.address if email is not None else None


def _email_verified(user: User) -> bool | None:
    email = shown_email(user)
    return email.verified if email is not None else None


FIELDS: Final[Mapping[str, Callable[[User], Any]]] = {
    "id": lambda user: user.id,
    "email": _email,
    "email_verified": _email_verified,
    "phone": lambda user: phone.value if (phone := primary(user.phones)) else None,
    "username": lambda user: user.username.value if user.username else None,
    "name": shown_name,
    "given_name": lambda user: user.profile.given_name,
    "family_name": lambda user: user.profile.family_name,
    "nickname": lambda user: user.profile.nickname,
    "picture": lambda user: user.profile.picture,
    "external_id": lambda user: user.external_id,
    "suspended": lambda user: bool(user.suspended),
    "has_password": lambda user: user.password is not None,
    "second_factors": lambda user: " ".join(factor.kind for factor in user.factors if factor.confirmed),
    "logins": lambda user: user.activity.logins if user.activity else 0,
    "last_login_at": _last_login,
    "created_at": lambda user: _time(user.created_at),
    "updated_at": lambda user: _time(user.updated_at),
}
"""Every field but `connection` and those within metadata."""

DEFAULT: Final = ("id", "connection", "email", "email_verified", "phone", "username", "name", "suspended", "created_at")


class UnknownField(Exception):
    """There is no such field."""


class Table:
    """Lines of the chosen fields."""

    def __init__(self, fields: Sequence[str], connections: Mapping[str, str]) -> None:
        self._fields = fields
        self._columns = [_column(field, connections) for field in fields]

    def head(self) -> bytes:
        """The line of the names."""
        return _line(self._fields)

    def line(self, user: User) -> bytes:
        """One user's line."""
        return _line([_cell(column(user)) for column in self._columns])


def _column(field: str, connections: Mapping[str, str]) -> Callable[[User], Any]:
    if field == "connection":
        return lambda user: connections.get(user.realm, user.realm)
    if field in FIELDS:
        return FIELDS[field]
    document, _, path = field.partition(".")
    if document not in METADATA or not path:
        raise UnknownField(field)
    kind, keys = document.removesuffix("_metadata"), path.split(".")

    def inside(user: User) -> Any:
        value = getattr(user.metadata, kind)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    return inside


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case _:
            return msgspec.json.encode(value).decode()


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
