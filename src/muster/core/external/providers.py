"""What the core needs of external providers, without knowing any protocol: `muster.outside` keeps these promises."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from muster.core.connections.model import Connection
from muster.core.external.model import ExternalIdentity, Tokens

Answer = Mapping[str, str]
"""What the browser brought back: the members of a query or a form, each once."""


class Addresses(NamedTuple):
    """Our own addresses for one connection: where the browser comes back to, and what our SAML descriptions are at."""

    callback: str
    metadata: str
    acs: str


class Visit(NamedTuple):
    """One trip of one browser. `state` comes back with it; `forwarded` are parameters of the application's own request."""

    connection: Connection
    addresses: Addresses
    state: str
    hint: str = ""
    fresh: bool = False
    locales: str = ""
    forwarded: Mapping[str, str] = {}


class Departure(NamedTuple):
    """Where to send the browser: to `url`, or with a form of `fields` to it. The rest is needed at its return.

    `nonce` is what the answer must be bound to, `secret` what only we know (a PKCE verifier).
    """

    url: str
    fields: Mapping[str, str]
    nonce: str
    secret: bytes


class ExternalProviders(Protocol):
    """Every protocol, chosen by `Connection.provider`. All of these raise `ExternalRefused`."""

    async def depart(self, visit: Visit) -> Departure:
        """How the trip begins."""
        ...

    async def identify(
        self, connection: Connection, addresses: Addresses, answer: Answer, *, nonce: str, secret: bytes
    ) -> ExternalIdentity:
        """Who came back. An empty `nonce` is for an answer that nobody asked for, which few connections allow."""
        ...

    async def refresh(self, connection: Connection, tokens: Tokens) -> Tokens:
        """New tokens for old ones (RFC 6749 section 6)."""
        ...

    async def metadata(self, connection: Connection, addresses: Addresses) -> bytes:
        """What a SAML provider is given of us (SAML 2.0 Metadata)."""
        ...
