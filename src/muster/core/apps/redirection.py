"""Where a browser may be sent with an answer for an application: RFC 6749 section 3.1.2, RFC 8252 sections 7 and 8, RFC 9700
section 2.1. Pure functions over the text as it was sent: an address that two parsers read differently is an open redirect.
"""

import re
from collections.abc import Collection
from typing import Final, Literal
from urllib.parse import urlsplit

Problem = Literal["not_absolute", "characters", "scheme", "fragment", "user", "plain_http"]

_LOOPBACK: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?((?:[/?].*)?)", re.DOTALL)
_LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+", re.DOTALL)
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|[\\<>\"^`{|}]")
"""What no URI holds (RFC 3986); browsers drop, turn around or reinterpret some of it."""

_RUN_BY_BROWSERS: Final = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem"}
)


def is_registered(uri: str, registered: Collection[str], *, any_port: bool) -> bool:
    """Whether the address is one of those registered, character by character.

    With `any_port`, for native programs, a loopback address may have another port each time (RFC 8252 section 7.3).
    """
    if uri in registered:
        return True
    bare = _without_port(uri) if any_port else None
    return bare is not None and any(bare == _without_port(each) for each in registered)


def problem_of(uri: str, *, plain_http: bool = False) -> Problem | None:
    """Why an address can be no redirect URI at all, or None. Without `plain_http`, http is for this machine alone."""
    if _UNSAFE.search(uri):
        return "characters"
    if not _ABSOLUTE.fullmatch(uri):
        return "not_absolute"
    if "#" in uri:
        return "fragment"
    scheme = uri.partition(":")[0].lower()
    if scheme in _RUN_BY_BROWSERS:
        return "scheme"
    if scheme not in ("http", "https"):
        return None
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "not_absolute"
    if not host or not uri[len(scheme) :].startswith("://"):
        return "not_absolute"
    if "@" in parts.netloc:
        return "user"
    if scheme == "http" and not plain_http and host not in _LOOPBACK_HOSTS:
        return "plain_http"
    return None


def _without_port(uri: str) -> tuple[str, str] | None:
    found = _LOOPBACK.fullmatch(uri)
    return None if found is None else (found[1], found[2])
