"""Identities elsewhere that a person signs in with."""

from muster.core.account.access import own_account
from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, NotFound
from muster.core.transaction import Transaction
from muster.core.users.flags import without_link
from muster.core.users.model import User
from muster.core.users.saving import keep


async def unlink(tx: Transaction, session_id: str, link_id: str) -> User:
    """An identity elsewhere signs in no longer; addresses that came with it stay.

    `NotFound("link")`; `Conflict("last_way_in")` when nothing else would be left to sign in with.
    """
    _, user = await own_account(tx, session_id, May.SELF_LINKS, recent=True)
    link = next((each for each in user.links if each.id == link_id), None)
    if link is None or link.kind == "database":
        raise NotFound("link", id=link_id)
    after = without_link(user, link_id)
    if not has_way_in(after):
        raise Conflict("last_way_in")
    tx.note("user.unlinked", user_id=user.id, link_id=link_id, connection_id=link.connection_id)
    return keep(tx, user, after)


def has_way_in(user: User) -> bool:
    """Whether the user can still sign in: by password, passkey, external identity, or a code to a proved address."""
    addresses = [*user.emails, *user.phones]
    with_password = user.password is not None and bool(addresses or user.username)
    return with_password or bool(user.passkeys or user.links) or any(address.verified for address in addresses)
