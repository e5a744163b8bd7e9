"""Reading and changing how a tenant's people come in."""

from collections.abc import Callable

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.store import Store
from muster.core.transaction import Transaction


async def sign_in_settings(store: Store, tenant_id: int) -> SignInSettings:
    """What the tenant goes by, for whoever carries it out."""
    return await store.get(tenant_id, SignInSettings, SETTINGS_ID) or SignInSettings()


async def read_settings(store: Store, tenant_id: int, actor: Actor) -> SignInSettings:
    """The same for who may see it."""
    actor.must(May.SETTINGS_READ)
    return await sign_in_settings(store, tenant_id)


async def update_settings(tx: Transaction, change: Callable[[SignInSettings], SignInSettings]) -> SignInSettings:
    """A change of them, the first of which makes the record."""
    tx.actor.must(May.SETTINGS_WRITE)
    before = await tx.get(SignInSettings, SETTINGS_ID)
    after = change(before or SignInSettings(created_at=tx.now))
    if after == before:
        return after
    tx.note("settings.updated")
    return tx.insert(after) if before is None else tx.save(after)
