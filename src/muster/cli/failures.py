"""What went wrong, in one sentence for the operator that says what to do next."""

import sqlite3
from collections.abc import Callable
from typing import Final

from muster.core.errors import Invalid, NotAllowed, NotFound, Refusal, Taken, Unavailable
from muster.crypto.breached import FilterRefused
from muster.crypto.passwords import PasswordRefused
from muster.crypto.sealing import MasterKeyError, SealBroken
from muster.server.app import CannotStart
from muster.settings import SettingsError
from muster.sites import UnknownSite
from muster.storage.archive import ArchiveRefused
from muster.storage.backup import DatabaseNotEmpty
from muster.storage.engine import EngineRefused
from muster.storage.locks import DatabaseInUse
from muster.storage.migrator import SchemaRefused

FOR_OPERATORS: Final = (
    ArchiveRefused,
    CannotStart,
    DatabaseInUse,
    DatabaseNotEmpty,
    EngineRefused,
    FilterRefused,
    MasterKeyError,
    SchemaRefused,
    SettingsError,
    UnknownSite,
)
"""Their texts are written to be read by operators."""

NOT_STARTED: Final = (
    "nothing was started on this database yet; run muster serve first, or give --data-dir or --database-url"
)

UNAVAILABLE: Final = {
    "database_busy": "the database is busy; try again",
    "database_full": "the disk of the database is full",
    "database_read_only": "the database cannot be written: look at the permissions of its file and folder",
    "database_damaged": "the database file is damaged; restore a backup with muster restore",
    "search_timeout": "the search took too long; narrow it down",
}
UNREACHABLE: Final = "the database cannot be reached; look at --database-url, and run muster check"

TAKEN: Final[dict[str, str]] = {
    "tenant": "there is a tenant {value} already",
    "connection_name": "there is a connection {value} already",
    "email": "{value} belongs to another user of this connection",
    "phone": "{value} belongs to another user of this connection",
    "username": "the user name {value} belongs to another user of this connection",
}

INVALID: Final = {
    "identifier_malformed": "that is no e-mail address or phone number",
    "username_malformed": "a user name has 1 to 256 characters, no blanks at its ends, no backslash, and not the form of an id",
    "connection_disabled": "that connection is disabled",
    "not_started_yet": NOT_STARTED,
    "webhook_url": "a webhook's address looks like https://crm.example.com/muster, without a name and password in it",
    "webhook_kind": "there is no such kind of event; docs/events.md lists them, and user.* stands for all of a thing",
    "webhook_range": "--since must be before --until",
}

PASSWORD: Final = {"too_long": "a password has at most 4,096 bytes", "not_text": "the password is not text in UTF-8"}


def told(error: Exception) -> str | None:
    """The sentence; None for what nobody foresaw, which deserves its traceback."""
    if isinstance(error, FOR_OPERATORS):
        return str(error)
    for kind, tell in _TELL.items():
        if isinstance(error, kind):
            return tell(error)
    return None


def _refused(error: Refusal) -> str:
    return f"refused: {error}"


def _taken(error: Taken) -> str:
    return TAKEN.get(error.kind, "{value} is in use already").format(value=error.value)


def _unavailable(error: Unavailable) -> str:
    return UNAVAILABLE.get(error.code, UNREACHABLE)


def _os_error(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def _sqlite(error: sqlite3.Error) -> str | None:
    return NOT_STARTED if "no such table" in str(error) else None


_TELL: Final[dict[type[Exception], Callable[..., str | None]]] = {
    Taken: _taken,
    NotFound: lambda error: f"there is no such {error.code}",
    NotAllowed: _refused,
    Invalid: lambda error: INVALID.get(error.code, f"refused: {error.code.replace('_', ' ')}"),
    Unavailable: _unavailable,
    Refusal: _refused,
    PasswordRefused: lambda error: PASSWORD[error.reason],
    SealBroken: lambda error: f"a secret cannot be read ({error}); is this the right master key? See muster check",
    sqlite3.Error: _sqlite,
    OSError: _os_error,
}
