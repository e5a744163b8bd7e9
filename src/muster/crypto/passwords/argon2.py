"""argon2i, argon2d and argon2id (RFC 9106), versions 1.0 and 1.3, as PHC text."""

import re
from typing import Final, NamedTuple

from muster.core.passwords.formats import Malformed, unb64
from muster.crypto.passwords.scheme import Cost, HashRefused

_ARGON2 = re.compile(
    r"\$(argon2id|argon2i|argon2d)(?:\$v=(16|19))?"
    r"\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,9})"
    r"\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_KIB_PER_SECOND: Final = 2_400_000
# Each lane is a thread of its own while a hash is checked.
_MAX_LANES: Final = 16


class Argon2(NamedTuple):
    variant: str
    version: int
    memory: int
    passes: int
    lanes: int


def parse(text: str) -> Argon2:
    match = _ARGON2.fullmatch(text)
    if match is None:
        raise Malformed
    variant, version, memory, passes, lanes, salt, tag = match.groups()
    # A hash without a version is of version 1.0, from before there were two.
    found = Argon2(variant, int(version or 16), int(memory), int(passes), int(lanes))
    # The bounds of RFC 9106 3.1, with a tag long enough that nobody meets it by chance.
    if found.memory < 8 * found.lanes or not 8 <= len(unb64(salt)) <= 128 or not 12 <= len(unb64(tag)) <= 128:
        raise Malformed
    return found


def cost(text: str) -> Cost:
    found = parse(text)
    if found.lanes > _MAX_LANES:
        raise HashRefused("too_costly")
    return Cost(seconds=found.memory * found.passes / _KIB_PER_SECOND, memory_kib=found.memory)


def verify(text: str, secret: bytes) -> bool:
    from argon2.exceptions import VerifyMismatchError
    from argon2.low_level import Type, verify_secret

    variant = {"argon2id": Type.ID, "argon2i": Type.I, "argon2d": Type.D}[parse(text).variant]
    try:
        return verify_secret(text.encode("ascii"), secret, variant)
    except VerifyMismatchError:
        return False
