"""What no schema tells: bytes of a body, a path, a query or a header that are hardly HTTP, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import quote

from tests.fuzz.request import FORM, MULTIPART, Request


def _broken_utf8(rng: Random, request: Request) -> None:
    _insert(rng, request, rng.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\x80", b"\xf5\x80\x80\x80"]))


def _a_nul(rng: Random, request: Request) -> None:
    _insert(rng, request, rng.choice([b"\0", b"\\u0000"]))


def _a_lone_surrogate(rng: Random, request: Request) -> None:
    _insert(rng, request, rng.choice([b"\\ud800", b"\\udfff\\ud800", b"\\ud83d"]))


def _insert(rng: Random, request: Request, what: bytes) -> None:
    """Into a text of the body if it has one, else anywhere."""
    body = request.body
    quotes = [at for at in range(len(body)) if body[at : at + 1] == b'"']
    at = rng.choice(quotes) + 1 if quotes and rng.random() < 0.7 else rng.randint(0, len(body))
    request.body = body[:at] + what + body[at:]


def _cut_short(rng: Random, request: Request) -> None:
    request.body = request.body[: rng.randrange(len(request.body))]


def _very_deep(rng: Random, request: Request) -> None:
    request.body = rng.choice([b"[" * 40_000, b'{"a":' * 40_000, b'{"a":' + b"[" * 600 + b"]" * 600 + b"}"])


def _a_member_twice(rng: Random, request: Request) -> None:
    if request.body[:1] == b"{" and len(request.body) > 2:
        request.body = request.body[:-1] + b"," + request.body[1:]
    else:
        request.body += b"&" + request.body


def _a_huge_number(rng: Random, request: Request) -> None:
    number = rng.choice(
        [b"1e999", b"-1e400", b"9" * 5_000, b"0." + b"1" * 400, b"1e-999", b"NaN", b"-", b"01", b"Infinity"]
    )
    colon = request.body.find(b":")
    request.body = request.body[: colon + 1] + number + b"}" if colon > 0 else number


def _something_else(rng: Random, request: Request) -> None:
    bodies = [
        b"",
        b" ",
        b"null",
        b"{}",
        b"[]",
        b'""',
        b"0",
        b"\xef\xbb\xbf{}",
        b"{}{}",
        b"{},",
        b"<xml/>",
        b"a=b&a=c&%zz=%",
    ]
    request.body = rng.choice(bodies)


def _too_large(rng: Random, request: Request) -> None:
    request.body = b'{"name":"' + b"x" * rng.choice([70_000, 1_100_000]) + b'"}'


def _another_media_type(rng: Random, request: Request) -> None:
    kinds = ["text/plain", FORM, "application/json", "application/jsv", MULTIPART, f"{MULTIPART}; boundary={'x' * 200}"]
    kinds += [
        "application/json; charset=latin-1",
        "application/json;;",
        "",
        "\xff",
        "a/b/c",
        "application/problem+json",
    ]
    request.headers = [header for header in request.headers if header[0] != b"content-type"]
    if rng.random() < 0.85:
        request.headers.append((b"content-type", rng.choice(kinds).encode("latin-1")))


def _bad_escapes_in_the_path(rng: Random, request: Request) -> None:
    bad = rng.choice(
        [b"%", b"%z", b"%zz", b"%00", b"%ff", b"%c0%af", b"%ed%a0%80", b"%2F..%2F", b"\xc3", b"%25%30%30", b";", b"//"]
    )
    start = len(request.operation.root)
    at = rng.randint(start + 1, len(request.path))
    request.path = request.path[:at] + bad + request.path[at:]
    request.is_elsewhere = True


def _a_very_long_segment(rng: Random, request: Request) -> None:
    head, _, _ = request.path.rpartition(b"/")
    request.path = head + b"/" + rng.choice([b"x" * 4_000, b"%F0%9F%98%80" * 300, b"-1", b"0", b"9" * 40, b".", b".."])
    request.is_elsewhere = True


def _a_strange_query(rng: Random, request: Request) -> None:
    strange = [
        b"%zz=1",
        b"a=%",
        b"a=%00",
        b"a=%ff",
        b"=",
        b"&&&",
        b"a",
        b"limit=-1",
        b"page=%D9%A3",
        b"x=" + b"y" * 5_000,
    ]
    strange += [
        b"page=99999999999999999999",
        b"per_page=101&per_page=1",
        b"limit=1e3",
        b"size=0x10",
        b"cursor=AAAA",
        b"from=..",
    ]
    request.query = b"&".join(part for part in (request.query, rng.choice(strange)) if part)


def _parameters_twice(rng: Random, request: Request) -> None:
    names = [each["name"] for each in request.operation.told.get("parameters", []) if each["in"] == "query"]
    if names:
        name = quote(rng.choice(names)).encode()
        request.query = b"&".join([request.query, name + b"=1", name + b"=x"]).strip(b"&")


def _another_method(rng: Random, request: Request) -> None:
    request.method = rng.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
    request.is_elsewhere = True


Spoiling = Callable[[Random, Request], None]

BODY: Final[list[Spoiling]] = [
    _broken_utf8,
    _a_nul,
    _a_lone_surrogate,
    _cut_short,
    _very_deep,
    _a_member_twice,
    _a_huge_number,
    _something_else,
    _too_large,
    _another_media_type,
]
ADDRESS: Final[list[Spoiling]] = [
    _bad_escapes_in_the_path,
    _a_very_long_segment,
    _a_strange_query,
    _parameters_twice,
    _another_method,
]
