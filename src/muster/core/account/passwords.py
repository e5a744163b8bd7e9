"""A person's own password: changed with the old one at hand, or set for the first time."""

from muster.core.account.access import account_actor, own_account
from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import Attempt
from muster.core.credentials.checks import CredentialChecks
from muster.core.errors import Conflict
from muster.core.events import Context
from muster.core.passwords.choosing import NewPasswords
from muster.core.sessions.everywhere import sign_out_everywhere
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.rules import lock_policy
from muster.core.tenants.first_password import forget_first_password
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users import access
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.core.users.saving import keep


class OwnPassword:
    """Changing and setting it. The slow work is done before and outside of the acts."""

    def __init__(self, runner: TransactionRunner, checks: CredentialChecks, new: NewPasswords) -> None:
        self._runner = runner
        self._checks = checks
        self._new = new

    async def change(self, tenant_id: int, user: User, session_id: str, old: str, new: str, context: Context) -> User:
        """Another password in the place of the old one, which is checked and counted; every other session ends.

        `CredentialRefused`: session_over, wrong_password, locked, address_blocked; `Conflict("no_password")`;
        `Invalid("password_policy", problems)`.
        """
        runner, actor = self._runner, account_actor(user)
        user = await runner.run_from(context, tenant_id, actor, _may_change, session_id)
        attempt = Attempt(
            tenant_id=tenant_id,
            actor=actor,
            who=user.id,
            policy=lock_policy(await sign_in_settings(runner.store, tenant_id)),
            context=context,
            internal=user.internal,
        )
        # The old one first: what is wrong with a new password must not tell somebody at an open screen about the old ones.
        await self._checks.check_password(attempt, old)
        hashed = await self._new.hashed(tenant_id, user.realm, new, user=user, must_differ=True)
        return await runner.run_from(context, tenant_id, actor, _set, session_id, user, hashed)

    async def set_first(self, tenant_id: int, user: User, session_id: str, new: str, context: Context) -> User:
        """A password for somebody who has none.

        `CredentialRefused("reauthenticate")`; `Conflict`: has_password; vouched_for, when an organisation's own provider says
        who comes in; `Invalid("password_policy", problems)`.
        """
        runner, actor = self._runner, account_actor(user)
        user = await runner.run_from(context, tenant_id, actor, _may_set_first, session_id)
        hashed = await self._new.hashed(tenant_id, user.realm, new, user=user)
        return await runner.run_from(context, tenant_id, actor, _set, session_id, user, hashed)


async def _may_change(tx: Transaction, session_id: str) -> User:
    _, user = await own_account(tx, session_id, May.SELF_CREDENTIALS)
    if user.password is None:
        raise Conflict("no_password")
    return user


async def _may_set_first(tx: Transaction, session_id: str) -> User:
    _, user = await own_account(tx, session_id, May.SELF_CREDENTIALS, recent=True)
    if user.password is not None:
        raise Conflict("has_password")
    if access.is_vouched_for(user):
        raise Conflict("vouched_for")
    return user


async def _set(tx: Transaction, session_id: str, seen: User, hashed: HashedPassword) -> User:
    _, user = await own_account(tx, session_id, May.SELF_CREDENTIALS)
    if user.password is not None and user.password != seen.password and not _is_rehash(seen, user):
        raise Conflict("password_changed_meanwhile")
    after = keep(tx, user, access.set_password(user, hashed.hash, hashed.scheme, tx.now))
    tx.note("user.password_changed", user_id=user.id)
    await forget_first_password(tx, after)
    await sign_out_everywhere(tx, after, keep=session_id)
    tell_of_new_password(tx, after)
    return after


def tell_of_new_password(tx: Transaction, user: User) -> None:
    """The person is told at the primary address, if it is proved, so that a change by somebody else does not go unseen."""
    for address in user.emails:
        if address.primary and address.verified:
            tx.send("password_changed", address.value, user_id=user.id)


def _is_rehash(before: User, after: User) -> bool:
    """Whether it is the same password, made stronger by the check that came before."""
    return (
        before.password is not None and after.password is not None and before.password.set_at == after.password.set_at
    )
