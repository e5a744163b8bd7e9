"""The external providers of every protocol, as the core asks for them (`muster.core.external.providers`)."""

from muster.core.clock import Clock
from muster.core.connections.model import Connection
from muster.core.external.config import OAuthProvider, OpenIdProvider, SamlProvider
from muster.core.external.model import ExternalIdentity, ExternalRefused, Tokens, failed
from muster.core.external.providers import Addresses, Answer, Departure, Visit
from muster.core.outside import Outside
from muster.core.security import SecretBox
from muster.outside.oauth2 import OAuth2
from muster.outside.oauth_client import OAuthClients
from muster.outside.openid import OpenIdConnect
from muster.outside.saml import Saml


class Providers:
    """Built once. `xmlsec` is the program that SAML needs, empty to find it on PATH."""

    def __init__(self, outside: Outside, clock: Clock, secrets: SecretBox, *, xmlsec: str = "") -> None:
        clients = OAuthClients(outside, clock, secrets)
        self._openid = OpenIdConnect(clients)
        self._oauth2 = OAuth2(clients)
        self._saml = Saml(clients, secrets, xmlsec=xmlsec)

    async def depart(self, visit: Visit) -> Departure:
        """How a trip to the connection's provider begins."""
        provider = visit.connection.provider
        if isinstance(provider, OpenIdProvider):
            return await self._openid.depart(visit, provider)
        if isinstance(provider, OAuthProvider):
            return await self._oauth2.depart(visit, provider)
        if isinstance(provider, SamlProvider):
            return await self._saml.depart(visit, provider)
        raise failed("no_provider")

    async def identify(
        self, connection: Connection, addresses: Addresses, answer: Answer, *, nonce: str, secret: bytes
    ) -> ExternalIdentity:
        """Who came back with this answer."""
        provider = connection.provider
        if isinstance(provider, OpenIdProvider):
            return await self._openid.identify(connection, provider, addresses, answer, nonce=nonce, secret=secret)
        if isinstance(provider, OAuthProvider):
            return await self._oauth2.identify(connection, provider, addresses, answer, secret=secret)
        if isinstance(provider, SamlProvider):
            return await self._saml.identify(connection, provider, addresses, answer, request_id=nonce)
        raise failed("no_provider")

    async def refresh(self, connection: Connection, tokens: Tokens) -> Tokens:
        """New tokens for old ones; a SAML provider gives none."""
        provider = connection.provider
        if isinstance(provider, OpenIdProvider):
            return await self._openid.refresh(connection, provider, tokens)
        if isinstance(provider, OAuthProvider):
            return await self._oauth2.refresh(connection, provider, tokens)
        raise failed("no_tokens")

    async def metadata(self, connection: Connection, addresses: Addresses) -> bytes:
        """What a SAML provider is given of us; others are given nothing but the return address."""
        provider = connection.provider
        if not isinstance(provider, SamlProvider):
            raise ExternalRefused("external_failed", why="not_saml")
        return await self._saml.metadata(provider, addresses)
