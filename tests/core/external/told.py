"""A provider that vouches for whomever a test names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from muster.core.connections.model import Connection
from muster.core.external.model import ExternalIdentity, ExternalRefused, Tokens
from muster.core.external.providers import Addresses, Departure, Visit

ADA = {"name": "Ada L", "given_name": "Ada", "email": "ada@example.org", "email_verified": True}


class Told:
    """A provider that vouches for whomever a test names."""

    def __init__(self) -> None:
        self.subject = "1"
        self.profile: dict[str, Any] = ADA
        self.states: dict[str, str] = {}
        self.fields: dict[str, str] = {}

    async def depart(self, visit: Visit) -> Departure:
        self.states[visit.connection.id] = visit.state
        return Departure(f"https://idp.example.com/?{visit.state}", self.fields, "nonce", b"secret")

    async def identify(
        self, connection: Connection, addresses: Addresses, answer: Mapping[str, str], *, nonce: str, secret: bytes
    ) -> ExternalIdentity:
        if answer.get("error"):
            raise ExternalRefused("external_denied", why="provider_error")
        assert (nonce, secret) == (("nonce", b"secret") if nonce else ("", b""))
        assert addresses.callback.endswith(f"/sign-in/callback/{connection.id}")
        assert connection.provider is not None
        return ExternalIdentity(
            connection_id=connection.id,
            provider=connection.provider.provider,
            subject=self.subject,
            profile=self.profile,
            email=self.profile.get("email"),
            email_verified=self.profile.get("email_verified") is True,
            tokens=Tokens(access_token=f"of-{self.subject}"),
        )

    async def refresh(self, connection: Connection, tokens: Tokens) -> Tokens:
        raise NotImplementedError

    async def metadata(self, connection: Connection, addresses: Addresses) -> bytes:
        return f"<{addresses.metadata}>".encode()
