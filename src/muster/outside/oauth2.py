"""Providers of plain OAuth 2.0 (RFC 6749): who somebody is, is asked of an endpoint of their own with the access token.

Nothing here is signed, so that the person is who the token endpoint's connection says; each provider has a return address of
its own, and PKCE ties the code to this browser's trip.
"""

from typing import Any

import msgspec

from muster.core.connections.model import Connection
from muster.core.external.config import OAuthProvider
from muster.core.external.model import ExternalIdentity, Tokens, failed
from muster.core.external.providers import Addresses, Answer, Departure, Visit
from muster.outside.oauth_client import (
    OAuthClients,
    authorization_url,
    challenge_of,
    code_of,
    granted_scopes,
    new_verifier,
)
from muster.outside.profiles import SUBJECT, identity_of


class _Address(msgspec.Struct):
    email: str
    primary: bool = False
    verified: bool = False


class OAuth2:
    """Every provider of OAuth 2.0 alone."""

    def __init__(self, clients: OAuthClients) -> None:
        self._clients = clients

    async def depart(self, visit: Visit, provider: OAuthProvider) -> Departure:
        """The browser goes to the authorization endpoint."""
        verifier = new_verifier()
        own = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"} if provider.pkce else {}
        if visit.hint and "login_hint" in provider.forwarded:
            own["login_hint"] = visit.hint
        url = authorization_url(visit, provider, provider.endpoints.authorization, own)
        return Departure(url, {}, "", verifier.encode())

    async def identify(
        self,
        connection: Connection,
        provider: OAuthProvider,
        addresses: Addresses,
        answer: Answer,
        *,
        secret: bytes,
    ) -> ExternalIdentity:
        """Who the code stands for."""
        asked = {"grant_type": "authorization_code", "code": code_of(answer), "redirect_uri": addresses.callback}
        if provider.pkce:
            asked["code_verifier"] = secret.decode()
        document = await self._clients.tokens(connection.id, provider, provider.endpoints.token, asked)
        tokens = self._clients.read_tokens(document)
        brought = await self._clients.object(provider.endpoints.userinfo, bearer=tokens.access_token, why="userinfo")
        verified: bool | None = None
        if provider.endpoints.emails:
            address = await self._address(provider, tokens)
            brought = {**brought, "email": address.email if address is not None else None}
            verified = address is not None and address.verified
        subject = brought.get(provider.members.get(SUBJECT, SUBJECT))
        return identity_of(
            connection,
            subject,
            brought,
            scopes=granted_scopes(document, provider.scopes),
            tokens=tokens,
            email_verified=verified,
        )

    async def refresh(self, connection: Connection, provider: OAuthProvider, tokens: Tokens) -> Tokens:
        """New tokens (RFC 6749 section 6)."""
        asked: dict[str, str] = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token or ""}
        document: dict[str, Any] = await self._clients.tokens(connection.id, provider, provider.endpoints.token, asked)
        return self._clients.read_tokens(document)

    async def _address(self, provider: OAuthProvider, tokens: Tokens) -> _Address | None:
        """The person's main address: the profile shows one that nobody need have proved."""
        answer = await self._clients.document(provider.endpoints.emails, bearer=tokens.access_token, why="emails")
        try:
            listed = msgspec.json.decode(answer.body, type=list[_Address])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise failed("emails_malformed") from None
        return next((address for address in listed if address.primary), None)
