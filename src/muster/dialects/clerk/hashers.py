"""The API's `password_hasher`: what each one's `password_digest` looks like, as the text in which a hash is kept.

Whether such a text can be checked at all (its parameters, its cost) is for `scheme_of` to say, which is handed in.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

from muster.core.errors import Invalid
from muster.core.passwords.formats import Digest, Input, Malformed, Pbkdf2, Scrypt, ScryptCipher

_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}")
_BCRYPT: Final = re.compile(r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}")
_SHA1_KEY_BYTES: Final = 32
_SHA512_BYTES: Final = 64


class UnknownHasher(Exception):
    """A `password_hasher` that this server cannot check: unheard of, or checked by another service."""


class WrongDigest(Exception):
    """A `password_digest` that is not in its hasher's format, or would cost too much to check."""


def stored(hasher: str, digest: str, scheme_of: Callable[[str], str]) -> tuple[str, str]:
    """The text to store and its scheme; `scheme_of` names that, or raises `Invalid` for a hash that it will not take."""
    read = HASHERS.get(hasher)
    if read is None:
        raise UnknownHasher
    try:
        text = read(digest)
        return text, scheme_of(text)
    except (Invalid, ValueError):  # not in the format, too costly, or no UTF-8
        raise WrongDigest from None


def _split(digest: str, name: str, *parts: int) -> list[str]:
    """What follows `name$`, as so many parts."""
    head, *rest = digest.split("$")
    if head != name or len(rest) not in parts or "" in rest:
        raise Malformed
    return rest


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Malformed
    return int(text)


def _hex(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise Malformed
    return bytes.fromhex(text)


def _base64(text: str) -> bytes:
    """Of either alphabet, padded or not."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise Malformed from None
    if base64.b64encode(raw).decode("ascii").rstrip("=") != plain:
        raise Malformed
    return raw


def _hex_or_base64(text: str, size: int) -> bytes:
    return bytes.fromhex(text) if _HEX.fullmatch(text) and len(text) == 2 * size else _base64(text)


def _begins(*prefixes: str) -> Callable[[str], str]:
    """A digest that is kept as it is."""

    def read(digest: str) -> str:
        if not digest.startswith(prefixes):
            raise Malformed
        return digest

    return read


def _bcrypt_sha256(digest: str) -> str:
    inner = digest.removeprefix("bcrypt_sha256$")
    if inner == digest or not _BCRYPT.fullmatch(inner):
        raise Malformed
    return Input(inner, prehash="sha256").text()


def _bcrypt_peppered(digest: str) -> str:
    inner, dollar, pepper = digest[:60], digest[60:61], digest[61:]
    if dollar != "$" or not pepper or not _BCRYPT.fullmatch(inner):
        raise Malformed
    return Input(inner, after=pepper.encode()).text()


def _plain(algorithm: str) -> Callable[[str], str]:
    return lambda digest: Digest(algorithm, _hex(digest)).text()


def _salted(algorithm: str) -> Callable[[str], str]:
    """The salt is taken to stand before the password, as the vendor's text writes it; which is so is not documented."""

    def read(digest: str) -> str:
        salt, dollar, hash_ = digest.rpartition("$")
        if not dollar or not salt:
            raise Malformed
        return Input(Digest(algorithm, _hex(hash_)).text(), before=salt.encode()).text()

    return read


def _md5_phpass(digest: str) -> str:
    return Input(_begins("$P$", "$H$")(digest), prehash="md5").text()


def _pbkdf2_sha1(digest: str) -> str:
    iterations, salt, hash_, *length = _split(digest, "pbkdf2_sha1", 3, 4)
    raw = _hex(hash_)
    if len(raw) != (_number(length[0]) if length else _SHA1_KEY_BYTES):
        raise Malformed
    return Pbkdf2("sha1", _number(iterations), _hex(salt) if _HEX.fullmatch(salt) else salt.encode(), raw).text()


def _pbkdf2_sha256(digest: str) -> str:
    iterations, salt, hash_ = _split(digest, "pbkdf2_sha256", 3)
    return Pbkdf2("sha256", _number(iterations), _base64(salt), _base64(hash_)).text()


def _pbkdf2_sha256_django(digest: str) -> str:
    iterations, salt, hash_ = _split(digest, "pbkdf2_sha256", 3)
    return Pbkdf2("sha256", _number(iterations), salt.encode(), _base64(hash_)).text()


def _pbkdf2_sha512(digest: str) -> str:
    iterations, salt, hash_ = _split(digest, "pbkdf2_sha512", 3)
    return Pbkdf2("sha512", _number(iterations), salt.encode(), _hex(hash_)).text()


def _pbkdf2_sha512_hex(digest: str) -> str:
    iterations, salt, hash_ = _split(digest, "pbkdf2_sha512_hex", 3)
    return Pbkdf2("sha512", _number(iterations), _hex(salt), _hex(hash_)).text()


def _scrypt_firebase(digest: str) -> str:
    """Every part but the two numbers in base64; the "rounds" are scrypt's block size, the cost N's logarithm."""
    parts = digest.split("$")
    if len(parts) != 6:
        raise Malformed
    hash_, salt, key, separator = (_base64(part) for part in parts[:4])
    return ScryptCipher(_number(parts[5]), _number(parts[4]), 1, salt, separator, key, hash_).text()


def _scrypt_werkzeug(digest: str) -> str:
    """`scrypt:32768:8:1$salt$hash`, with a dollar sign before it or not, the hash in hex or base64."""
    parts = digest.removeprefix("$").split("$")
    if len(parts) != 3 or not parts[1]:
        raise Malformed
    arguments, salt, hash_ = parts
    name, *numbers = arguments.split(":")
    if name != "scrypt" or len(numbers) != 3:
        raise Malformed
    cost, block_size, parallelism = (_number(number) for number in numbers)
    if cost & (cost - 1):
        raise Malformed
    raw = _hex_or_base64(hash_, _SHA512_BYTES)
    return Scrypt(cost.bit_length() - 1, block_size, parallelism, salt.encode(), raw).text()


def _sha512_symfony(digest: str) -> str:
    """Symfony hashes `password{salt}`, and then so many times the last digest and that again."""
    iterations, salt, hash_ = _split(digest, "sha512_symfony", 3)
    inner = Digest("sha512", _base64(hash_), _number(iterations)).text()
    return Input(inner, after=f"{{{salt}}}".encode()).text()


HASHERS: Final[dict[str, Callable[[str], str]]] = {
    "argon2i": _begins("$argon2i$"),
    "argon2id": _begins("$argon2id$"),
    "bcrypt": _begins("$2a$", "$2b$", "$2y$"),
    "bcrypt_peppered": _bcrypt_peppered,
    "bcrypt_sha256_django": _bcrypt_sha256,
    "ldap_ssha": _begins("{SSHA}"),
    "md5": _plain("md5"),
    "md5_phpass": _md5_phpass,
    "md5_salted": _salted("md5"),
    "pbkdf2_sha1": _pbkdf2_sha1,
    "pbkdf2_sha256": _pbkdf2_sha256,
    "pbkdf2_sha256_django": _pbkdf2_sha256_django,
    "pbkdf2_sha512": _pbkdf2_sha512,
    "pbkdf2_sha512_hex": _pbkdf2_sha512_hex,
    "phpass": _begins("$P$", "$H$"),
    "scrypt_firebase": _scrypt_firebase,
    "scrypt_werkzeug": _scrypt_werkzeug,
    "sha256": _plain("sha256"),
    "sha256_salted": _salted("sha256"),
    "sha512_symfony": _sha512_symfony,
}
"""Hasher → how its digest becomes the text to store. `awscognito` is missing: only that service can check its passwords."""
