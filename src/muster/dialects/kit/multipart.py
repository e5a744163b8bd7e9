"""Forms with files (multipart/form-data, RFC 7578), read as they arrive: a large file goes to the disk and never into memory.

The parser is the python-multipart library's. Ours are the limits, and that a form which is not quite one is refused.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Final, Self

from starlette.types import Receive

from muster.core.errors import Unavailable
from muster.dialects.kit.errors import BadRequest

MOST_SECONDS: Final = 30.0
MOST_PARTS: Final = 32
LONGEST_TEXT: Final = 8 * 1024
LONGEST_BOUNDARY: Final = 70
OVERHEAD: Final = 64 * 1024
"""Bytes that a body may have beside its file: boundaries, texts, what a part says about itself."""

IN_MEMORY: Final = 64 * 1024
"""Bytes of a file that are kept in memory before all of it is written to the disk."""

_AS_IT_IS: Final = (b"", b"7bit", b"8bit", b"binary")


class Form:
    """What a form held: its texts by name, and the file that was asked for, at its beginning; closed by the block's end."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()


async def read_form(
    receive: Receive, content_type: bytes | None, *, file: str, most: int, seconds: float = MOST_SECONDS
) -> Form:
    """The form of a request's body; of its files only the one named `file` is kept, which has at most `most` bytes.

    `BadRequest`: `media_type` for another kind of body, `too_large`, `too_slow`, `client_gone`, and `multipart` for what is
    no such form: without a boundary or an end, with a name twice or none, with a text that is long, or not UTF-8, or holds NUL.
    """
    reader = _Reader(_boundary(content_type), file, most)
    try:
        async with asyncio.timeout(seconds):
            await _feed(reader, receive, most)
        return reader.form()
    except TimeoutError:
        reader.close()
        raise BadRequest("too_slow", seconds=seconds) from None
    except OSError:
        reader.close()
        raise Unavailable("no_room_for_a_file", retry_after=5) from None
    except BaseException:
        reader.close()
        raise


async def _feed(reader: "_Reader", receive: Receive, most: int) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("client_gone")
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > most + OVERHEAD:
            raise BadRequest("too_large", limit=most)
        with _as_refusal():
            reader.feed(chunk)


def _boundary(content_type: bytes | None) -> bytes:
    from python_multipart.multipart import parse_options_header

    with _as_refusal():
        media, options = parse_options_header(content_type)
    if media.lower() != b"multipart/form-data":
        raise BadRequest("media_type", media=media.decode("latin-1"))
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= LONGEST_BOUNDARY:
        raise BadRequest("multipart")
    return boundary


@contextlib.contextmanager
def _as_refusal() -> Iterator[None]:
    from python_multipart.exceptions import FormParserError

    try:
        yield
    except (FormParserError, UnicodeDecodeError, ValueError):
        raise BadRequest("multipart") from None


class _Reader:
    """Follows the parser from part to part."""

    def __init__(self, boundary: bytes, file: str, most: int) -> None:
        from python_multipart.multipart import MultipartParser

        self._file_name = file
        self._most = most
        self._file: IO[bytes] | None = None
        self._texts: dict[str, bytearray] = {}
        self._names: set[str] = set()
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = b"", b""
        self._into: bytearray | IO[bytes] | None = None
        self._size = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        self._parser.write(chunk)

    def form(self) -> Form:
        """All that was read, once the form has come to its end."""
        if not self._ended:
            raise BadRequest("multipart")
        form = Form()
        with _as_refusal():
            form.texts = {name: text.decode() for name, text in self._texts.items()}
        if any("\0" in text for text in form.texts.values()):
            raise BadRequest("multipart")
        if self._file is not None:
            self._file.seek(0)
        form.file = self._file
        return form

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    # ---- what the parser tells

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadRequest("multipart")
        self._headers, self._into, self._size = {}, None, 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _headers_end(self) -> None:
        from python_multipart.multipart import parse_options_header

        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode()
        encoding = self._headers.get(b"content-transfer-encoding", b"").strip().lower()
        if disposition.lower() != b"form-data" or not name or name in self._names or encoding not in _AS_IT_IS:
            raise BadRequest("multipart")
        self._names.add(name)
        if b"filename" not in options:
            self._into = self._texts[name] = bytearray()
        elif name == self._file_name:
            self._into = self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - `Form` closes it

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if isinstance(self._into, bytearray):
            if self._size > LONGEST_TEXT:
                raise BadRequest("multipart")
            self._into += data[start:end]
        elif self._into is not None:
            if self._size > self._most:
                raise BadRequest("too_large", limit=self._most)
            self._into.write(data[start:end])

    def _end(self) -> None:
        self._ended = True
