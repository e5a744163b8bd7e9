"""Prints how many argon2id hashes of today's parameters (19 MiB, 2 passes, 1 lane) one thread makes in a second.

python -m bench.argon2_limit SECONDS
"""

from __future__ import annotations

import sys
import time

from argon2 import PasswordHasher

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def main(seconds: float) -> None:
    HASHER.hash("the first takes its memory from the system")
    done, begin = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - begin) < seconds or not done:
        HASHER.hash("correct horse battery staple")
        done += 1
    print(done / elapsed if elapsed else 0.0)


if __name__ == "__main__":
    main(float(sys.argv[1]))
