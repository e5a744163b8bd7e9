"""Reads a file of rows: one JSON object a line, or one JSON array; UTF-8, plain or gzip. Never more than a row or two in memory.

An array is cut into its elements by the standard library's scanner, and each element is then read as a line would be. (A
streaming parser turns half a surrogate pair into a question mark and takes memory by the square of the nesting.)
"""

import codecs
import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, NamedTuple, cast

import msgspec

LONGEST_ROW: Final = 1024 * 1024
"""Bytes of one row; the core keeps no user who is larger."""

DEEPEST: Final = 100
"""Levels of arrays and objects in a row, the same as in a request."""

FAULTS: Final = ("too_long", "not_utf8", "not_json", "too_deep")
"""Why a row could not be read at all."""

STDIN: Final = "-"

_CHUNK: Final = 256 * 1024
_SPACES: Final = re.compile(r"[ \t\r\n]*")
_MORE_OF_A_NUMBER: Final = ("", *"0123456789.eE+-")
_OTHER_FORMS: Final = (
    ((b"\xff\xfe", b"\xfe\xff"), "it is UTF-16 or UTF-32, not UTF-8; convert it with iconv -t UTF-8"),
    ((b"\x1f\x8b",), "it is compressed; give it a name that ends in .gz, or unpack it with gunzip"),
    ((b"PK\x03\x04",), "it is a ZIP archive; unpack it first"),
)

_decode: Final = msgspec.json.Decoder().decode
_scan: Final = json.JSONDecoder().raw_decode


class FileDamaged(Exception):
    """The file cannot be read, or not any further; the text says why, and `row` is where."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(row, why)
        self.row = row

    def __str__(self) -> str:
        row, why = self.args
        return f"row {row}: {why}" if row else str(why)


class Row(NamedTuple):
    """One row: its line, or its place in the array, from 1; its bytes; what they hold, or one of `FAULTS`."""

    line: int
    raw: bytes
    sent: Any
    fault: str = ""


class Source:
    """A file that is read once, from its start. `total` is its size in bytes where that is known.

    Rows up to `undecoded` are passed over: they come without what they hold, and count for the digest all the same.
    """

    def __init__(self, file: BinaryIO, total: int | None = None, position: Callable[[], int] | None = None) -> None:
        self._file = file
        self._row = 0
        self._digest = hashlib.blake2b(digest_size=16)
        self.undecoded = 0
        self.total = total
        self.position = position or (lambda: 0)

    def rows(self) -> Iterator[Row]:
        """Every row in order, blank lines left out; `FileDamaged` where the file is cut or is none of ours."""
        try:
            yield from self._rows()
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise FileDamaged(self._row + 1, "the compressed file is cut off or damaged here") from None

    def digest(self) -> str:
        """What tells the rows read so far from any others."""
        return self._digest.hexdigest()

    def _row_of(self, raw: bytes) -> Row:
        self._digest.update(raw)
        return row_of(self._row, raw) if self._row > self.undecoded else Row(self._row, raw, None)

    def _rows(self) -> Iterator[Row]:
        self._look_at_the_start()
        while line := self._line():
            text = line.lstrip()
            if text.startswith(b"["):
                yield from self._elements(text[1:])
                return
            if text:
                yield from self._lines(line)
                return
            self._row += 1
        raise FileDamaged(0, "the file is empty")

    def _look_at_the_start(self) -> None:
        head = self._file.peek(4)[:4] if isinstance(self._file, io.BufferedReader) else b""
        for marks, why in _OTHER_FORMS:
            if head.startswith(marks):
                raise FileDamaged(0, why)
        if b"\0" in head:
            raise FileDamaged(0, _OTHER_FORMS[0][1])
        if head.startswith(codecs.BOM_UTF8):
            self._file.read(len(codecs.BOM_UTF8))

    # ---- one object a line

    def _lines(self, line: bytes) -> Iterator[Row]:
        while line:
            self._row += 1
            if len(line) > LONGEST_ROW and not line.endswith(b"\n"):
                self._digest.update(line)
                self._skip_line()
                yield Row(self._row, line, None, "too_long")
            elif not line.isspace():
                row = self._row_of(line)
                if row.fault in ("not_json", "not_utf8") and not line.endswith(b"\n"):
                    raise FileDamaged(self._row, "the file ends in the middle of it")
                yield row
            line = self._line()

    def _line(self) -> bytes:
        return self._file.readline(LONGEST_ROW + 1)

    def _skip_line(self) -> None:
        rest = b" "
        while rest and not rest.endswith(b"\n"):
            rest = self._line()
            self._digest.update(rest)

    # ---- one array

    def _elements(self, start: bytes) -> Iterator[Row]:
        try:
            text = _ArrayText(self._file, start)
            while (sign := text.sign()) != "]":
                if self._row:
                    if sign != ",":
                        raise ValueError("it does not begin with a comma, or the array is cut off here")
                    text.skip()
                raw = text.value()
                self._row += 1
                yield self._row_of(raw.encode("utf-8", "surrogatepass"))
            text.skip()
            if text.sign():
                raise ValueError("something follows the end of the array")
        except UnicodeDecodeError:
            raise FileDamaged(self._row + 1, "it, or what follows it, is not UTF-8") from None
        except ValueError as error:
            raise FileDamaged(self._row + 1, str(error)) from None


class _ArrayText:
    """The text of an array from its current element on; a short piece of the file at a time."""

    def __init__(self, file: BinaryIO, start: bytes) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = self._decoder.decode(start)
        self._at = 0
        self._ended = False

    def sign(self) -> str:
        """The next character that is no blank; it stays. Empty at the end of the file."""
        while True:
            self._at = _SPACES.match(self._text, self._at).end()  # type: ignore[union-attr] # it matches nothing too
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more()

    def skip(self) -> None:
        """Step over the sign."""
        self._at += 1

    def value(self) -> str:
        """The JSON of the value that comes next, stepped over; `ValueError` when none can be made out."""
        self.sign()
        while True:
            with contextlib.suppress(json.JSONDecodeError):
                _, end = _find_end(self._text, self._at)
                # A number at the end of a piece may go on in the next.
                if self._ended or self._text[end : end + 1] not in _MORE_OF_A_NUMBER:
                    raw, self._at = self._text[self._at : end], end
                    return raw
            if len(self._text) - self._at > LONGEST_ROW:
                raise ValueError(f"it is no JSON, or longer than {LONGEST_ROW:,} bytes")
            if self._ended:
                raise ValueError("it is no JSON, or the file ends in the middle of it")
            self._more()

    def _more(self) -> None:
        chunk = self._file.read(_CHUNK)
        self._ended = not chunk
        self._text, self._at = self._text[self._at :] + self._decoder.decode(chunk, final=not chunk), 0


def _find_end(text: str, at: int) -> tuple[Any, int]:
    try:
        return _scan(text, at)
    except RecursionError:
        raise ValueError(f"it has more than {DEEPEST} levels") from None


# ---- one row


def row_of(line: int, raw: bytes) -> Row:
    """The row that these bytes are."""
    try:
        sent = _decode(raw)
    except UnicodeDecodeError:
        return Row(line, raw, None, "not_utf8")
    except RecursionError:
        return Row(line, raw, None, "too_deep")
    except msgspec.DecodeError:
        return Row(line, raw, None, "not_json")
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _deeper(sent, DEEPEST):
        return Row(line, raw, None, "too_deep")
    return Row(line, raw, sent)


def _deeper(sent: Any, levels: int) -> bool:
    """Whether there are more than so many levels; level by level, so that depth costs no stack."""
    level = [sent]
    for _ in range(levels):
        outer = [value for value in level if isinstance(value, (dict, list))]
        level = [inner for value in outer for inner in (value.values() if isinstance(value, dict) else value)]
    return any(isinstance(value, (dict, list)) for value in level)


# ---- the file


@contextlib.contextmanager
def open_source(name: str) -> Iterator[Source]:
    """The file of that name, unpacked if it ends in `.gz`; `-` is standard input. `OSError` when it cannot be opened."""
    with open(0, "rb", closefd=False) if name == STDIN else open(name, "rb") as file:  # noqa: PTH123 - 0 is no path
        found = os.fstat(file.fileno())
        known = stat.S_ISREG(found.st_mode)
        total, position = (found.st_size, file.tell) if known else (None, None)
        if not name.endswith(".gz"):
            yield Source(file, total, position)
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield Source(cast("BinaryIO", io.BufferedReader(unpacked)), total, position)
