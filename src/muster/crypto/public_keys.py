"""Public keys of others, as operators hand them over: PEM (RFC 7468) to JWK (RFC 7517)."""

from typing import Any, Final

LONGEST_PEM: Final = 16_384
LEAST_RSA_BITS: Final = 2048


def jwk_of_pem(pem: str) -> dict[str, Any] | None:
    """The key of a public key or X.509 certificate in PEM, with its thumbprint (RFC 7638) as `kid`.

    None for any other text, for a private key, and for an RSA key under 2,048 bits. A certificate counts as the key in it:
    whoever registered it has vouched for it, so neither its dates nor its signature are looked at.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    if len(pem) > LONGEST_PEM or "PRIVATE KEY" in pem:
        return None
    raw = pem.encode("utf-8", "replace")
    try:
        key = load_pem_x509_certificate(raw).public_key() if "CERTIFICATE" in pem else load_pem_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return None
    jwk: RSAKey | ECKey | OKPKey
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        jwk = RSAKey.import_key(key)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        jwk = ECKey.import_key(key)
    elif isinstance(key, ed25519.Ed25519PublicKey):
        jwk = OKPKey.import_key(key)
    else:
        return None
    return {**jwk.as_dict(private=False), "kid": jwk.thumbprint()}
