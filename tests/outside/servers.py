"""Real servers on this machine that answer as a test wants, well or badly."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """One request: the words of its first line, its headers in lower case, its body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """Where it listens, and what came in."""

    port: int
    received: list[Received] = field(default_factory=list)
    connections: int = 0


def plain(status: int = 200, body: bytes = b"", *headers: str) -> Answer:
    """A whole answer."""

    async def write(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)

    return write


@contextlib.asynccontextmanager
async def serving(answer: Callable[[Received], Answer], tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server whose answer to each request is made by `answer`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
            received = Received(
                method, target, headers, await reader.readexactly(int(headers.get("content-length", 0)))
            )
            server.received.append(received)
            await answer(received)(writer)
            await writer.drain()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    handling: set[asyncio.Task[None]] = set()
    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    server = Server(listening.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        listening.close()
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)
