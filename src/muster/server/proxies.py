"""Whose request it is, when proxies stand between: only what a trusted one says is believed.

A proxy adds the address it was called from at the right end of X-Forwarded-For; whatever stands further left came with the
request and may be made up. So the header is read from the right, and only as far as the addresses are trusted ones.
"""

import functools
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_HOPS: Final = 32
MOST_BYTES: Final = 4_096
"""The rest of a longer header, to the left, is not read."""

_FORWARDED_FOR: Final = b"x-forwarded-for"
_FORWARDING: Final = frozenset(
    {b"forwarded", _FORWARDED_FOR, b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via"}
)


class Proxies:
    """The networks, such as `10.0.0.0/8`, whose word about a request's origin is taken."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)
        # The same few proxies and clients are asked for again and again, and asking costs microseconds.
        self._known = functools.lru_cache(maxsize=4096)(self._look)

    def client(self, scope: Mapping[str, Any]) -> str:
        """The address that an ASGI request came from, or "" when even the peer's is unknown.

        That is the peer, unless it is trusted: then the rightmost address of X-Forwarded-For that is not. What is no
        address ends the reading, and the last proxy whose word could be taken counts as the client.
        """
        peer: str = scope["client"][0] if scope.get("client") else ""
        if not self._networks:
            return peer
        client, trusted = self._known(peer)
        if not trusted:
            return client or peer
        for hop in reversed(_hops(scope["headers"])):
            address, trusted = self._known(hop)
            if address:
                client = address
            if not trusted:
                break
        return client

    def is_local(self, scope: Mapping[str, Any]) -> bool:
        """Whether a request comes from this machine itself, and no proxy passed it on.

        A proxy on the same machine calls from loopback for the whole world, so a request with any forwarding header is
        not local. One that hides what it does cannot be told apart: give /metrics a token there.
        """
        peer = address_of(scope["client"][0]) if scope.get("client") else None
        if peer is None or not peer.is_loopback:
            return False
        return not any(name in _FORWARDING for name, _ in scope["headers"])

    def _look(self, text: str) -> tuple[str, bool]:
        """The address in its usual form, "" for what is none, and whether it is trusted."""
        address = address_of(text)
        if address is None:
            return "", False
        return str(address), any(address in network for network in self._networks)


def _hops(headers: Sequence[tuple[bytes, bytes]]) -> list[str]:
    """The last entries of all X-Forwarded-For lines together, which count as one line (RFC 9110, 5.3)."""
    line = b",".join(value[-MOST_BYTES:] for name, value in headers if name == _FORWARDED_FOR)
    if not line:
        return []
    return [hop.strip() for hop in line[-MOST_BYTES:].decode("latin-1").split(",")][-MOST_HOPS:]


def address_of(text: str) -> Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:567`, `::1` or `[::1]:567`; None for anything else.

    An IPv4 address in IPv6's clothes, as a socket of both families shows it, is the IPv4 address.
    """
    if len(text) > 64:
        return None
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdecimal()):
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
