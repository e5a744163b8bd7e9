"""Brings a database to the schema this Muster knows, and keeps an old Muster off a newer one's database.

A migration is a file `NNNN_name.sql` in `migrations/`, numbered from 1 without gaps, and never edited once it was released.
Statements end with a `;` at the end of a line. They are written for SQLite and PostgreSQL at once (see `0001_initial.sql`); a
statement for one of them alone follows a line `-- only: sqlite` or `-- only: postgresql`.

Old and new servers may run side by side for a while. By default a database that has migration M serves only a Muster that knows
M; a header line `-- compatible-with: N` in M says that one whose newest migration is N (at most M) works on it as well.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from muster.storage import address
from muster.storage.opening import open_session
from muster.storage.session import Session

FOLDER: Final = Path(__file__).with_name("migrations")
OWN_TABLES: Final = frozenset({"schema_history", "schema_compatibility"})

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_COMPATIBLE: Final = re.compile(r"^-- compatible-with: (\d+)$", re.MULTILINE)
_ONLY: Final = re.compile(r"^-- only: (sqlite|postgresql)$")


class SchemaRefused(Exception):
    """The database and this Muster do not fit; the message tells the operator what to do."""


class Migration(NamedTuple):
    """One file. `lowest_reader` is the oldest newest-migration with which a Muster may use the database afterwards."""

    number: int
    name: str
    checksum: str
    lowest_reader: int
    text: str


class SchemaState(NamedTuple):
    """What `muster check` shows: the newest migration applied (0: none), the newest known, and the names still to come."""

    applied: int
    known: int
    pending: Sequence[str]


async def migrate(
    database_url: str, *, now: int, folder: Path = FOLDER, up_to: int | None = None
) -> Sequence[Migration]:
    """Apply what is missing, each file wholly or not at all, and answer what was applied; `now` is in milliseconds.

    Processes that start at once take turns, and the later ones find nothing to do. `up_to` stops at an older schema, for
    a backup of that age. `SchemaRefused` when the database is too new, or an applied file has changed.
    """
    known = read_migrations(folder)
    kind = "sqlite" if isinstance(address.parse(database_url), address.SqliteFile) else "postgresql"
    session = await open_session(database_url)
    try:
        async with session.schema_lock():
            await _make_own_tables(session)
            pending = await _pending(session, known)
            wanted = [migration for migration in pending if up_to is None or migration.number <= up_to]
            for migration in wanted:
                await _apply(session, migration, kind, now)
            return wanted
    finally:
        await session.close()


async def state(database_url: str, *, folder: Path = FOLDER) -> SchemaState:
    """How far the database is, without changing it; `SchemaRefused` as `migrate`."""
    known = read_migrations(folder)
    where = address.parse(database_url)
    applied, pending = 0, known
    if not isinstance(where, address.SqliteFile) or where.path.exists():
        session = await open_session(database_url)
        try:
            if "schema_history" in {table.name for table in await session.tables()}:
                pending = await _pending(session, known)
                ((applied,),) = await session.rows("SELECT coalesce(max(number), 0) FROM schema_history")
        finally:
            await session.close()
    return SchemaState(applied, known[-1].number if known else 0, [migration.name for migration in pending])


def read_migrations(folder: Path = FOLDER) -> Sequence[Migration]:
    """Every migration this Muster knows, in order; `ValueError` when the folder breaks the rules above."""
    migrations = [_read(file) for file in sorted(folder.glob("*.sql"))]
    for position, migration in enumerate(migrations, start=1):
        if migration.number != position:
            raise ValueError(f"{folder}: the migration after {position - 1:04} is {migration.name}")
    return migrations


def statements(text: str, kind: str) -> Sequence[str]:
    """The statements of a migration that are meant for the kind of database (sqlite or postgresql)."""
    found, current, only = [], list[str](), ""
    for line in text.splitlines():
        if (match := _ONLY.match(line)) is not None and not current:
            only = match[1]
        if not line.strip() or line.lstrip().startswith("--"):
            continue
        current.append(line)
        if line.rstrip().endswith(";"):
            if only in ("", kind):
                found.append("\n".join(current))
            current, only = [], ""
    if current:
        raise ValueError(f"a statement has no end: {current[0]}")
    return found


def _read(file: Path) -> Migration:
    match = _FILE.fullmatch(file.name)
    if match is None:
        raise ValueError(f"{file} is not named NNNN_name.sql")
    text = file.read_text("utf-8")
    number = int(match[1])
    compatible = _COMPATIBLE.search(text)
    lowest_reader = int(compatible[1]) if compatible else number
    if lowest_reader > number:
        raise ValueError(f"{file} cannot be compatible with a migration that comes after it")
    return Migration(number, file.stem, hashlib.sha256(text.encode()).hexdigest(), lowest_reader, text)


async def _make_own_tables(session: Session) -> None:
    async with session.transaction():
        await session.prepare()
        await session.define(
            "CREATE TABLE IF NOT EXISTS schema_history (number integer PRIMARY KEY, name text NOT NULL,"
            " applied_at bigint NOT NULL, checksum text NOT NULL)"
        )
        await session.define("CREATE TABLE IF NOT EXISTS schema_compatibility (lowest_reader integer NOT NULL)")
        if not await session.rows("SELECT 1 FROM schema_compatibility"):
            await session.execute("INSERT INTO schema_compatibility (lowest_reader) VALUES (0)")


async def _pending(session: Session, known: Sequence[Migration]) -> Sequence[Migration]:
    """The migrations that are known and not applied, once it is sure that the database is one we may use."""
    history = await session.rows("SELECT number, name, checksum FROM schema_history ORDER BY number")
    ((lowest_reader,),) = await session.rows("SELECT lowest_reader FROM schema_compatibility")
    newest = known[-1].number if known else 0
    if lowest_reader > newest:
        raise SchemaRefused(
            f"a newer Muster has migrated this database ({history[-1][1]}); it needs a Muster that knows migration"
            f" {lowest_reader:04}, and this one ends at {newest:04}. Run the newer Muster again, or restore a backup made"
            " before the upgrade into an empty database."
        )
    by_number = {migration.number: migration for migration in known}
    for number, name, checksum in history:
        migration = by_number.get(number)
        if migration is not None and migration.checksum != checksum:
            raise SchemaRefused(
                f"migration {name} was applied to this database with another content than this Muster's {migration.name}."
                " Run a released Muster, or restore a backup into an empty database."
            )
    last = history[-1][0] if history else 0
    return [migration for migration in known if migration.number > last]


async def _apply(session: Session, migration: Migration, kind: str, now: int) -> None:
    async with session.transaction():
        for statement in statements(migration.text, kind):
            await session.define(statement)
        await session.execute(
            "INSERT INTO schema_history (number, name, applied_at, checksum) VALUES (?, ?, ?, ?)",
            (migration.number, migration.name, now, migration.checksum),
        )
        await session.execute(
            "UPDATE schema_compatibility SET lowest_reader = ? WHERE lowest_reader < ?",
            (migration.lowest_reader, migration.lowest_reader),
        )
