"""Starts the real server as a process of its own around the application in hello.py."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

import muster

PROGRAM = Path(__file__).with_name("hello.py")
PATIENCE = 10.0  # seconds until a test gives up; nothing here takes as long
GET = b"GET %b HTTP/1.1\r\nHost: muster\r\n\r\n"


class Site:
    """One running server, and what a client can do to it byte by byte."""

    def __init__(self, data_dir: Path, options: dict[str, Any]) -> None:
        self.data_dir = data_dir
        self.ca_file = data_dir / "ca.pem"
        self._stderr = data_dir.with_suffix(".stderr")
        sources = [str(Path(muster.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        with self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, PROGRAM, json.dumps({"data_dir": str(data_dir), **options})],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sources))},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        self.ready_line = self.process.stdout.readline()
        if self.ready_line:
            _, _, self.url, self.tls_url = self.ready_line.split()
            self.port, self.tls_port = (int(url.rpartition(":")[2]) for url in (self.url, self.tls_url))

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def connect_tls(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.ca_file)
        raw = socket.create_connection(("127.0.0.1", self.tls_port), PATIENCE)
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def get(self, path: str) -> bytes:
        """The body of an answer to a request on a connection of its own."""
        answer = self.exchange(b"GET %b HTTP/1.1\r\nConnection: close\r\n\r\n" % path.encode())
        return answer.partition(b"\r\n\r\n")[2]

    def exchange(self, *sent: bytes) -> bytes:
        """All that the server answers to these bytes until it closes."""
        with self.connect() as connection:
            for piece in sent:
                connection.sendall(piece)
            return read_all(connection)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Start(Protocol):
    def __call__(self, **options: Any) -> Site: ...


def read_all(connection: socket.socket) -> bytes:
    received = bytearray()
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        received += b"<reset>"
    return bytes(received)


def read_head(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        assert piece, received
        received += piece
    return received


def read_answer(connection: socket.socket) -> bytes:
    """The status line and the body of one answer that says how long it is."""
    head = read_head(connection)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return head.partition(b"\r\n")[0] + b" | " + body


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it did not happen in time"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    sites: list[Site] = []

    def starter(**options: Any) -> Site:
        sites.append(Site(tmp_path / f"data{len(sites)}", options))
        return sites[-1]

    yield starter
    for site in sites:
        site.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server shared by a module's tests, impatient so that none of them waits long."""
    limits = {
        "head_bytes": 16_384,
        "headers": 50,
        "pipelined": 5,
        "handshake_seconds": 0.3,
        "head_seconds": 0.3,
        "keep_alive_seconds": 0.5,
        "send_seconds": 0.3,
        "linger_seconds": 0.5,
        "sweep_seconds": 0.05,
    }
    running = Site(tmp_path_factory.mktemp("site") / "data", {"limits": limits})
    assert running.ready_line, running.stderr
    yield running
    running.close()
