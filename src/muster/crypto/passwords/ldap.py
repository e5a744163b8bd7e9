"""Passwords as directories keep them: `{SSHA}` and its kin (RFC 2307 and what grew from it), salt after the digest."""

import base64
import re
from hmac import compare_digest
from typing import Final

from muster.core.passwords.formats import DIGEST_SIZES, Malformed
from muster.crypto.passwords.digests import digest
from muster.crypto.passwords.scheme import Cost, HashRefused

_PLAIN: Final = {"MD5": "md5", "SHA": "sha1"} | {f"SHA{size}": f"sha{size}" for size in (224, 256, 384, 512)}
_SALTED: Final = {f"S{name}": algorithm for name, algorithm in _PLAIN.items()}
_TEXT: Final = re.compile(r"\{([A-Za-z0-9]+)\}(.*)", re.DOTALL)


def _parse(text: str) -> tuple[str, bytes, bytes]:
    """Algorithm, digest and salt."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise Malformed
    name = found[1].upper()
    algorithm = _PLAIN.get(name) or _SALTED.get(name)
    if algorithm is None:
        raise HashRefused("unknown_scheme")
    try:
        raw = base64.b64decode(found[2], validate=True)
    except ValueError:
        raise Malformed from None
    size = DIGEST_SIZES[algorithm]
    salted = name in _SALTED
    if base64.b64encode(raw).decode("ascii") != found[2] or (len(raw) <= size if salted else len(raw) != size):
        raise Malformed
    return algorithm, raw[:size], raw[size:]


def cost(text: str) -> Cost:
    _parse(text)
    return Cost(seconds=0)


def verify(text: str, secret: bytes) -> bool:
    algorithm, hash_, salt = _parse(text)
    return compare_digest(digest(algorithm, secret + salt), hash_)
