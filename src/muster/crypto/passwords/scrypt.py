"""scrypt (RFC 7914), alone and as Firebase uses it: as the key under which a key of the project is encrypted."""

import hashlib
from hmac import compare_digest
from typing import Final

from muster.core.passwords.formats import Scrypt, ScryptCipher
from muster.crypto.passwords.scheme import Cost

_STEPS_PER_SECOND: Final = 1_700_000
_CIPHER_KEY_BYTES: Final = 32


def _cost(found: Scrypt | ScryptCipher) -> Cost:
    size = found.block_size << found.log_cost
    # What one lane mixes in, or the input of all lanes, whichever is more.
    memory = 128 * found.block_size * max(1 << found.log_cost, found.parallelism) // 1024
    return Cost(seconds=size * found.parallelism / _STEPS_PER_SECOND, memory_kib=memory)


def _derive(found: Scrypt | ScryptCipher, secret: bytes, salt: bytes, length: int) -> bytes:
    n, r, p = 1 << found.log_cost, found.block_size, found.parallelism
    # OpenSSL counts more than the two tables; the cost is bounded already.
    most = 128 * r * (n + p + 2) + (1 << 20)
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=length)


def cost(text: str) -> Cost:
    return _cost(Scrypt.parse(text))


def verify(text: str, secret: bytes) -> bool:
    found = Scrypt.parse(text)
    return compare_digest(_derive(found, secret, found.salt, len(found.hash)), found.hash)


def cipher_cost(text: str) -> Cost:
    return _cost(ScryptCipher.parse(text))


def cipher_verify(text: str, secret: bytes) -> bool:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CTR

    found = ScryptCipher.parse(text)
    key = _derive(found, secret, found.salt + found.separator, _CIPHER_KEY_BYTES)
    made = Cipher(AES(key), CTR(bytes(16))).encryptor().update(found.key)
    return compare_digest(made, found.hash)
