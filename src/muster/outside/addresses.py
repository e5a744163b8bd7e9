"""Which addresses a request may go to: those of the public internet, and what the setting `outbound_allow` names.

The refused networks are those of IANA's registries of special-purpose addresses (RFC 6890), and every form of IPv6 that
carries an IPv4 address inside, since a gateway may take it apart again.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# A table of our own: what `ipaddress` calls global differs between versions of Python.
_INNER: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by providers (CGNAT)
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, where clouds answer with credentials
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
"""All that is given out of IPv6. Loopback, unspecified, mapped, NAT64, unique local, link-local and multicast lie outside."""

_NOT_GLOBAL: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, measurements
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)


def is_public(address: Address) -> bool:
    """Whether the address is one of the public internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _INNER)
    return address in _GLOBAL and not any(address in network for network in _NOT_GLOBAL)


class Allowed:
    """The setting `outbound_allow`: names of hosts, addresses and networks that requests may go to although they are inner ones."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in entries:
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self._names.add(_folded(entry))

    def names(self, host: str) -> bool:
        """Whether the host is named itself."""
        return _folded(host) in self._names

    def holds(self, address: Address) -> bool:
        """Whether the address is named, or lies in a network that is."""
        return any(address.version == network.version and address in network for network in self._networks)


def _folded(host: str) -> str:
    return host.lower().rstrip(".")
