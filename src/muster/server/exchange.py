"""One request and its answer: uvicorn's cycle, with a shorter way for an answer of one piece whose length is known."""

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

_FRAMING: Final = frozenset({b"connection", b"transfer-encoding"})


class Exchange(RequestResponseCycle):
    """uvicorn looks at every header with two regular expressions and writes head and body apart.

    Here a head waits for the body, which comes at once, and both are one write. An answer that frames itself, comes in
    pieces, or whose headers hold a line break, is left to uvicorn, which refuses the latter.
    """

    _start: "ASGISendEvent | None" = None
    _head = b""

    async def send(self, message: "ASGISendEvent") -> None:
        start = self._start
        if start is None:
            if message["type"] == "http.response.start" and not self.response_started:
                head = self._head_of(message)
                if head is not None:
                    self._start, self._head = message, head
                    self.response_started = True
                    return
            await super().send(message)
            return
        self._start = None
        body: bytes = message.get("body", b"")  # type: ignore[assignment]
        if message.get("more_body", False) or len(body) != self.expected_content_length or self.flow.write_paused:
            self.response_started = False
            await super().send(start)
            await super().send(message)
            return
        self.waiting_for_100_continue = False
        if self.disconnected:
            return
        self.transport.write(self._head + body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _head_of(self, start: Any) -> bytes | None:
        """The head as it goes over the wire; None for one that uvicorn had better look at."""
        headers = [*self.default_headers, *start["headers"]]
        fields = dict(headers)
        length = fields.get(b"content-length")
        if length is None or not _FRAMING.isdisjoint(fields) or self.scope["method"] == "HEAD":
            return None
        self.expected_content_length = int(length)
        lines = [STATUS_LINE[start["status"]][:-2], *map(b": ".join, headers)]
        if not self.keep_alive:
            lines.append(b"connection: close")
        head = b"\r\n".join([*lines, b"", b""])
        return head if head.count(b"\n") == head.count(b"\r") == len(lines) + 1 and b"\0" not in head else None
