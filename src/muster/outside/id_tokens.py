"""Checking ID tokens of other providers (OpenID Connect Core 1.0 section 3.1.3.7, RFC 8725), and the keys to do it with."""

import base64
import hashlib
from typing import Any, Final

import msgspec

from muster.core.external.config import ALGORITHMS, OpenIdProvider
from muster.core.external.model import failed
from muster.outside.oauth_client import OAuthClients

LONGEST_TOKEN: Final = 65_536
SKEW: Final = 60
"""Seconds that clocks may differ by."""

KEYS_FOR: Final = 3_600_000
"""Milliseconds that a provider's keys are kept."""

ASK_AGAIN: Final = 30_000
"""Milliseconds before an unknown key makes us ask for the keys again: nobody makes us ask for each forged token."""

_TYPES: Final = {"R": "RSA", "P": "RSA", "E": "EC"}
_HASHES: Final = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


class _Header(msgspec.Struct):
    alg: str
    kid: str | None = None
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    b64: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(dict[str, Any]).decode


class ProviderKeys:
    """The public keys of providers by the address of their key sets (RFC 7517), asked for again when an unknown one is named."""

    def __init__(self, clients: OAuthClients) -> None:
        self._clients = clients
        self._kept: dict[str, tuple[int, list[dict[str, Any]]]] = {}

    async def candidates(self, jwks_uri: str, algorithm: str, kid: str | None) -> list[dict[str, Any]]:
        """The keys that may have signed; those we have first, new ones only when none of them fits."""
        now = self._clients.now()
        at, keys = self._kept.get(jwks_uri, (None, []))
        found = [key for key in keys if _fits(key, algorithm, kid)]
        if at is not None and now - at < (KEYS_FOR if found else ASK_AGAIN):
            return found
        document = await self._clients.object(jwks_uri, why="jwks")
        listed = document.get("keys")
        if not isinstance(listed, list):
            raise failed("jwks_malformed")
        keys = [key for key in listed if isinstance(key, dict)][:100]
        self._kept[jwks_uri] = now, keys
        return [key for key in keys if _fits(key, algorithm, kid)]


async def checked_claims(
    keys: ProviderKeys, jwks_uri: str, provider: OpenIdProvider, token: str, *, issuer: str, now: int
) -> dict[str, Any]:
    """The claims of an ID token that one of the provider's keys signed for us; its nonce is the caller's to compare.

    Only algorithms that both the list and the kind of key allow: no `none`, and no public key as a shared secret.
    """
    header, body = _parts(token)
    allowed = provider.algorithms or ALGORITHMS
    if header.alg not in allowed or header.alg not in ALGORITHMS:
        raise failed("algorithm")
    if header.crit is not msgspec.UNSET or header.b64 is not msgspec.UNSET:
        raise failed("id_token_malformed")
    candidates = await keys.candidates(jwks_uri, header.alg, header.kid)
    if not any(_is_signed_by(key, token, header.alg) for key in candidates[:5]):
        raise failed("signature")
    try:
        claims = _decode_claims(body)
    except (ValueError, RecursionError):
        raise failed("id_token_malformed") from None
    _check_addressed(claims, provider.client_id)
    _check_issuer(claims, provider, issuer)
    _check_times(claims, now / 1000)
    return claims


def check_access_token(claims: dict[str, Any], access_token: object, token: str) -> None:
    """Where the ID token names its access token, it must be this one (section 3.1.3.8)."""
    named = claims.get("at_hash")
    if named is None:
        return
    header, _ = _parts(token)
    digest = _HASHES.get(header.alg[-3:], hashlib.sha512)
    half = digest(str(access_token).encode()).digest()
    expected = base64.urlsafe_b64encode(half[: len(half) // 2]).rstrip(b"=").decode()
    if named != expected:
        raise failed("at_hash")


def _parts(token: str) -> tuple[_Header, bytes]:
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3 or not token.isascii():
        raise failed("id_token_malformed")
    try:
        return _decode_header(_base64url(parts[0])), _base64url(parts[1])
    except (ValueError, RecursionError):
        raise failed("id_token_malformed") from None


def _is_signed_by(key: dict[str, Any], token: str, algorithm: str) -> bool:
    from joserfc import jwk, jws
    from joserfc.errors import JoseError

    try:
        public = jwk.import_key(key)
        jws.deserialize_compact(token, public, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _fits(key: dict[str, Any], algorithm: str, kid: str | None) -> bool:
    if kid is not None and key.get("kid") != kid:
        return False
    wanted = _TYPES.get(algorithm[0], "EC") if algorithm not in ("EdDSA", "Ed25519") else "OKP"
    is_for_it = key.get("alg") in (None, algorithm) or {key.get("alg"), algorithm} == {"EdDSA", "Ed25519"}
    return key.get("kty") == wanted and key.get("use") in (None, "sig") and is_for_it


def _check_addressed(claims: dict[str, Any], client_id: str) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise failed("audience")
    if (len(audiences) > 1 or party is not None) and party != client_id:
        raise failed("authorized_party")


def _check_issuer(claims: dict[str, Any], provider: OpenIdProvider, issuer: str) -> None:
    named = claims.get("iss")
    if provider.tenants is not None:
        tenant = claims.get("tid")
        if not isinstance(tenant, str) or not tenant or not tenant.replace("-", "").isalnum():
            raise failed("issuer")
        if provider.tenants and tenant not in provider.tenants:
            raise failed("tenant")
        issuer = issuer.replace("{tenantid}", tenant)
    if named != issuer:
        raise failed("issuer")


def _check_times(claims: dict[str, Any], now: float) -> None:
    expires, issued, not_before = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    for time in (expires, issued, not_before):
        if not isinstance(time, int | float) or isinstance(time, bool):
            raise failed("id_token_malformed")
    assert expires is not None
    assert issued is not None
    if now >= expires + SKEW:
        raise failed("expired")
    if now < issued - SKEW or now < not_before - SKEW:
        raise failed("not_yet")


def _base64url(text: str) -> bytes:
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise ValueError("not base64url")
    return raw
