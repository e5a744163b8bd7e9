"""Passwords between their being set and their being checked: whose they are, and when they must be changed.

An administrator sets and removes one with `users.actions.set_password` and `remove_password`; whoever must sign in again
after that is decided by the act around it, with `sessions.actions.end_sessions_of`.
"""

from typing import Literal

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.model import MustChange, Password, User
from muster.core.users.saving import keep

WhyChange = Literal["temporary", "admin", "compromised", "expired"]

MERGED = "database"
"""The kind of a link that is a merged user's home account."""


def password_of(user: User, who: UserId | Key) -> Password | None:
    """The password that signs in whoever is named so: a merged home account keeps its own beside its names."""
    if isinstance(who, Key) and who not in _own_keys(user):
        for link in user.links:
            names = link.keys()
            if link.kind == MERGED and link.account is not None and who in names:
                return link.account.password
    return user.password


def rehashed(user: User, old_hash: str, new_hash: str, scheme: str) -> User:
    """The same password under a stronger hash, wherever the old hash is in use. Neither its times nor its history change."""

    def of(password: Password | None) -> Password | None:
        if password is None or password.hash != old_hash:
            return password
        return replace(password, hash=new_hash, scheme=scheme)

    links = [
        link
        if link.account is None
        else replace(link, account=replace(link.account, password=of(link.account.password)))
        for link in user.links
    ]
    return replace(user, password=of(user.password), links=links)


def change_due(user: User, now: int) -> Literal["now", "later"] | None:
    """Whether the password must be changed before anything else, or at some time to come, or not at all."""
    if user.must_change is None:
        return None
    return "now" if user.must_change.by <= now else "later"


async def require_change(tx: Transaction, user: User, why: WhyChange, *, by: int | None = None) -> User:
    """The password must be changed by then (ms UTC), or at the next sign-in. An earlier deadline is replaced."""
    tx.actor.must(May.PASSWORDS_SET)
    return keep(tx, user, replace(user, must_change=MustChange(by=tx.now if by is None else by, why=why)))


async def clear_change(tx: Transaction, user: User) -> User:
    """The password may stay as it is."""
    tx.actor.must(May.PASSWORDS_SET)
    return keep(tx, user, replace(user, must_change=None))


def _own_keys(user: User) -> frozenset[Key]:
    return replace(user, links=[]).keys()
