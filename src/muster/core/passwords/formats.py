"""The texts in which foreign password hashes are kept, written and read; who verifies them is `crypto/passwords`.

Every hash is one text that says by itself how to check it. Where the world has a text for that it is kept as it is: PHC
strings (argon2, scrypt, PBKDF2), crypt(3) strings, RFC 2307's `{SSHA}`. The rest get one of ours, in PHC's style: names
that begin with `muster-`, binary parts in base64 without padding. Reading is strict: one hash has one spelling.
"""

import base64
import binascii
import re
from typing import Final, NamedTuple

DIGEST_SIZES: Final = {
    "md4": 16,
    "md5": 16,
    "ripemd160": 20,
    "sha1": 20,
    "sha224": 28,
    "sha256": 32,
    "sha384": 48,
    "sha512": 64,
    "whirlpool": 64,
}
"""Every digest a hash may be made with, and its bytes."""

ENCODINGS: Final = ("utf8", "utf16le", "latin1")
LEAST_HASH: Final = 12
"""Bytes that a derived key must have, so that nobody meets it by chance."""

_B64 = "[A-Za-z0-9+/]"
_NUMBER = "[1-9][0-9]{0,9}"


class Malformed(ValueError):
    """A text that is not exactly in its format. It is never repeated."""


def b64(raw: bytes) -> str:
    """Base64 without padding, as PHC strings have it."""
    return base64.b64encode(raw).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """What unpadded base64 holds; refuses text that is not the one way of writing it."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed from None
    if b64(raw) != text:
        raise Malformed
    return raw


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise Malformed
    return found


def _sized(hash_: bytes, algorithm: str) -> bytes:
    if len(hash_) != DIGEST_SIZES.get(algorithm):
        raise Malformed
    return hash_


def _derived(hash_: bytes) -> bytes:
    if len(hash_) < LEAST_HASH:
        raise Malformed
    return hash_


class Input(NamedTuple):
    """A password that was changed before it was hashed: `$muster-input$e=utf16le,h=md5$<before>$<after>` and the hash's text.

    The password is encoded as `encoding` says, then replaced by the lower-case hex of its `prehash` if there is one; then
    the bytes `before` and `after` (a salt or pepper kept beside the hash) are put around it. latin1 keeps the low byte of
    every UTF-16 unit. `hash` is what was made of that, in a text that is no `Input` again.
    """

    hash: str
    encoding: str = "utf8"
    prehash: str | None = None
    before: bytes = b""
    after: bytes = b""

    def text(self) -> str:
        """The text to store: the plain hash when nothing was done to the password."""
        if self == Input(self.hash):
            return self.hash
        prehash = f",h={self.prehash}" if self.prehash else ""
        return f"{INPUT}e={self.encoding}{prehash}${b64(self.before)}${b64(self.after)}{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Input":
        """Any hash's text: one that does not begin so is of a password that was hashed as it is."""
        if not text.startswith(INPUT):
            return cls(text)
        encoding, prehash, before, after, inner = _match(_INPUT, text).groups()
        if inner.startswith(INPUT):
            raise Malformed
        found = cls(inner, encoding, prehash, unb64(before), unb64(after))
        if found == cls(inner):
            raise Malformed
        return found


class Digest(NamedTuple):
    """A bare digest, `$muster-digest$a=sha512,i=5000$<hash>`: `iterations` - 1 times, the last digest and the input anew."""

    algorithm: str
    hash: bytes
    iterations: int = 1

    def text(self) -> str:
        times = f",i={self.iterations}" if self.iterations != 1 else ""
        return f"{DIGEST}a={self.algorithm}{times}${b64(self.hash)}"

    @classmethod
    def parse(cls, text: str) -> "Digest":
        algorithm, iterations, hash_ = _match(_DIGEST, text).groups()
        return cls(algorithm, _sized(unb64(hash_), algorithm), int(iterations or 1))


class Hmac(NamedTuple):
    """RFC 2104 with a key kept beside it: `$muster-hmac$a=sha1$<key>$<hash>`."""

    algorithm: str
    key: bytes
    hash: bytes

    def text(self) -> str:
        return f"{HMAC}a={self.algorithm}${b64(self.key)}${b64(self.hash)}"

    @classmethod
    def parse(cls, text: str) -> "Hmac":
        algorithm, key, hash_ = _match(_HMAC, text).groups()
        return cls(algorithm, unb64(key), _sized(unb64(hash_), algorithm))


class Pbkdf2(NamedTuple):
    """RFC 8018, as PHC text `$pbkdf2-sha512$i=100000,l=64$<salt>$<hash>`; without `i` 100,000 rounds, `l` is the hash's length."""

    digest: str
    iterations: int
    salt: bytes
    hash: bytes

    def text(self) -> str:
        parameters = f"i={self.iterations},l={len(self.hash)}"
        return f"{PBKDF2}{self.digest}${parameters}${b64(self.salt)}${b64(self.hash)}"

    @classmethod
    def parse(cls, text: str) -> "Pbkdf2":
        digest, iterations, length, alone, salt, hash_ = _match(_PBKDF2, text).groups()
        found = cls(digest, int(iterations or 100_000), unb64(salt), _derived(unb64(hash_)))
        length = length or alone
        if length is not None and int(length) != len(found.hash):
            raise Malformed
        return found


class Scrypt(NamedTuple):
    """RFC 7914, as PHC text `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`; `log_cost` is N's logarithm to base 2."""

    log_cost: int
    block_size: int
    parallelism: int
    salt: bytes
    hash: bytes

    def text(self) -> str:
        return f"{SCRYPT}{_costs(self)}${b64(self.salt)}${b64(self.hash)}"

    @classmethod
    def parse(cls, text: str) -> "Scrypt":
        log_cost, block_size, parallelism, salt, hash_ = _match(_SCRYPT, text).groups()
        return cls(*_scrypt(log_cost, block_size, parallelism), unb64(salt), _derived(unb64(hash_)))


class ScryptCipher(NamedTuple):
    """Firebase's form: `key` encrypted (AES-256-CTR, counter from 0) under the first 32 bytes that scrypt makes of the password,
    with `salt` + `separator` as its salt: `$muster-scrypt-aes$ln=14,r=8,p=1$<salt>$<separator>$<key>$<hash>`.
    """

    log_cost: int
    block_size: int
    parallelism: int
    salt: bytes
    separator: bytes
    key: bytes
    hash: bytes

    def text(self) -> str:
        parts = (self.salt, self.separator, self.key, self.hash)
        return f"{SCRYPT_AES}{_costs(self)}${'$'.join(b64(part) for part in parts)}"

    @classmethod
    def parse(cls, text: str) -> "ScryptCipher":
        log_cost, block_size, parallelism, *parts = _match(_SCRYPT_AES, text).groups()
        salt, separator, key, hash_ = (unb64(part) for part in parts)
        if len(_derived(hash_)) != len(key):
            raise Malformed
        return cls(*_scrypt(log_cost, block_size, parallelism), salt, separator, key, hash_)


def _costs(hash_: Scrypt | ScryptCipher) -> str:
    return f"ln={hash_.log_cost},r={hash_.block_size},p={hash_.parallelism}"


def _scrypt(log_cost: str, block_size: str, parallelism: str) -> tuple[int, int, int]:
    """RFC 7914, section 6, bounds them so."""
    cost, size, lanes = int(log_cost), int(block_size), int(parallelism)
    if cost >= 16 * size or size * lanes >= 1 << 30:
        raise Malformed
    return cost, size, lanes


INPUT: Final = "$muster-input$"
DIGEST: Final = "$muster-digest$"
HMAC: Final = "$muster-hmac$"
PBKDF2: Final = "$pbkdf2-"
SCRYPT: Final = "$scrypt$"
SCRYPT_AES: Final = "$muster-scrypt-aes$"

_COSTS = rf"ln=([1-9][0-9]?),r=({_NUMBER}),p=({_NUMBER})"
_INPUT = re.compile(
    rf"\$muster-input\$e=({'|'.join(ENCODINGS)})(?:,h=(md5|sha256))?\$({_B64}*)\$({_B64}*)([${{].*)", re.DOTALL
)
_DIGEST = re.compile(rf"\$muster-digest\$a=([a-z0-9]+)(?:,i=({_NUMBER}))?\$({_B64}+)")
_HMAC = re.compile(rf"\$muster-hmac\$a=([a-z0-9]+)\$({_B64}*)\$({_B64}+)")
_PBKDF2 = re.compile(
    rf"\$pbkdf2-([a-z0-9-]+)(?:\$i=({_NUMBER})(?:,l=({_NUMBER}))?|\$l=({_NUMBER}))?\$({_B64}*)\$({_B64}+)"
)
_SCRYPT = re.compile(rf"\$scrypt\${_COSTS}\$({_B64}*)\$({_B64}+)")
_SCRYPT_AES = re.compile(rf"\$muster-scrypt-aes\${_COSTS}\$({_B64}*)\$({_B64}*)\$({_B64}+)\$({_B64}+)")
