"""How far an import has come, kept in the same commit as its rows: whatever ends a run, the next one goes on behind them."""

import hashlib
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from muster.core.errors import Conflict
from muster.core.facts import Fact
from muster.core.store import Store
from muster.core.transaction import Transaction

PREFIX: Final = "import:"
ELSEWHERE: Final = "imported_elsewhere"
"""The code of the `Conflict` that another run of the same import has moved the mark."""

_HEAD: Final = 64 * 1024


class Standing(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All up to and including row `line` is settled; the counts are of every run of the file since `began` (ms).

    `digest` is of the rows up to `digest_line`, by which a file is known again. `rejected_bytes` is how long the file of
    rejected rows was.
    """

    line: int = 0
    inserted: int = 0
    updated: int = 0
    rejected: int = 0
    rejected_bytes: int = 0
    digest: str = ""
    digest_line: int = 0
    began: int = 0


class NotAsItWas(Exception):
    """An earlier run did not finish, and this one is not its continuation; the text is for the operator."""

    def __init__(self, line: int, options: str = "") -> None:
        what = (
            f"an import with other options ({options})"
            if options
            else "the file has changed: an import of the former one"
        )
        super().__init__(f"{what} stopped after row {line}; --restart begins at the first row")


class FileImport(NamedTuple):
    """Which import this is: of which file (by its path, length and beginning), into which connection, with what options."""

    file: str
    size: int
    head: str
    connection_id: str
    options: str

    @classmethod
    def of(cls, name: str, connection_id: str, options: str) -> "FileImport":
        """The import of the file of that name, as it is now."""
        path = Path(name).resolve()
        with path.open("rb") as file:
            head = hashlib.blake2b(file.read(_HEAD), digest_size=16).hexdigest()
        return cls(str(path), path.stat().st_size, head, connection_id, options)

    @property
    def id(self) -> str:
        """The name under which its standing is kept. The path is not in it: a file may be moved."""
        text = msgspec.json.encode(self[1:])
        return PREFIX + hashlib.blake2b(text, digest_size=16).hexdigest()


class Mark:
    """The standing of one import, as this run has last seen or made it."""

    def __init__(self, file: FileImport, stored: dict[str, Any] | None) -> None:
        self._file = file
        self._stored = stored
        self._wanted = stored

    @classmethod
    async def of(cls, store: Store, tenant_id: int, file: FileImport) -> "Mark":
        """The mark of this import, set by a run that ended early or not yet at all."""
        fact = await store.get(tenant_id, Fact, file.id)
        return cls(file, fact.value if fact is not None else None)

    @property
    def standing(self) -> Standing | None:
        """Where the last run stopped; None when nothing has begun."""
        return msgspec.convert(self._stored["standing"], Standing) if self._stored is not None else None

    async def move(self, tx: Transaction, standing: Standing) -> None:
        """Within an act: the import stands there if, and only if, this commits."""
        fact = await self._unmoved(tx)
        self._wanted = {"file": self._file._asdict(), "standing": msgspec.to_builtins(standing)}
        if fact is None:
            tx.insert(Fact(id=self._file.id, value=self._wanted, created_at=tx.now))
        else:
            tx.save(replace(fact, value=self._wanted))

    def moved(self) -> None:
        """It did commit."""
        self._stored = self._wanted

    async def remove(self, tx: Transaction) -> None:
        """Within an act: the whole file is settled, or is to be imported anew."""
        fact = await self._unmoved(tx)
        self._wanted = None
        if fact is not None:
            tx.delete(fact)

    async def _unmoved(self, tx: Transaction) -> Fact | None:
        fact = await tx.get(Fact, self._file.id)
        if (fact.value if fact is not None else None) != self._stored:
            raise Conflict(ELSEWHERE)
        return fact


async def refuse_others(store: Store, tenant_id: int, file: FileImport) -> None:
    """`NotAsItWas` when an import of another content under the same path, or with other options, was not finished."""
    for other, standing in await _unfinished(store, tenant_id, file):
        if other.id != file.id:
            told = other.options if other.options != file.options else ""
            raise NotAsItWas(standing.line, told)


async def forget(tx: Transaction, file: FileImport) -> None:
    """The act behind a restart: no import of this file was ever begun."""
    for other, _ in await _unfinished(tx.store, tx.tenant_id, file):
        fact = await tx.get(Fact, other.id)
        if fact is not None:
            tx.delete(fact)


async def _unfinished(store: Store, tenant_id: int, file: FileImport) -> list[tuple[FileImport, Standing]]:
    """Imports of a file with this content, or under this path, into the same connection."""
    found = []
    for fact in await store.records(tenant_id, Fact):
        if fact.id.startswith(PREFIX):
            other = FileImport(**fact.value["file"])
            if other.id == file.id or (other.file, other.connection_id) == (file.file, file.connection_id):
                found.append((other, msgspec.convert(fact.value["standing"], Standing)))
    return found
