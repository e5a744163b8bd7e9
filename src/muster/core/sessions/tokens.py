"""Opaque tokens: a record's id and 256 random bits. Only their SHA-256 is stored, so that the database opens nothing."""

import base64
import binascii
import hashlib
import secrets
from hmac import compare_digest

_ID_BYTES = 16
_SECRET_BYTES = 32
_LENGTH = 64
"""Characters of base64url for both, without padding because 48 divides by 3."""


def new_token(record_id: str) -> tuple[str, str]:
    """A token for the record with this id (32 hex digits), and the hash to keep of it."""
    token = base64.urlsafe_b64encode(bytes.fromhex(record_id) + secrets.token_bytes(_SECRET_BYTES)).decode("ascii")
    return token, hash_of(token)


def record_id(token: str) -> str | None:
    """The id of the record the token may open, or None for what no token looks like."""
    if len(token) != _LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return raw[:_ID_BYTES].hex()


def hash_of(token: str) -> str:
    """SHA-256 in hex. For texts nobody can guess: a password wants a slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def opens(token: str, token_hash: str) -> bool:
    """Whether the hash was kept of this token, in constant time; no token opens a record that has none."""
    return token_hash != "" and compare_digest(hash_of(token), token_hash)
