"""All connections of one process: accepts them on both sockets, sweeps them, and ends them when the process stops.

uvicorn's protocol is used without its `Server`, which has no handshake timeout, takes over the signals, and looks only
ten times a second whether it should stop.
"""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable
from email.utils import formatdate

from uvicorn import Config
from uvicorn.server import ServerState

from muster.server.app import App
from muster.server.protocol import LimitedProtocol, Limits
from muster.server.sockets import BACKLOG

_log = logging.getLogger("muster.server")

# How long closed connections may take to say goodbye before the process ends.
FAREWELL_SECONDS = 0.5
POLL_SECONDS = 0.02


class Connections:
    """The connections of the running event loop to `app`."""

    def __init__(self, app: App, limits: Limits) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._servers: list[asyncio.Server] = []
        self._state = ServerState()
        self._config = Config(
            app,
            http=LimitedProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        self._config.load()
        self._sweep()

    async def accept(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections on a listening socket, with TLS if a context is given."""
        server = await self._loop.create_server(
            self._connection,
            sock=sock,
            ssl=tls,
            backlog=BACKLOG,
            ssl_handshake_timeout=self._limits.handshake_seconds if tls else None,
            ssl_shutdown_timeout=self._limits.send_seconds if tls else None,
        )
        self._servers.append(server)

    def _connection(self) -> LimitedProtocol:
        return LimitedProtocol(self._config, self._state, self._limits, self._loop)

    def _sweep(self) -> None:
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
        now = self._loop.time()
        for connection in self._open():
            connection.sweep(now)
        self._next_sweep = self._loop.call_later(self._limits.sweep_seconds, self._sweep)

    def _open(self) -> list[LimitedProtocol]:
        return [connection for connection in self._state.connections if isinstance(connection, LimitedProtocol)]

    async def drain(self) -> None:
        """Accept no more, let running requests end, close every connection; cut what is left after `drain_seconds`."""
        for server in self._servers:
            server.close()
        for connection in self._open():
            connection.shutdown()
        deadline = self._loop.time() + self._limits.drain_seconds
        await self._until(lambda: not self._busy(), deadline)
        if self._state.tasks:
            _log.warning("requests cut off", extra={"running": len(self._state.tasks)})
        await self._until(lambda: not self._state.connections, min(deadline, self._loop.time() + FAREWELL_SECONDS))
        self._next_sweep.cancel()
        for connection in self._open():
            connection.transport.abort()
        await self._cancel_requests()

    async def _until(self, reached: Callable[[], bool], deadline: float) -> None:
        # Polled, as an event would cost each request something for the sake of this one moment.
        while not reached() and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)

    def _busy(self) -> bool:
        return bool(self._state.tasks) or any(connection.busy for connection in self._open())

    async def _cancel_requests(self) -> None:
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=FAREWELL_SECONDS)
