"""A table of routes, compiled to a tree of segments over the raw path: an id may contain `%2F`, so nothing is decoded before
the segments are known. Finding a route costs a few dictionary look-ups, however many routes there are.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from muster.dialects.kit.errors import BadRequest, NoRoute

if TYPE_CHECKING:
    from muster.dialects.kit.call import Call
    from muster.dialects.kit.reply import Reply

Handler = Callable[["Call"], Awaitable["Reply"]]


class Route(msgspec.Struct, frozen=True):
    """One operation. `path` has `{name}` for a segment; `needs` are core permissions, any of which opens the door.

    `needs` of None means that the operation does its own authentication (a token endpoint, a description).
    `title` is the operation's name in the vendor's words, `about` whatever else a dialect keeps beside its routes.
    With `reads_body` the handler reads the body itself, from `call.receive`.
    """

    method: str
    path: str
    handler: Handler
    needs: tuple[str, ...] | None
    title: str = ""
    about: Any = None
    reads_body: bool = False


class _Node:
    __slots__ = ("any", "methods", "name", "named")

    def __init__(self) -> None:
        self.named: dict[bytes, _Node] = {}
        self.any: _Node | None = None
        self.methods: dict[str, tuple[Route, tuple[str, ...]]] = {}


class Routes:
    """The compiled table; a literal segment wins over a `{name}`."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.table: Sequence[Route] = tuple(routes)
        self._root = _Node()
        for route in self.table:
            self._add(route)

    def _add(self, route: Route) -> None:
        node, names = self._root, []
        for segment in route.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.named.setdefault(segment.encode(), _Node())
        if route.method in node.methods:
            raise ValueError(f"{route.method} {route.path} is in the table twice")
        node.methods[route.method] = (route, tuple(names))

    def find(self, method: str, raw_path: bytes) -> tuple[Route, dict[str, str]]:
        """The route of a raw path (still percent-encoded, no query) and its decoded parameters; `NoRoute` if there is none."""
        values: list[str] = []
        node = self._root
        for segment in raw_path.strip(b"/").split(b"/"):
            inner = node.named.get(segment)
            if inner is None:
                inner = node.any
                if inner is None or not segment:
                    raise NoRoute("path")
                values.append(decode_percent(segment, "path_encoding"))
            node = inner
        found = node.methods.get(method)
        if found is None:
            if not node.methods:
                raise NoRoute("path")
            raise NoRoute("method", allow=sorted(node.methods))
        route, names = found
        return route, dict(zip(names, values, strict=True))


def decode_percent(raw: bytes, code: str) -> str:
    """Percent-decoded text; `BadRequest(code)` for what is no text."""
    try:
        raw = raw.replace(b"%7C", b"|")  # what ids are joined with, and all that most of them escape
        if b"%" in raw:
            first, *escaped = raw.split(b"%")
            raw = first + b"".join([_BYTES[part[:2]] + part[2:] for part in escaped])
        text = raw.decode()
    except (KeyError, UnicodeDecodeError):
        raise BadRequest(code) from None
    if "\0" in text:
        raise BadRequest(code)
    return text


_DIGITS = "0123456789abcdefABCDEF"
_BYTES = {(high + low).encode(): bytes([int(high + low, 16)]) for high in _DIGITS for low in _DIGITS}
"""What two hexadecimal digits after a percent sign stand for."""
