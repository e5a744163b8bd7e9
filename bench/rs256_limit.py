"""Prints how many RS256 signatures (RSA of 2,048 bits, the key read once) one thread makes in a second.

python -m bench.rs256_limit SECONDS
"""

from __future__ import annotations

import sys
import time

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

MESSAGE = b"a" * 600
"""As long as the header and the claims of an ID token."""


def main(seconds: float) -> None:
    key, padding, hashed = rsa.generate_private_key(65537, 2048), PKCS1v15(), SHA256()
    key.sign(MESSAGE, padding, hashed)
    done, begin = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - begin) < seconds or not done:
        key.sign(MESSAGE, padding, hashed)
        done += 1
    print(done / elapsed if elapsed else 0.0)


if __name__ == "__main__":
    main(float(sys.argv[1]))
