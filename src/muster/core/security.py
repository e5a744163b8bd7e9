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

    async def burn(self, password: str) -> None:
        """The work of a check that nobody can pass: for a user who does not exist or has no password."""
        ...

    def needs_rehash(self, hash_: str) -> bool:
        """Whether a hash is weaker than those made today, and should be replaced at the next success. Quick."""
        ...


class SecretBox(Protocol):
    """Encryption at rest. `purpose` binds a sealed text to its place: it opens nowhere else."""

    def seal(self, plaintext: bytes, *, purpose: str) -> str: ...

    def open(self, sealed: str, *, purpose: str) -> bytes:
        """What was sealed for the purpose; `NotSealed`."""
        ...


class NotSealed(Exception):
    """A text that nobody here sealed, or that was sealed for something else."""


class OneTimeCodes(Protocol):
    """Time-based one-time codes (RFC 6238). A secret is base32 text without padding, as authenticator apps take it."""

    def new_secret(self) -> str:
        """A new random secret."""
        ...

    def step_of(self, secret: str, code: str, now: int) -> int | None:
        """Which time step around `now` (ms) the code belongs to, or None when it is wrong."""
        ...

    def uri(self, secret: str, *, account: str, issuer: str) -> str:
        """The `otpauth://` address that an authenticator app reads from a picture."""
        ...


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
