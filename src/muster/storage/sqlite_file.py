"""Opening the database file, and what SQLite's faults mean to a caller."""

import functools
import logging
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from muster.core.errors import Unavailable
from muster.storage.engine import EngineRefused

_OLDEST_SQLITE: Final = (3, 38, 0)
_STATEMENTS_KEPT: Final = 512

_log = logging.getLogger(__name__)

# What each pragma must answer when it is read back.
_SHARED: Final[Mapping[str, str | int]] = {"foreign_keys": 0, "temp_store": 2, "mmap_size": 0}
_WRITER: Final[Mapping[str, str | int]] = {
    **_SHARED,
    "busy_timeout": 5000,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: an answered write survives a power cut
    "wal_autocheckpoint": 4000,
    "cache_size": -16_384,  # KiB: a group of commits touches index pages all over the file
    "journal_size_limit": 64 * 1024 * 1024,  # a long backup lets the log grow; this gives the space back
}
# In WAL mode a reader waits for nobody, save while a crashed log is recovered; the event loop must not wait for that.
_READER: Final[Mapping[str, str | int]] = {
    **_SHARED,
    "busy_timeout": 250,
    "query_only": 1,
    "cache_size": -32_768,  # KiB, taken as pages are read: the inner pages of what is read by key stay at hand
}

_REASONS: Final = {
    sqlite3.SQLITE_BUSY: ("database_busy", 1),
    sqlite3.SQLITE_LOCKED: ("database_busy", 1),
    sqlite3.SQLITE_PROTOCOL: ("database_busy", 1),
    sqlite3.SQLITE_FULL: ("database_full", 30),
    sqlite3.SQLITE_IOERR: ("database_failed", 5),
    sqlite3.SQLITE_CANTOPEN: ("database_failed", 5),
    sqlite3.SQLITE_READONLY: ("database_read_only", 30),
    sqlite3.SQLITE_NOMEM: ("out_of_memory", 5),
    sqlite3.SQLITE_CORRUPT: ("database_damaged", 60),
    sqlite3.SQLITE_NOTADB: ("database_damaged", 60),
}


def refusal(error: Exception) -> Unavailable | None:
    """What to answer when the fault is the machine's (disk, lock, file); None when it is ours."""
    # The low byte is the primary result code, the rest says more about it.
    reason = _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if reason is None:
        return None
    code, retry_after = reason
    _log.error("SQLite: %s (%s)", error, getattr(error, "sqlite_errorname", ""))
    return Unavailable(code, retry_after=retry_after)


def reraise(error: sqlite3.Error) -> NoReturn:
    """Raise what callers are told of a fault of the machine, or the fault itself when it is ours."""
    known = refusal(error)
    if known is not None:
        raise known from error
    raise error


def create(path: Path) -> None:
    """Make an empty file (0600) for the database, and its folder (0700), unless they exist."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            _log.warning("%s can be read by other accounts of this machine; chmod 600 it", path)


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """A connection in autocommit mode, with every setting read back. One thread at a time may use it."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise EngineRefused(f"SQLite 3.38 or newer is needed; this Python has {sqlite3.sqlite_version}")
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS_KEPT
    )
    try:
        for name, wanted in (_WRITER if writable else _READER).items():
            connection.execute(f"PRAGMA {name} = {wanted}")
            got = connection.execute(f"PRAGMA {name}").fetchone()
            # A SQLite built without mmap answers nothing at all to that one.
            if (got[0] if got else 0) != wanted:
                raise EngineRefused(f"SQLite refuses PRAGMA {name} = {wanted}: it stays {got}")
    except BaseException:
        connection.close()
        raise
    return connection


@functools.cache
def translate(sql: str) -> str:
    """The text as SQLite takes it: its one writer needs no row locks, and has no word for them."""
    return sql.removesuffix(" FOR SHARE")
