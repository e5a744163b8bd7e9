"""The file a backup is: gzip over lines of JSON, the same whichever database it came from.

{"is":"backup","format":1,"muster":"0.1.0","schema":1}
{"is":"table","name":"users","columns":["seq","tenant_id",…],"last_number":41}
[1,1,"01890…",…]                            a row of that table; bytes are {"$u":"text in UTF-8"}
                                            or {"$b":"base64"}
…
{"is":"end","rows":{"users":1,…},"sha256":"…"}  of all lines before it, newlines included
"""

import base64
import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from muster.storage.engine import Row, Value

FORMAT: Final = 1
_COMPRESSION: Final = 3  # of 9: several times faster than 6 on such lines, and hardly larger


class ArchiveRefused(Exception):
    """The file is not a whole, undamaged backup that this Muster can read; the message is for the operator."""


class Header(msgspec.Struct, tag_field="is", tag="backup"):
    """Which Muster made the archive, and the newest migration of the database it came from."""

    muster: str
    schema: int
    format: int = FORMAT


class TableStart(msgspec.Struct, tag_field="is", tag="table"):
    """The rows that follow are of this table. `last_number`: the highest the database ever gave, 0 if it gives none."""

    name: str
    columns: list[str]
    last_number: int


class End(msgspec.Struct, tag_field="is", tag="end"):
    """How many rows there must have been, and the digest of all lines before."""

    rows: dict[str, int]
    sha256: str


_decoder: Final = msgspec.json.Decoder(Header | TableStart | End | list[Any])
_encoder: Final = msgspec.json.Encoder()


class ArchiveWriter:
    """Writes the lines of an archive."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self._counts: dict[str, int] = {}
        self._table = ""

    def header(self, header: Header) -> None:
        self._write([header])

    def table(self, start: TableStart) -> None:
        self._table = start.name
        self._counts[start.name] = 0
        self._write([start])

    def rows(self, rows: Sequence[Row]) -> None:
        self._counts[self._table] += len(rows)
        self._write([[_written(value) for value in row] for row in rows])

    def end(self) -> None:
        self._write([End(self._counts, self._digest.hexdigest())])

    def _write(self, lines: Sequence[Any]) -> None:
        data = _encoder.encode_lines(lines)
        self._digest.update(data)
        self._stream.write(data)


@contextlib.contextmanager
def new_archive(file: Path) -> Iterator[ArchiveWriter]:
    """Write an archive (0600) that appears under its name whole and on the disk, or not at all."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION, fileobj=raw) as stream:
                writer = ArchiveWriter(stream)
                yield writer
                writer.end()
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.rename(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_archive(file: Path) -> Iterator[Header | TableStart | Row]:
    """The header, then each table's start and rows. Only when the end has been reached was all of it true.

    `ArchiveRefused` where something is damaged, missing or too much, at the latest at the end.
    """
    try:
        with gzip.open(file, "rb") as stream:
            yield from _checked(file, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ArchiveRefused(f"{file} is damaged or is no backup of Muster's ({error})") from error


def _checked(file: Path, lines: gzip.GzipFile) -> Iterator[Header | TableStart | Row]:
    digest = hashlib.sha256()
    counts: dict[str, int] = {}
    table: TableStart | None = None
    for number, line in enumerate(lines):
        content = _decoder.decode(line)
        if isinstance(content, Header) is not (number == 0):
            raise ArchiveRefused(f"{file} is damaged: line {number + 1} is out of place")
        if isinstance(content, End):
            if content.rows != counts or content.sha256 != digest.hexdigest() or next(lines, None) is not None:
                raise ArchiveRefused(f"{file} is damaged: its content is not what its last line says")
            return
        digest.update(line)
        if isinstance(content, list):
            if table is None or len(content) != len(table.columns):
                raise ArchiveRefused(f"{file} is damaged: line {number + 1} fits no table")
            counts[table.name] += 1
            yield [_read(value) for value in content]
            continue
        if isinstance(content, TableStart):
            table = content
            counts[table.name] = 0
        elif content.format != FORMAT:
            raise ArchiveRefused(f"{file} has format {content.format}; this Muster reads {FORMAT}. Use a newer Muster.")
        yield content
    raise ArchiveRefused(f"{file} is cut off: its end is missing")


def _written(value: Value) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return {"$u": value.decode()}  # documents, which whoever opens a backup may want to read
    except UnicodeDecodeError:
        return {"$b": base64.b64encode(value).decode("ascii")}


def _read(value: Any) -> Value:
    if isinstance(value, dict):
        if "$u" in value:
            return str(value["$u"]).encode()
        return base64.b64decode(str(value.get("$b")), validate=True)
    return value  # type: ignore[no-any-return]
