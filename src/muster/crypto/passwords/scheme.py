"""What a format of password hashes is, what it may cost, and how a hash or a password is refused."""

from collections.abc import Callable
from typing import Final, NamedTuple

MAX_PASSWORD_BYTES: Final = 4096

# What checking one hash may cost. Beyond this, a hash that somebody imports is a way to stop the server.
MAX_SECONDS: Final = 1.0
MAX_MEMORY_KIB: Final = 128 * 1024
MAX_HASH_LENGTH: Final = 2048
"""Characters: a longer hash can only hold a salt or key of absurd size."""


class HashRefused(Exception):
    """A password hash that cannot be taken. `reason` is unknown_scheme, malformed or too_costly; the hash is not repeated."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PasswordRefused(Exception):
    """A password that cannot be hashed. `reason` is too_long (over 4,096 bytes of UTF-8) or not_text (a lone surrogate)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_BYTES_PER_SECOND: Final = 300_000_000


def is_affordable(rounds: int, secret: bytes) -> bool:
    """Whether hashing a password anew in each of so many rounds takes no longer than any check may.

    Formats that do so are as slow as the password is long, which `cost` cannot know. One so long is taken as wrong.
    """
    return rounds * len(secret) / _BYTES_PER_SECOND <= MAX_SECONDS


class Cost(NamedTuple):
    """What one check takes on one core of a present-day server."""

    seconds: float
    memory_kib: int = 4


class Scheme(NamedTuple):
    """One format. `cost` reads the parameters and raises `Malformed` or `HashRefused` if the text is not exactly in the
    format; `verify` may rely on that having been done. `verify` takes the bytes that were hashed.
    """

    name: str
    prefixes: tuple[str, ...]
    cost: Callable[[str], Cost]
    verify: Callable[[str, bytes], bool]
