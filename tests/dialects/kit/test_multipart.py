"""Forms with files: what is read, in pieces of any size, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.multipart import IN_MEMORY, OVERHEAD, Form, read_form

MEDIA = b"multipart/form-data; boundary=b"


def part(headers: str, body: bytes = b"[]") -> bytes:
    return b"--b\r\n" + headers.encode() + b"\r\n\r\n" + body + b"\r\n"


def text(name: str, body: bytes) -> bytes:
    return part(f'Content-Disposition: form-data; name="{name}"', body)


USERS = part('Content-Disposition: form-data; name="users"; filename="u.json"\r\nContent-Type: application/json')
END = b"--b--\r\n"


def pieces(body: bytes, size: int) -> Iterator[dict[str, Any]]:
    for start in range(0, len(body), size):
        yield {"type": "http.request", "body": body[start : start + size], "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}


async def read(body: bytes, media: bytes | None = MEDIA, *, size: int = 65_536, most: int = 1_000_000) -> Form:
    messages = pieces(body, size)

    async def receive() -> Any:
        return next(messages)

    return await read_form(receive, media, file="users", most=most)


@pytest.mark.parametrize("size", [1, 7, 65_536])
async def test_a_form_in_pieces_of_any_size(size: int) -> None:
    body = text("upsert", b"true") + text("ü", "日本".encode()) + USERS + END
    with await read(body, size=size) as form:
        assert form.texts == {"upsert": "true", "ü": "日本"}
        assert form.file is not None
        assert form.file.read() == b"[]"
    assert form.file.closed


async def test_a_large_file_goes_to_the_disk() -> None:
    content = b"x" * (IN_MEMORY + 1)
    with await read(USERS.replace(b"[]", content) + END) as form:
        assert form.file is not None
        assert form.file.fileno() > 2  # a file in memory has none until it is asked for
        assert form.file.read() == content


async def test_another_file_is_left_unread() -> None:
    with await read(USERS.replace(b'"users"', b'"other"') + END) as form:
        assert (form.texts, form.file) == ({}, None)


@pytest.mark.parametrize(
    ("media", "body"),
    [
        (b"multipart/form-data", USERS + END),
        (b"multipart/form-data; boundary=", USERS + END),
        (b"multipart/form-data; boundary=" + b"b" * 71, b""),
        (MEDIA, b""),
        (MEDIA, b"nothing of the kind"),
        (MEDIA, USERS),
        (MEDIA, USERS + b"--b"),
        (MEDIA, USERS + USERS + END),
        (MEDIA, text("users", b"[]") + USERS + END),
        (MEDIA, part("Content-Disposition: form-data") + END),
        (MEDIA, part('Content-Disposition: attachment; name="users"; filename="u"') + END),
        (MEDIA, part("No colon") + END),
        (MEDIA, USERS.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + END),
        (MEDIA, USERS.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 9_000 + b"\r\n\r\n") + END),
        (MEDIA, text("t", b"\xff") + END),
        (MEDIA, text("t", b"a\0b") + END),
        (MEDIA, text("t", b"x" * 8_193) + END),
        (MEDIA, part('Content-Disposition: form-data; name="\xff"') + b"\xff" + END),
        (MEDIA, b"".join(text(f"t{number}", b"") for number in range(33)) + END),
    ],
)
async def test_what_is_no_form(media: bytes, body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        await read(body, media)
    assert refused.value.code == "multipart"


@pytest.mark.parametrize("media", [None, b"", b"application/json", b"multipart/mixed; boundary=b"])
async def test_another_kind_of_body(media: bytes | None) -> None:
    with pytest.raises(BadRequest) as refused:
        await read(USERS + END, media)
    assert refused.value.code == "media_type"


@pytest.mark.parametrize("body", [USERS.replace(b"[]", b"x" * 101) + END, text("t", b"") * 2_000, b"\r\n" * OVERHEAD])
async def test_a_body_that_is_too_large(body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        await read(body, most=100)
    assert refused.value.code in ("too_large", "multipart")


async def test_a_client_that_goes_away_or_sleeps() -> None:
    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def sleep() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(BadRequest, match="client_gone"):
        await read_form(gone, MEDIA, file="users", most=100)
    with pytest.raises(BadRequest, match="too_slow"):
        await read_form(sleep, MEDIA, file="users", most=100, seconds=0)
