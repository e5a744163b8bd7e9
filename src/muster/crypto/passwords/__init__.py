"""Password hashes: making new ones (argon2id) and checking those that came from elsewhere.

`registry` has one row for every format; each family of formats is one file. A hash is one text that says by itself how to
check it (`muster.core.passwords.formats`). Everything here is pure and slow: call it through `hashing_pool`, never in the
event loop (`check_hash` and `needs_rehash` alone are quick).
"""

from muster.crypto.passwords.registry import (
    SCHEMES,
    burn,
    check_hash,
    hash_password,
    needs_rehash,
    scheme_of,
    verify,
)
from muster.crypto.passwords.scheme import (
    MAX_HASH_LENGTH,
    MAX_MEMORY_KIB,
    MAX_PASSWORD_BYTES,
    MAX_SECONDS,
    Cost,
    HashRefused,
    PasswordRefused,
    Scheme,
)

__all__ = [
    "MAX_HASH_LENGTH",
    "MAX_MEMORY_KIB",
    "MAX_PASSWORD_BYTES",
    "MAX_SECONDS",
    "SCHEMES",
    "Cost",
    "HashRefused",
    "PasswordRefused",
    "Scheme",
    "burn",
    "check_hash",
    "hash_password",
    "needs_rehash",
    "scheme_of",
    "verify",
]
