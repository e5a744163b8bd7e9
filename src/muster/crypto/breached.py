"""Lists of common and breached passwords, as files that answer "is this one in it?" from a few bits.

The file is a Bloom filter: a header, then bits. A password that is in the list is always found; one that is not is taken for
one that is about twice in ten million times (34 bits a password, 17 of them asked). No password can be read out of it.
The built-in file holds the 19,640 most common passwords as Django ships them. Files are mapped, not read: one with a
thousand million passwords takes 4.25 GB of disk and as much memory as the system has to spare.
"""

import contextlib
import gzip
import hashlib
import mmap
import os
import re
import struct
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final, cast

BITS_EACH: Final = 34
ASKED: Final = 17
BUILT_IN: Final = Path(__file__).with_name("common_passwords.filter")

_MAGIC: Final = b"MUSTERPW"
_VERSION: Final = 1
# Magic, version, bits asked for each password, bits in all, passwords.
_HEADER: Final = struct.Struct("<8sIIQQ")
_TWO_HALVES: Final = struct.Struct(">QQ")
_MOST_ASKED: Final = 64
_TELL_EVERY: Final = 50_000
_LONGEST_LINE: Final = 1 << 16
_SHA1_LINE: Final = re.compile(rb"([0-9A-Fa-f]{40}):[0-9]+")


class FilterRefused(Exception):
    """A file that is no such filter, or a list that none can be made of; the text is for the operator."""


class Filter:
    """One file, opened when it is first asked. `FilterRefused` if it is not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __contains__(self, password: str) -> bool:
        """Whether the list has it. What is no text is in no list."""
        bits, asked, all_bits = self._mapped
        try:
            digest = hashlib.sha1(password.encode("utf-8"), usedforsecurity=False).digest()
        except UnicodeEncodeError:
            return False
        return all(bits[_HEADER.size + (place >> 3)] >> (place & 7) & 1 for place in _places(digest, asked, all_bits))

    def __len__(self) -> int:
        """How many passwords the list had."""
        return self._header[2]

    def check(self) -> None:
        """Open it now: for a start that should fail rather than the first password."""
        _ = self._mapped

    @cached_property
    def _header(self) -> tuple[int, int, int]:
        """Bits asked, bits in all, passwords."""
        try:
            with self.path.open("rb") as file:
                start, size = file.read(_HEADER.size), os.fstat(file.fileno()).st_size
        except OSError as error:
            raise FilterRefused(f"{self.path} cannot be read: {error.strerror}") from None
        if len(start) < _HEADER.size or not start.startswith(_MAGIC):
            raise FilterRefused(f"{self.path} is no password filter; make one with muster passwords build-filter")
        _, version, asked, all_bits, count = _HEADER.unpack(start)
        if version != _VERSION:
            raise FilterRefused(f"{self.path} is a password filter of another version; make it anew")
        if not 1 <= asked <= _MOST_ASKED or not all_bits or size != _HEADER.size + all_bits // 8:
            raise FilterRefused(f"{self.path} is damaged or was not written to its end; make it anew")
        return asked, all_bits, count

    @cached_property
    def _mapped(self) -> tuple[mmap.mmap, int, int]:
        asked, all_bits, _ = self._header
        with self.path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), asked, all_bits


def known_passwords(own: str = "") -> Callable[[str], bool]:
    """Looks a password up in the built-in list and in the operator's own filter, if the path of one is given."""
    filters = [Filter(BUILT_IN)]
    if own:
        filters.append(Filter(Path(own)))
        filters[-1].check()
    return lambda password: any(password in filter_ for filter_ in filters)


def build(source: Path, output: Path, progress: Callable[[int], None] = lambda _bytes: None) -> int:
    """Make a filter of a list and say how many passwords it has; `progress` is told how many bytes of `source` are done.

    The list has one password a line, or lines of `SHA1:count` as Have I Been Pwned gives them, which its first line
    decides; a name that ends in .gz is unpacked. It is read twice and never held in memory, and the same list always makes
    the same file. The output appears under its name only when it is whole.
    """
    count = sum(1 for _ in _lines(source, lambda _bytes: None))
    if not count:
        raise FilterRefused(f"{source} has no passwords")
    all_bits = -(-count * BITS_EACH // 64) * 64
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with beside.open("w+b") as file:
            file.truncate(_HEADER.size + all_bits // 8)
            file.write(_HEADER.pack(_MAGIC, _VERSION, ASKED, all_bits, count))
            file.flush()
            with mmap.mmap(file.fileno(), 0) as bits:
                for digest in _digests(source, progress):
                    for place in _places(digest, ASKED, all_bits):
                        bits[_HEADER.size + (place >> 3)] |= 1 << (place & 7)
                bits.flush()
            os.fsync(file.fileno())
        beside.replace(output)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
    return count


def _places(digest: bytes, asked: int, all_bits: int) -> list[int]:
    """Which bits a password's SHA-1 stands for, by enhanced double hashing (Dillinger and Manolios): with plain steps two
    passwords of one step would share most of their bits.
    """
    place, step = _TWO_HALVES.unpack_from(digest)
    places = []
    for number in range(asked):
        places.append(place % all_bits)
        place += step
        step += number
    return places


def _digests(source: Path, progress: Callable[[int], None]) -> Iterator[bytes]:
    hashed: bool | None = None
    for number, line in _lines(source, progress):
        found = _SHA1_LINE.fullmatch(line)
        if hashed is None:
            hashed = found is not None
        if not hashed:
            yield hashlib.sha1(line, usedforsecurity=False).digest()
        elif found is not None:
            yield bytes.fromhex(found[1].decode("ascii"))
        else:
            raise FilterRefused(f"{source}: line {number:,} is not SHA1:count as the first line is")


def _lines(source: Path, progress: Callable[[int], None]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers."""
    with source.open("rb") as raw:
        packed = source.name.endswith(".gz")
        file = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
        try:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if not number % _TELL_EVERY:
                    progress(raw.tell())
                if len(line) == _LONGEST_LINE:
                    raise FilterRefused(f"{source}: line {number:,} is too long for a password")
                if password := line.rstrip(b"\r\n"):
                    yield number, password
        except (EOFError, gzip.BadGzipFile) as error:
            raise FilterRefused(f"{source} is not a whole gzip file: {error}") from None
        progress(raw.tell())
