"""The listening sockets: bound before anything else starts, so that a taken port fails at once and port 0 is known."""

import errno
import socket
from dataclasses import dataclass

from muster.server.app import CannotStart

# The kernel cuts it to net.core.somaxconn.
BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two listening sockets and the addresses to print for them."""

    host: str
    plain: socket.socket
    tls: socket.socket

    @property
    def port(self) -> int:
        """The port of the plain socket, as bound."""
        return int(self.plain.getsockname()[1])

    @property
    def tls_port(self) -> int:
        """The port of the TLS socket, as bound."""
        return int(self.tls.getsockname()[1])

    @property
    def plain_url(self) -> str:
        return f"http://{_in_url(self.host)}:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://{_in_url(self.host)}:{self.tls_port}"

    def close(self) -> None:
        self.plain.close()
        self.tls.close()


def listen(host: str, port: int, tls_port: int) -> Listeners:
    """Listen on both ports of `host` (a name or an address, IPv6 with or without brackets); port 0 takes a free one.

    Raises `CannotStart` that names the option to change. `::` also takes IPv4 connections.
    """
    host = host.removeprefix("[").removesuffix("]")
    plain = _listen(host, port, "--port")
    try:
        tls = _listen(host, tls_port, "--tls-port")
    except CannotStart:
        plain.close()
        raise
    return Listeners(host, plain, tls)


def _listen(host: str, port: int, option: str) -> socket.socket:
    if not 0 <= port <= 65535:
        raise CannotStart(f"port {port} does not exist; use {option} with 0 to 65535")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise CannotStart(f"host {host!r} is not known; use --host with an address of this machine") from error
    # A name such as localhost has an address of each family; most clients try IPv4, or both.
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise CannotStart(_reason(error, host, port, option)) from error
    sock.setblocking(False)
    return sock


def _reason(error: OSError, host: str, port: int, option: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is taken; use {option}"
        case errno.EACCES:
            return f"port {port} is reserved for root; use {option} with 1024 or above"
        case errno.EADDRNOTAVAIL:
            return f"host {host!r} is not an address of this machine; use --host"
        case _:
            return f"cannot listen on port {port} of {host!r}: {error.strerror}"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
