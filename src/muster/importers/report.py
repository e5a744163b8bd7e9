"""What became of a file's rows: the counts, and the file of those that were not carried over."""

import contextlib
import dataclasses
import os
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any, Final

import msgspec

from muster.importers.reading import STDIN
from muster.importers.record import RowError

SUFFIX: Final = ".rejected.ndjson"

_encode: Final = msgspec.json.Encoder().encode


@dataclasses.dataclass
class Report:
    """The rows whose fate is sealed, up to and including row `line`; `read` is always the sum of the other three."""

    inserted: int = 0
    updated: int = 0
    rejected: int = 0
    line: int = 0
    interrupted: bool = False

    @property
    def read(self) -> int:
        """How many rows that is."""
        return self.inserted + self.updated + self.rejected


class Rejected(msgspec.Struct, frozen=True):
    """One row that was not carried over. `user` is as it was sent, its secrets masked; null for what was no JSON."""

    line: int
    user: Any
    errors: Sequence[RowError]


class RejectedFile:
    """The rejected rows, one JSON object a line, in the order of the rows.

    The file appears with the first of them, readable by its owner alone. `finish` removes the file of an earlier run when
    this one rejected nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None

    @classmethod
    def beside(cls, name: str) -> "RejectedFile":
        """The one for an imported file: beside it, or in the working folder for standard input."""
        return cls(Path(f"stdin{SUFFIX}") if name == STDIN else Path(f"{name}{SUFFIX}"))

    def write(self, rows: Sequence[Rejected]) -> None:
        """Add rows, and hand them to the system at once."""
        if not rows:
            return
        if self._file is None:
            self._remove()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = FileIO(descriptor, "wb")
        before, left = self._file.tell(), memoryview(b"".join(_encode(row) + b"\n" for row in rows))
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(before)
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def finish(self) -> None:
        """The whole file was read."""
        if self._file is None:
            self._remove()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _remove(self) -> None:
        """Away with the file of an earlier run; a new one takes neither its permissions nor the place a link leads to."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
