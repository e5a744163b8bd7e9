"""How an act keeps what a transition made of a user."""

from muster.core.transaction import Transaction
from muster.core.users import invariants
from muster.core.users.model import User


def keep(tx: Transaction, before: User, after: User) -> User:
    """What changes nothing is no change: no new version, no new time, no event."""
    if after == before:
        return before
    invariants.check(after)
    tx.note("user.updated", user_id=after.id)
    return tx.save(after)
