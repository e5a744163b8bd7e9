"""PBKDF2 (RFC 8018) with HMAC of any digest that OpenSSL derives keys with."""

import hashlib
from hmac import compare_digest
from typing import Final

from muster.core.passwords.formats import DIGEST_SIZES, Pbkdf2
from muster.crypto.passwords.digests import available
from muster.crypto.passwords.scheme import Cost, HashRefused

_ROUNDS_PER_SECOND: Final = {
    "md5": 800_000,
    "ripemd160": 900_000,
    "sha1": 1_700_000,
    "sha224": 1_700_000,
    "sha256": 1_700_000,
    "sha384": 800_000,
    "sha512": 800_000,
}


def cost(text: str) -> Cost:
    found = Pbkdf2.parse(text)
    rate = _ROUNDS_PER_SECOND.get(found.digest)
    if rate is None or not available(found.digest):
        raise HashRefused("unknown_scheme")
    # Every block of output is derived by itself, with all the rounds.
    blocks = -(-len(found.hash) // DIGEST_SIZES[found.digest])
    return Cost(seconds=found.iterations * blocks / rate)


def verify(text: str, secret: bytes) -> bool:
    found = Pbkdf2.parse(text)
    made = hashlib.pbkdf2_hmac(found.digest, secret, found.salt, found.iterations, len(found.hash))
    return compare_digest(made, found.hash)
