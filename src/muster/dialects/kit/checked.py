"""Credentials that were checked a moment ago. Only their SHA-256 is kept, together with the tenant's access epoch: when any
credential of the tenant loses power the epoch grows, and nothing checked before counts any more.
"""

import hashlib
from typing import Any, Protocol

from muster.dialects.kit.call import Caller


class AccessEpochs(Protocol):
    """The current access epoch of a tenant: read at once where that costs microseconds, else at most 5 seconds old."""

    async def current(self, tenant_id: int) -> int: ...


class CheckedCredentials:
    """At most `most` credentials, the oldest forgotten first. Times are milliseconds UTC."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._known: dict[bytes, tuple[int, int, Caller[Any]]] = {}

    def get(self, tenant_id: int, epoch: int, credential: bytes, now: int) -> Caller[Any] | None:
        """The caller that this credential stands for, if it was checked in this epoch and has not expired."""
        found = self._known.get(self._digest(tenant_id, credential))
        if found is None or found[0] != epoch or found[1] <= now:
            return None
        return found[2]

    def keep(self, tenant_id: int, epoch: int, credential: bytes, expires_at: int, caller: Caller[Any]) -> None:
        """Remember a check until the credential expires."""
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[self._digest(tenant_id, credential)] = (epoch, expires_at, caller)

    @staticmethod
    def _digest(tenant_id: int, credential: bytes) -> bytes:
        return hashlib.sha256(b"%d " % tenant_id + credential).digest()
