"""Auth0's `custom_password_hash` ⇄ the text in which a hash is kept (`muster.core.passwords.formats`).

A hash is stored as strictly as it is read; of what only spells it differently (the case of hex, base64 of either alphabet) one
spelling remains, and is what goes out again.
"""

import contextlib
import re
from typing import Any, Final, NamedTuple

from muster.core.passwords.formats import (
    DIGEST,
    DIGEST_SIZES,
    ENCODINGS,
    HMAC,
    LEAST_HASH,
    PBKDF2,
    SCRYPT,
    Digest,
    Hmac,
    Input,
    Malformed,
    Pbkdf2,
    Scrypt,
    unb64,
)
from muster.importers.record import RowError

PATH: Final = "custom_password_hash"

_DIGESTS: Final = ("md4", "md5", "sha1", "sha256", "sha512")
_COST, _BLOCK_SIZE, _PARALLELIZATION = 16384, 8, 1
_ENCODINGS: Final = {"utf8": "utf8", "utf16le": "utf16le", "ucs2": "utf16le"}
"""The other encodings of this vendor's are all that of the low bytes."""
_LOW_BYTES: Final = "latin1"

_PBKDF2: Final = re.compile(r"(\$pbkdf2-[a-z0-9-]+(?:\$[il=0-9,]+)?)\$([A-Za-z0-9+/_-]*=*)\$([A-Za-z0-9+/_-]+=*)")


class HashError(Exception):
    """A `custom_password_hash` that cannot be kept; `error` says why and where."""

    def __init__(self, code: str, message: str, path: str) -> None:
        super().__init__(code, path)
        self.error = RowError(code, message, f"{PATH}.{path}")


class Kept(NamedTuple):
    """What is stored, and the scheme (`muster.crypto.passwords.SCHEMES`) that this ought to be of."""

    text: str
    scheme: str


def stored(custom: dict[str, Any]) -> Kept:
    """The text to store for an object that has passed `auth0_schema`; raises `HashError`."""
    algorithm: str = custom["algorithm"]
    hash_, salt = custom["hash"], custom.get("salt")
    if algorithm in ("argon2", "bcrypt", "ldap", "pbkdf2"):
        return _of_text(custom, algorithm, salt)
    raw = _binary(hash_, "hash", algorithm)
    if algorithm == "scrypt":
        return Kept(_around(custom, _scrypt(custom, raw), None), "scrypt")
    if algorithm == "hmac":
        return Kept(_around(custom, _hmac(hash_, raw), salt), "hmac")
    return Kept(_around(custom, Digest(algorithm, _sized(raw, algorithm)).text(), salt), "digest")


def _of_text(custom: dict[str, Any], algorithm: str, salt: dict[str, Any] | None) -> Kept:
    """The algorithms whose hash is a text that says everything but what was done to the password."""
    hash_ = custom["hash"]
    if hash_.get("encoding", "utf8") != "utf8":
        raise HashError("NOT_PASSED", f"The encoding of a hash of {algorithm} is utf8", "hash.encoding")
    if salt is not None and algorithm != "bcrypt":
        raise HashError("NOT_PASSED", f"A hash of {algorithm} has no separate salt", "salt")
    text: str = hash_["value"]
    if algorithm == "pbkdf2" and (found := _PBKDF2.fullmatch(text)):
        text = "$".join([found[1], _plain_base64(found[2]), _plain_base64(found[3])])
        with contextlib.suppress(Malformed):  # which is told when the scheme is asked for
            text = Pbkdf2.parse(text).text()
    if algorithm == "ldap" and text.startswith("{"):
        name, _, rest = text.partition("}")
        text = f"{name}}}{rest.replace('-', '+').replace('_', '/')}"
    # A text that begins so was never this vendor's, and would be taken for a password that was changed first.
    if text.startswith("$muster-"):
        raise HashError("FORMAT", f"The hash is not of {algorithm}", "hash.value")
    return Kept(_around(custom, text, salt), algorithm)


def _plain_base64(text: str) -> str:
    return text.rstrip("=").replace("-", "+").replace("_", "/")


def _around(custom: dict[str, Any], text: str, salt: dict[str, Any] | None) -> str:
    """The hash's text with what was done to the password before."""
    encoding = _ENCODINGS.get(custom.get("password", {}).get("encoding", "utf8"), _LOW_BYTES)
    before = after = b""
    if salt is not None:
        raw = _decoded(salt, "salt")
        before, after = (b"", raw) if salt.get("position") == "suffix" else (raw, b"")
    return Input(text, encoding, None, before, after).text()


def _hmac(hash_: dict[str, Any], raw: bytes) -> str:
    for name in ("digest", "key"):
        if name not in hash_:
            raise HashError("OBJECT_REQUIRED", f"Missing required property: {name}", f"hash.{name}")
    digest: str = hash_["digest"]
    return Hmac(digest, _decoded(hash_["key"], "hash.key"), _sized(raw, digest)).text()


def _scrypt(custom: dict[str, Any], raw: bytes) -> str:
    for name in ("keylen", "salt"):
        if name not in custom:
            raise HashError("OBJECT_REQUIRED", f"Missing required property: {name}", name)
    if len(raw) != custom["keylen"]:
        message = f"The hash has {len(raw)} bytes, keylen is {custom['keylen']}"
        raise HashError("FORMAT", message, "hash.value")
    if len(raw) < LEAST_HASH:
        raise HashError("MINIMUM", f"Value {len(raw)} is less than minimum {LEAST_HASH}", "keylen")
    cost: int = custom.get("cost", _COST)
    if cost < 2 or cost & (cost - 1):
        raise HashError("NOT_PASSED", f"The cost must be a power of two: {cost}", "cost")
    sizes = (custom.get("blockSize", _BLOCK_SIZE), custom.get("parallelization", _PARALLELIZATION))
    return Scrypt(cost.bit_length() - 1, *sizes, _decoded(custom["salt"], "salt"), raw).text()


def _sized(raw: bytes, algorithm: str) -> bytes:
    size = DIGEST_SIZES[algorithm]
    if len(raw) != size:
        raise HashError("FORMAT", f"The hash has {len(raw)} bytes, {algorithm} makes {size}", "hash.value")
    return raw


def _binary(hash_: dict[str, Any], path: str, algorithm: str) -> bytes:
    if hash_.get("encoding", "utf8") == "utf8":
        message = f"The encoding of a hash of {algorithm} is hex or base64"
        raise HashError("NOT_PASSED", message, "hash.encoding")
    return _decoded(hash_, path)


def _decoded(given: dict[str, Any], path: str) -> bytes:
    """The bytes of a `value` in its `encoding`."""
    value, encoding = given["value"], given.get("encoding", "utf8")
    try:
        match encoding:
            case "hex" if re.fullmatch("[0-9A-Fa-f]*", value):
                return bytes.fromhex(value)
            case "base64":
                return unb64(_plain_base64(value))
            case "utf8":
                return bytes(value.encode("utf-8"))
    except ValueError:
        pass  # an odd number of digits, no base64, a lone surrogate
    raise HashError("FORMAT", f"The value is not {encoding}", f"{path}.value")


# ---- out again


def custom_hash(text: str) -> dict[str, Any] | None:
    """The `custom_password_hash` of a stored hash; None for a hash of a kind that this vendor does not take."""
    try:
        input_ = Input.parse(text)
        if input_.prehash or (input_.before and input_.after):
            return None
        custom = _shown(input_.hash)
    except Malformed:
        return None
    if custom is None:
        return None
    if input_.before or input_.after:
        if custom["algorithm"] not in (*_DIGESTS, "hmac", "bcrypt"):
            return None
        position = "prefix" if input_.before else "suffix"
        custom["salt"] = {**_spelled(input_.before or input_.after), "position": position}
    if input_.encoding != ENCODINGS[0]:
        custom["password"] = {"encoding": input_.encoding}
    return custom


def _shown(text: str) -> dict[str, Any] | None:
    if text.startswith(DIGEST):
        digest = Digest.parse(text)
        if digest.iterations != 1 or digest.algorithm not in _DIGESTS:
            return None
        return {"algorithm": digest.algorithm, "hash": _hex(digest.hash)}
    if text.startswith(HMAC):
        hmac = Hmac.parse(text)
        hash_ = {**_hex(hmac.hash), "digest": hmac.algorithm, "key": _spelled(hmac.key)}
        return {"algorithm": "hmac", "hash": hash_}
    if text.startswith(SCRYPT):
        scrypt = Scrypt.parse(text)
        return {
            "algorithm": "scrypt",
            "hash": _hex(scrypt.hash),
            "salt": _spelled(scrypt.salt),
            "keylen": len(scrypt.hash),
            "cost": 1 << scrypt.log_cost,
            "blockSize": scrypt.block_size,
            "parallelization": scrypt.parallelism,
        }
    if text.startswith(("$NT$", "$3$$")):
        return {"algorithm": "md4", "hash": _hex(bytes.fromhex(text[-32:])), "password": {"encoding": "utf16le"}}
    for algorithm, prefixes in _TEXTS.items():
        if text.startswith(prefixes):
            return {"algorithm": algorithm, "hash": {"value": text, "encoding": "utf8"}}
    return None


_TEXTS: Final = {"argon2": ("$argon2",), "bcrypt": ("$2a$", "$2b$", "$2y$"), "pbkdf2": (PBKDF2,), "ldap": ("{",)}


def _hex(raw: bytes) -> dict[str, Any]:
    return {"value": raw.hex(), "encoding": "hex"}


def _spelled(raw: bytes) -> dict[str, Any]:
    """As text where it is text that can be read, else in hex."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _hex(raw)
    return {"value": text, "encoding": "utf8"} if text.isprintable() else _hex(raw)
