"""Hashes that other implementations made, format by format, and what is refused of each."""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.errors import Invalid
from muster.core.passwords.formats import Digest, Hmac, Input, Pbkdf2, Scrypt, ScryptCipher
from muster.crypto.passwords import SCHEMES, HashRefused, check_hash, scheme_of, verify
from muster.crypto.passwords.scheme import MAX_HASH_LENGTH
from tests.crypto.foreign import ASCII, BEYOND, assert_made_of

MADE = [
    # passlib 1.7.4
    ("phpass", ASCII, "$P$6ZpSyNUCP8owG5HAMP3/NVSvc7iMmN/"),
    ("phpass", ASCII, "$H$6/hDEPj99l7hlybZuGrOMFDaz/NWl21"),
    ("nt", ASCII, "$3$$cfc43211ba8dc470832267827cac1407"),
    ("nt", ASCII, "$NT$cfc43211ba8dc470832267827cac1407"),
    ("md5-crypt", ASCII, "$1$GUWLQdDt$bBPdWzgyRN3xz4/8UDbub0"),
    ("sha256-crypt", ASCII, "$5$rounds=1000$QBXXFryvIcDiF6q1$KVC/VheJdi2dhRvu2Vzfnplptrp.0eJGu8w7wpL8RS."),
    (
        "sha512-crypt",
        ASCII,
        "$6$rounds=1000$rpG2TGGMIzkKGDEu$gGhO8yZjMLrcfTccCCPSkK51QMTvWcHvbpgifuBLh38RAZOHj/WY9YY7bSblFd.OnBLEPqZvp.g57O5wH5JBN1",
    ),
    ("ldap", ASCII, "{MD5}PLTnMmMfR+brlh80VUt83g=="),
    ("ldap", ASCII, "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A="),
    ("ldap", ASCII, "{SMD5}LB9PSY4ZRW05ZUJhfnBPySTkXKs="),
    ("ldap", ASCII, "{SSHA}sx2hF2Lox3wiq3yRCkLx/OJUPAWl1JoT"),
    ("ldap", ASCII, "{SSHA256}P2N++HGe6RCdW0IXkSlBbFfH/z7r3K56Rw+d9cvVf7rbWytFSEkpBQ=="),
    (
        "ldap",
        ASCII,
        "{SSHA512}Yz5G3qL5M8nrtTa65Bxu9I9l0ta8bLvz5ejYqClGDn/3dUSh6yksHl8nbbZiZ93PC4JSQHW4TMYDzvbQJMO4Yd6bk9I6RyiF",
    ),
    ("scrypt", ASCII, "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$ZGeSwropSvEgLQU1pjltINKrRvmEBSnohdqYXUe5EZ8"),
    ("phpass", BEYOND, "$P$6WUhccOwL6K.sXZ9br/7w3vo4CRiwZ1"),
    ("phpass", BEYOND, "$H$6WviHvc4nS6HuYz0zZw4P66G7hVnwk1"),
    ("nt", BEYOND, "$3$$1ee314428543ddc64d7678e3b7e47c5e"),
    ("nt", BEYOND, "$NT$1ee314428543ddc64d7678e3b7e47c5e"),
    ("md5-crypt", BEYOND, "$1$SSrYPP6z$3C/55FIn/i4V.HVtclLtG."),
    ("sha256-crypt", BEYOND, "$5$rounds=1000$p31DUDjs00waqGlL$QM6RNfJjBQmSMIOwE11wPaCauq2.4g5HDdeZyGKMSy8"),
    (
        "sha512-crypt",
        BEYOND,
        "$6$rounds=1000$6L2cLhN3cHxmzXXC$spkSMg5yNQ8sJrvn2LJBnXEb1wDuvaBWjTXcogEU5hghBMBv4s.GRao.7WLx.OXqlMgmW9f/OThJR0gWiMLSE1",
    ),
    ("ldap", BEYOND, "{MD5}AWiwItcxwUlvbVudvEunDQ=="),
    ("ldap", BEYOND, "{SHA}JpUSqccTVrAx8lnp/p5Rjor16ug="),
    ("ldap", BEYOND, "{SMD5}viDLmLsAl9xBtcyPGL/yZTWG0Ho="),
    ("ldap", BEYOND, "{SSHA}Vdrw1EzGyy+1+n1OrpWwgPR5sf9hbM05"),
    ("ldap", BEYOND, "{SSHA256}oYgwAtzppX6lSrxGE1/Vfnj9FZNgAagRHeWx5m7hN1ThPOfcm3MuBQ=="),
    (
        "ldap",
        BEYOND,
        "{SSHA512}XhAuI2r0RTnnrprsN+DmPOsaipHLNokMtW2KRuJ2V492gcBC40GCO3s3jEa6G2+BRypbXL8LAUr/ZhnH1zJS+RbCWGttjTGm",
    ),
    ("scrypt", BEYOND, "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$eskytaNEMJ0zXicFU62Sl37UhQiIOkvnTSZpnZ0vhkQ"),
    # crypt(3) of libxcrypt 4.4, through Perl 5.36
    ("md5-crypt", ASCII, "$1$saltstri$CVtlMpOHug1.jDUbVpFvB1"),
    ("sha256-crypt", ASCII, "$5$saltstring$vc6YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC"),
    (
        "sha512-crypt",
        ASCII,
        "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/",
    ),
    (
        "sha512-crypt",
        ASCII,
        "$6$rounds=1400$anotherlongsalts$BIJq9mRCZh1kev4gsEFy0R5hLBKgZM.fwvpxgy31e6bRJqRdXTpSE8TJFJysi3GwDPeX9bz4aZklq669D26ai0",
    ),
    ("sha256-crypt", ASCII, "$5$rounds=1000$a$q29MuptkDKeCD0C/Ugd36TP5BvLNAsYMh9FCDX7KAI3"),
    ("md5-crypt", BEYOND, "$1$saltstri$36/.DGZJqbq8YQKECVWJg0"),
    ("sha256-crypt", BEYOND, "$5$saltstring$6jb5Ys7MK1I55s0iBX9z//42yuIOgemKIxzG8vnz0t0"),
    (
        "sha512-crypt",
        BEYOND,
        "$6$saltstring$OKvepSQewMA61t0p/oZdOei5uL99i0sxFveqEwboUVm5yfxupVB/eZo2uSDDoCvV2whXqu8H/ygMAOZvgbuMq.",
    ),
    (
        "sha512-crypt",
        BEYOND,
        "$6$rounds=1400$anotherlongsalts$Qlr4kk7eb0DRDI7Qnpqk4RB.y1.2bHtYKkgNvGJ238bmiwPaF5Z0RtWg/cBxpdbE1KLchVv9yVOJND3OGHKXa0",
    ),
    ("sha256-crypt", BEYOND, "$5$rounds=1000$a$nnGCpp0Vsko2vQJXRNmg1IZl3Vd02PSkbPoVvrVQp74"),
    # Node 20.20 (OpenSSL 3.0.19)
    ("pbkdf2", ASCII, "$pbkdf2-md5$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$mszwkI7qYIFwNXOPNefiZlwJIwuKvbyf"),
    ("pbkdf2", ASCII, "$pbkdf2-ripemd160$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$ZbbRD5tmpCWLwEVovQbuP5tXWj83Eyb2"),
    ("pbkdf2", ASCII, "$pbkdf2-sha1$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$42+d12kt/KU+Ky2S7cI6iQS2OFen0MeL"),
    ("pbkdf2", ASCII, "$pbkdf2-sha224$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$l5dJzgyKFUEvenxICbWUpkjXhV/GA6v1"),
    ("pbkdf2", ASCII, "$pbkdf2-sha256$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$f2yJk+Dph1FxQ+yhQ5KLmg1c5wfFtFU1"),
    ("pbkdf2", ASCII, "$pbkdf2-sha384$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$UN1SvJVQqP/jgwFKSIfTftj3ksn3s5AJ"),
    ("pbkdf2", ASCII, "$pbkdf2-sha512$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$RbkohYpABhrVf6dAjV1mgswjeaDcEw/Z"),
    (
        "pbkdf2",
        ASCII,
        "$pbkdf2-sha512$i=1000,l=64$c29tZXNhbHRzb21lc2FsdA$RbkohYpABhrVf6dAjV1mgswjeaDcEw/Z9Lqqoc7ZO6eeqGc4EIBheeCgNOsc3H1ATsxkis9nQ04P4KAKB0FMcA",
    ),
    (
        "pbkdf2",
        ASCII,
        "$pbkdf2-sha512$c29tZXNhbHRzb21lc2FsdA$rAaJa1HkD27TosfWwFcSkrMkY07veA+CbK6efdzenLVjZszXFTbwWlwpyW7uhCGyR/yEDyWedrxUpkLQsMhh7g",
    ),
    ("pbkdf2", BEYOND, "$pbkdf2-md5$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$e9ILLueR+yy4Wk9R6q6onib1vjoku3ba"),
    ("pbkdf2", BEYOND, "$pbkdf2-ripemd160$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$Rz1P4g6E/8EdBPDIcQBstB41VAtIK+01"),
    ("pbkdf2", BEYOND, "$pbkdf2-sha1$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$/ZNc/0caM3Tz/BR/UZlE+L3KqeFfDjxl"),
    ("pbkdf2", BEYOND, "$pbkdf2-sha224$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$7eKt6QOltcYjXUeavYjc5hLF/8bAKL6K"),
    ("pbkdf2", BEYOND, "$pbkdf2-sha256$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$7Pr1NWIYa3bo0e7l6l1PfnYQnuRN4kNQ"),
    ("pbkdf2", BEYOND, "$pbkdf2-sha384$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$HBEQp3Hy6PZTdeiiuOmZJSS4mQf/EtU/"),
    ("pbkdf2", BEYOND, "$pbkdf2-sha512$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA$SyOfsl4zxm923sXVTFGFdGocDbSr/P99"),
    (
        "pbkdf2",
        BEYOND,
        "$pbkdf2-sha512$i=1000,l=64$c29tZXNhbHRzb21lc2FsdA$SyOfsl4zxm923sXVTFGFdGocDbSr/P99CrnChfDKFBQA0qaKdVtkAwdWNdiC6avnlCpxtUbQmW7pi/yIuCo1MA",
    ),
    (
        "pbkdf2",
        BEYOND,
        "$pbkdf2-sha512$c29tZXNhbHRzb21lc2FsdA$hxM8+TN9B1aow75KW3dDf1x/vk6BfsdMJ1TObmE79hMsFzam9rnq14P1L2nKsKfIt9BKARlGFOHkc1smTUofRw",
    ),
]
PUBLISHED = [
    # RFC 7914, section 12
    (
        "scrypt",
        "",
        Scrypt(
            4,
            1,
            1,
            b"",
            bytes.fromhex(
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            ),
        ).text(),
    ),
    (
        "scrypt",
        "password",
        Scrypt(
            10,
            8,
            16,
            b"NaCl",
            bytes.fromhex(
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
        ).text(),
    ),
    # RFC 6070
    (
        "pbkdf2",
        "password",
        Pbkdf2("sha1", 1, b"salt", bytes.fromhex("0c60c80f961f0e71f3a9b524af6012062fe037a6")).text(),
    ),
    (
        "pbkdf2",
        "password",
        Pbkdf2("sha1", 4096, b"salt", bytes.fromhex("4b007901b765489abead49d926f721d065a429c1")).text(),
    ),
    # Drepper's description of SHA-crypt
    ("sha256-crypt", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
    (
        "sha512-crypt",
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    # The portable PHP password hashing framework's own test
    ("phpass", "test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
    # RFC 2202, test case 2: HMAC-MD5 with the key "Jefe"
    (
        "hmac",
        "what do ya want for nothing?",
        Hmac("md5", b"Jefe", bytes.fromhex("750c783e6ab0b503eaa86e310a5db738")).text(),
    ),
    # The README of Firebase's scrypt
    (
        "scrypt-aes",
        "user1password",
        "$muster-scrypt-aes$ln=14,r=8,p=1$42xEC+ixf3L2lw$Bw$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ",
    ),
]


@pytest.mark.parametrize(("scheme", "password", "text"), MADE)
def test_a_hash_of_another_implementation_verifies_with_its_password_alone(
    scheme: str, password: str, text: str
) -> None:
    assert_made_of(text, scheme, password)


@pytest.mark.parametrize(("scheme", "password", "text"), PUBLISHED)
def test_published_hashes_verify(scheme: str, password: str, text: str) -> None:
    assert check_hash(text) == scheme
    assert verify(text, password)
    assert not verify(text, password + "x")


# ---- what is done to a password first


def _digest(message: bytes) -> str:
    return Digest("sha256", hashlib.sha256(message).digest()).text()


@pytest.mark.parametrize(
    ("input_", "password"),
    [
        (Input(_digest(b"salt" + ASCII.encode()), before=b"salt"), ASCII),
        (Input(_digest(ASCII.encode() + b"\xff\x00"), after=b"\xff\x00"), ASCII),
        (Input(_digest(b"a" + BEYOND.encode() + b"b"), before=b"a", after=b"b"), BEYOND),
        (Input(_digest(BEYOND.encode("utf-16-le")), encoding="utf16le"), BEYOND),
        (Input(_digest("🔑".encode("utf-16-le")), encoding="utf16le"), "🔑"),
        # A low byte is what Node's Buffer.from("€", "latin1") leaves of U+20AC.
        (Input(_digest(b"p\xe4ssw\xf6rd \xac5"), encoding="latin1"), BEYOND),
        (Input(_digest(hashlib.md5(b"x").hexdigest().encode()), prehash="md5"), "x"),
        (Input(_digest(b"s" + hashlib.sha256(b"x\0\0\0").hexdigest().encode()), "utf16le", "sha256", b"s"), "x\0"),
    ],
)
def test_what_was_done_to_a_password_before_it_was_hashed_is_done_again(input_: Input, password: str) -> None:
    assert Input.parse(input_.text()) == input_
    assert_made_of(input_.text(), "digest", password)


@pytest.mark.parametrize("text", [text for _, _, text in MADE[:60:6] + PUBLISHED])
def test_every_scheme_can_stand_behind_an_input_and_takes_any_bytes_then(text: str) -> None:
    """A text put together by hand, with a password that is no UTF-8 or longer than the longest when it comes in."""
    for input_ in (Input(text, "latin1"), Input(text, "utf16le"), Input(text, before=b"\xff\xfe")):
        for password in ("ÿþ", "x" * 4096, "a\0b"):
            assert not verify(input_.text(), password)


@pytest.mark.parametrize("text", [text for _, _, text in MADE + PUBLISHED])
def test_a_password_with_nul_is_not_the_one_cut_short(text: str) -> None:
    for password in {password for _, password, other in MADE + PUBLISHED if other == text}:
        assert not verify(text, password + "\0more")


@given(
    st.binary(max_size=40),
    st.binary(max_size=40),
    st.sampled_from(["utf8", "utf16le", "latin1"]),
    st.sampled_from([None, "md5", "sha256"]),
)
def test_inputs_are_written_and_read_alike(before: bytes, after: bytes, encoding: str, prehash: str | None) -> None:
    input_ = Input("$P$whatever", encoding, prehash, before, after)
    assert Input.parse(input_.text()) == input_


def test_the_other_texts_are_written_and_read_alike() -> None:
    for hash_ in (
        Digest("sha512", bytes(64), 5000),
        Digest("md4", bytes(16)),
        Hmac("whirlpool", b"\0key", bytes(64)),
        Pbkdf2("sha256", 600_000, b"", bytes(32)),
        Scrypt(15, 8, 1, b"salt", bytes(range(64))),
        ScryptCipher(14, 8, 1, b"salt", b"\x07", bytes(64), bytes(64)),
    ):
        assert type(hash_).parse(hash_.text()) == hash_
        assert check_hash(hash_.text())


# ---- what is refused

HASH22, HASH43, HASH86 = "A" * 21 + ".", "A" * 42 + ".", "A" * 85 + "."
B32 = "A" * 43
COSTLY = [
    f"$5$rounds=999999999${'s' * 16}${HASH43}",
    f"$6$rounds=999999999${'s' * 16}${HASH86}",
    f"$6$rounds=9999999999$salt${HASH86}",
    f"$P$S{'s' * 8}{HASH22}",
    f"$pbkdf2-sha256$i=1000000000$c2FsdA${B32}",
    f"$pbkdf2-sha256$i=1700001$c2FsdA${B32}",
    f"$pbkdf2-sha256$i=900000,l=64$c2FsdA${'A' * 86}",
    f"$pbkdf2-sha1$i=100000$c2FsdA${'A' * 1000}",
    f"$scrypt$ln=30,r=8,p=1$c2FsdA${B32}",
    f"$scrypt$ln=18,r=8,p=1$c2FsdA${B32}",
    f"$scrypt$ln=14,r=8,p=16$c2FsdA${B32}",
    f"$scrypt$ln=10,r=1048576,p=1$c2FsdA${B32}",
    f"$scrypt$ln=1,r=1,p=1073741823$c2FsdA${B32}",
    f"$muster-scrypt-aes$ln=31,r=8,p=1$c2FsdA$Bw${B32}${B32}",
    f"$muster-digest$a=sha512,i=1000000000${'A' * 86}",
    f"$muster-digest$a=whirlpool,i=5000${'A' * 86}",
    f"$muster-input$e=utf8,h=md5$$$6$rounds=999999999$salt${HASH86}",
    f"$pbkdf2-sha256$i=1${'A' * 5000}${B32}",
    f"$muster-hmac$a=sha1${'A' * 1_000_000}$AAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$6$" + "s" * MAX_HASH_LENGTH,
]
UNKNOWN = [
    f"$pbkdf2-md4$i=1000$c2FsdA${B32}",
    f"$pbkdf2-whirlpool$i=1000$c2FsdA${B32}",
    f"$pbkdf2-sha3-256$i=1000$c2FsdA${B32}",
    "{CRYPT}$1$salt$abc=",
    "{SSHA3}AAAA",
    "pbkdf2_sha256$1000$salt$hash",
    f"$7${'A' * 40}",
    f"$muster-input$e=latin1$$$9${'A' * 40}",
]
MALFORMED = [
    f"$1${'s' * 9}${HASH22}",
    f"$1$salt${HASH22[:-1]}",
    f"$1$salt${HASH22[:-1]}z",  # bits set that do not count
    f"$1$sa:t${HASH22}",
    f"$5$rounds=999$salt${HASH43}",
    f"$5$rounds=01000$salt${HASH43}",
    f"$5$rounds=$salt${HASH43}",
    f"$5${'s' * 17}${HASH43}",
    f"$5$salt${HASH43}\n",
    f"$6$salt${HASH86}$",
    f"$6$salt${HASH43}",
    f"$P$4{'s' * 8}{HASH22}",  # fewer rounds than phpass ever made
    f"$P$z{'s' * 8}{HASH22}",
    f"$P$9{'s' * 7}{HASH22}",
    f"$pbkdf2-sha256$i=0$c2FsdA${B32}",
    f"$pbkdf2-sha256$i=1000,l=31$c2FsdA${B32}",
    f"$pbkdf2-sha256$l=32,i=1000$c2FsdA${B32}",
    f"$pbkdf2-sha256$i=1000$c2FsdA=${B32}",
    f"$pbkdf2-sha256$i=1000$c2FsdB${B32}",  # bits set that do not count
    f"$pbkdf2-sha256$29000$c2FsdA${B32}",
    "$pbkdf2-sha256$i=1000$c2FsdA$AAAA",
    f"$scrypt$ln=0,r=8,p=1$c2FsdA${B32}",
    f"$scrypt$ln=16,r=1,p=1$c2FsdA${B32}",  # N must be less than 2 to the 16 r
    f"$scrypt$ln=10,r=8,p=0$c2FsdA${B32}",
    f"$scrypt$ln=10,r=32768,p=32768$c2FsdA${B32}",
    f"$scrypt$ln=10,p=1,r=8$c2FsdA${B32}",
    "$scrypt$ln=10,r=8,p=1$c2FsdA$AAAA",
    f"$muster-scrypt-aes$ln=10,r=8,p=1$c2FsdA$Bw${B32}$AAAA",
    f"$muster-digest$a=md5${B32}",
    f"$muster-digest$a=rot13${B32}",
    f"$muster-digest$a=sha256,i=0${B32}",
    f"$muster-digest$a=sha256$salt${B32}",
    f"$muster-hmac$a=sha256${B32}",
    f"$muster-input$e=utf8$$$muster-digest$a=sha256${B32}",  # nothing was done
    f"$muster-input$e=latin1$$$muster-input$e=latin1$$$muster-digest$a=sha256${B32}",
    f"$muster-input$e=rot13$$$muster-digest$a=sha256${B32}",
    f"$muster-input$e=latin1,h=crc$$$muster-digest$a=sha256${B32}",
    "$muster-input$",
    "$muster-input$e=latin1$$hello",
    "$3$$CFC43211BA8DC470832267827CAC1407",
    "$NT$cfc43211ba8dc470832267827cac140",
    "{SSHA}",
    "{SSHA}L55TUjtiq8FBorTWAZ0jy6g129A=",  # no salt
    "{SHA}sx2hF2Lox3wiq3yRCkLx/OJUPAWl1JoT",
    "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A",
    "{SHA}L55TUjtiq8FBorTWAZ0jy6g129B=",
    "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n",
    "{MD5}é",
]
REFUSED = [
    *((text, "too_costly") for text in COSTLY),
    *((text, "unknown_scheme") for text in UNKNOWN),
    *((text, "malformed") for text in MALFORMED),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_what_we_should_not_check_is_refused_at_entry(text: str, reason: str) -> None:
    with pytest.raises(HashRefused) as refused:
        check_hash(text)
    with pytest.raises(HashRefused):
        verify(text, "password")
    with pytest.raises(Invalid) as invalid:
        scheme_of(text)
    assert (refused.value.reason, invalid.value.detail) == (reason, {"reason": reason})


@pytest.mark.parametrize(
    "text",
    [
        f"$6$rounds=656000$salt${HASH86}",  # passlib's own default
        f"$P$H{'s' * 8}{HASH22}",
        f"$pbkdf2-sha256$i=1200000$c2FsdA${B32}",  # Django's default of 2025
        f"$pbkdf2-sha512$i=210000$c2FsdA${'A' * 86}",
        f"$scrypt$ln=17,r=8,p=1$c2FsdA${B32}",  # OWASP's first choice, 128 MiB
        f"$scrypt$ln=15,r=8,p=1$c2FsdA${B32}",
        "{ssha}sx2hF2Lox3wiq3yRCkLx/OJUPAWl1JoT",
    ],
)
def test_what_others_make_by_default_is_taken(text: str) -> None:
    assert check_hash(text)


@pytest.mark.parametrize(
    "text",
    [
        f"$5$rounds=900000$salt${HASH43}",
        f"$6$rounds=656000$salt${HASH86}",
        f"$P$H{'s' * 8}{HASH22}",
        f"$muster-digest$a=sha512,i=700000${'A' * 86}",
    ],
)
def test_a_long_password_does_not_make_a_costly_hash_dearer(text: str) -> None:
    """Each of these hashes the password anew in every round: four kilobytes so often would take many seconds."""
    began = time.process_time()
    assert not verify(text, "x" * 4096)
    assert time.process_time() - began < 0.5


PREFIXES = [prefix for scheme in SCHEMES for prefix in scheme.prefixes] + ["$muster-input$e=latin1$$", "{SSHA}"]


@given(
    st.sampled_from(PREFIXES), st.one_of(st.text(max_size=60), st.from_regex(r"[$a-z0-9=,]{0,20}\$[A-Za-z0-9+/]{0,64}"))
)
def test_any_text_is_taken_or_refused_and_nothing_else(prefix: str, rest: str) -> None:
    try:
        outcome = check_hash(prefix + rest)
    except HashRefused as refused:
        outcome = refused.reason
    assert outcome in {"unknown_scheme", "malformed", "too_costly"} | {scheme.name for scheme in SCHEMES}
