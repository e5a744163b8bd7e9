"""Secrets at rest: sealing what must be read back, the master key that seals it, and digests of what need not be."""

import base64
import binascii
import contextlib
import errno
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from muster.core.security import NotSealed

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_SEALED = re.compile(r"v1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]+)")
_KEY_CHECK: Final = b"muster"
_KEY_CHECK_PURPOSE: Final = "key-check"


class SealBroken(NotSealed):
    """A sealed text cannot be opened: damaged, sealed for another purpose, or with a key that is not at hand."""


class MasterKeyError(Exception):
    """There is no usable master key. The message tells an operator what to do; it never holds key material."""


class Sealer:
    """AES-256-GCM with a key ring: seals with the current key, opens with any.

    A sealed text is `v1.<key id>.<base64url of nonce, ciphertext and tag>`. The whole head and the purpose are
    authenticated, so a text moved to another column, or marked with another key, does not open. Nonces are random, 96
    bits: replace a key before it has sealed 2**32 texts (NIST SP 800-38D, 8.3).
    """

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if current not in keys:
            raise ValueError(f"the current key {current!r} is not in the ring")
        for name, key in keys.items():
            if _SEALED.fullmatch(f"v1.{name}.A") is None:
                raise ValueError("a key id is 1 to 64 letters, digits, - and _")
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {name!r} does not have {KEY_BYTES} bytes")
        self.current = current
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}

    @classmethod
    def of(cls, current: bytes, older: Iterable[bytes] = ()) -> "Sealer":
        """A sealer over raw keys, each under the id that `key_id` gives it."""
        return cls({key_id(key): key for key in (*older, current)}, key_id(current))

    def __repr__(self) -> str:
        return f"Sealer(current={self.current!r}, keys={sorted(self._ciphers)})"

    def seal(self, plaintext: bytes, *, purpose: str) -> str:
        """Seal bytes for one purpose, a short constant such as `totp-seed`. The text is 4/3 of them and about 60 characters."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = nonce + self._ciphers[self.current].encrypt(nonce, plaintext, _bound(self.current, purpose))
        return f"v1.{self.current}.{base64.urlsafe_b64encode(box).rstrip(b'=').decode('ascii')}"

    def open(self, sealed: str, *, purpose: str) -> bytes:
        """What was sealed for this purpose, or `SealBroken`."""
        from cryptography.exceptions import InvalidTag

        name, box = _parse(sealed)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise SealBroken(f"sealed with key {name}, which is not in the ring")
        try:
            return cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _bound(name, purpose))
        except InvalidTag:
            raise SealBroken(f"damaged, not sealed for {purpose!r}, or not with key {name}") from None

    def reseal_needed(self, sealed: str) -> bool:
        """Whether a text was sealed with a key other than the current one. Raises `SealBroken` on what is no sealed text."""
        return _parse(sealed)[0] != self.current


def _bound(name: str, purpose: str) -> bytes:
    return f"v1.{name}.{purpose}".encode()


def _parse(sealed: str) -> tuple[str, bytes]:
    match = _SEALED.fullmatch(sealed)
    if match is None:
        raise SealBroken("not a sealed text")
    name, text = match.groups()
    try:
        box = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise SealBroken("not a sealed text") from None
    # One text per box: base64 could otherwise be altered in bits that do not count.
    if len(box) < _NONCE_BYTES + _TAG_BYTES or base64.urlsafe_b64encode(box).rstrip(b"=") != text.encode("ascii"):
        raise SealBroken("not a sealed text")
    return name, box


# ---- the master key


def key_id(key: bytes) -> str:
    """A public name for a key: 8 hex digits of a digest that says nothing of the key itself."""
    return hashlib.sha256(b"muster master key id\x00" + key).hexdigest()[:8]


def load_master_key(env_value: str | None, file: Path, *, may_create: bool) -> bytes:
    """The 32 bytes of the master key: the environment's value if there is one, else the file's.

    Both are 64 hex digits or base64 (either alphabet). The file must be readable by its owner alone; it is created,
    0600 and complete from the first moment it is seen, only where `may_create` allows. Raises `MasterKeyError`.
    """
    if env_value is not None:
        return _decode_key(env_value, "MUSTER_MASTER_KEY")
    for _ in range(2):
        key = _read_key_file(file)
        if key is not None:
            return key
        if not may_create:
            raise MasterKeyError(
                f"there is no master key: set MUSTER_MASTER_KEY to the output of `openssl rand -hex 32`, or restore {file}"
            )
        _create_key_file(file)
    raise MasterKeyError(f"{file} vanished while it was being read: is another program removing it?")


def key_check_text(sealer: Sealer) -> str:
    """A text to keep in the database, by which `verify_key_check` later knows whether the key fits."""
    return sealer.seal(_KEY_CHECK, purpose=_KEY_CHECK_PURPOSE)


def verify_key_check(sealer: Sealer, text: str) -> None:
    """Raise `MasterKeyError` unless the sealer can open what this database's secrets were sealed with."""
    try:
        fits = sealer.open(text, purpose=_KEY_CHECK_PURPOSE) == _KEY_CHECK
    except SealBroken as broken:
        raise MasterKeyError(
            f"the master key does not fit this database (given: {sealer.current}; {broken}): "
            "start with the key the database was made with, or restore its key file from your backup"
        ) from None
    if not fits:
        raise MasterKeyError("the database's key check holds something else: it was altered")


def _decode_key(text: str, source: str) -> bytes:
    text = text.strip()
    key = b""
    with contextlib.suppress(ValueError):
        if len(text) == 2 * KEY_BYTES:
            key = bytes.fromhex(text)
        else:
            plain = text.rstrip("=").replace("-", "+").replace("_", "/")
            key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    if len(key) != KEY_BYTES:
        raise MasterKeyError(
            f"{source} does not hold {KEY_BYTES} bytes as 64 hex digits or as base64: `openssl rand -hex 32` makes such a key"
        )
    # 32 random bytes with fewer than 8 different values do not occur; "000…" and "abab…" do.
    if len(set(key)) < 8:
        raise MasterKeyError(f"{source} is not random: use the output of `openssl rand -hex 32`")
    return key


def _read_key_file(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode & 0o777
            content = opened.read(1024)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MasterKeyError(f"{file} cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise MasterKeyError(
            f"{file} can be read or written by others (mode {mode:04o}): run `chmod 600 {file}`, and replace the key if others may have seen it"
        )
    return _decode_key(content.decode("ascii", "replace"), str(file))


def _create_key_file(file: Path) -> None:
    """Write a new key beside its place, then link it there: nobody ever sees half a key, and the first of two wins."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(secrets.token_hex(KEY_BYTES).encode("ascii") + b"\n")
                opened.flush()
                os.fsync(opened.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
        finally:
            draft.unlink()
        _sync_folder(file.parent)
    except OSError as error:
        raise MasterKeyError(
            f"the master key file {file} cannot be created: {error.strerror}; set MUSTER_MASTER_KEY instead"
        ) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some file systems have nothing to sync there
            raise
    finally:
        os.close(descriptor)


# ---- what need not be read back


def new_secret(n: int = 32) -> str:
    """A token with `n` bytes (16 at least) from the system's generator, in base64url: 43 characters for 32."""
    if n < 16:
        raise ValueError("a secret has at least 16 random bytes")
    return secrets.token_urlsafe(n)


def same(a: str | bytes, b: str | bytes) -> bool:
    """Whether two secrets are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(_as_bytes(a), _as_bytes(b))


def _as_bytes(secret: str | bytes) -> bytes:
    return secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
