"""What this dialect is built with, besides the store."""

from collections.abc import Callable
from typing import Final

import msgspec

from muster.core.clock import Clock
from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.credentials.checks import CredentialChecks
from muster.core.credentials.lockout import LockPolicy
from muster.core.errors import NotFound
from muster.core.facts import Fact
from muster.core.organizations.directory import OrganizationDirectory
from muster.core.passwords.policy import nothing_known
from muster.core.records import Key
from muster.core.security import OneTimeCodes, PasswordHasher, SecretBox
from muster.core.store import Store
from muster.dialects.kit.checked import AccessEpochs, CheckedCredentials
from muster.dialects.kit.limits import RateLimit

INSTANCE: Final = "clerk_instance"
"""The name of the fact that holds a tenant's instance id."""


class Instances:
    """The instance ids of tenants, kept in memory: one never changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, str] = {}

    async def get(self, tenant_id: int) -> str:
        """The tenant's instance id; empty before the tenant was furnished."""
        known = self._known.get(tenant_id)
        if known is None:
            fact = await self._store.get(tenant_id, Fact, INSTANCE)
            if fact is None:
                return ""
            known = self._known[tenant_id] = str(fact.value["id"])
        return known


class Services(msgspec.Struct, frozen=True):
    """`scheme_of_hash` names the scheme of a hash made elsewhere, or raises `Invalid` for one that cannot be checked.

    `is_known_password` looks a password up among the common and breached ones. `lockout` is when failures lock an account,
    which a lock by hand lasts as long as.
    """

    clock: Clock
    passwords: PasswordHasher
    secrets: SecretBox
    codes: OneTimeCodes
    checks: CredentialChecks
    organizations: OrganizationDirectory
    instances: Instances
    limit: RateLimit
    epochs: AccessEpochs
    checked: CheckedCredentials
    scheme_of_hash: Callable[[str], str]
    is_known_password: Callable[[str], bool] = nothing_known
    lockout: LockPolicy = LockPolicy()


async def default_realm(store: Store, tenant_id: int) -> Connection:
    """The realm that this API, which has none, makes its users in."""
    realm = await store.find(tenant_id, Connection, Key("", "connection_name", DEFAULT_NAME))
    if realm is None:
        raise NotFound("connection", name=DEFAULT_NAME)
    return realm
