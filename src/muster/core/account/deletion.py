"""Deleting one's own account."""

from muster.core.account.access import own_account
from muster.core.actor import Permissions as May
from muster.core.errors import NotAllowed
from muster.core.settings.actions import sign_in_settings
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.actions import delete_user
from muster.core.users.model import User


async def may_delete(store: Store, tenant_id: int, user: User) -> bool:
    """Whether the user may: tenant or administrator can withhold it, and operators' own accounts are not deleted so."""
    settings = await sign_in_settings(store, tenant_id)
    return settings.self_deletion and user.allow.delete_self and not user.internal


async def delete_account(tx: Transaction, session_id: str) -> None:
    """Everything of the user goes at once, sessions and tokens too; events stay. `NotAllowed("delete_self")`."""
    _, user = await own_account(tx, session_id, May.SELF_DELETE, recent=True)
    if not await may_delete(tx.store, tx.tenant_id, user):
        raise NotAllowed("delete_self")
    for address in user.emails:
        if address.primary and address.verified:
            tx.send("account_deleted", address.value, user_id=user.id)
    await delete_user(tx, user)
