"""A file that appears under its name whole and on the disk, or not at all; it may hold secrets, so it is its owner's alone."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

Write = Callable[[bytes], object]

STDOUT: Final = "-"
_BUFFER: Final = 1024 * 1024


@contextlib.contextmanager
def new_file(name: str) -> Iterator[Write]:
    """Write a new file (0600), in the place of any old one; `-` is standard output, where nothing can be taken back.

    `OSError` names the file, whatever could not be written.
    """
    if name == STDOUT:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb", buffering=_BUFFER) as file:  # noqa: PTH123 - a descriptor is no path
                yield file.write
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(path.absolute().parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
