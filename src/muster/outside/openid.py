"""OpenID Connect relying party (Core 1.0, Discovery 1.0): the code flow with PKCE (RFC 7636), state, nonce, and the issuer in the
answer (RFC 9207).
"""

import secrets as random
from hmac import compare_digest
from typing import Any, Final, NamedTuple

import msgspec

from muster.core.connections.model import Connection
from muster.core.external.config import OpenIdProvider
from muster.core.external.model import ExternalIdentity, Tokens, failed
from muster.core.external.providers import Addresses, Answer, Departure, Visit
from muster.outside.id_tokens import ProviderKeys, check_access_token, checked_claims
from muster.outside.oauth_client import (
    OAuthClients,
    authorization_url,
    challenge_of,
    code_of,
    granted_scopes,
    new_verifier,
)
from muster.outside.profiles import identity_of

DESCRIBED_FOR: Final = 3_600_000
"""Milliseconds that a provider's description is kept."""

_NAMES_AT_BIRTH: Final = {"firstName": "given_name", "lastName": "family_name"}


class Described(NamedTuple):
    """A provider's endpoints and issuer, as it describes itself or as configured."""

    issuer: str
    authorization: str
    token: str
    userinfo: str
    jwks: str
    names_itself: bool


class OpenIdConnect:
    """Every OpenID provider. What they describe themselves by is kept for an hour."""

    def __init__(self, clients: OAuthClients) -> None:
        self._clients = clients
        self._keys = ProviderKeys(clients)
        self._described: dict[tuple[str, bool], tuple[int, Described]] = {}

    async def depart(self, visit: Visit, provider: OpenIdProvider) -> Departure:
        """The browser goes to the authorization endpoint."""
        described = await self._describe(provider)
        verifier, nonce = new_verifier(), random.token_urlsafe(24)
        own = {"nonce": nonce, "code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
        if visit.hint:
            own["login_hint"] = visit.hint
        if visit.locales:
            own["ui_locales"] = visit.locales
        if visit.fresh:
            own["prompt"] = "login"
        url = authorization_url(visit, provider, described.authorization, own)
        return Departure(url, {}, nonce, verifier.encode())

    async def identify(
        self,
        connection: Connection,
        provider: OpenIdProvider,
        addresses: Addresses,
        answer: Answer,
        *,
        nonce: str,
        secret: bytes,
    ) -> ExternalIdentity:
        """Who the code stands for."""
        described = await self._describe(provider)
        self._check_sender(provider, described, answer)
        asked = {
            "grant_type": "authorization_code",
            "code": code_of(answer),
            "redirect_uri": addresses.callback,
            "code_verifier": secret.decode(),
        }
        document = await self._clients.tokens(connection.id, provider, described.token, asked, issuer=described.issuer)
        tokens = self._clients.read_tokens(document)
        id_token = document.get("id_token")
        if not isinstance(id_token, str):
            raise failed("no_id_token")
        claims = await checked_claims(
            self._keys, described.jwks, provider, id_token, issuer=described.issuer, now=self._clients.now()
        )
        if not nonce or not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise failed("nonce")
        check_access_token(claims, tokens.access_token, id_token)
        brought = {**_named_at_birth(answer), **claims}
        if described.userinfo and "email" not in claims and {"email", "profile"} & set(provider.scopes):
            brought = {**brought, **await self._userinfo(described, tokens, claims)}
        return identity_of(
            connection,
            claims.get("sub"),
            brought,
            scopes=granted_scopes(document, provider.scopes),
            tokens=tokens,
            issuer=str(claims["iss"]) if provider.claims is not None else "",
        )

    async def refresh(self, connection: Connection, provider: OpenIdProvider, tokens: Tokens) -> Tokens:
        """New tokens (Core section 12)."""
        described = await self._describe(provider)
        asked = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token or ""}
        document = await self._clients.tokens(connection.id, provider, described.token, asked, issuer=described.issuer)
        return self._clients.read_tokens(document)

    async def _userinfo(self, described: Described, tokens: Tokens, claims: dict[str, Any]) -> dict[str, Any]:
        """More about the person; it must be the same one (Core section 5.3.2)."""
        document = await self._clients.object(described.userinfo, bearer=tokens.access_token, why="userinfo")
        if document.get("sub") != claims.get("sub"):
            raise failed("userinfo_subject")
        return document

    def _check_sender(self, provider: OpenIdProvider, described: Described, answer: Answer) -> None:
        """The answer must be this provider's, where it says whose it is; one that always says so must (RFC 9207 section 2.4)."""
        named = answer.get("iss")
        if named is None:
            if described.names_itself:
                raise failed("no_issuer")
        elif provider.tenants is None and named != described.issuer:
            raise failed("mix_up")

    async def _describe(self, provider: OpenIdProvider) -> Described:
        given = provider.endpoints
        if given.authorization and given.token and given.jwks:
            return Described(provider.issuer, given.authorization, given.token, given.userinfo, given.jwks, False)
        now = self._clients.now()
        key = provider.issuer, provider.tenants is None
        kept = self._described.get(key)
        if kept is not None and now - kept[0] < DESCRIBED_FOR:
            return kept[1]
        url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        described = _read(await self._clients.object(url, why="discovery"), provider)
        self._described[key] = now, described
        return described


def _read(document: dict[str, Any], provider: OpenIdProvider) -> Described:
    """A description, which must be of the issuer that it was asked for (Discovery section 4.3); a slash at the end may differ."""
    schemes = ("https://",) if provider.issuer.startswith("https://") else ("https://", "http://")

    def address(name: str, *, needed: bool = True) -> str:
        value = document.get(name)
        if not isinstance(value, str) or not value.startswith(schemes):
            if needed or value is not None:
                raise failed("discovery_malformed")
            return ""
        return value

    issuer = document.get("issuer")
    is_named = isinstance(issuer, str) and issuer.rstrip("/") == provider.issuer.rstrip("/")
    if not isinstance(issuer, str) or (provider.tenants is None and not is_named):
        raise failed("discovery_issuer")
    return Described(
        issuer,
        address("authorization_endpoint"),
        address("token_endpoint"),
        address("userinfo_endpoint", needed=False),
        address("jwks_uri"),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _named_at_birth(answer: Answer) -> dict[str, Any]:
    """One provider tells the name only beside the first answer, unsigned: good for a name and for nothing else."""
    try:
        told = msgspec.json.decode(answer.get("user", "{}"), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return {}
    name = told.get("name")
    if not isinstance(name, dict):
        return {}
    return {ours: name[theirs] for theirs, ours in _NAMES_AT_BIRTH.items() if isinstance(name.get(theirs), str)}
