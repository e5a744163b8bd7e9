"""Who acts on their own account, and how fresh the proof of it must be."""

from typing import Final

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, NotAllowed
from muster.core.sessions.model import Session
from muster.core.transaction import Transaction
from muster.core.users.model import User

DOOR: Final = "account"

RECENT: Final = 15 * 60_000
"""Milliseconds after a proof in which one may do what hands the account to somebody else."""

OWN: Final = frozenset(
    {
        May.SELF_READ,
        May.SELF_PROFILE,
        May.SELF_UNSAFE,
        May.SELF_IDENTIFIERS,
        May.SELF_CREDENTIALS,
        May.SELF_FACTORS,
        May.SELF_SESSIONS,
        May.SELF_GRANTS,
        May.SELF_LINKS,
        May.SELF_DELETE,
    }
)


def account_actor(user: User) -> Actor:
    """The signed-in person, who may do everything with their own account and nothing with any other."""
    return Actor(kind="user", id=user.id, door=DOOR, permissions=OWN, user_id=user.id)


async def own_account(
    tx: Transaction, session_id: str, permission: str, *, recent: bool = False
) -> tuple[Session, User]:
    """The caller's session and account as they are now.

    `CredentialRefused`: session_over, suspended, and with `recent` reauthenticate, when the last proof in this session is older
    than `RECENT`. `NotAllowed`: permission_missing; impersonated, for what only the person themself may do.
    """
    session = await tx.get(Session, session_id)
    if session is None or session.status(tx.now) != "active" or session.user_id != tx.actor.user_id:
        raise CredentialRefused("session_over")
    user = await tx.get(User, session.user_id)
    if user is None:
        raise CredentialRefused("session_over")
    if user.suspended is True:
        raise CredentialRefused("suspended")
    if not tx.actor.may_self(permission, user.id):
        raise NotAllowed("permission_missing", any_of=(permission,))
    if recent:
        if session.impersonator is not None:
            raise NotAllowed("impersonated")
        if not is_recent(session, tx.now):
            raise CredentialRefused("reauthenticate")
    return session, user


def is_recent(session: Session, now: int) -> bool:
    """Whether the person proved who they are a short while ago."""
    return now - max(session.authenticated_at, session.elevated_at or 0) <= RECENT


def must_have_proved_address(user: User) -> None:
    """`Conflict("verify_first")` while the account has addresses and none of them is proved.

    Somebody may have made it with an address that is not theirs. Its owner gets it by a reset, which ends every session; so
    nothing that outlives a reset (passkey, second factor, another address, an external identity) is put on it before.
    """
    addresses = [*user.emails, *user.phones]
    if addresses and not any(address.verified for address in addresses):
        raise Conflict("verify_first")
