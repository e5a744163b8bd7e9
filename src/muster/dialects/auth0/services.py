"""What this dialect is built with, besides the store."""

from collections.abc import Callable
from typing import Any

import msgspec

from muster.core.clock import Clock
from muster.core.connections.model import Connection
from muster.core.passwords.policy import nothing_known
from muster.core.security import PasswordHasher, SecretBox, TokenIssuer
from muster.core.store import Store
from muster.dialects.kit.call import Site
from muster.dialects.kit.checked import AccessEpochs, CheckedCredentials
from muster.dialects.kit.limits import RateLimit


class Realms:
    """The connections that users name, kept in memory: a connection's name and strategy never change while it lives."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[int, str], Connection] = {}

    async def get(self, tenant_id: int, connection_id: str) -> Connection | None:
        """The connection, at least as it was when it was first asked for; only `name` and `strategy` may be relied on."""
        known = self._known.get((tenant_id, connection_id))
        if known is None:
            known = await self._store.get(tenant_id, Connection, connection_id)
            if known is not None:
                self._known[tenant_id, connection_id] = known
        return known


def _nobody() -> None:
    """Nobody does jobs here."""


def _no_keys(_: str) -> dict[str, Any] | None:
    """Nothing here reads keys."""
    return None


class Services(msgspec.Struct, frozen=True):
    """`tokens` gives the key ring that signs and checks a tenant's management tokens.

    `most_results` is where paging through a list of users ends; None, the default, means that it does not.
    `is_known_password` looks a password up among the common and breached ones.
    `public_keys` gives the JWK of a public key or certificate in PEM, or None.
    `wake_jobs` tells whoever does jobs in this process that there is one; others find it by themselves.
    """

    clock: Clock
    passwords: PasswordHasher
    secrets: SecretBox
    tokens: Callable[[Site], TokenIssuer]
    realms: Realms
    limit: RateLimit
    epochs: AccessEpochs
    checked: CheckedCredentials
    most_results: int | None = None
    wake_jobs: Callable[[], None] = _nobody
    is_known_password: Callable[[str], bool] = nothing_known
    public_keys: Callable[[str], dict[str, Any] | None] = _no_keys
