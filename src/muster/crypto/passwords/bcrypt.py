"""bcrypt: $2a$, $2b$ and $2y$ are one algorithm, named after bugs of implementations that had them."""

import re
from hmac import compare_digest
from typing import Final

from muster.core.passwords.formats import Malformed
from muster.crypto.passwords.scheme import Cost

# 22 characters of salt and 31 of checksum; the last character of the checksum carries four bits.
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])")
_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ROUNDS_PER_SECOND: Final = 20_480
_MAX_PASSWORD: Final = 72


def _parse(text: str) -> re.Match[str]:
    match = _BCRYPT.fullmatch(text)
    if match is None:
        raise Malformed
    return match


def cost(text: str) -> Cost:
    return Cost(seconds=2 ** int(_parse(text)[1]) / _ROUNDS_PER_SECOND)


def verify(text: str, secret: bytes) -> bool:
    """Check as the implementations did that made the hash: bytes after the 72nd do not count, NUL is a byte like others."""
    import bcrypt

    rounds, salt, checksum = _parse(text).groups()
    # Some implementations filled the salt's last four bits, which do not count, with noise; the library wants zeros.
    salt = salt[:-1] + _ALPHABET[_ALPHABET.index(salt[-1]) & 0b110000]
    made = bcrypt.hashpw(secret[:_MAX_PASSWORD], f"$2b${rounds}${salt}".encode("ascii"))
    return compare_digest(made[-31:], checksum.encode("ascii"))
