import base64
import hmac
import json
import warnings
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from muster.core.security import TokenRefused
from muster.crypto.tokens import KeyRing, SigningKey

NOW = 1_800_000_000_000
EXP = NOW // 1000 + 60
RSA, EC = SigningKey.generate("RS256", "rsa-1"), SigningKey.generate("ES256", "ec-1")
NEXT = SigningKey.generate("ES256", "ec-2")
MANAGEMENT = KeyRing("management", "https://example.com/", [RSA])
SESSION = KeyRing("session", "https://example.com/sessions", [EC, NEXT])
AUDIENCE = "https://example.com/api/"
CLAIMS = {"sub": "client@clients", "aud": AUDIENCE, "iat": NOW // 1000, "exp": EXP, "scope": "read:users"}
RINGS = pytest.mark.parametrize("ring", [MANAGEMENT, SESSION], ids=["RS256", "ES256"])


def read(token: str, ring: KeyRing = MANAGEMENT, **options: Any) -> dict[str, Any]:
    return ring.verify(token, **{"audiences": [AUDIENCE], "now_ms": NOW, **options})


def reason(token: str, ring: KeyRing = MANAGEMENT, **options: Any) -> str:
    with pytest.raises(TokenRefused) as refusal:
        read(token, ring, **options)
    assert str(refusal.value) == refusal.value.reason
    return refusal.value.reason


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def forge(header: object, claims: object, key: SigningKey = RSA, raw: bytes | None = None) -> str:
    """A token with a good signature over whatever is wanted, made without the library under test."""
    body = json.dumps(claims).encode() if raw is None else raw
    signed = f"{b64(json.dumps(header).encode())}.{b64(body)}"
    private = load_der_private_key(key.to_pkcs8(), None)
    if isinstance(private, rsa.RSAPrivateKey):
        signature = private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32) + s.to_bytes(32)
    return f"{signed}.{b64(signature)}"


HEADER = {"alg": "RS256", "typ": "JWT", "kid": "rsa-1"}
FULL = {**CLAIMS, "iss": MANAGEMENT.issuer, "token_use": "management"}


# ---- signing


@RINGS
def test_a_token_comes_back_with_issuer_and_purpose(ring: KeyRing) -> None:
    token = ring.sign(CLAIMS)
    assert read(token, ring) == {**CLAIMS, "iss": ring.issuer, "token_use": ring.purpose}
    assert json.loads(unb64(token.split(".")[0])) == {"alg": ring.keys[0].alg, "typ": "JWT", "kid": ring.keys[0].kid}


def test_another_program_can_check_the_signature_with_the_published_key() -> None:
    signed, _, signature = MANAGEMENT.sign(CLAIMS).rpartition(".")
    (jwk,) = MANAGEMENT.jwks()["keys"]
    n, e = (int.from_bytes(unb64(jwk[name])) for name in "ne")
    key = rsa.RSAPublicNumbers(e, n).public_key()
    key.verify(unb64(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(("key", "ring"), [(RSA, MANAGEMENT), (EC, SESSION)], ids=["RS256", "ES256"])
def test_a_token_of_another_program_with_the_same_key_is_read(key: SigningKey, ring: KeyRing) -> None:
    claims = {**CLAIMS, "iss": ring.issuer, "token_use": ring.purpose}
    assert read(forge({"alg": key.alg, "typ": "JWT", "kid": key.kid}, claims, key), ring) == claims


def test_the_first_key_signs_and_all_verify() -> None:
    turned = KeyRing(SESSION.purpose, SESSION.issuer, [NEXT, EC])
    assert read(SESSION.sign(CLAIMS), turned) == read(turned.sign(CLAIMS), SESSION)
    assert reason(turned.sign(CLAIMS), KeyRing(SESSION.purpose, SESSION.issuer, [EC])) == "signature"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": "x"},
        {"exp": None},
        {"exp": "1800000000"},
        {"exp": True},
        {"exp": EXP, "iss": "https://evil.example/"},
        {"exp": EXP, "token_use": "session"},
        {"exp": EXP, "blob": "x" * 8000},
    ],
)
def test_claims_that_could_never_be_verified_are_not_signed(claims: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"exp|longer"):
        MANAGEMENT.sign(claims)


@given(
    st.dictionaries(
        st.text().filter(lambda name: name not in {"iss", "exp", "nbf", "aud", "token_use"}),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=50),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
            max_leaves=10,
        ),
        max_size=6,
    )
)
def test_any_claims_round_trip(claims: dict[str, Any]) -> None:
    whole = {**claims, "exp": EXP}
    ring = KeyRing("session", SESSION.issuer, [EC])
    assert read(ring.sign(whole), ring, audiences=None) == {**whole, "iss": ring.issuer, "token_use": "session"}


# ---- each purpose for itself


def rings_of_every_purpose(keys: Callable[[int], list[SigningKey]]) -> list[KeyRing]:
    purposes = ["management", "session", "id", "template", "ticket"]
    return [KeyRing(purpose, "https://example.com/", keys(place)) for place, purpose in enumerate(purposes)]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (lambda place: [SigningKey.generate("ES256", f"kid-{place}")], "signature"),
        (lambda _: [SigningKey.generate("ES256", "the same kid")], "signature"),
        (lambda _: [EC], "issuer"),
    ],
    ids=["own keys and kids", "own keys, one kid", "one key by mistake"],
)
def test_a_token_of_one_purpose_is_refused_at_every_other(
    keys: Callable[[int], list[SigningKey]], expected: str
) -> None:
    rings = rings_of_every_purpose(keys)
    for made in rings:
        token = made.sign(CLAIMS)
        for asked in rings:
            if made is asked:
                assert read(token, asked)["token_use"] == made.purpose
            else:
                assert reason(token, asked) == expected


def test_a_token_of_another_issuer_with_the_same_purpose_and_key_is_refused() -> None:
    other = KeyRing("management", "https://other.example/", [RSA])
    assert reason(other.sign(CLAIMS)) == "issuer"


@pytest.mark.parametrize(
    "change", [{"iss": None}, {"iss": ["https://example.com/"]}, {"token_use": None}, {"token_use": "MANAGEMENT"}]
)
def test_issuer_and_purpose_are_compared_exactly(change: dict[str, Any]) -> None:
    assert reason(forge(HEADER, {**FULL, **change})) == "issuer"
    assert reason(forge(HEADER, {name: FULL[name] for name in FULL if name not in change})) == "issuer"


# ---- algorithms


def test_none_is_no_algorithm() -> None:
    body = b64(json.dumps(FULL).encode())
    for alg in ("none", "None", "NONE", "nOnE", ""):
        for signature in ("", b64(b"x"), MANAGEMENT.sign(CLAIMS).rpartition(".")[2]):
            header = b64(json.dumps({**HEADER, "alg": alg}).encode())
            assert reason(f"{header}.{body}.{signature}") == "signature"


def test_the_public_key_is_no_hmac_secret() -> None:
    private = load_der_private_key(RSA.to_pkcs8(), None)
    public = private.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(RSA.public_jwk()).encode(),
    ]
    for alg in ("HS256", "HS384", "HS512"):
        signed = f"{b64(json.dumps({**HEADER, 'alg': alg}).encode())}.{b64(json.dumps(FULL).encode())}"
        for secret in secrets:
            assert reason(f"{signed}.{b64(hmac.digest(secret, signed.encode(), sha256))}") == "signature"


@pytest.mark.parametrize("alg", ["ES256", "RS384", "RS512", "PS256", "EdDSA", "rs256", "RS256 ", "unknown"])
def test_a_key_is_used_with_its_own_algorithm_alone(alg: str) -> None:
    assert reason(forge({**HEADER, "alg": alg}, FULL)) == "signature"


def test_a_key_with_the_kid_of_another_does_not_pass() -> None:
    assert reason(forge(HEADER, FULL, SigningKey.generate("RS256", "rsa-1"))) == "signature"
    assert reason(forge({**HEADER, "kid": "rsa-2"}, FULL)) == "signature"
    assert reason(forge({**HEADER, "kid": ""}, FULL)) == "signature"


def test_a_key_inside_the_token_is_not_believed() -> None:
    own = SigningKey.generate("RS256", "rsa-1")
    for extra in ({"jwk": own.public_jwk()}, {"jku": "https://evil.example/"}, {"x5u": "https://evil.example/"}):
        assert reason(forge({**HEADER, **extra}, FULL, own)) == "signature"


# ---- times and audiences


@pytest.mark.parametrize(
    ("change", "now_ms", "leeway_s", "expected"),
    [
        ({}, EXP * 1000 - 1, 0, None),
        ({}, EXP * 1000, 0, "expired"),
        ({}, EXP * 1000, 1, None),
        ({}, EXP * 1000 + 1000, 1, "expired"),
        ({"exp": EXP + 0.5}, EXP * 1000 + 499, 0, None),
        ({"exp": EXP + 0.5}, EXP * 1000 + 500, 0, "expired"),
        ({"exp": 0}, NOW, 0, "expired"),
        ({"exp": -1}, NOW, 0, "expired"),
        ({"exp": 10**300}, NOW, 0, None),
        ({"exp": None}, NOW, 0, "malformed"),
        ({"exp": True}, NOW, 0, "malformed"),
        ({"exp": str(EXP)}, NOW, 0, "malformed"),
        ({"exp": [EXP]}, NOW, 0, "malformed"),
        ({"nbf": NOW // 1000}, NOW, 0, None),
        ({"nbf": NOW // 1000 + 1}, NOW, 0, "not_yet"),
        ({"nbf": NOW // 1000 + 1}, NOW, 1, None),
        ({"nbf": "now"}, NOW, 0, "malformed"),
        ({"nbf": None}, NOW, 0, "malformed"),
    ],
)
def test_a_token_counts_from_nbf_until_exp(
    change: dict[str, Any], now_ms: int, leeway_s: int, expected: str | None
) -> None:
    token = forge(HEADER, {**FULL, **change})
    if expected is None:
        assert read(token, now_ms=now_ms, leeway_s=leeway_s) == {**FULL, **change}
    else:
        assert reason(token, now_ms=now_ms, leeway_s=leeway_s) == expected


def test_a_token_without_exp_is_malformed() -> None:
    assert reason(forge(HEADER, {name: FULL[name] for name in FULL if name != "exp"})) == "malformed"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_an_exp_that_is_no_number_never_makes_a_token_eternal(number: str) -> None:
    raw = json.dumps(FULL).replace(f'"exp": {EXP}', f'"exp": {number}').encode()
    assert reason(forge(HEADER, None, raw=raw)) == "malformed"


@pytest.mark.parametrize(
    ("named", "wanted", "expected"),
    [
        ("a", ["a"], None),
        ("a", ["b", "a"], None),
        (["a", "b"], ["b"], None),
        ("a", ["b"], "audience"),
        ("a", [], "audience"),
        ([], ["a"], "audience"),
        (["a"], ["A"], "audience"),
        ("ab", ["a"], "audience"),
        ("a", None, "audience"),
        (["a"], None, "audience"),
        ([], None, None),
        (None, ["a"], "malformed"),
        (7, ["a"], "malformed"),
        ({"a": 1}, ["a"], "malformed"),
        (["a", 7], ["a"], "malformed"),
        ([["a"]], ["a"], "malformed"),
    ],
)
def test_one_audience_must_be_named_by_both(named: object, wanted: list[str] | None, expected: str | None) -> None:
    token = forge(HEADER, {**FULL, "aud": named})
    if expected is None:
        assert read(token, audiences=wanted)["aud"] == named
    else:
        assert reason(token, audiences=wanted) == expected


def test_a_token_without_audience_counts_only_where_none_is_asked_for() -> None:
    token = forge(HEADER, {name: FULL[name] for name in FULL if name != "aud"})
    assert reason(token) == "audience"
    assert read(token, audiences=None)["sub"] == "client@clients"


# ---- damage


def test_every_altered_character_is_noticed() -> None:
    token = SESSION.sign(CLAIMS)
    for place, letter in enumerate(token):
        for replacement in "AB_.=é \x00":
            if letter != replacement:
                damaged = token[:place] + replacement + token[place + 1 :]
                assert reason(damaged, SESSION) in {"malformed", "signature"}


def test_a_token_has_one_spelling() -> None:
    token = SESSION.sign(CLAIMS)
    head, body, signature = token.split(".")
    noisy = signature[:-1] + chr(ord(signature[-1]) + 1)  # 64 bytes leave four bits of the last letter unused
    assert unb64(noisy) == unb64(signature)
    for spelling in (
        f"{head}.{body}.{noisy}",
        f"{head}=.{body}.{signature}",
        f"{head}.{body}.{signature}==",
        f"{head}.{body}\n.{signature}",
        f" {token}",
        f"{token}\n",
        f"{token}.",
        f"{token}.x",
    ):
        assert reason(spelling, SESSION) == "malformed"


def test_an_rsa_signature_of_the_wrong_length_is_refused() -> None:
    head, body, signature = MANAGEMENT.sign(CLAIMS).split(".")
    for changed in (unb64(signature)[1:], b"\x00" + unb64(signature), unb64(signature) * 5, b""):
        assert reason(f"{head}.{body}.{b64(changed)}") == "signature"


def test_an_ecdsa_signature_in_der_or_of_zeros_is_refused() -> None:
    signed, _, _ = SESSION.sign(CLAIMS).rpartition(".")
    private = load_der_private_key(EC.to_pkcs8(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    for signature in (private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())), bytes(64), b"\xff" * 64):
        assert reason(f"{signed}.{b64(signature)}", SESSION) == "signature"


@pytest.mark.parametrize(
    "header",
    [
        {},
        [],
        "RS256",
        None,
        {"alg": "RS256"},
        {"alg": "RS256", "kid": "rsa-1"},
        {"alg": "RS256", "kid": "rsa-1", "typ": None},
        {**HEADER, "typ": "at+jwt"},
        {**HEADER, "kid": 7},
        {**HEADER, "alg": ["RS256"]},
        {**HEADER, "crit": ["b64"], "b64": False},
        {**HEADER, "crit": ["exp"]},
        {**HEADER, "crit": []},
        {**HEADER, "b64": True},
    ],
)
def test_a_header_we_do_not_understand_is_malformed(header: object) -> None:
    assert reason(forge(header, FULL)) == "malformed"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'"x"',
        b"null",
        b"7",
        b"{",
        b"\xff",
        b'{"a":"\xc3\x28"}',
        b'{"a":' + b"[" * 2500 + b"]" * 2500 + b"}",
    ],
    ids=["empty", "array", "text", "null", "number", "cut", "no UTF-8", "broken UTF-8", "deep"],
)
def test_signed_claims_that_are_no_object_are_refused(raw: bytes) -> None:
    assert reason(forge(HEADER, None, raw=raw)) in {"malformed", "issuer"}


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "\ud800.a.a", "Bearer x", "." * 9000, "x" * 100_000],
)
def test_what_is_no_token_is_malformed(token: str) -> None:
    assert reason(token) == "malformed"


def test_a_deep_header_is_malformed() -> None:
    header = b64(b'{"alg":"RS256","kid":"rsa-1","typ":"JWT","x":' + b"[" * 5000 + b"]" * 5000 + b"}")
    assert reason(f"{header[:8000]}.e30.e30") == "malformed"
    nested = b64(b'{"alg":"RS256","kid":"rsa-1","typ":"JWT","x":' + b"[" * 2500 + b"]" * 2500 + b"}")
    assert reason(f"{nested}.e30.e30") in {"malformed", "signature"}


def test_a_token_over_8_kib_is_malformed_however_good() -> None:
    token = forge(HEADER, {**FULL, "blob": "x" * 6000})
    assert len(token) > 8192
    assert reason(token) == "malformed"
    assert read(forge(HEADER, {**FULL, "blob": "x" * 5000}))["blob"] == "x" * 5000


@given(st.text(max_size=200) | st.from_regex(r"[\w-]{0,80}\.[\w-]{0,80}\.[\w-]{0,80}"))
def test_any_text_is_refused_and_nothing_else(token: str) -> None:
    assert reason(token) in {"malformed", "signature"}


def test_nothing_warns_about_any_header() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for alg in ("none", "HS256", "RS256", "RSA1_5", "dir"):
            reason(forge({**HEADER, "alg": alg, "kid": "unknown"}, FULL))


# ---- keys


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS256", "ES256"])
def test_a_key_survives_being_stored(key: SigningKey) -> None:
    again = SigningKey.from_pkcs8(key.to_pkcs8(), key.alg, key.kid)
    assert again.public_jwk() == key.public_jwk()
    assert again.to_pkcs8() == key.to_pkcs8()
    ring, twin = (KeyRing("ticket", "https://example.com/", [each]) for each in (key, again))
    assert read(twin.sign(CLAIMS), ring) == read(ring.sign(CLAIMS), twin)


def der(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def test_a_key_that_does_not_fit_its_algorithm_is_refused() -> None:
    for bytes_, alg in (
        (RSA.to_pkcs8(), "ES256"),
        (EC.to_pkcs8(), "RS256"),
        (der(rsa.generate_private_key(65537, 1024)), "RS256"),
        (der(ec.generate_private_key(ec.SECP384R1())), "ES256"),
        (RSA.to_pkcs8()[:-1], "RS256"),
        (b"", "RS256"),
        (b"nonsense", "ES256"),
    ):
        with pytest.raises(ValueError, match=r"."):
            SigningKey.from_pkcs8(bytes_, alg, "x")  # type: ignore[arg-type] # pairs of any kind on purpose


def test_published_keys_hold_nothing_private() -> None:
    ring = KeyRing("management", "https://example.com/", [RSA, EC])
    assert [sorted(jwk) for jwk in ring.jwks()["keys"]] == [
        ["alg", "e", "kid", "kty", "n", "use"],
        ["alg", "crv", "kid", "kty", "use", "x", "y"],
    ]
    assert [(jwk["kid"], jwk["alg"], jwk["use"]) for jwk in ring.jwks()["keys"]] == [
        ("rsa-1", "RS256", "sig"),
        ("ec-1", "ES256", "sig"),
    ]
    json.dumps(ring.jwks())


def test_neither_key_nor_ring_shows_anything_private() -> None:
    assert repr(RSA) == "SigningKey(alg='RS256', kid='rsa-1')"
    assert repr(SESSION) == "KeyRing(purpose='session', issuer='https://example.com/sessions', keys=['ec-1', 'ec-2'])"


def test_a_ring_has_keys_with_kids_of_their_own() -> None:
    with pytest.raises(ValueError, match="kid"):
        KeyRing("x", "y", [])
    with pytest.raises(ValueError, match="kid"):
        KeyRing("x", "y", [EC, EC])
