"""Nobody takes over an account that may do more on this server than they may themselves, by whatever door they come."""

from collections.abc import Iterable

from muster.core.actor import Actor
from muster.core.errors import NotAllowed
from muster.core.hub_roles.model import HubRole, HubRoles
from muster.core.transaction import Transaction
from muster.core.users.model import User


async def must_outrank(tx: Transaction, user: User) -> None:
    """`NotAllowed("outranked")` when the user's hub roles give a power that the caller lacks; one's own account is one's own.

    For every act that could hand the account to somebody else: password, e-mail, second factor, link, deletion.
    """
    if not user.hub_roles or tx.actor.user_id == user.id:
        return
    must_hold(tx.actor, HubRoles(await tx.records(HubRole)).powers_of(user.hub_roles))


def must_hold(actor: Actor, powers: Iterable[str]) -> None:
    """`NotAllowed("outranked")` unless the caller holds every one of the powers: none can be given or taken that one lacks."""
    lacking = frozenset(powers) - actor.permissions
    if lacking:
        raise NotAllowed("outranked", lacking=sorted(lacking))
