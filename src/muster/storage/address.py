"""Where the database is: the URL an operator gives, taken apart once and never shown with its password."""

import dataclasses
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

FORMS: Final = (
    "sqlite:///relative/path.db, sqlite:////absolute/path.db, "
    "postgresql://user:password@host:port/database or postgresql://user@/database?host=/socket/directory"
)
_PLACE: Final = re.compile(r"([\w.-]*|\[[\da-fA-F:.]+\])(:\d+)?(/[^/]*)?")


@dataclasses.dataclass(frozen=True)
class SqliteFile:
    """A database in one file of this machine."""

    path: Path

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


@dataclasses.dataclass(frozen=True)
class PostgresServer:
    """A database on a PostgreSQL server. `dsn` holds the password; `str()` and `repr()` do not."""

    dsn: str = dataclasses.field(repr=False)

    def __str__(self) -> str:
        before_options, _, options = self.dsn.removeprefix("postgresql://").partition("?")
        login, at, place = before_options.rpartition("@")
        # Where a password was written without escaping, any part may be a piece of it.
        if not _PLACE.fullmatch(place) or (not at and "@" in options):
            return "postgresql://(malformed)"
        return f"postgresql://{login.partition(':')[0]}{at}{place}"


def parse(database_url: str) -> SqliteFile | PostgresServer:
    """The database a URL names; `ValueError` lists the forms that are understood."""
    scheme, separator, rest = database_url.partition("://")
    if separator and scheme in ("postgresql", "postgres") and rest.strip("/"):
        return PostgresServer(f"postgresql://{rest}")
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        if "?" in rest or "#" in rest:
            raise ValueError("a sqlite:/// URL takes no options; write a ? in a file's name as %3F and a # as %23")
        return SqliteFile(Path(unquote(rest[1:])))
    # What was given is not repeated: it may hold a password.
    raise ValueError(f"the database URL must have one of these forms: {FORMS}")


def local_file(database_url: str) -> Path | None:
    """The file that holds the database; None for one on a server. `ValueError` as `parse`."""
    where = parse(database_url)
    return where.path if isinstance(where, SqliteFile) else None
