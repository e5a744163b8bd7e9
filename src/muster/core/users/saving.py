"""How an act keeps what a transition made of a user."""

from typing import Literal

from muster.core.transaction import Transaction
from muster.core.users import invariants
from muster.core.users.model import User


def keep(tx: Transaction, before: User, after: User) -> User:
    """What changes nothing is no change: no new version, no new time, no event."""
    if after == before:
        return before
    invariants.check(after)
    tx.note(event_kind(after, "updated"), user_id=after.id)
    return tx.save(after)


def event_kind(user: User, happened: Literal["created", "updated", "deleted"]) -> str:
    """The kind of an event about a user. Operators' own accounts have kinds of theirs, of which no API for users tells."""
    return f"{'operator' if user.internal else 'user'}.{happened}"
