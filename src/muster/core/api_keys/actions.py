"""Making, finding and revoking the keys that programs call with."""

from collections.abc import Sequence

from muster.core.actor import Permissions as May
from muster.core.api_keys.model import ApiKey, key_of
from muster.core.ids import new_id
from muster.core.sessions.tokens import hash_of
from muster.core.store import Store
from muster.core.transaction import Transaction


async def create_api_key(
    tx: Transaction, name: str, text: str, *, door: str, permissions: Sequence[str] | None = None
) -> ApiKey:
    """Keep a key whose text the caller has made (at least 128 random bits) and tells once."""
    tx.actor.must(May.APPS_WRITE_SECRETS)
    held = None if permissions is None else sorted(permissions)
    key = ApiKey(id=new_id(tx.now), name=name, door=door, hash=hash_of(text), permissions=held, created_at=tx.now)
    tx.note("api_key.created", key_id=key.id, name=name, opens=door)
    return tx.insert(key)


async def revoke_api_key(tx: Transaction, key_id: str) -> None:
    """The key opens nothing any more; every process forgets it. `NotFound("apikey")`."""
    tx.actor.must(May.APPS_WRITE_SECRETS)
    key = await tx.need(ApiKey, key_id)
    tx.delete(key)
    tx.note("api_key.revoked", key_id=key_id, name=key.name, opens=key.door)
    tx.revoke_cached_access()


async def find_api_key(store: Store, tenant_id: int, text: str, *, door: str) -> ApiKey | None:
    """The key with this text, if it opens that API of this tenant."""
    key = await store.find(tenant_id, ApiKey, key_of(text))
    return key if key is not None and key.door == door else None
