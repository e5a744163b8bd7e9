"""What this dialect is built with, besides the store."""

from collections.abc import Callable, Iterable

import msgspec

from muster.core.clock import Clock
from muster.core.connections.model import Connection
from muster.core.credentials.checks import CredentialChecks
from muster.core.security import PasswordHasher
from muster.core.store import Store
from muster.core.users.model import User
from muster.dialects.kit.checked import AccessEpochs, CheckedCredentials
from muster.dialects.kit.limits import RateLimit


class ConnectionNames:
    """The names of connections that users' identities elsewhere came by, kept in memory: a name never changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[int, str], str] = {}

    async def of(self, tenant_id: int, users: Iterable[User]) -> dict[str, str]:
        """Name by connection id, for all the links of these users."""
        wanted = {link.connection_id for user in users if user.links for link in user.links}
        return {id_: await self._name(tenant_id, id_) for id_ in wanted}

    async def _name(self, tenant_id: int, connection_id: str) -> str:
        known = self._known.get((tenant_id, connection_id))
        if known is None:
            connection = await self._store.get(tenant_id, Connection, connection_id)
            if connection is None:
                return connection_id
            known = self._known[tenant_id, connection_id] = connection.name
        return known


class Services(msgspec.Struct, frozen=True):
    """`scheme_of_hash` names the scheme of a hash that comes from elsewhere, or raises `Invalid("hash_refused")`."""

    clock: Clock
    passwords: PasswordHasher
    checks: CredentialChecks
    scheme_of_hash: Callable[[str], str]
    connections: ConnectionNames
    limit: RateLimit
    epochs: AccessEpochs
    checked: CheckedCredentials
