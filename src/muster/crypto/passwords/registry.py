"""Every format there is, and the five things that are done with a hash or a password."""

import secrets
from typing import Final

from muster.core.errors import Invalid
from muster.core.passwords.formats import DIGEST, HMAC, PBKDF2, SCRYPT, SCRYPT_AES, Input, Malformed
from muster.crypto.passwords import argon2, bcrypt, crypt, digests, ldap, pbkdf2, scrypt
from muster.crypto.passwords.prepared import prepared
from muster.crypto.passwords.scheme import (
    MAX_HASH_LENGTH,
    MAX_MEMORY_KIB,
    MAX_PASSWORD_BYTES,
    MAX_SECONDS,
    HashRefused,
    PasswordRefused,
    Scheme,
)

# New hashes: argon2id as OWASP's first choice, RFC 9106 version 1.3.
_VERSION: Final = 19
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
_LANES: Final = 1
_SALT_BYTES: Final = 16
_TAG_BYTES: Final = 32

SCHEMES: Final = (
    Scheme("argon2", ("$argon2",), argon2.cost, argon2.verify),
    Scheme("bcrypt", ("$2a$", "$2b$", "$2y$"), bcrypt.cost, bcrypt.verify),
    Scheme("scrypt", (SCRYPT,), scrypt.cost, scrypt.verify),
    Scheme("scrypt-aes", (SCRYPT_AES,), scrypt.cipher_cost, scrypt.cipher_verify),
    Scheme("pbkdf2", (PBKDF2,), pbkdf2.cost, pbkdf2.verify),
    Scheme("phpass", ("$P$", "$H$"), crypt.phpass_cost, crypt.phpass_verify),
    Scheme("md5-crypt", ("$1$",), crypt.md5_cost, crypt.md5_verify),
    Scheme("sha256-crypt", ("$5$",), crypt.sha256_cost, crypt.sha256_verify),
    Scheme("sha512-crypt", ("$6$",), crypt.sha512_cost, crypt.sha512_verify),
    Scheme("nt", ("$3$$", "$NT$"), digests.nt_cost, digests.nt_verify),
    Scheme("ldap", ("{",), ldap.cost, ldap.verify),
    Scheme("hmac", (HMAC,), digests.hmac_cost, digests.hmac_verify),
    Scheme("digest", (DIGEST,), digests.cost, digests.verify),
)
"""Every format that can be checked. Each may stand behind an `Input`, which says what was done to the password first."""


def check_hash(text: str) -> str:
    """The name of the scheme a hash is written in; raises `HashRefused` for what we could not or should not check."""
    return _read(text)[0].name


def scheme_of(text: str) -> str:
    """As `check_hash`, for those who know only the core: `Invalid("hash_refused", reason=…)` instead of `HashRefused`."""
    try:
        return check_hash(text)
    except HashRefused as refused:
        raise Invalid("hash_refused", reason=refused.reason) from None


def verify(text: str, password: str) -> bool:
    """Whether the hash was made from the password.

    A password that `hash_password` would refuse is simply wrong. A hash that `check_hash` refuses raises
    `HashRefused`: it ought never to have been stored.
    """
    scheme, input_ = _read(text)
    try:
        secret = _bytes_of(password)
    except PasswordRefused:
        return False
    return scheme.verify(input_.hash, prepared(input_, password, secret))


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
    scheme, input_ = _read(text)
    if scheme.name != "argon2" or input_ != Input(text):
        return True
    found = argon2.parse(text)
    return (
        found.variant != "argon2id" or found.version < _VERSION or found.memory < _MEMORY_KIB or found.passes < _PASSES
    )


def _read(text: str) -> tuple[Scheme, Input]:
    """The scheme of a hash that is well formed and cheap enough, and what it is a hash of."""
    if len(text) > MAX_HASH_LENGTH:
        raise HashRefused("too_costly")
    try:
        input_ = Input.parse(text)
        scheme = next((row for row in SCHEMES if input_.hash.startswith(row.prefixes)), None)
        if scheme is None:
            raise HashRefused("unknown_scheme")
        cost = scheme.cost(input_.hash)
    except Malformed:
        raise HashRefused("malformed") from None
    if cost.seconds > MAX_SECONDS or cost.memory_kib > MAX_MEMORY_KIB:
        raise HashRefused("too_costly")
    return scheme, input_


def _bytes_of(password: str) -> bytes:
    try:
        secret = password.encode("utf-8")
    except UnicodeEncodeError:
        raise PasswordRefused("not_text") from None
    if len(secret) > MAX_PASSWORD_BYTES:
        raise PasswordRefused("too_long")
    return secret
