"""What the core and the dialects need of cryptography, without knowing any: `crypto/` keeps these promises."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol


class PasswordHasher(Protocol):
    """Slow, bounded, and never inside an act. `Unavailable` when too many wait."""

    async def hash(self, password: str) -> str:
        """A new hash in its own self-describing text form."""
        ...

    async def verify(self, hash_: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""
        ...


class SecretBox(Protocol):
    """Encryption at rest. `purpose` binds a sealed text to its place: it opens nowhere else."""

    def seal(self, plaintext: bytes, *, purpose: str) -> str: ...

    def open(self, sealed: str, *, purpose: str) -> bytes: ...


class TokenIssuer(Protocol):
    """One purpose's key ring: what it signs no other purpose accepts."""

    issuer: str

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT (RFC 7519) with these claims and the ring's own issuer; `exp` is the caller's to give."""
        ...

    def verify(self, token: str, *, audiences: Collection[str] | None, now_ms: int) -> dict[str, Any]:
        """The claims of a good token for one of the audiences; `TokenRefused` says why it is not."""
        ...


class TokenRefused(Exception):
    """A token that is not accepted here. `reason`: malformed, signature, expired, audience, issuer or not_yet."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
