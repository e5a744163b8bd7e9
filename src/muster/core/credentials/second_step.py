"""A sign-in in two steps: the password opens a session that is good for little, and a second factor completes it.

Only the second step counts as having come in. If the first did, whoever knows the password could forget their failures
with it and guess codes for ever.
"""

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.lockout import signed_in
from muster.core.sessions.actions import elevate
from muster.core.sessions.model import Method, Session
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, User
from muster.core.users.saving import event_kind


def first_step(user: User, door: str) -> Actor:
    """Who has proved a password: may start a session that is no sign-in yet (`sessions.actions.NewSession`), nothing else."""
    may = frozenset({May.SESSIONS_CREATE})
    return Actor(kind="user", id=user.id, door=door, permissions=may, user_id=user.id)


def waits_for_second_factor(session: Session, user: User) -> bool:
    """Whether a second factor is demanded of the user and was not proved in this session."""
    return user.mfa.required and session.elevated_at is None


async def complete_step(tx: Transaction, session_id: str, method: Method) -> Session:
    """A second factor was proved, with a check that counts; the first one that a session waited for completes the sign-in.

    `CredentialRefused`: session_over, suspended.
    """
    before = await tx.get(Session, session_id)
    session = await elevate(tx, session_id, method)
    user = await tx.need(User, session.user_id)
    if user.suspended is True:
        raise CredentialRefused("suspended")
    if before is not None and waits_for_second_factor(before, user):
        tx.save(replace(user, activity=signed_in(user.activity or Activity(), tx.context.ip, tx.now)))
        methods = [each.name for each in session.methods]
        tx.note("sign_in.succeeded", user_id=user.id, session_id=session.id, methods=methods)
    return session


async def require_second_factor(tx: Transaction, user: User, *, required: bool) -> User:
    """Demand a second factor at every sign-in of this user, or no longer."""
    tx.actor.must(May.FACTORS_WRITE)
    if user.mfa.required == required:
        return user
    tx.note(event_kind(user, "updated"), user_id=user.id)
    return tx.save(replace(user, mfa=replace(user.mfa, required=required)))
