"""What is set on a user beside profile, metadata and addresses: outer id, permissions, ages; and what is taken away by its id."""

from typing import Any

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import Invalid, NotFound
from muster.core.hub_roles.rank import must_outrank
from muster.core.transaction import Transaction
from muster.core.users.model import Allow, User
from muster.core.users.saving import keep

LONGEST_EXTERNAL_ID = 255


async def set_external_id(tx: Transaction, user: User, value: str | None) -> User:
    """The id that another system knows the user by, unique in the tenant; None takes it away."""
    tx.actor.must(May.USERS_UPDATE)
    if value is not None and not 1 <= len(value) <= LONGEST_EXTERNAL_ID:
        raise Invalid("external_id_malformed", limit=LONGEST_EXTERNAL_ID)
    return keep(tx, user, replace(user, external_id=value))


async def set_allowed(tx: Transaction, user: User, changes: dict[str, Any]) -> User:
    """What the user may do for themself: members of `Allow` by name."""
    tx.actor.must(May.USERS_UPDATE)
    allow: Allow = replace(user.allow, **changes)
    return keep(tx, user, replace(user, allow=allow))


async def set_times(
    tx: Transaction, user: User, *, created_at: int | None = None, legal_accepted_at: int | None = None
) -> User:
    """When the user came to be as far as anybody is shown, and when the terms were accepted (ms UTC); None leaves it."""
    tx.actor.must(May.USERS_UPDATE)
    after = user
    if created_at is not None:
        after = replace(after, created_at=created_at)
    if legal_accepted_at is not None:
        after = replace(after, legal_accepted_at=legal_accepted_at)
    return keep(tx, user, after)


async def remove_passkey(tx: Transaction, user: User, passkey_id: str) -> User:
    """A passkey signs in no longer; `NotFound("passkey")`."""
    tx.actor.must(May.FACTORS_WRITE, May.FACTORS_CLEAR)
    await must_outrank(tx, user)
    after = without_passkey(user, passkey_id)
    tx.note("passkey.removed", user_id=user.id, passkey_id=passkey_id)
    return keep(tx, user, after)


async def drop_link(tx: Transaction, user: User, link_id: str) -> User:
    """An identity elsewhere is forgotten. Addresses that came with it stay, and no longer name it; `NotFound("link")`."""
    tx.actor.must(May.USERS_UPDATE)
    await must_outrank(tx, user)
    after = without_link(user, link_id)
    gone = next(link for link in user.links if link.id == link_id)
    tx.note("user.unlinked", user_id=user.id, link_id=link_id, connection_id=gone.connection_id)
    return keep(tx, user, after)


def without_passkey(user: User, passkey_id: str) -> User:
    """The user without one passkey; `NotFound("passkey")`."""
    left = [passkey for passkey in user.passkeys if passkey.id != passkey_id]
    if len(left) == len(user.passkeys):
        raise NotFound("passkey", id=passkey_id)
    return replace(user, passkeys=left)


def without_link(user: User, link_id: str) -> User:
    """The user without one identity elsewhere, whose addresses stay and no longer name it; `NotFound("link")`."""
    left = [link for link in user.links if link.id != link_id]
    if len(left) == len(user.links):
        raise NotFound("link", id=link_id)
    emails = [
        replace(address, links=[id_ for id_ in address.links if id_ != link_id])
        if link_id in address.links
        else address
        for address in user.emails
    ]
    return replace(user, links=left, emails=emails)
