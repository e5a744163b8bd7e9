"""What the OpenID provider is built with, besides the store."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from muster.core.clock import Clock
from muster.core.credentials.checks import CredentialChecks
from muster.core.recovery.actions import Recovery
from muster.core.security import PasswordHasher, SecretBox, SignedStatements, TokenIssuer
from muster.core.sign_in.engine import SignIn
from muster.dialects.kit.call import Call, Site
from muster.dialects.kit.limits import RateLimit
from muster.dialects.kit.reply import Header, Reply

Ring = Callable[[Site, str], TokenIssuer]
"""The key ring of a site for a purpose: `identity` signs ID and logout tokens, `access` access tokens of the tenant's APIs."""


class Pages(Protocol):
    """Pages of the provider's own, in the look and the language of all the others; templates and texts are theirs."""

    async def enter(self, call: Call) -> None:
        """Must have been awaited before `show`, for a page in the tenant's look."""
        ...

    def show(
        self,
        call: Call,
        template: str,
        *,
        status: int = 200,
        headers: Sequence[Header] = (),
        locales: Sequence[str] = (),
        leads_to: Sequence[str] = (),
        **values: Any,
    ) -> Reply:
        """A page. `locales` are the languages asked for, `leads_to` addresses elsewhere that a form of it may end at."""
        ...


class Services(msgspec.Struct, frozen=True):
    """`rings` gives each purpose its own keys; what one signs no other accepts. `assertions` checks what clients sign."""

    clock: Clock
    secrets: SecretBox
    sign_in: SignIn
    rings: Ring
    checks: CredentialChecks
    passwords: PasswordHasher
    limit: RateLimit
    assertions: SignedStatements
    pages: Pages
    recovery: Recovery
