"""Whether what a database has confirmed survives a power cut: the settings that say so, as they are in force."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from muster.storage import address
from muster.storage.opening import open_session
from muster.storage.session import Session

# Name, and the values with which an answered write is on the disk.
_SQLITE: Final = {"journal_mode": ("wal",), "synchronous": ("2", "3")}
# Our own sessions turn synchronous_commit on where it is off, so that it need not be looked at.
_POSTGRES: Final = {"fsync": ("on",), "full_page_writes": ("on",)}


class Finding(NamedTuple):
    """One setting, the value it has, and whether that is good enough."""

    name: str
    value: str
    durable: bool


async def durability(database_url: str) -> Sequence[Finding]:
    """What the database says of itself; `Unavailable` when it cannot be reached, `EngineRefused` when it refuses a setting."""
    is_sqlite = isinstance(address.parse(database_url), address.SqliteFile)
    session = await open_session(database_url)
    try:
        wanted = _SQLITE if is_sqlite else _POSTGRES
        read = _pragma if is_sqlite else _setting
        found = [(name, await read(session, name)) for name in wanted]
    finally:
        await session.close()
    return [Finding(name, value, value in wanted[name]) for name, value in found]


async def _pragma(session: Session, name: str) -> str:
    ((value,),) = await session.rows(f"PRAGMA {name}")
    return str(value)


async def _setting(session: Session, name: str) -> str:
    ((value,),) = await session.rows("SELECT current_setting(?)", (name,))
    return str(value)
