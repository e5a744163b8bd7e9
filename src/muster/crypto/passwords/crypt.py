"""The formats of crypt(3) and of PHP's phpass: `$1$`, `$5$`, `$6$` and `$P$`.

All were made from C strings, so that none is of a password with a NUL: such a password is wrong rather than cut short.
The library takes no more bytes than a password may have.
"""

import re
from typing import Any, Final

from muster.core.passwords.formats import Malformed
from muster.crypto.passwords.scheme import MAX_PASSWORD_BYTES, Cost, is_affordable

_ALPHABET: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# The last character of a checksum carries only the bits that are left: two of MD5 and SHA-512, four of SHA-256.
_MD5 = re.compile(r"\$1\$[./0-9A-Za-z]{0,8}\$[./0-9A-Za-z]{21}[./01]")
_ROUNDS = r"\$(?:rounds=([1-9][0-9]{3,9})\$)?[./0-9A-Za-z]{0,16}\$"
_SHA256 = re.compile(rf"\$5{_ROUNDS}[./0-9A-Za-z]{{42}}[./0-9A-D]")
_SHA512 = re.compile(rf"\$6{_ROUNDS}[./0-9A-Za-z]{{85}}[./01]")
_PHPASS = re.compile(r"\$[PH]\$([./0-9A-Za-z])[./0-9A-Za-z]{8}[./0-9A-Za-z]{21}[./01]")

_DEFAULT_ROUNDS: Final = 5000
_LEAST_PHPASS, _MOST_PHPASS = 7, 30

# What the library's loops, which are in Python, do in a second.
_SHA256_ROUNDS_PER_SECOND: Final = 1_000_000
_SHA512_ROUNDS_PER_SECOND: Final = 800_000
_PHPASS_ROUNDS_PER_SECOND: Final = 900_000
_MD5_CRYPT_SECONDS: Final = 0.001
_MD5_CRYPT_ROUNDS: Final = 1000


def _rounds(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.fullmatch(text)
    if found is None:
        raise Malformed
    return int(found[1] or _DEFAULT_ROUNDS)


def _checked(handler: Any, text: str, secret: bytes, rounds: int) -> bool:
    if b"\0" in secret or len(secret) > MAX_PASSWORD_BYTES or not is_affordable(rounds, secret):
        return False
    return bool(handler.verify(secret, text))


def md5_cost(text: str) -> Cost:
    if _MD5.fullmatch(text) is None:
        raise Malformed
    return Cost(seconds=_MD5_CRYPT_SECONDS)


def md5_verify(text: str, secret: bytes) -> bool:
    from passlib.handlers.md5_crypt import md5_crypt

    return _checked(md5_crypt, text, secret, _MD5_CRYPT_ROUNDS)


# A round of SHA-crypt takes in the password once or twice.


def sha256_cost(text: str) -> Cost:
    return Cost(seconds=_rounds(_SHA256, text) / _SHA256_ROUNDS_PER_SECOND)


def sha256_verify(text: str, secret: bytes) -> bool:
    from passlib.handlers.sha2_crypt import sha256_crypt

    return _checked(sha256_crypt, text, secret, 2 * _rounds(_SHA256, text))


def sha512_cost(text: str) -> Cost:
    return Cost(seconds=_rounds(_SHA512, text) / _SHA512_ROUNDS_PER_SECOND)


def sha512_verify(text: str, secret: bytes) -> bool:
    from passlib.handlers.sha2_crypt import sha512_crypt

    return _checked(sha512_crypt, text, secret, 2 * _rounds(_SHA512, text))


def _phpass_rounds(text: str) -> int:
    found = _PHPASS.fullmatch(text)
    if found is None or not _LEAST_PHPASS <= _ALPHABET.index(found[1]) <= _MOST_PHPASS:
        raise Malformed
    return int(1 << _ALPHABET.index(found[1]))


def phpass_cost(text: str) -> Cost:
    return Cost(seconds=_phpass_rounds(text) / _PHPASS_ROUNDS_PER_SECOND)


def phpass_verify(text: str, secret: bytes) -> bool:
    from passlib.handlers.phpass import phpass

    return _checked(phpass, text, secret, _phpass_rounds(text))
