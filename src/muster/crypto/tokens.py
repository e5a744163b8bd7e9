"""Signed tokens (JWT, RFC 7519): one key ring and one issuer for each purpose, and no token counts for another purpose.

A signature is made and checked on keys that were read once, without a look at the key's text: a token costs little more than
its signature (RFC 7515; RS256 and ES256 of RFC 7518, EdDSA of RFC 8037 on Ed25519).
"""

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard, get_args

import msgspec

from muster.core.security import TokenRefused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from joserfc.jwk import KeyParameters

    PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
    PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

Algorithm = Literal["RS256", "ES256", "EdDSA"]

ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)
MAX_TOKEN_LENGTH: Final = 8192
RSA_BITS: Final = 2048
PURPOSE_CLAIM: Final = "token_use"
RESERVED_CLAIMS: Final = frozenset({"iss", PURPOSE_CLAIM})
"""Claims that the ring sets; nobody else may."""

JWT: Final = "JWT"
"""The `typ` of a token whose kind has no media type of its own (RFC 7519 section 5.1)."""

MOST_SEEN: Final = 2048
"""Tokens of one ring that need not be verified again."""

_COORDINATE: Final = 32
"""Bytes of each half of an ES256 signature (RFC 7518 section 3.4)."""


class SigningKey:
    """A key pair with its id and the one algorithm it may be used with. Its repr shows nothing private.

    The private half is loaded when it first signs: most keys of a ring only verify. `public` is the JWK of the other half,
    where it is known without.
    """

    def __init__(
        self, alg: Algorithm, kid: str, load: "Callable[[], PrivateKey]", public: Mapping[str, Any] | None = None
    ) -> None:
        self.alg = alg
        self.kid = kid
        self._load = load
        self._public = dict(public or {})

    @classmethod
    def generate(cls, alg: Algorithm, kid: str) -> "SigningKey":
        """A new key: RSA of 2,048 bits takes 30 to 300 ms, so make it in a thread; the others take a fraction of one."""
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

        key: PrivateKey
        if alg == "RS256":
            key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        elif alg == "ES256":
            key = ec.generate_private_key(ec.SECP256R1())
        else:
            key = ed25519.Ed25519PrivateKey.generate()
        return cls(alg, kid, lambda: key)

    @classmethod
    def from_pkcs8(cls, der: bytes, alg: Algorithm, kid: str) -> "SigningKey":
        """A key from the bytes `to_pkcs8` gave. Raises `ValueError` if they are damaged or the key does not fit `alg`."""
        key = _private_key(der, alg, kid)
        return cls(alg, kid, lambda: key)

    @classmethod
    def sealed(cls, alg: Algorithm, kid: str, public: Mapping[str, Any], unseal: Callable[[], bytes]) -> "SigningKey":
        """A key whose bytes are asked for when it first signs, or when it verifies and `public` is empty."""
        return cls(alg, kid, lambda: _private_key(unseal(), alg, kid), public)

    def to_pkcs8(self) -> bytes:
        """The private key as unencrypted PKCS #8 in DER (RFC 5958). Seal it before it is stored."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def __repr__(self) -> str:
        return f"SigningKey(alg={self.alg!r}, kid={self.kid!r})"

    def public_jwk(self) -> dict[str, Any]:
        """The public half as a JWK (RFC 7517)."""
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from joserfc.jwk import ECKey, OKPKey, RSAKey

        if not self._public:
            about: KeyParameters = {"kid": self.kid, "alg": self.alg, "use": "sig"}
            key = self._private_key
            if isinstance(key, rsa.RSAPrivateKey):
                jwk: RSAKey | ECKey | OKPKey = RSAKey.import_key(key, about)
            elif isinstance(key, ec.EllipticCurvePrivateKey):
                jwk = ECKey.import_key(key, about)
            else:
                jwk = OKPKey.import_key(key, about)
            self._public = dict(jwk.as_dict(private=False))
        return dict(self._public)

    @cached_property
    def sign(self) -> Callable[[bytes], bytes]:
        """Makes a signature in the form that JWS wants."""
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        key = self._private_key
        if isinstance(key, rsa.RSAPrivateKey):
            padding, hashed = PKCS1v15(), SHA256()
            return lambda message: key.sign(message, padding, hashed)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            ecdsa = ec.ECDSA(SHA256())

            def with_curve(message: bytes) -> bytes:
                r, s = decode_dss_signature(key.sign(message, ecdsa))
                return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")

            return with_curve
        return key.sign

    @cached_property
    def verifies(self) -> Callable[[bytes, bytes], bool]:
        """Whether a signature is this key's, of this message."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        key, hashed = self._public_key, SHA256()
        padding, ecdsa = PKCS1v15(), ec.ECDSA(hashed)

        def check(signature: bytes, message: bytes) -> bool:
            try:
                if isinstance(key, rsa.RSAPublicKey):
                    key.verify(signature, message, padding, hashed)
                elif isinstance(key, ec.EllipticCurvePublicKey):
                    if len(signature) != 2 * _COORDINATE:
                        return False
                    halves = signature[:_COORDINATE], signature[_COORDINATE:]
                    r, s = (int.from_bytes(half, "big") for half in halves)
                    key.verify(encode_dss_signature(r, s), message, ecdsa)
                else:
                    key.verify(signature, message)
            except InvalidSignature:
                return False
            return True

        return check

    @cached_property
    def _private_key(self) -> "PrivateKey":
        return self._load()

    @cached_property
    def _public_key(self) -> "PublicKey":
        if self._public:
            return public_key_of(self._public)
        return self._private_key.public_key()


class KeyRing:
    """The keys of one purpose and the issuer its tokens name. The first key (of an algorithm) signs; all of them verify.

    Rings must not share keys. Should they do so by mistake, the purpose inside each token still keeps them apart.
    """

    def __init__(self, purpose: str, issuer: str, keys: Iterable[SigningKey]) -> None:
        self.purpose = purpose
        self.issuer = issuer
        self.keys = tuple(keys)
        self._by_kid = {key.kid: key for key in self.keys}
        if not self.keys or len(self._by_kid) != len(self.keys):
            raise ValueError("a key ring has at least one key, each with a kid of its own")
        self._signers = {key.alg: key for key in reversed(self.keys)}
        self._headers: dict[tuple[str, str], bytes] = {}
        self._seen: dict[bytes, dict[str, Any]] = {}

    def __repr__(self) -> str:
        return f"KeyRing(purpose={self.purpose!r}, issuer={self.issuer!r}, keys={[key.kid for key in self.keys]})"

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What it can sign with, the default first."""
        return tuple(dict.fromkeys(key.alg for key in self.keys))

    def key(self, kid: str) -> SigningKey | None:
        return self._by_kid.get(kid)

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK set, the signing key first."""
        return {"keys": [key.public_jwk() for key in self.keys]}

    def sign(self, claims: Mapping[str, Any], *, alg: str | None = None, typ: str = JWT) -> str:
        """A token with these claims, to which the ring adds `iss` and `token_use`, signed with the first key of `alg`.

        The caller gives `exp` (NumericDate: seconds since 1970), and `aud` if there is one. Raises `ValueError` on claims
        that set a reserved one, have no `exp`, or make a token longer than `verify` takes, and for an `alg` without a key.
        """
        if not RESERVED_CLAIMS.isdisjoint(claims) or not _is_number(claims.get("exp")):
            raise ValueError("claims need a numeric exp and leave iss and token_use to the ring")
        key = self.keys[0] if alg is None else self._signers.get(alg)  # type: ignore[call-overload]
        if key is None:
            raise ValueError(f"the ring for {self.purpose} has no key for {alg}")
        body = _encode({"iss": self.issuer, **claims, PURPOSE_CLAIM: self.purpose})
        message = self._header(key, typ) + _to_base64url(body)
        token = (message + b"." + _to_base64url(key.sign(message))).decode("ascii")
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError(f"the token would be longer than {MAX_TOKEN_LENGTH} characters")
        return token

    def verify(
        self, token: str, *, audiences: Collection[str] | None, now_ms: int, leeway_s: int = 0, typ: str = JWT
    ) -> dict[str, Any]:
        """The claims of a token of this ring and of the kind `typ`; raises `TokenRefused`.

        At least one of `audiences` must be in `aud`; None is for purposes whose tokens name no audience, and refuses those
        that do. The algorithm is the key's, never the token's word (RFC 8725, 3.1 and 3.2). `leeway_s` widens `exp` and `nbf`.
        """
        claims = self._signed_claims(token, typ)
        if claims.get("iss") != self.issuer or claims.get(PURPOSE_CLAIM) != self.purpose:
            raise TokenRefused("issuer")
        expires, not_before, now = claims.get("exp"), claims.get("nbf", 0), now_ms / 1000
        if not _is_number(expires) or not _is_number(not_before):
            raise TokenRefused("malformed")
        if now >= expires + leeway_s:
            raise TokenRefused("expired")
        if now < not_before - leeway_s:
            raise TokenRefused("not_yet")
        named = claims.get("aud", [])
        named = [named] if isinstance(named, str) else named
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise TokenRefused("malformed")
        if named if audiences is None else set(named).isdisjoint(audiences):
            raise TokenRefused("audience")
        return claims

    def _signed_claims(self, token: str, typ: str) -> dict[str, Any]:
        """What a token says that one of the keys signed. A signature stays good for as long as the ring holds its key, so those that
        were found good are remembered, by a hash of the whole token.
        """
        digest = sha256(f"{typ} {token}".encode("utf-8", "surrogatepass")).digest()
        claims = self._seen.get(digest)
        if claims is None:
            claims = _checked_claims(self, token, typ)
            if len(self._seen) >= MOST_SEEN:
                del self._seen[next(iter(self._seen))]
            self._seen[digest] = claims
        return dict(claims)

    def _header(self, key: SigningKey, typ: str) -> bytes:
        """The first part of a token and its dot: the same for every token of a key and kind."""
        header = self._headers.get((key.kid, typ))
        if header is None:
            header = _to_base64url(_encode({"alg": key.alg, "typ": typ, "kid": key.kid})) + b"."
            self._headers[key.kid, typ] = header
        return header


class _Header(msgspec.Struct):
    alg: str
    kid: str
    typ: str | None = None
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    b64: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def _checked_claims(ring: KeyRing, token: str, typ: str) -> dict[str, Any]:
    """The claims, once the signature is known to be one of the ring's."""
    parts = token.split(".", 3)
    if len(token) > MAX_TOKEN_LENGTH or len(parts) != 3:
        raise TokenRefused("malformed")
    try:
        header, body, signature = _decode_header(_base64url(parts[0])), _base64url(parts[1]), _base64url(parts[2])
    except (ValueError, RecursionError):
        raise TokenRefused("malformed") from None
    # No extension is understood here, and RFC 7515 4.1.11 has it that one marked critical must then be refused.
    if header.typ != typ or header.crit is not msgspec.UNSET or header.b64 is not msgspec.UNSET:
        raise TokenRefused("malformed")
    key = ring.key(header.kid)
    if key is None or key.alg != header.alg:
        raise TokenRefused("signature")
    if not key.verifies(signature, token.rpartition(".")[0].encode("ascii")):
        raise TokenRefused("signature")
    try:
        return _decode_claims(body)
    except (ValueError, RecursionError):
        raise TokenRefused("malformed") from None


def public_key_of(jwk: Mapping[str, Any]) -> "PublicKey":
    """The key of a public JWK for one of `ALGORITHMS`; raises `ValueError` on any other."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    about = ("kid", "alg", "use", "key_ops")
    if jwk.get("kty") not in ("RSA", "EC", "OKP"):
        raise ValueError("not a public key")
    try:
        key = import_key({name: value for name, value in jwk.items() if name not in about}).get_op_key("verify")
    except (JoseError, ValueError, TypeError, KeyError) as broken:
        raise ValueError(f"not a public key: {broken}") from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise ValueError("not a public key of a kind that is used here")


def _private_key(der: bytes, alg: Algorithm, kid: str) -> "PrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    key = load_der_private_key(der, password=None)
    if alg == "RS256" and isinstance(key, rsa.RSAPrivateKey) and key.key_size >= RSA_BITS:
        return key
    if alg == "ES256" and isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if alg == "EdDSA" and isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise ValueError(f"key {kid!r} is not one for {alg}")


def _to_base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _base64url(text: str) -> bytes:
    """Decode the one way base64url writes these bytes: a token must not have a second spelling that also counts."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if _to_base64url(raw) == text.encode("ascii"):
            return raw
    except binascii.Error:
        pass
    raise ValueError("not base64url")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
