"""Bare digests, digests with a key (HMAC), and Windows' NT hash: quick to try for a thief, so they are replaced at once."""

import hashlib
import re
from functools import cache
from hmac import compare_digest
from typing import Final

from muster.core.passwords.formats import DIGEST_SIZES, Digest, Hmac, Malformed
from muster.crypto.passwords.scheme import Cost, HashRefused, is_affordable

# Iterated digests loop in Python; a step of any algorithm that hashlib has takes about the same.
_STEPS_PER_SECOND: Final = 750_000
_OURS: Final = frozenset({"md4", "whirlpool"})
_LONG_BLOCKS: Final = frozenset({"sha384", "sha512"})
_NT = re.compile(r"\$(?:3\$|NT)\$([0-9a-f]{32})")


def digest(algorithm: str, message: bytes) -> bytes:
    """One of `formats.DIGEST_SIZES`."""
    if algorithm == "md4":
        from muster.crypto.md4 import md4

        return md4(message)
    if algorithm == "whirlpool":
        from muster.crypto.whirlpool import whirlpool

        return whirlpool(message)
    return hashlib.new(algorithm, message, usedforsecurity=False).digest()


@cache
def available(algorithm: str) -> bool:
    """Whether this machine's OpenSSL has it: some builds leave RIPEMD-160 out."""
    try:
        digest(algorithm, b"")
    except ValueError:
        return False
    return True


def _known(algorithm: str) -> None:
    if not available(algorithm):
        raise HashRefused("unknown_scheme")


def cost(text: str) -> Cost:
    found = Digest.parse(text)
    _known(found.algorithm)
    # Nobody iterated the two that are ours, and in Python they are too slow for it.
    if found.algorithm in _OURS and found.iterations > 1:
        raise HashRefused("too_costly")
    return Cost(seconds=found.iterations / _STEPS_PER_SECOND)


def verify(text: str, secret: bytes) -> bool:
    found = Digest.parse(text)
    if not is_affordable(found.iterations, secret):
        return False
    made = digest(found.algorithm, secret)
    for _ in range(found.iterations - 1):
        made = digest(found.algorithm, made + secret)
    return compare_digest(made, found.hash)


# ---- HMAC (RFC 2104)


def hmac_cost(text: str) -> Cost:
    _known(Hmac.parse(text).algorithm)
    return Cost(seconds=0)


def hmac_verify(text: str, secret: bytes) -> bool:
    found = Hmac.parse(text)
    return compare_digest(_hmac(found.algorithm, found.key, secret), found.hash)


def _hmac(algorithm: str, key: bytes, message: bytes) -> bytes:
    """Not the standard library's, which wants an object where we have a function for two of the digests."""
    block = 128 if algorithm in _LONG_BLOCKS else 64
    key = (digest(algorithm, key) if len(key) > block else key).ljust(block, b"\0")
    inner = digest(algorithm, bytes(byte ^ 0x36 for byte in key) + message)
    return digest(algorithm, bytes(byte ^ 0x5C for byte in key) + inner)


# ---- the NT hash: MD4 of UTF-16, in FreeBSD's text or the one that is usual elsewhere


def nt_cost(text: str) -> Cost:
    if _NT.fullmatch(text) is None:
        raise Malformed
    return Cost(seconds=0)


def nt_verify(text: str, secret: bytes) -> bool:
    made = digest("md4", secret.decode("utf-8", "replace").encode("utf-16-le"))
    return compare_digest(made, bytes.fromhex(text[-2 * DIGEST_SIZES["md4"] :]))
