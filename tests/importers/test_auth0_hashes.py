"""Every kind of `custom_password_hash`: kept so that it verifies, given back so that it comes in again, refused in words."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from muster.core.users.actions import HashedPassword
from muster.crypto.passwords import check_hash, verify
from muster.importers.auth0 import Auth0Rows
from muster.importers.auth0_hashes import HashError, custom_hash, stored
from muster.importers.auth0_schema import ROW
from tests.crypto.foreign import ASCII, BEYOND, assert_made_of
from tests.importers.conftest import ARGON2, BCRYPT, NOW, PASSWORD

Custom = dict[str, Any]

_MADE = r"""
# Node 20.20 (OpenSSL 3.0.19)
digest ascii {"algorithm": "sha256", "hash": {"value": "11bc4fe49078806771241ad2312e0c3fa07715c2cb84cfa92d164a147d30cc5d", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "utf8"}}
digest ascii {"algorithm": "sha256", "hash": {"value": "11bc4fe49078806771241ad2312e0c3fa07715c2cb84cfa92d164a147d30cc5d", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "ascii"}}
digest ascii {"algorithm": "sha256", "hash": {"value": "11bc4fe49078806771241ad2312e0c3fa07715c2cb84cfa92d164a147d30cc5d", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "latin1"}}
digest ascii {"algorithm": "sha256", "hash": {"value": "11bc4fe49078806771241ad2312e0c3fa07715c2cb84cfa92d164a147d30cc5d", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "binary"}}
digest ascii {"algorithm": "sha256", "hash": {"value": "f80f9c79b05d8aa024d325968fb3f597681fe33dab9c26e3cd5a4f1c5718df66", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "ucs2"}}
digest ascii {"algorithm": "sha256", "hash": {"value": "f80f9c79b05d8aa024d325968fb3f597681fe33dab9c26e3cd5a4f1c5718df66", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "utf16le"}}
digest ascii {"algorithm": "md5", "hash": {"value": "7fOGP3gyOw70sKAIQS6rXg==", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
digest ascii {"algorithm": "sha1", "hash": {"value": "YjOxnlnw8lITpqjG3t+XV9jV7os=", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
digest ascii {"algorithm": "sha256", "hash": {"value": "iiBneCY1H83bKojQwRhnuXkXl3mOZIuJrAljDBgCy5A", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
digest ascii {"algorithm": "sha512", "hash": {"value": "jKNzZGOpZV+d15b9woPUu/HlAvWT2N41SupXoEK6cIpe8kGEbagFMP62zqbEllyguDhie7qcSvb0YtWRmcfrEQ==", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "673807B6B835EC852061DB413668AFA4", "encoding": "hex", "digest": "md5", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "0c05ebd65d2af8c2348ac5321933a3677e7161e2", "encoding": "hex", "digest": "ripemd160", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "9e0247a204d53cfab8953df5671aa64e174a28b2", "encoding": "hex", "digest": "sha1", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "ea37c1ee39f5c9999491d5f309d7e3c5304e74a0113ba8e30a3de530", "encoding": "hex", "digest": "sha224", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "5e75f30b8d0576994b4119b3a2934130b923420a2f72362882492ea53c102749", "encoding": "hex", "digest": "sha256", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "2441aaa688bbe54f6084ff941fcb24d1534b2d3a7597908dcd93bd322066b32cb7bc1603241f04a03864da61d8af313f", "encoding": "hex", "digest": "sha384", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "57d453282ecde3574ceb89f6eddf1b29e26ce9ba94d5a66b370d33b58e58eb83a58ef5154480c6f4edf4b5cc5aa7208d14177ac8c97389c241630168913615fd", "encoding": "hex", "digest": "sha512", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "656df247ea2167f833146904b8e0c1c2f14840b14f964844e5f1a632b17f912c19d7865e639018818ec4bc8f187cf2ab", "encoding": "hex", "digest": "sha384", "key": {"value": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "6jf3wgLzyDs7CiCWV7xbDQU/q5k=", "encoding": "base64", "digest": "sha1", "key": {"value": "736868", "encoding": "hex"}}, "salt": {"value": "cw==", "encoding": "base64", "position": "prefix"}}
pbkdf2 ascii {"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-sha512$i=1000,l=64$c29tZXNhbHRzb21lc2FsdA$RbkohYpABhrVf6dAjV1mgswjeaDcEw/Z9Lqqoc7ZO6eeqGc4EIBheeCgNOsc3H1ATsxkis9nQ04P4KAKB0FMcA", "encoding": "utf8"}}
pbkdf2 ascii {"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-sha512$c29tZXNhbHRzb21lc2FsdA$rAaJa1HkD27TosfWwFcSkrMkY07veA+CbK6efdzenLVjZszXFTbwWlwpyW7uhCGyR/yEDyWedrxUpkLQsMhh7g", "encoding": "utf8"}}
scrypt ascii {"algorithm": "scrypt", "hash": {"value": "e9c840d0eaa8faf3aec58dd1eabc709566aa1ce99953e573149aef29b6cec6eb", "encoding": "hex"}, "salt": {"value": "abc123"}, "keylen": 32, "cost": 4096}
scrypt ascii {"algorithm": "scrypt", "hash": {"value": "nrSjM6G8UF5tgN6E2Hk+Vz48EO0AFLUCmPW5zbXauJ3NtBPBYDzbm0UgqzUuO7loII/Yh7SbEVG6iNjFC2k3Ng==", "encoding": "base64"}, "salt": {"value": "YWJjMTIz", "encoding": "base64"}, "keylen": 64, "cost": 1024, "blockSize": 4, "parallelization": 2}
digest ascii {"algorithm": "md5", "hash": {"value": "3CB4E732631F47E6EB961F34554B7CDE", "encoding": "hex"}}
digest beyond {"algorithm": "sha256", "hash": {"value": "1853ae5eb77f72e92d28aade133d81fc56469ceb703a75dde3cc9706aed1db24", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "utf8"}}
digest beyond {"algorithm": "sha256", "hash": {"value": "5449d0c8c6f8fb964deeb681b7ce1936c0cc74704bda07e72eb8ce1fb1610807", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "ascii"}}
digest beyond {"algorithm": "sha256", "hash": {"value": "5449d0c8c6f8fb964deeb681b7ce1936c0cc74704bda07e72eb8ce1fb1610807", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "latin1"}}
digest beyond {"algorithm": "sha256", "hash": {"value": "5449d0c8c6f8fb964deeb681b7ce1936c0cc74704bda07e72eb8ce1fb1610807", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "binary"}}
digest beyond {"algorithm": "sha256", "hash": {"value": "4e9b83b77b491256e2c554fd876c5eb524801cddf91a0b91019742a56e1ddebe", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "ucs2"}}
digest beyond {"algorithm": "sha256", "hash": {"value": "4e9b83b77b491256e2c554fd876c5eb524801cddf91a0b91019742a56e1ddebe", "encoding": "hex"}, "salt": {"value": "abc123"}, "password": {"encoding": "utf16le"}}
digest beyond {"algorithm": "md5", "hash": {"value": "Z8xhtca9hBiIH5FC+1MXQA==", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
digest beyond {"algorithm": "sha1", "hash": {"value": "Ay0X8Y02NaIhutosZbyhDSlyY6I=", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
digest beyond {"algorithm": "sha256", "hash": {"value": "CoQpZ4b7fw2KGFRcqr_jLZiZdu3YcpGo-Kes4V_5jIw", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
digest beyond {"algorithm": "sha512", "hash": {"value": "J5UwQG4ifz9diGr2KfH2jmHFroY20oj4n4s2OSqtTdgwypd/0WiUEJAXEYdlztd63WiKWMtgXu+QcQnYOkNYaA==", "encoding": "base64"}, "salt": {"value": "706570706572", "encoding": "hex", "position": "suffix"}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "A780AC6B41F1FA9F6D1115782519D5A4", "encoding": "hex", "digest": "md5", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "c868396502e7211dccde5c4d85c9e5b63d11df98", "encoding": "hex", "digest": "ripemd160", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "5a72e14c9fd7528380c58e3f3659a30ea33187bb", "encoding": "hex", "digest": "sha1", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "267c0e83a785fc4369892ffd1973745223478de541c4307be1f6130b", "encoding": "hex", "digest": "sha224", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "4ddfb77c796c7752a3943dcdffd92883d47d671e2646768c7211d7b702afe8e4", "encoding": "hex", "digest": "sha256", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "7dfb6c48db229319e69ab451036ee0fdb36e74414718eebf83b545fb38acf9e4b67e8395cecab5e44b5bf9565e562db2", "encoding": "hex", "digest": "sha384", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "7f9dea5b18354d4455b1b6ef465d29af3066dafe136d831f3c7822a4cceab49202149fc1ca91e500bfac24bc2da6e0eccb5ac8e3f66bdcfb488a19c72f3d3344", "encoding": "hex", "digest": "sha512", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "a279007f06da115a121a864d41104bd15bc33752f1e335b941d3903b2e2e37821d8a96a5395fea844d3746ff13832f32", "encoding": "hex", "digest": "sha384", "key": {"value": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "TzZLQkEICwsuUeIsYJDm5HqkWpI=", "encoding": "base64", "digest": "sha1", "key": {"value": "736868", "encoding": "hex"}}, "salt": {"value": "cw==", "encoding": "base64", "position": "prefix"}}
pbkdf2 beyond {"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-sha512$i=1000,l=64$c29tZXNhbHRzb21lc2FsdA$SyOfsl4zxm923sXVTFGFdGocDbSr/P99CrnChfDKFBQA0qaKdVtkAwdWNdiC6avnlCpxtUbQmW7pi/yIuCo1MA", "encoding": "utf8"}}
pbkdf2 beyond {"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-sha512$c29tZXNhbHRzb21lc2FsdA$hxM8+TN9B1aow75KW3dDf1x/vk6BfsdMJ1TObmE79hMsFzam9rnq14P1L2nKsKfIt9BKARlGFOHkc1smTUofRw", "encoding": "utf8"}}
scrypt beyond {"algorithm": "scrypt", "hash": {"value": "4db366f698f2c5f3808cba88904a42ccc4e28faf3e3e2631a4589bd0bd17b29d", "encoding": "hex"}, "salt": {"value": "abc123"}, "keylen": 32, "cost": 4096}
scrypt beyond {"algorithm": "scrypt", "hash": {"value": "SVxeWY0BQmX86ow7gxBcSNCAVgx4/f0z+EAgUjn1jlgbD+vkurlNSoEkMCdw72Gz0oqPbfmhbwhMWr4xQOl6RQ==", "encoding": "base64"}, "salt": {"value": "YWJjMTIz", "encoding": "base64"}, "keylen": 64, "cost": 1024, "blockSize": 4, "parallelization": 2}
digest beyond {"algorithm": "md5", "hash": {"value": "0168B022D731C1496F6D5B9DBC4BA70D", "encoding": "hex"}}
# openssl 3.0.19 with its legacy provider
digest ascii {"algorithm": "md4", "hash": {"value": "b637c9ea6485c2a7a9e278ce3cbb5a33", "encoding": "hex"}, "salt": {"value": "abc123", "encoding": "utf8", "position": "prefix"}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "86698c6a76310446352e75ec4b0fc8cb", "encoding": "hex", "digest": "md4", "key": {"value": "key!"}}}
hmac ascii {"algorithm": "hmac", "hash": {"value": "3cf723534df579b9eb571dae62bc0f0cc12ac1d2d8648db9bd95fed4f8f08378622cbbd9bbc775e851dfb8cfb21b6d73e6e76946ce7d8916f7044fda58ff7930", "encoding": "hex", "digest": "whirlpool", "key": {"value": "key!", "encoding": "utf8"}}}
digest beyond {"algorithm": "md4", "hash": {"value": "5204ce99fe47681ac893d4059344347e", "encoding": "hex"}, "salt": {"value": "abc123", "encoding": "utf8", "position": "prefix"}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "9f867a27284cda88a1c00d5ca3b39f86", "encoding": "hex", "digest": "md4", "key": {"value": "key!"}}}
hmac beyond {"algorithm": "hmac", "hash": {"value": "14a2e10ac42d0c3affa3ec21074bf656f273ea474fad6da7a4b590baa3c4e252014649354828cfc7217cb0d5ff5085c91dc68740e19d4c95e9f99f0485bdbb10", "encoding": "hex", "digest": "whirlpool", "key": {"value": "key!", "encoding": "utf8"}}}
# passlib 1.7.4: the NT hash is MD4 of UTF-16
digest ascii {"algorithm": "md4", "hash": {"value": "cfc43211ba8dc470832267827cac1407", "encoding": "hex"}, "password": {"encoding": "utf16le"}}
ldap ascii {"algorithm": "ldap", "hash": {"value": "{MD5}PLTnMmMfR+brlh80VUt83g==", "encoding": "utf8"}}
ldap ascii {"algorithm": "ldap", "hash": {"value": "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", "encoding": "utf8"}}
ldap ascii {"algorithm": "ldap", "hash": {"value": "{SMD5}LB9PSY4ZRW05ZUJhfnBPySTkXKs=", "encoding": "utf8"}}
ldap ascii {"algorithm": "ldap", "hash": {"value": "{SSHA}sx2hF2Lox3wiq3yRCkLx/OJUPAWl1JoT", "encoding": "utf8"}}
ldap ascii {"algorithm": "ldap", "hash": {"value": "{SSHA256}P2N++HGe6RCdW0IXkSlBbFfH/z7r3K56Rw+d9cvVf7rbWytFSEkpBQ==", "encoding": "utf8"}}
ldap ascii {"algorithm": "ldap", "hash": {"value": "{SSHA512}Yz5G3qL5M8nrtTa65Bxu9I9l0ta8bLvz5ejYqClGDn/3dUSh6yksHl8nbbZiZ93PC4JSQHW4TMYDzvbQJMO4Yd6bk9I6RyiF", "encoding": "utf8"}}
digest beyond {"algorithm": "md4", "hash": {"value": "1ee314428543ddc64d7678e3b7e47c5e", "encoding": "hex"}, "password": {"encoding": "utf16le"}}
ldap beyond {"algorithm": "ldap", "hash": {"value": "{MD5}AWiwItcxwUlvbVudvEunDQ==", "encoding": "utf8"}}
ldap beyond {"algorithm": "ldap", "hash": {"value": "{SHA}JpUSqccTVrAx8lnp/p5Rjor16ug=", "encoding": "utf8"}}
ldap beyond {"algorithm": "ldap", "hash": {"value": "{SMD5}viDLmLsAl9xBtcyPGL/yZTWG0Ho=", "encoding": "utf8"}}
ldap beyond {"algorithm": "ldap", "hash": {"value": "{SSHA}Vdrw1EzGyy+1+n1OrpWwgPR5sf9hbM05", "encoding": "utf8"}}
ldap beyond {"algorithm": "ldap", "hash": {"value": "{SSHA256}oYgwAtzppX6lSrxGE1/Vfnj9FZNgAagRHeWx5m7hN1ThPOfcm3MuBQ==", "encoding": "utf8"}}
ldap beyond {"algorithm": "ldap", "hash": {"value": "{SSHA512}XhAuI2r0RTnnrprsN+DmPOsaipHLNokMtW2KRuJ2V492gcBC40GCO3s3jEa6G2+BRypbXL8LAUr/ZhnH1zJS+RbCWGttjTGm", "encoding": "utf8"}}
# bcrypt 5.0: a separate salt is hashed with the password
bcrypt ascii {"algorithm": "bcrypt", "hash": {"value": "$2b$04$1wrAQgiV/IF6xlrTNRJZ0eTclq/F1fM5DDa8cj2QpsxSJkDGdx9j6"}, "salt": {"value": "sea"}}
bcrypt ascii {"algorithm": "bcrypt", "hash": {"value": "$2b$04$BbQmqwe0uZ8OBwYMWBGMsOhmtE97Cg6/9WRCq4IM86TTGu6fi5vbq"}, "salt": {"value": "c2Vh", "encoding": "base64", "position": "suffix"}}
bcrypt beyond {"algorithm": "bcrypt", "hash": {"value": "$2b$04$k4fXK9l4xAYKtpdnvCBJLOEOuM6mE15MHOSljvz0TWxBF6b6H8SBu"}, "salt": {"value": "sea"}}
bcrypt beyond {"algorithm": "bcrypt", "hash": {"value": "$2b$04$UcpUo3rvBucT/BPeKxYDheJwdpes4qQlAWu7ErjtBGskFVPFWolDm"}, "salt": {"value": "c2Vh", "encoding": "base64", "position": "suffix"}}
bcrypt beyond {"algorithm": "bcrypt", "hash": {"value": "$2b$04$5jGmK4nsCqP0CpeZQYBh.OxkaWCNLwgHWwwZk6JF547fmd585NjQG"}, "password": {"encoding": "ucs2"}}
"""
"""Scheme, password and hash, one a line; a comment names what made those below it."""

PASSWORDS = {"ascii": ASCII, "beyond": BEYOND}
MADE = [
    (scheme, PASSWORDS[password], cast("Custom", json.loads(custom)))
    for line in _MADE.splitlines()
    if line and not line.startswith("#")
    for scheme, password, custom in [line.split(" ", 2)]
]
PUBLISHED: list[tuple[str, str, Custom]] = [
    ("argon2", PASSWORD, {"algorithm": "argon2", "hash": {"value": ARGON2}}),
    (
        "bcrypt",
        "hello",
        {"algorithm": "bcrypt", "hash": {"value": "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"}},
    ),
    (
        "digest",
        "password",
        {
            "algorithm": "md5",
            "hash": {"value": "67A1E09BB1F83F5007DC119C14D663AA", "encoding": "hex"},
            "salt": {"value": "salt"},
        },
    ),
    (
        "pbkdf2",
        ASCII,
        {
            "algorithm": "pbkdf2",
            "hash": {"value": "$pbkdf2-sha256$i=1000,l=24$c29tZXNhbHRzb21lc2FsdA==$f2yJk-Dph1FxQ-yhQ5KLmg1c5wfFtFU1"},
        },
    ),
]


def ids(rows: list[tuple[str, str, Custom]]) -> list[str]:
    return [f"{custom['algorithm']}-{number}" for number, (_, _, custom) in enumerate(rows)]


@pytest.mark.parametrize(("scheme", "password", "custom"), MADE, ids=ids(MADE))
def test_a_hash_verifies_with_its_password_alone_and_comes_back_as_it_went(
    scheme: str, password: str, custom: Custom
) -> None:
    assert not ROW["custom_password_hash"](custom, "")
    kept = stored(custom)
    assert kept.scheme == scheme
    assert_made_of(kept.text, scheme, password)
    again = custom_hash(kept.text)
    assert again is not None
    assert not ROW["custom_password_hash"](again, "")
    assert stored(again) == kept
    assert again["algorithm"] == custom["algorithm"]
    assert custom_hash(stored(again).text) == again


@pytest.mark.parametrize(("scheme", "password", "custom"), PUBLISHED, ids=ids(PUBLISHED))
def test_published_hashes_verify(scheme: str, password: str, custom: Custom) -> None:
    kept = stored(custom)
    assert (check_hash(kept.text), kept.scheme) == (scheme, scheme)
    assert verify(kept.text, password)
    assert not verify(kept.text, password + "x")


def test_what_is_given_back_is_spelled_out() -> None:
    custom = {
        "algorithm": "scrypt",
        "hash": {"value": "4db366f698f2c5f3808cba88904a42ccc4e28faf3e3e2631a4589bd0bd17b29d", "encoding": "hex"},
        "salt": {"value": "abc123", "encoding": "utf8"},
        "keylen": 32,
        "cost": 4096,
        "blockSize": 8,
        "parallelization": 1,
    }
    assert custom_hash(stored(custom).text) == custom
    custom = {
        "algorithm": "sha1",
        "hash": {"value": "03" * 20, "encoding": "hex"},
        "salt": {"value": "00ff", "encoding": "hex", "position": "suffix"},
        "password": {"encoding": "latin1"},
    }
    assert custom_hash(stored(custom).text) == custom


@pytest.mark.parametrize(
    "text",
    [
        "$P$6ZpSyNUCP8owG5HAMP3/NVSvc7iMmN/",
        "$1$saltstri$CVtlMpOHug1.jDUbVpFvB1",
        "$muster-digest$a=sha512,i=5000$" + "A" * 86,
        "$muster-digest$a=ripemd160$" + "A" * 27,
        "$muster-input$e=utf8,h=sha256$$$2b$04$4vCNt97me6hFjNfxFvUCqOBbCv3KzpA.4QphkHuTBL79UIhiINbku",
        "$muster-input$e=utf8$AA$AA$muster-digest$a=md5$" + "A" * 22,
        "$muster-input$e=utf8$AA$$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$ZGeSwropSvEgLQU1pjltINKrRvmEBSnohdqYXUe5EZ8",
        "$muster-digest$a=md5$damaged",
        "$muster-scrypt-aes$",
    ],
)
def test_a_hash_this_vendor_has_no_form_for_is_not_given_back(text: str) -> None:
    assert custom_hash(text) is None


def test_the_nt_hash_is_given_back_as_what_it_is() -> None:
    custom = custom_hash("$NT$1ee314428543ddc64d7678e3b7e47c5e")
    assert custom == {
        "algorithm": "md4",
        "hash": {"value": "1ee314428543ddc64d7678e3b7e47c5e", "encoding": "hex"},
        "password": {"encoding": "utf16le"},
    }
    assert verify(stored(custom).text, BEYOND)


HEX16, HEX32 = "0" * 32, "0" * 64
HMAC = {"value": HEX32, "encoding": "hex", "digest": "sha256", "key": {"value": "k"}}
SCRYPT = {"algorithm": "scrypt", "hash": {"value": HEX32, "encoding": "hex"}, "salt": {"value": "s"}, "keylen": 32}


@pytest.mark.parametrize(
    ("custom", "code", "message", "path"),
    [
        (
            {"algorithm": "md5", "hash": {"value": HEX16}},
            "NOT_PASSED",
            "The encoding of a hash of md5 is hex or base64",
            "hash.encoding",
        ),
        (
            {"algorithm": "md5", "hash": {"value": HEX32, "encoding": "hex"}},
            "FORMAT",
            "The hash has 32 bytes, md5 makes 16",
            "hash.value",
        ),
        (
            {"algorithm": "md5", "hash": {"value": "0", "encoding": "hex"}},
            "FORMAT",
            "The value is not hex",
            "hash.value",
        ),
        (
            {"algorithm": "md5", "hash": {"value": "0 0", "encoding": "hex"}},
            "FORMAT",
            "The value is not hex",
            "hash.value",
        ),
        (
            {"algorithm": "md5", "hash": {"value": "A!", "encoding": "base64"}},
            "FORMAT",
            "The value is not base64",
            "hash.value",
        ),
        (
            {"algorithm": "md5", "hash": {"value": "é", "encoding": "base64"}},
            "FORMAT",
            "The value is not base64",
            "hash.value",
        ),
        (
            {
                "algorithm": "md5",
                "hash": {"value": HEX16, "encoding": "hex"},
                "salt": {"value": "x", "encoding": "hex"},
            },
            "FORMAT",
            "The value is not hex",
            "salt.value",
        ),
        (
            {"algorithm": "md5", "hash": {"value": HEX16, "encoding": "hex"}, "salt": {"value": "\ud800"}},
            "FORMAT",
            "The value is not utf8",
            "salt.value",
        ),
        (
            {"algorithm": "hmac", "hash": {**HMAC, "digest": "sha1"}},
            "FORMAT",
            "The hash has 32 bytes, sha1 makes 20",
            "hash.value",
        ),
        (
            {"algorithm": "hmac", "hash": {"value": HEX32, "encoding": "hex", "key": {"value": "k"}}},
            "OBJECT_REQUIRED",
            "Missing required property: digest",
            "hash.digest",
        ),
        (
            {"algorithm": "hmac", "hash": {"value": HEX32, "encoding": "hex", "digest": "sha256"}},
            "OBJECT_REQUIRED",
            "Missing required property: key",
            "hash.key",
        ),
        (
            {"algorithm": "hmac", "hash": {**HMAC, "key": {"value": "x", "encoding": "hex"}}},
            "FORMAT",
            "The value is not hex",
            "hash.key.value",
        ),
        (
            {"algorithm": "hmac", "hash": {**HMAC, "encoding": "utf8"}},
            "NOT_PASSED",
            "The encoding of a hash of hmac is hex or base64",
            "hash.encoding",
        ),
        ({**SCRYPT, "keylen": 64}, "FORMAT", "The hash has 32 bytes, keylen is 64", "hash.value"),
        (
            {**SCRYPT, "hash": {"value": "00" * 8, "encoding": "hex"}, "keylen": 8},
            "MINIMUM",
            "Value 8 is less than minimum 12",
            "keylen",
        ),
        ({**SCRYPT, "cost": 1000}, "NOT_PASSED", "The cost must be a power of two: 1000", "cost"),
        ({**SCRYPT, "cost": 1}, "NOT_PASSED", "The cost must be a power of two: 1", "cost"),
        (
            {name: value for name, value in SCRYPT.items() if name != "keylen"},
            "OBJECT_REQUIRED",
            "Missing required property: keylen",
            "keylen",
        ),
        (
            {name: value for name, value in SCRYPT.items() if name != "salt"},
            "OBJECT_REQUIRED",
            "Missing required property: salt",
            "salt",
        ),
        (
            {"algorithm": "ldap", "hash": {"value": "{SHA}x"}, "salt": {"value": "s"}},
            "NOT_PASSED",
            "A hash of ldap has no separate salt",
            "salt",
        ),
        (
            {"algorithm": "pbkdf2", "hash": {"value": "$p"}, "salt": {"value": "s"}},
            "NOT_PASSED",
            "A hash of pbkdf2 has no separate salt",
            "salt",
        ),
        (
            {"algorithm": "argon2", "hash": {"value": ARGON2}, "salt": {"value": "s"}},
            "NOT_PASSED",
            "A hash of argon2 has no separate salt",
            "salt",
        ),
        (
            {"algorithm": "pbkdf2", "hash": {"value": "$p", "encoding": "hex"}},
            "NOT_PASSED",
            "The encoding of a hash of pbkdf2 is utf8",
            "hash.encoding",
        ),
        (
            {"algorithm": "bcrypt", "hash": {"value": "$muster-input$e=latin1$$" + BCRYPT}},
            "FORMAT",
            "The hash is not of bcrypt",
            "hash.value",
        ),
    ],
    ids=range(24),
)
def test_a_hash_that_cannot_be_kept_is_refused_with_the_reason(
    custom: Custom, code: str, message: str, path: str
) -> None:
    with pytest.raises(HashError) as refused:
        stored(custom)
    error = refused.value.error
    assert (error.code, error.message, error.path) == (code, message, f"custom_password_hash.{path}")


def test_a_row_brings_its_hash_along_in_the_stored_form(rows: Auth0Rows) -> None:
    for scheme, _, custom in MADE:
        person = rows.person({"email": "ann@example.com", "custom_password_hash": custom}, NOW)
        assert person.new.password == HashedPassword(stored(custom).text, scheme)
        assert person.renews_password


@pytest.mark.parametrize("cost", [1 << 30, 1 << 200, 1 << 18])
def test_a_hash_of_absurd_cost_is_never_begun(cost: int) -> None:
    from muster.core.errors import Invalid
    from muster.crypto.passwords import scheme_of

    with pytest.raises(Invalid) as refused:
        scheme_of(stored({**SCRYPT, "cost": cost}).text)
    assert refused.value.detail["reason"] in {"too_costly", "malformed"}
