"""JWTs that others sign with keys they have registered here: the assertions of clients (RFC 7523)."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from muster.core.security import TokenRefused
from muster.crypto.tokens import ALGORITHMS as OURS
from muster.crypto.tokens import MAX_TOKEN_LENGTH, SigningKey, public_key_of

ALGORITHMS: Final = (*OURS, "PS256")
"""What an assertion may be signed with: asymmetric algorithms alone, so that no public key can pass for a shared secret."""

_KINDS: Final = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}


class Assertions:
    """A `core.security.SignedStatements`."""

    def verify(self, token: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The claims, once one of the keys is found to have signed them; `TokenRefused`.

        The header may choose among the registered keys (`kid`) and the algorithms, and nothing else of it is believed. One
        with `crit` is refused (RFC 7515, 4.1.11), and so is a key that is registered for another algorithm or use.
        """
        parts = token.split(".", 3)
        if len(token) > MAX_TOKEN_LENGTH or len(parts) != 3 or not token.isascii():
            raise TokenRefused("malformed")
        header, claims, signature = _json(parts[0]), _json(parts[1]), _bytes(parts[2])
        alg, kid = header.get("alg"), header.get("kid")
        if alg not in ALGORITHMS or "crit" in header or "b64" in header:
            raise TokenRefused("signature")
        message = token.rpartition(".")[0].encode("ascii")
        fitting = (key for key in keys if _may_have_signed(key, alg, kid))
        if any(_signed(key, alg, signature, message) for key in fitting):
            return claims
        raise TokenRefused("signature")


def _may_have_signed(key: Mapping[str, Any], alg: str, kid: object) -> bool:
    if key.get("kty") != _KINDS[alg] or key.get("alg", alg) != alg or key.get("use", "sig") != "sig":
        return False
    return kid is None or key.get("kid", kid) == kid


def _signed(key: Mapping[str, Any], alg: str, signature: bytes, message: bytes) -> bool:
    """Whether the signature is this key's; one that cannot be read has signed nothing."""
    try:
        if alg == "PS256":
            return _signed_with_pss(key, signature, message)
        found = next(ours for ours in OURS if ours == alg)
        return SigningKey(found, "", _no_private_half, key).verifies(signature, message)
    except (ValueError, TypeError, KeyError):
        return False


def _signed_with_pss(jwk: Mapping[str, Any], signature: bytes, message: bytes) -> bool:
    """RSASSA-PSS with SHA-256 (RFC 7518 section 3.5)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
    from cryptography.hazmat.primitives.hashes import SHA256

    key = public_key_of(jwk)
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, message, PSS(MGF1(SHA256()), SHA256.digest_size), SHA256())
    except InvalidSignature:
        return False
    return True


def _no_private_half() -> Any:
    raise LookupError("a client's key has no private half here")


def _json(part: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(_bytes(part))
    except (ValueError, RecursionError):
        raise TokenRefused("malformed") from None
    if not isinstance(value, dict):
        raise TokenRefused("malformed")
    return value


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise TokenRefused("malformed") from None
