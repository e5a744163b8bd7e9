"""The API's hashers: a digest that each one's own implementation made verifies once it is stored."""

from __future__ import annotations

import pytest

from muster.crypto.passwords import scheme_of, verify
from muster.dialects.clerk.hashers import HASHERS, UnknownHasher, WrongDigest, stored
from tests.crypto.foreign import ASCII, BEYOND, assert_made_of

MADE = [
    # Django 5.2.19
    (
        "bcrypt_sha256_django",
        "bcrypt",
        ASCII,
        "bcrypt_sha256$$2b$04$4vCNt97me6hFjNfxFvUCqOBbCv3KzpA.4QphkHuTBL79UIhiINbku",
    ),
    (
        "pbkdf2_sha256_django",
        "pbkdf2",
        ASCII,
        "pbkdf2_sha256$1000$saltSALT1234$9xWKDKQf4KV2rm+HP9IFMCwi8UxOoEInelZGFy8ozkQ=",
    ),
    (
        "bcrypt_sha256_django",
        "bcrypt",
        BEYOND,
        "bcrypt_sha256$$2b$04$vULAkDcV8NiJy8rdsmlhRexfcKss84.Haw5cYzapMI6e.kmXwNgOa",
    ),
    (
        "pbkdf2_sha256_django",
        "pbkdf2",
        BEYOND,
        "pbkdf2_sha256$1000$saltSALT1234$XN4mL/mX/cUYyA1sJTDCQUjr7r3RmEww8OlYFwwBoPc=",
    ),
    (
        "bcrypt_sha256_django",
        "bcrypt",
        "x" * 100,
        "bcrypt_sha256$$2b$04$KTUAFgqTd5wplNKoi1eZvOKLay8x/tTM35Jz87n1FyJa2gwJXboA6",
    ),
    # Werkzeug 3.1.9
    (
        "scrypt_werkzeug",
        "scrypt",
        ASCII,
        "scrypt:1024:8:1$KlSfuRncgxabspmO$ef74971a1a161950f9546a4740ec262d3192d28744bb6028a23c9b96369060cef149e6e69beefd6dcb802c060ff2f4df08ffe118c9772efe74c8398361bcc3ea",
    ),
    (
        "scrypt_werkzeug",
        "scrypt",
        ASCII,
        "$scrypt:1024:8:1$KlSfuRncgxabspmO$ef74971a1a161950f9546a4740ec262d3192d28744bb6028a23c9b96369060cef149e6e69beefd6dcb802c060ff2f4df08ffe118c9772efe74c8398361bcc3ea",
    ),
    (
        "scrypt_werkzeug",
        "scrypt",
        BEYOND,
        "scrypt:1024:8:1$uxpFxbU89VD7uQfN$faec510ff1ac8ad7faf0b445adf828c147924d368c7bc5368e0f7ba0877a1f9281d84a79edb4c45b4e15d0f861a8f79099b7bce14cef7781c1b4d225f4d887e5",
    ),
    (
        "scrypt_werkzeug",
        "scrypt",
        BEYOND,
        "$scrypt:1024:8:1$uxpFxbU89VD7uQfN$faec510ff1ac8ad7faf0b445adf828c147924d368c7bc5368e0f7ba0877a1f9281d84a79edb4c45b4e15d0f861a8f79099b7bce14cef7781c1b4d225f4d887e5",
    ),
    # passlib 1.7.4
    ("phpass", "phpass", ASCII, "$P$6ZpSyNUCP8owG5HAMP3/NVSvc7iMmN/"),
    ("ldap_ssha", "ldap", ASCII, "{SSHA}sx2hF2Lox3wiq3yRCkLx/OJUPAWl1JoT"),
    ("md5_phpass", "phpass", ASCII, "$P$6oJcv/ZIfmRB8i/wIfz.QisaCVW4mW/"),
    ("phpass", "phpass", BEYOND, "$P$6WUhccOwL6K.sXZ9br/7w3vo4CRiwZ1"),
    ("ldap_ssha", "ldap", BEYOND, "{SSHA}Vdrw1EzGyy+1+n1OrpWwgPR5sf9hbM05"),
    ("md5_phpass", "phpass", BEYOND, "$P$68P.Pt49JPzRigJw27qO3PSjhP0fIo/"),
    # Node 20.20 (OpenSSL 3.0.19)
    (
        "pbkdf2_sha1",
        "pbkdf2",
        ASCII,
        "pbkdf2_sha1$1000$73616c74$ba6e4f2c7f22bc472b44955ab1365787cfafc57d06831bd3b221aa802f19130f",
    ),
    ("pbkdf2_sha1", "pbkdf2", ASCII, "pbkdf2_sha1$1000$rawsalt$6d86a26a898f3d7cdf7a00fa2dba5aaead37699b$20"),
    (
        "pbkdf2_sha256",
        "pbkdf2",
        ASCII,
        "pbkdf2_sha256$1000$YmluYXJ5c2FsdA==$di2VSHIMb2TRm/+zTloghqSvLLagr9Etkv3guD81wRg=",
    ),
    (
        "pbkdf2_sha512",
        "pbkdf2",
        ASCII,
        "pbkdf2_sha512$1000$rawsalt$3b5b61fb70f3fc25d2d9a184ec4dca755d51a8a5d5646091fed8144c143b0f3f6f040f58d54a3c8ff324703adf59462e17bf60549e581c800ccba021bc7cced0",
    ),
    (
        "pbkdf2_sha512_hex",
        "pbkdf2",
        ASCII,
        "pbkdf2_sha512_hex$1000$00ff73616c74$6d5722b4609976d5501c299e8ff87cdee786a0460a24f3104dbc668ed2e557288550398cd07da0febca86e8069059fb597452f66cf4b9d80ea056e2059c296d5",
    ),
    (
        "sha512_symfony",
        "digest",
        ASCII,
        "sha512_symfony$5000$s4lt$tL15poUb6NDi5dO6Nfs4hzDyo8CNvDsvUDCJOLYp3jQMW6z/0uodlzpkYiKHRHPz2XEunPRW3dylHr0NBiRaOw==",
    ),
    ("md5", "digest", ASCII, "3cb4e732631f47e6eb961f34554b7cde"),
    ("sha256", "digest", ASCII, "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631"),
    ("md5_salted", "digest", ASCII, "grain$d7b042d71646f333c23374f478c8f982"),
    ("sha256_salted", "digest", ASCII, "grain$1fee25d1dc2edf1c7c2be8fdf9691a07ede5ced141ff3f3008f4d58925039190"),
    (
        "scrypt_firebase",
        "scrypt-aes",
        ASCII,
        "SC7QOr1k89vz2m3Giz0rVqE1ChA+9KiPbK3t4BDqtv+psM21gKe99K12NbSdDVJC+HIWUQp9jvFKQV98OYuZJQ==$c2FsdHNhbHQ=$Y4Rm1IrOwHkNbGRbpYKDwwIwGfdYnuH064sQpr/VEsQPvNO81wCGlZ4JUpRPVqG8jyO2V7RXu9594m+irfIR/A==$Bw==$8$10",
    ),
    (
        "pbkdf2_sha1",
        "pbkdf2",
        BEYOND,
        "pbkdf2_sha1$1000$73616c74$1225da4c69b12e42f6e483a341a6ef6042c9afeecc77bbfa6ed44d29d2dd573f",
    ),
    ("pbkdf2_sha1", "pbkdf2", BEYOND, "pbkdf2_sha1$1000$rawsalt$72b52c0f0f37543680093a65dae24bb49ba371b6$20"),
    (
        "pbkdf2_sha256",
        "pbkdf2",
        BEYOND,
        "pbkdf2_sha256$1000$YmluYXJ5c2FsdA==$I/+ZOk9Ug3ad7aoh8IhvG5B6iFVbaauwSZ+zMQ3uq5o=",
    ),
    (
        "pbkdf2_sha512",
        "pbkdf2",
        BEYOND,
        "pbkdf2_sha512$1000$rawsalt$79b97ac5b4360486cd02c1998e90652b0fa68c5aa552694ead606086afb73aac64d2557b725a8f15af81a2064d28ca1b69f178d08f932538ca09554c6c5ce178",
    ),
    (
        "pbkdf2_sha512_hex",
        "pbkdf2",
        BEYOND,
        "pbkdf2_sha512_hex$1000$00ff73616c74$e76d3896ca753a2fa59fdc8c409f3b00d7bab68295cb5e293d9cbce7210c74688629d420124f84d4ee24d33ba2c647949b7a2c1c8cc569547be03b85d632f676",
    ),
    (
        "sha512_symfony",
        "digest",
        BEYOND,
        "sha512_symfony$5000$s4lt$EOMTR4MAW9oNfQ/QPyP8GkN1j1x1Ssu0TdrVOSOxH+lI/2J6LplgCG0c3/bNZY0Y+wjL2WTP8ahaP0BB2Prs1A==",
    ),
    ("md5", "digest", BEYOND, "0168b022d731c1496f6d5b9dbc4ba70d"),
    ("sha256", "digest", BEYOND, "7aac800b951ad22ff9531d34060491942683306d0e371933c217378c4b014c39"),
    ("md5_salted", "digest", BEYOND, "grain$47c8d77af410c1b2131d086b00d621ed"),
    ("sha256_salted", "digest", BEYOND, "grain$04190900f8840212336cbfa8b14fd421876b901e6734419de013dd1db89af480"),
    (
        "scrypt_firebase",
        "scrypt-aes",
        BEYOND,
        "uZKGogn8xnql8Lz1gcmVbF9So2JTSlqsQZpT0Zg4spcilABZqehjEPaZUiPcBvtD8Lg3GcGqgu084y2eg4iEtw==$c2FsdHNhbHQ=$Y4Rm1IrOwHkNbGRbpYKDwwIwGfdYnuH064sQpr/VEsQPvNO81wCGlZ4JUpRPVqG8jyO2V7RXu9594m+irfIR/A==$Bw==$8$10",
    ),
    # The README of Firebase's scrypt
    (
        "scrypt_firebase",
        "scrypt-aes",
        "user1password",
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$42xEC+ixf3L2lw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$Bw==$8$14",
    ),
    # argon2-cffi 25.1 and bcrypt 5.0
    ("argon2i", "argon2", ASCII, "$argon2i$v=19$m=64,t=1,p=1$IAH+u1lotVU$g7IZS38wuDtJgWiP+sSStg"),
    ("argon2id", "argon2", ASCII, "$argon2id$v=19$m=64,t=1,p=1$NgN0fABbLgg$7jcHii4XOYnDE69+Eoc8qg"),
    ("bcrypt", "bcrypt", ASCII, "$2b$04$v9bQbDayy0GKAm68BrfGvu1LiZpnnQr43EQLiUjTNX6.5zhWTLUWC"),
    ("bcrypt_peppered", "bcrypt", ASCII, "$2b$04$4AMk3qHetNidcK5VGQJmWOh2fBNG.y0kMo/hv/DsHEncjBY372lUe$grain"),
    ("argon2i", "argon2", BEYOND, "$argon2i$v=19$m=64,t=1,p=1$wCCekwztavw$lY8wrzJMwIzb8DAJzmy+5w"),
    ("argon2id", "argon2", BEYOND, "$argon2id$v=19$m=64,t=1,p=1$YxgZwTd9EdA$//iO5N2L5Xd2MeGj9j0UBA"),
    ("bcrypt", "bcrypt", BEYOND, "$2b$04$X5is8pT40LIH8FkdiucL8uIbIq9umAZW2v.44CDerfeRAspirdNhK"),
    ("bcrypt_peppered", "bcrypt", BEYOND, "$2b$04$9Valfh8g9vQBboPfoFnyHuuBMAoxSA5vei/kv7j4KqYQKT9XPTQ9W$grain"),
]


@pytest.mark.parametrize(("hasher", "scheme", "password", "digest"), MADE)
def test_a_digest_verifies_with_its_password_alone(hasher: str, scheme: str, password: str, digest: str) -> None:
    text, found = stored(hasher, digest, scheme_of)
    assert found == scheme
    assert_made_of(text, scheme, password)


def test_every_hasher_is_tried_twice() -> None:
    tried = [hasher for hasher, *_ in MADE]
    assert [hasher for hasher in HASHERS if tried.count(hasher) < 2] == []


@pytest.mark.parametrize("hasher", ["", "rot13", "BCRYPT", "awscognito"])
def test_a_hasher_that_cannot_be_checked_here_is_unknown(hasher: str) -> None:
    with pytest.raises(UnknownHasher):
        stored(hasher, "abc", scheme_of)


@pytest.mark.parametrize("hasher", HASHERS)
@pytest.mark.parametrize(
    "digest",
    [
        "",
        "$",
        "hello",
        "$$$$$",
        "$$$$$$",
        "\ud800$\ud800$\ud800",
        "é",
        "0" * 31,
        "0" * 33,
        "z" * 64,
        "$2b$31$" + "a" * 53,
        "pbkdf2_sha256$x$y$z",
        "a$b$c$d$e$f",
    ],
)
def test_a_digest_of_another_form_is_wrong(hasher: str, digest: str) -> None:
    with pytest.raises(WrongDigest):
        stored(hasher, digest, scheme_of)


@pytest.mark.parametrize(
    ("hasher", "digest"),
    [
        ("bcrypt", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQwMDAwMDAwMA$4cxpNV1yvPq5uKg2VJ1voFjh5IowcTwGf/nPE/+O61o"),
        ("argon2i", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQwMDAwMDAwMA$4cxpNV1yvPq5uKg2VJ1voFjh5IowcTwGf/nPE/+O61o"),
        (
            "argon2id",
            "$argon2id$v=19$m=9999999,t=1,p=1$c29tZXNhbHQwMDAwMDAwMA$4cxpNV1yvPq5uKg2VJ1voFjh5IowcTwGf/nPE/+O61o",
        ),
        ("bcrypt_peppered", "$2b$04$QLG7iw9nRRYs2WMXRMjv/.WZCDaT3.otv4K96wzv.jylhMJy.OQR6"),
        ("bcrypt_peppered", "$2b$04$QLG7iw9nRRYs2WMXRMjv/.WZCDaT3.otv4K96wzv.jylhMJy.OQR6$"),
        ("md5", "3cb4e732631f47e6eb961f34554b7cd"),
        ("md5", "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631"),
        ("md5_salted", "3cb4e732631f47e6eb961f34554b7cde"),
        ("pbkdf2_sha256_django", "pbkdf2_sha256$1000000000$salt$9xWKDKQf4KV2rm+HP9IFMCwi8UxOoEInelZGFy8ozkQ="),
        ("pbkdf2_sha256_django", "pbkdf2_sha256$0$salt$9xWKDKQf4KV2rm+HP9IFMCwi8UxOoEInelZGFy8ozkQ="),
        ("pbkdf2_sha1", "pbkdf2_sha1$1000$rawsalt$6d86a26a898f3d7cdf7a00fa2dba5aaead37699b$21"),
        ("scrypt_werkzeug", f"scrypt:1073741824:8:1$salt${'ab' * 64}"),
        ("scrypt_werkzeug", f"scrypt:1000:8:1$salt${'ab' * 64}"),
        ("scrypt_werkzeug", f"pbkdf2:sha256:1000$salt${'ab' * 64}"),
        ("scrypt_firebase", "AAAA$AAAA$AAAA$Bw==$8$40"),
        ("sha512_symfony", f"sha512_symfony$1000000000$salt${'A' * 86}=="),
        ("ldap_ssha", "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A="),
    ],
)
def test_a_digest_that_is_malformed_or_too_costly_is_wrong(hasher: str, digest: str) -> None:
    with pytest.raises(WrongDigest):
        stored(hasher, digest, scheme_of)


def test_the_pepper_stands_after_the_password() -> None:
    text, _ = stored("bcrypt_peppered", PEPPERED, scheme_of)
    assert verify(text, "hello")
    assert not verify(text, "hellopepper")


PEPPERED = "$2b$04$Ge0tlZ7j055VurPsUkU1pezY9YwjIN1ThRvYCnIGnD3edjg.szp8G$pepper"
