"""Who came back from an external provider, as every protocol brings them."""

import msgspec

from muster.core.credentials.attempts import CredentialRefused
from muster.core.users.model import Document, Part


class Tokens(Part, frozen=True, kw_only=True):
    """What a provider lets us do in the person's name. `expires_at` is in ms, None when it was not told."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a kind
    refresh_token: str | None = None
    expires_at: int | None = None

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at!r})"


class ExternalIdentity(Part, frozen=True, kw_only=True):
    """One person at one provider, proved. (`connection_id`, `subject`) is unique; `profile` is as it was brought.

    `email_verified` is the provider's word. `once` names what may not be presented again before `once_until` (ms).
    """

    connection_id: str
    provider: str
    subject: str
    profile: Document = {}
    email: str | None = None
    email_verified: bool = False
    scopes: list[str] = []
    tokens: Tokens | None = None
    once: str = ""
    once_until: int = 0


class ExternalRefused(CredentialRefused):
    """A visit to a provider led to nothing.

    `external_denied`: the person said no there. `external_failed`: the answer is not to be believed, or the provider is not
    as configured; detail `why` is one word for logs. `external_unavailable`: the provider cannot be reached.
    """


def failed(why: str) -> ExternalRefused:
    """An answer that is not believed."""
    return ExternalRefused("external_failed", why=why)


encode_tokens = msgspec.json.Encoder().encode
decode_tokens = msgspec.json.Decoder(Tokens).decode
encode_identity = msgspec.json.Encoder().encode
decode_identity = msgspec.json.Decoder(ExternalIdentity).decode
