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
    """The rows whose fate is sealed, up to and including row `line`; `read` is always the sum of the other three.

    `position` is how far that is in the file, in bytes; `before` of the rows were settled by earlier runs.
    `slowest` is the longest commit in seconds while others waited; 0 where nobody did.
    """

    inserted: int = 0
    updated: int = 0
    rejected: int = 0
    line: int = 0
    interrupted: bool = False
    position: int = 0
    before: int = 0
    slowest: float = 0.0

    @property
    def read(self) -> int:
        """How many rows that is."""
        return self.inserted + self.updated + self.rejected


class Rejected(msgspec.Struct, frozen=True):
    """One row that was not carried over. `user` is as it was sent, its secrets masked; null for what was no JSON."""

    line: int
    user: Any
    errors: Sequence[RowError]


class RejectsMissing(Exception):
    """The file of rejected rows is not as an earlier run left it; the text is for the operator."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds rows rejected before the import stopped, and is gone or shorter than it was")


class RejectedFile:
    """The rejected rows, one JSON object a line, in the order of the rows.

    The file appears with the first of them, readable by its owner alone. `finish` removes the file of an earlier run when
    this one rejected nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file: FileIO | None = None

    @classmethod
    def beside(cls, name: str) -> "RejectedFile":
        """The one for an imported file: beside it, or in the working folder for standard input."""
        return cls(Path(f"stdin{SUFFIX}") if name == STDIN else Path(f"{name}{SUFFIX}"))

    def go_on(self, size: int) -> None:
        """Go on with the file of an earlier run, which was so long when that run last knew where it was.

        `RejectsMissing` when there is no such file any more.
        """
        if size == 0:
            return
        try:
            self._file = FileIO(os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC), "r+b")
        except FileNotFoundError:
            raise RejectsMissing(self.path) from None
        if os.fstat(self._file.fileno()).st_size < size:
            raise RejectsMissing(self.path)
        self._file.seek(size)
        self.cut(size)

    def cut(self, size: int) -> None:
        """Take back what was written beyond so many bytes."""
        if self._file is not None and self.size != size:
            self._file.truncate(size)
            self._file.seek(size)
        self.size = size

    def write(self, rows: Sequence[Rejected]) -> None:
        """Add rows, which are on the disk at the return."""
        if not rows:
            return
        if self._file is None:
            self._remove()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = FileIO(descriptor, "wb")
        lines = memoryview(b"".join(_encode(row) + b"\n" for row in rows))
        left = lines
        try:
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self.size)
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self.size += len(lines)

    def finish(self) -> None:
        """The whole file was read."""
        if self.size == 0:
            self._remove()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _remove(self) -> None:
        """Away with the file of an earlier run; a new one takes neither its permissions nor the place a link leads to."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
