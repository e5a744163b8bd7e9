"""Password hashes: making new ones (argon2id) and checking those that came from elsewhere.

Every format is one row of `SCHEMES`. A hash is text; a password is used as the UTF-8 that was typed, without Unicode
normalisation, because the hashes people bring were made that way. Everything here is pure and slow: call it through
`hashing_pool`, never in the event loop (`check_hash` and `needs_rehash` alone are quick).
"""

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from hmac import compare_digest
from typing import Final, NamedTuple

MAX_PASSWORD_BYTES: Final = 4096

# What checking one hash may cost. Beyond this, a hash that somebody imports is a way to stop the server.
MAX_SECONDS: Final = 1.0
MAX_MEMORY_KIB: Final = 128 * 1024
_MAX_HASH_LENGTH: Final = 1024

# New hashes: argon2id as OWASP's first choice, RFC 9106 version 1.3.
_VERSION: Final = 19
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
_LANES: Final = 1
_SALT_BYTES: Final = 16
_TAG_BYTES: Final = 32


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


class Cost(NamedTuple):
    """What one check takes on one core of a present-day server."""

    seconds: float
    memory_kib: int


class Scheme(NamedTuple):
    """One format. `cost` reads the parameters and raises `HashRefused` if the text is not exactly in the format;
    `verify` may rely on that having been done.
    """

    name: str
    prefixes: tuple[str, ...]
    cost: Callable[[str], Cost]
    verify: Callable[[str, bytes], bool]


def check_hash(text: str) -> str:
    """The name of the scheme a hash is written in; raises `HashRefused` for what we could not or should not check."""
    return _scheme_of(text).name


def verify(text: str, password: str) -> bool:
    """Whether the hash was made from the password.

    A password that `hash_password` would refuse is simply wrong. A hash that `check_hash` refuses raises
    `HashRefused`: it ought never to have been stored.
    """
    scheme = _scheme_of(text)
    try:
        secret = _bytes_of(password)
    except PasswordRefused:
        return False
    return scheme.verify(text, secret)


def hash_password(password: str) -> str:
    """A new argon2id hash in PHC text, about 100 characters; raises `PasswordRefused`."""
    from argon2.low_level import Type, hash_secret

    secret, salt = _bytes_of(password), secrets.token_bytes(_SALT_BYTES)
    return hash_secret(secret, salt, _PASSES, _MEMORY_KIB, _LANES, _TAG_BYTES, Type.ID, _VERSION).decode("ascii")


def burn(password: str) -> None:
    """Do the work of checking a password and learn nothing: for a user who does not exist, or has no password."""
    try:
        hash_password(password)
    except PasswordRefused:
        return  # `verify` refuses such a password as quickly


def needs_rehash(text: str) -> bool:
    """Whether a hash should be replaced at the next success: all but argon2id of at least today's strength."""
    if check_hash(text) != "argon2":
        return True
    found = _argon2(text)
    return (
        found.variant != "argon2id" or found.version < _VERSION or found.memory < _MEMORY_KIB or found.passes < _PASSES
    )


def _scheme_of(text: str) -> Scheme:
    for scheme in SCHEMES:
        if text.startswith(scheme.prefixes):
            if len(text) > _MAX_HASH_LENGTH:
                raise HashRefused("malformed")
            cost = scheme.cost(text)
            if cost.seconds > MAX_SECONDS or cost.memory_kib > MAX_MEMORY_KIB:
                raise HashRefused("too_costly")
            return scheme
    raise HashRefused("unknown_scheme")


def _bytes_of(password: str) -> bytes:
    try:
        secret = password.encode("utf-8")
    except UnicodeEncodeError:
        raise PasswordRefused("not_text") from None
    if len(secret) > MAX_PASSWORD_BYTES:
        raise PasswordRefused("too_long")
    return secret


# ---- argon2 (RFC 9106, PHC text): argon2i, argon2d and argon2id, versions 1.0 and 1.3

_ARGON2 = re.compile(
    r"\$(argon2id|argon2i|argon2d)(?:\$v=(16|19))?"
    r"\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,9})"
    r"\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_ARGON2_KIB_PER_SECOND: Final = 2_400_000
# Each lane is a thread of its own while a hash is checked.
_ARGON2_MAX_LANES: Final = 16


class _Argon2(NamedTuple):
    variant: str
    version: int
    memory: int
    passes: int
    lanes: int


def _argon2(text: str) -> _Argon2:
    match = _ARGON2.fullmatch(text)
    if match is None:
        raise HashRefused("malformed")
    variant, version, memory, passes, lanes, salt, tag = match.groups()
    # A hash without a version is of version 1.0, from before there were two.
    found = _Argon2(variant, int(version or 16), int(memory), int(passes), int(lanes))
    # The bounds of RFC 9106 3.1, with a tag long enough that nobody meets it by chance.
    if found.memory < 8 * found.lanes or not 8 <= _base64_length(salt) <= 128 or not 12 <= _base64_length(tag) <= 128:
        raise HashRefused("malformed")
    return found


def _base64_length(text: str) -> int:
    """How many bytes unpadded base64 holds; refuses text that is not the one way of writing them."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise HashRefused("malformed") from None
    if base64.b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise HashRefused("malformed")
    return len(raw)


def _argon2_cost(text: str) -> Cost:
    found = _argon2(text)
    if found.lanes > _ARGON2_MAX_LANES:
        raise HashRefused("too_costly")
    return Cost(seconds=found.memory * found.passes / _ARGON2_KIB_PER_SECOND, memory_kib=found.memory)


def _argon2_verify(text: str, secret: bytes) -> bool:
    from argon2.exceptions import VerifyMismatchError
    from argon2.low_level import Type, verify_secret

    variant = {"argon2id": Type.ID, "argon2i": Type.I, "argon2d": Type.D}[_argon2(text).variant]
    try:
        return verify_secret(text.encode("ascii"), secret, variant)
    except VerifyMismatchError:
        return False


# ---- bcrypt: $2a$, $2b$ and $2y$ are one algorithm, named after bugs of implementations that had them

# 22 characters of salt and 31 of checksum; the last character of the checksum carries four bits.
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])")
_BCRYPT_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BCRYPT_ROUNDS_PER_SECOND: Final = 20_480
_BCRYPT_MAX_PASSWORD: Final = 72


def _bcrypt(text: str) -> re.Match[str]:
    match = _BCRYPT.fullmatch(text)
    if match is None:
        raise HashRefused("malformed")
    return match


def _bcrypt_cost(text: str) -> Cost:
    return Cost(seconds=2 ** int(_bcrypt(text)[1]) / _BCRYPT_ROUNDS_PER_SECOND, memory_kib=4)


def _bcrypt_verify(text: str, secret: bytes) -> bool:
    """Check as the implementations did that made the hash: bytes after the 72nd do not count, NUL is a byte like others."""
    import bcrypt

    cost, salt, checksum = _bcrypt(text).groups()
    # Some implementations filled the salt's last four bits, which do not count, with noise; the library wants zeros.
    salt = salt[:-1] + _BCRYPT_ALPHABET[_BCRYPT_ALPHABET.index(salt[-1]) & 0b110000]
    made = bcrypt.hashpw(secret[:_BCRYPT_MAX_PASSWORD], f"$2b${cost}${salt}".encode("ascii"))
    return compare_digest(made[-31:], checksum.encode("ascii"))


SCHEMES: Final = (
    Scheme("argon2", ("$argon2",), _argon2_cost, _argon2_verify),
    Scheme("bcrypt", ("$2a$", "$2b$", "$2y$"), _bcrypt_cost, _bcrypt_verify),
)
"""Every format that can be checked, in the words the vendors use."""
