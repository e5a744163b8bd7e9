"""What people may change of their own account and administrators of anybody's: names, e-mail, and what only one API knows."""

from typing import Any

import msgspec
from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.hub_roles.rank import must_outrank
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users.model import Document, Door, User
from muster.core.users.profile import update_profile
from muster.core.users.saving import keep


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change; what is left at its default stays.

    `profile` is by member, None removes one. An `email` of None removes the shown one; a new one is not verified.
    `vendor` takes the place of what is kept for the door through which it came.
    """

    profile: dict[str, Any] = {}
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    vendor: Document | None = None


async def change_account(tx: Transaction, user: User, change: AccountChange, *, door: Door) -> User:
    """The user's own change, or one by an administrator whom the user does not outrank."""
    if not tx.actor.may_self(May.SELF_PROFILE, user.id):
        tx.actor.must(May.USERS_UPDATE)
        await must_outrank(tx, user)
    after = update_profile(user, change.profile)
    if change.email is None:
        after = identifiers.remove_primary(after, "email")
    elif change.email is not msgspec.UNSET:
        after = identifiers.replace_primary(after, "email", change.email, tx.now, verified=None)
    if change.vendor is not None:
        kept = {**after.vendor, door: change.vendor}
        after = replace(after, vendor={name: document for name, document in kept.items() if document})
    return keep(tx, user, after)
