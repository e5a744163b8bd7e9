"""Keys of every algorithm in one ring: which one signs, which kind of token is taken, and what is loaded when."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc import jwt
from joserfc.jwk import KeySet

from muster.core.security import TokenRefused
from muster.crypto.assertions import Assertions
from muster.crypto.tokens import ALGORITHMS, KeyRing, SigningKey, public_key_of

NOW = 1_800_000_000_000
KEYS = {alg: SigningKey.generate(alg, f"key-{alg}") for alg in ALGORITHMS}
RING = KeyRing("identity", "https://example.com/", KEYS.values())
CLAIMS = {"sub": "somebody", "aud": "app", "exp": NOW // 1000 + 60}


def read(token: str, ring: KeyRing = RING, typ: str = "JWT") -> dict[str, Any]:
    return ring.verify(token, audiences=["app"], now_ms=NOW, typ=typ)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the name that clients know, before RFC 9864
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_each_algorithm_signs_what_it_verifies_and_others_can(alg: Any) -> None:
    token = RING.sign(CLAIMS, alg=alg, typ="at+jwt")
    assert read(token, typ="at+jwt")["sub"] == "somebody"
    found = jwt.decode(token, KeySet.import_key_set(json.loads(json.dumps(RING.jwks()))), algorithms=[alg])
    assert (found.header["kid"], found.claims["sub"]) == (f"key-{alg}", "somebody")
    with pytest.raises(TokenRefused, match="malformed"):
        read(token)
    message, _, signature = token.rpartition(".")
    for place in (0, len(signature) // 2):
        other = "A" if signature[place] != "A" else "B"
        with pytest.raises(TokenRefused, match="signature"):
            read(f"{message}.{signature[:place]}{other}{signature[place + 1 :]}", typ="at+jwt")


def test_the_first_key_of_an_algorithm_signs() -> None:
    older = SigningKey.generate("ES256", "older")
    ring = KeyRing("identity", "https://example.com/", [*KEYS.values(), older])
    assert ring.algorithms == ("RS256", "ES256", "EdDSA")
    assert read(ring.sign(CLAIMS, alg="ES256"))["sub"] == "somebody"
    alone = KeyRing("identity", "https://example.com/", [older])
    assert read(alone.sign(CLAIMS), ring)["sub"] == "somebody"
    with pytest.raises(ValueError, match="no key for EdDSA"):
        alone.sign(CLAIMS, alg="EdDSA")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_is_loaded_when_it_first_signs(alg: Any) -> None:
    asked = []

    def unseal() -> bytes:
        asked.append(alg)
        return KEYS[alg].to_pkcs8()

    ring = KeyRing(
        "identity", "https://example.com/", [SigningKey.sealed(alg, f"key-{alg}", KEYS[alg].public_jwk(), unseal)]
    )
    assert read(RING.sign(CLAIMS, alg=alg), ring)["sub"] == "somebody"
    assert ring.jwks()["keys"] == [KEYS[alg].public_jwk()]
    assert asked == []
    assert read(ring.sign(CLAIMS))["sub"] == "somebody"
    ring.sign(CLAIMS)
    assert asked == [alg]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_is_no_key_for_another_algorithm(alg: Any) -> None:
    for other in ALGORITHMS:
        if other != alg:
            with pytest.raises(ValueError, match="is not one for"):
                SigningKey.from_pkcs8(KEYS[alg].to_pkcs8(), other, "x")
    assert SigningKey.from_pkcs8(KEYS[alg].to_pkcs8(), alg, f"key-{alg}").public_jwk() == KEYS[alg].public_jwk()


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519", "x": 7},
        {"kty": ["RSA"]},
    ],
)
def test_what_is_no_public_key_of_ours(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        public_key_of(jwk)
    with pytest.raises(TokenRefused, match="signature"):
        Assertions().verify(RING.sign(CLAIMS), [jwk])


def test_an_ed25519_key_is_read_from_its_jwk() -> None:
    assert isinstance(public_key_of(KEYS["EdDSA"].public_jwk()), Ed25519PublicKey)


def test_an_assertion_may_be_signed_with_pss() -> None:
    private = load_der_private_key(KEYS["RS256"].to_pkcs8(), None)
    assert isinstance(private, RSAPrivateKey)
    parts = ({"alg": "PS256"}, {"sub": "app"})
    message = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    raw = private.sign(message.encode(), PSS(MGF1(SHA256()), 32), SHA256())
    token = f"{message}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
    jwk = {name: value for name, value in KEYS["RS256"].public_jwk().items() if name != "alg"}
    assert Assertions().verify(token, [jwk]) == {"sub": "app"}
    for wrong in (
        KEYS["RS256"].public_jwk(),
        SigningKey.generate("RS256", "x").public_jwk(),
        KEYS["ES256"].public_jwk(),
    ):
        with pytest.raises(TokenRefused, match="signature"):
            Assertions().verify(token, [wrong])
