"""The files of exports: newline-delimited JSON, or CSV in which no cell can act as a formula."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from muster.core.users.model import User
from muster.dialects.auth0.wire.users import Realms, opened, show_user

Document = dict[str, Any]

MOST_COLUMNS: Final = 30
WHOLE_METADATA: Final = frozenset({"user_metadata", "app_metadata"})
"""What cannot be a column."""

DEFAULT_COLUMNS: Final = (
    "user_id",
    "email",
    "email_verified",
    "username",
    "phone_number",
    "phone_verified",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "picture",
    "created_at",
    "updated_at",
    "last_login",
    "last_ip",
    "logins_count",
    "blocked",
    "identities[0].connection",
)

_TIMES: Final = frozenset(
    {"created_at", "updated_at", "last_login", "last_password_reset", "multifactor_last_modified"}
)
"""Texts that this server made itself, which stand in CSV as they are."""

_STEP: Final = re.compile(r"[^.\[\]]+")
_ABSENT: Final = object()

_encode: Final = msgspec.json.Encoder().encode


class Column:
    """One field of an export: where it is found, and what it is called."""

    def __init__(self, name: str, title: str | None = None) -> None:
        self.name = name
        self.title = title or name
        self._steps = _STEP.findall(name)

    def value(self, shown: Document) -> Any:
        """What the user has there, or `_ABSENT`."""
        value: Any = shown
        for step in self._steps:
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(value):
                value = value[int(step[:9])]
            else:
                return _ABSENT
        return value if self._steps else _ABSENT


class JsonLines:
    """One object a line: the whole user, or the members that were asked for, those it has."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.head = b""
        self._columns = columns

    def lines(self, users: Sequence[User], realms: Realms) -> bytes:
        return b"".join(_encode(self._row(opened(show_user(user, realms)))) + b"\n" for user in users)

    def _row(self, shown: Document) -> Document:
        if not self._columns:
            return shown
        values = ((column.title, column.value(shown)) for column in self._columns)
        return {title: value for title, value in values if value is not _ABSENT}


class Csv:
    """A table. Every text of a user begins with a quote, so that no spreadsheet takes it for a formula."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns or [Column(name) for name in DEFAULT_COLUMNS]
        self.head = ",".join(_quoted(column.title) for column in self._columns).encode() + b"\n"

    def lines(self, users: Sequence[User], realms: Realms) -> bytes:
        return "".join(self._row(opened(show_user(user, realms))) for user in users).encode()

    def _row(self, shown: Document) -> str:
        return ",".join(_cell(column.name, column.value(shown)) for column in self._columns) + "\n"


def sheet_of(asked: Mapping[str, Any]) -> JsonLines | Csv:
    """How an export is written that was asked for so."""
    columns = [Column(field["name"], field.get("export_as")) for field in asked.get("fields", ())]
    return JsonLines(columns) if asked["format"] == "json" else Csv(columns)


def _cell(name: str, value: Any) -> str:
    if value is _ABSENT or value is None:
        return ""
    if isinstance(value, str):
        return value if name in _TIMES else _quoted("'" + value)
    text = _encode(value).decode()
    return _quoted("'" + text) if isinstance(value, (dict, list)) else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
