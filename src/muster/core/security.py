"""What the core and the dialects need of cryptography, without knowing any: `crypto/` keeps these promises."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from muster.core.passkeys.model import Ceremony, Claim, Created, Descriptor, RelyingParty, Signed


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

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What it can sign with (JWS `alg`), the default first."""
        ...

    def sign(self, claims: Mapping[str, Any], *, alg: str | None = None, typ: str = "JWT") -> str:
        """A JWT (RFC 7519) of the kind `typ` with these claims and the ring's own issuer; `exp` is the caller's to give.

        `ValueError` for an `alg` that is none of `algorithms`, and for claims that make too long a token.
        """
        ...

    def verify(self, token: str, *, audiences: Collection[str] | None, now_ms: int, typ: str = "JWT") -> dict[str, Any]:
        """The claims of a good token of that kind for one of the audiences; `TokenRefused` says why it is not."""
        ...

    def jwks(self) -> dict[str, Any]:
        """The public keys that verify its tokens, as a JWK set (RFC 7517)."""
        ...


class SignedStatements(Protocol):
    """Checks what others sign with keys that they have registered here."""

    def verify(self, token: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The claims of a JWT that one of these public JWKs signed, whatever it says of itself; `TokenRefused`."""
        ...


class TokenRefused(Exception):
    """A token that is not accepted here. `reason`: malformed, signature, expired, audience, issuer or not_yet."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Passkeys(Protocol):
    """The server's half of Web Authentication (WebAuthn Level 3): the options a browser is given, and what it answers.

    A `credential` is the JSON text of a browser's `PublicKeyCredential`; a challenge is base64url text and is taken once,
    which its keeper sees to. Checking runs in a thread. `PasskeyRefused` says why an answer is not accepted.
    """

    def creation(
        self, party: RelyingParty, *, handle: str, name: str, shown_name: str, exclude: Sequence[Descriptor] = ()
    ) -> Ceremony:
        """Options for `navigator.credentials.create()`: a discoverable credential of the user with this handle (base64url)."""
        ...

    async def check_creation(self, party: RelyingParty, credential: str, *, challenge: str) -> Created:
        """The new credential that answers the challenge, made at this very origin for this party."""
        ...

    def request(self, party: RelyingParty, *, allow: Sequence[Descriptor] = ()) -> Ceremony:
        """Options for `navigator.credentials.get()`; without `allow` for whatever passkey the person chooses."""
        ...

    def claim_of(self, credential: str) -> Claim:
        """Of which credential an answer says it is, and which challenge it answers, before anything of it is believed."""
        ...

    async def check_request(
        self, party: RelyingParty, credential: str, *, challenge: str, public_key: str, sign_count: int
    ) -> Signed:
        """The signature of that very key over the challenge. A counter that does not grow is refused: the key was copied."""
        ...


class PasskeyRefused(Exception):
    """A passkey's answer that is not accepted. `reason`: malformed, challenge, origin, party, presence, signature or copied."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
