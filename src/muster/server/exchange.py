"""One request and its answer: uvicorn's cycle, with a shorter way for an answer of one piece."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

ANSWER: Final = "muster.answer"
"""Where an application finds `Exchange.answer` in the scope; elsewhere than on this server it does not."""

Header = tuple[bytes, bytes]

_FRAMING: Final = frozenset({b"connection", b"transfer-encoding", b"content-length"})
_LEFT_TO_UVICORN: Final = b""


class Exchange(RequestResponseCycle):
    """uvicorn's `send` looks at every header with two regular expressions and writes head and body apart.

    Nearly all headers are the same from answer to answer, so here they are looked at once, and all goes out in one write.
    """

    def answer(self, status: int, headers: Sequence[Sequence[Header]], request_id: str, body: bytes) -> bool:
        """Send a whole answer. False when nothing was sent and it must go by `send`.

        That is so while the peer does not read, and with headers that frame the answer themselves or hold a line break,
        which uvicorn refuses.
        """
        self.scope.pop(ANSWER)  # type: ignore[typeddict-item]  # else scope and exchange would hold each other
        if self.flow.write_paused or self.response_started:
            return False
        lines = [_lines(tuple(group)) for group in (self.default_headers, *headers) if group]
        if _LEFT_TO_UVICORN in lines:
            return False
        self.response_started = True
        self.waiting_for_100_continue = False
        if self.disconnected:
            return True
        end = b"" if self.keep_alive else b"connection: close\r\n"
        own = b"content-length: %d\r\nx-request-id: %b\r\n%b\r\n" % (len(body), request_id.encode(), end)
        self.transport.write(b"".join([STATUS_LINE[status], *lines, own, body]))
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True


@lru_cache(maxsize=1024)
def _lines(headers: tuple[Header, ...]) -> bytes:
    """The headers as they go over the wire, or `_LEFT_TO_UVICORN`."""
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    whole = lines.count(b"\r") == lines.count(b"\n") == len(headers) and b"\0" not in lines
    return lines if whole and _FRAMING.isdisjoint(name for name, _ in headers) else _LEFT_TO_UVICORN
