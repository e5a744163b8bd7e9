"""One attempt at proving who somebody is: who tries, what is counted, and why it is refused."""

from typing import NoReturn

import msgspec
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials import lockout
from muster.core.credentials.lockout import LockPolicy
from muster.core.errors import NotFound, Refusal
from muster.core.events import Context
from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, User


class CredentialRefused(Refusal):
    """A credential was not accepted. `code` says why.

    wrong_password, wrong_code: not right; for a caller without `passwords:check` also that there is no such user.
    no_password: the user has none (told only with `passwords:check`). locked, address_blocked: too many failures, or an
    administrator's lock; detail `until` (ms, or None for ever). suspended: by an administrator; said only to
    who offered the right credential. session_over, grant_over: the session or grant, or its token, is good no more.
    """


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Who tries to be whom, from where, and how many failures are too many.

    `actor` is the program that asks, or `stranger(door)` where the call itself needs no credential: a stranger is not told
    whether a user exists. `who` is an id or a key (an e-mail address in its realm). `context.ip` is the address that is
    counted. Internal users exist only for an attempt that says so.
    """

    tenant_id: int
    actor: Actor
    who: UserId | Key
    policy: LockPolicy = LockPolicy()
    context: Context = Context()
    internal: bool = False

    @property
    def is_trusted(self) -> bool:
        """Whether the caller may know if a user exists and has a password."""
        return self.actor.may(May.PASSWORDS_CHECK)


def stranger(door: str) -> Actor:
    """Somebody who has yet to prove anything."""
    return Actor(kind="user", id="", door=door, permissions=frozenset())


async def the_user(tx: Transaction, attempt: Attempt) -> User | None:
    """The user an attempt is about, as this act has it."""
    user = await (tx.find(User, attempt.who) if isinstance(attempt.who, Key) else tx.get(User, attempt.who))
    return None if user is None or (user.internal and not attempt.internal) else user


def refuse_unknown(tx: Transaction, attempt: Attempt, code: str) -> NoReturn:
    """There is no such user, which a stranger must not learn."""
    tx.note_even_if_refused("sign_in.unknown_user")
    if attempt.is_trusted:
        raise NotFound("user")
    raise CredentialRefused(code)


def refuse_if_barred(tx: Transaction, attempt: Attempt, user: User) -> None:
    """Refuse while the account is locked or the address blocked, right or wrong; the attempt is counted."""
    activity, ip = user.activity, attempt.context.ip
    why = lockout.bar(activity, ip, tx.now)
    if activity is None or why is None:
        return
    tx.even_if_refused(replace(user, activity=lockout.barred(activity, ip, tx.now)))
    tx.note_even_if_refused("sign_in.barred", user_id=user.id, why=why)
    raise CredentialRefused(why, until=_until(activity, ip, tx.now))


def refuse_wrong(tx: Transaction, attempt: Attempt, user: User, code: str, event: str) -> NoReturn:
    """Count a failure, close what it closes, and refuse."""
    ip = attempt.context.ip
    activity, closed = lockout.failed(user.activity or Activity(), ip, tx.now, attempt.policy)
    tx.even_if_refused(replace(user, activity=activity))
    tx.note_even_if_refused(event, user_id=user.id)
    if "locked" in closed:
        until = activity.lock.until if activity.lock else None
        tx.note_even_if_refused("user.locked", user_id=user.id, cause="failures", until=until)
    if "address_blocked" in closed:
        tx.note_even_if_refused("user.address_blocked", user_id=user.id, ip=ip)
    raise CredentialRefused(code)


def refuse_if_suspended(tx: Transaction, attempt: Attempt, user: User) -> None:
    """Refuse a suspended user who proved to be the one: that counts as having come in, and goes no further."""
    if user.suspended is not True:
        return
    activity = lockout.passed(user.activity or Activity(), attempt.context.ip, tx.now, forgive=False)
    seen = activity.last_attempt
    tx.even_if_refused(replace(user, activity=replace(activity, logins=activity.logins + 1, last_login=seen)))
    tx.note_even_if_refused("sign_in.suspended", user_id=user.id)
    raise CredentialRefused("suspended")


def accept(tx: Transaction, attempt: Attempt, user: User, *, forgive: bool) -> User:
    """The credential is right: keep that, provided that the user is still the one it was decided on."""
    tx.expect(user)
    activity = lockout.passed(user.activity or Activity(), attempt.context.ip, tx.now, forgive=forgive)
    return tx.save(replace(user, activity=activity))


def _until(activity: Activity, ip: str, now: int) -> int | None:
    lock = lockout.lock_of(activity, now)
    if lock is not None:
        return lock.until
    return next((block.until for block in lockout.blocked_addresses(activity, now) if block.ip == ip), None)
