"""One HTTP/1.1 connection: uvicorn's protocol with limits on what a peer may send, hold open or leave unread.

Requests set no timers. Once a second `Connections` sweeps all connections, and each compares what it waits for with
what it waited for at the sweep before: limits in seconds are therefore kept to within one sweep.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import cast

import httptools
from uvicorn import Config
from uvicorn._types import ASGI3Application, HTTPScope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from muster.server.exchange import ANSWER, Exchange

_FRAMING = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process allows its peers. Sizes are in bytes, times in seconds."""

    connections: int = 4096
    """More are answered 503; twice as many are closed without an answer."""
    head_bytes: int = 65_536
    """The request line and all header fields."""
    headers: int = 256
    pipelined: int = 64
    """Requests sent ahead on one connection; the answer to the last one closes it."""
    handshake_seconds: float = 10.0
    head_seconds: float = 10.0
    """From a request's first byte, or from the connection's start, to the end of the head."""
    keep_alive_seconds: float = 75.0
    """Between two requests. Longer than the 60 s for which common load balancers keep a connection."""
    send_seconds: float = 30.0
    """Without the peer taking any part of what waits to be sent."""
    linger_seconds: float = 2.0
    """For a refused peer to stop sending; to close at once would reset the connection under the answer."""
    drain_seconds: float = 10.0
    """For running requests to end when the process stops."""
    sweep_seconds: float = 1.0


class _Waiting(Enum):
    """What a connection waits for."""

    HEAD = auto()
    APPLICATION = auto()
    PEER_TO_READ = auto()
    NEXT_REQUEST = auto()


class _Refused(Exception):
    """Raised inside a parser callback, which is the only way to stop the parser."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class LimitedProtocol(HttpToolsProtocol):
    """A connection that holds its peer to `Limits`. Time limits on a request's body belong to the application."""

    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # None until the first head is complete
    scope: HTTPScope | None  # type: ignore[assignment]  # None until the first byte

    def __init__(self, config: Config, state: ServerState, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, {}, loop)
        self._limits = limits
        self._head_bytes = 0
        self._deaf = False  # what still arrives is thrown away
        self._refused_at: float | None = None
        self._waiting = _Waiting.HEAD
        self._waiting_since = loop.time()
        self._waiting_scope: object = None
        self._unsent = 0

    @property
    def busy(self) -> bool:
        """Whether a request runs or an answer is still to be sent."""
        return self._running is not None or self.transport.get_write_buffer_size() > 0

    @property
    def _running(self) -> RequestResponseCycle | None:
        """The request that arrived last, while it or one before it is being answered."""
        return None if self.cycle is None or self.cycle.response_complete else self.cycle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        excess = len(self.connections) - self._limits.connections
        if excess > self._limits.connections:
            transport.abort()
        elif excess > 0:
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, b"retry-after: 1\r\n")

    def data_received(self, data: bytes) -> None:
        room = self._limits.head_bytes - self._head_bytes
        if len(data) <= room:
            self._feed(data)
            return
        rest = memoryview(data)
        while rest and not self._deaf:
            self._feed(rest[:room])
            rest = rest[room:]
            room = self._limits.head_bytes - self._head_bytes

    def _feed(self, piece: bytes | memoryview) -> None:
        if self._deaf:
            return
        before = self.cycle
        began_in_body = before is not None and before.more_body
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(piece[cast("int", upgrade.args[0]) :])
            return
        except httptools.HttpParserError as error:
            cause = error.__context__
            self.refuse(cause.status if isinstance(cause, _Refused) else HTTPStatus.BAD_REQUEST)
            return
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            self._head_bytes = 0
        elif cycle is before and not began_in_body:
            # The whole piece is head. The parser gathers a field until it is complete, so only this count bounds it.
            self._head_bytes += len(piece)
            if self._head_bytes >= self._limits.head_bytes:
                self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        if len(self.headers) > self._limits.headers:
            raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if len(self.pipeline) >= self._limits.pipelined:
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS)
        self._begin_exchange()

    def _begin_exchange(self) -> None:
        """As in uvicorn, which cannot be told of a cycle of another class."""
        parser, scope = self.parser, self.scope
        assert scope is not None
        version = parser.get_http_version()
        scope["http_version"] = version
        scope["method"] = parser.get_method().decode("ascii")
        url = httptools.parse_url(self.url)
        scope["path"] = url.path.decode("ascii")
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        before = self.cycle
        cycle = self.cycle = Exchange(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        scope[ANSWER] = cycle.answer  # type: ignore[typeddict-unknown-key]
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        # As in uvicorn, but without its timer for each request, and nothing more is read while requests are queued.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        else:
            self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """As in uvicorn, but the end of a request is not one more turn of the event loop."""
        self.tasks.add(self.loop.create_task(self._run(cycle, app)))

    async def _run(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        try:
            await cycle.run_asgi(app)
        finally:
            task = asyncio.current_task(self.loop)
            assert task is not None
            self.tasks.discard(task)

    def refuse(self, status: HTTPStatus, header: bytes = b"") -> None:
        """Answer `status` unless a complete request is still being answered; then read no more and close."""
        self._deaf = True
        if self.transport.is_closing():
            return
        cycle = self._running
        if cycle is not None:
            if not cycle.more_body:
                cycle.keep_alive = False
                return
            if cycle.response_started or self.pipeline:
                self.transport.abort()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self._refused_at = self.loop.time()
        self.transport.write(self._short_answer(status, header))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()  # TLS lingers by itself, for the peer's close_notify

    def _short_answer(self, status: HTTPStatus, header: bytes) -> bytes:
        text = status.phrase.encode()
        return b"".join(
            [
                STATUS_LINE[status],
                *(b"%b: %b\r\n" % field for field in self.server_state.default_headers),
                header,
                b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
                % len(text),
                text,
            ]
        )

    def sweep(self, now: float) -> None:
        """End the connection if what it waits for has not moved for longer than `Limits` allows."""
        if self._refused_at is not None:
            if now - self._refused_at > self._limits.linger_seconds:
                self.transport.abort()
            return
        unsent = self.transport.get_write_buffer_size()
        waiting = self._what_it_waits_for(unsent)
        if waiting is not self._waiting or self.scope is not self._waiting_scope or unsent != self._unsent:
            self._waiting, self._waiting_scope, self._unsent, self._waiting_since = waiting, self.scope, unsent, now
            return
        waited = now - self._waiting_since
        if waiting is _Waiting.NEXT_REQUEST and waited > self._limits.keep_alive_seconds:
            self.transport.close()
        elif waiting is _Waiting.PEER_TO_READ and waited > self._limits.send_seconds:
            self.transport.abort()
        elif waiting is _Waiting.HEAD and waited > self._limits.head_seconds:
            if self.scope is None:
                self.transport.close()
            else:
                self.refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _what_it_waits_for(self, unsent: int) -> _Waiting:
        if unsent or self.transport.is_closing():
            return _Waiting.PEER_TO_READ
        if self._running is not None:
            return _Waiting.APPLICATION
        if self.cycle is None or self.cycle.scope is not self.scope:
            return _Waiting.HEAD
        return _Waiting.NEXT_REQUEST

    def _decline_upgrade(self, rest: bytes | memoryview) -> None:
        """Answer a request that asks for another protocol in HTTP/1.1, as RFC 9110, 7.8 lets a server do.

        The parser takes the head for the end of such a message and would read its body as the next request; another
        parser is given the body. Java's own client asks for h2c with every body it sends over plain HTTP.
        """
        cycle = self.cycle
        assert cycle is not None
        cycle.keep_alive = False
        framing = [field for field in self.headers if field[0] in _FRAMING]
        if not framing:
            self._deaf = True
            return
        cycle.more_body = True
        self.parser = httptools.HttpRequestParser(_Body(self))
        head = b"POST / HTTP/1.1\r\n" + b"".join(b"%b: %b\r\n" % field for field in framing) + b"\r\n"
        self._feed(head)
        self._feed(rest)

    def body_complete(self) -> None:
        """The body of a request whose upgrade was declined has arrived, and nothing may follow it."""
        self.on_message_complete()
        self._deaf = True


class _Body:
    """The parser callbacks for a body alone."""

    def __init__(self, connection: LimitedProtocol) -> None:
        self.on_body = connection.on_body
        self.on_message_complete = connection.body_complete
