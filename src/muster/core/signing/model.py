"""Keys that Muster signs with. Each purpose has its own ring, so that a token of one kind is refused where another is due."""

from typing import Any, Literal

from muster.core.records import Record

Purpose = Literal["management", "identity", "access", "template", "ticket"]
"""identity: ID and session tokens. access: JWT access tokens for the tenant's own APIs."""


class SigningKey(Record, frozen=True, kw_only=True):
    """`id` is the key id (JWS `kid`); `private` is the sealed PKCS #8 key, `public` its JWK (RFC 7517).

    It signs from `signs_from` on (ms UTC), when every process knows it, and verifies until `verifies_until`, None for as
    long as no other has taken its place.
    """

    purpose: Purpose
    algorithm: str
    private: str
    public: dict[str, Any] = {}
    signs_from: int = 0
    verifies_until: int | None = None

    def has_died(self, now: int) -> bool:
        """Whether nothing that it signed counts any more."""
        return self.verifies_until is not None and self.verifies_until <= now


class Credential(Record, frozen=True, kw_only=True):
    """A first password or key made at the first start, sealed, for `muster credentials`; erased at its first change."""

    secret: str
