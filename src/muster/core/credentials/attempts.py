"""One attempt at proving who somebody is: who tries, what is counted, and why it is refused."""

from typing import Literal, NoReturn

import msgspec
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials import lockout
from muster.core.credentials.lockout import LockPolicy
from muster.core.credentials.tally import Tally, nobody_id, tried_in_vain
from muster.core.errors import NotFound, Refusal
from muster.core.events import Context
from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.identifiers import LISTS
from muster.core.users.model import Activity, User

Unverified = Literal["any", "primary", "reserved", "never"]
"""Which addresses that are not proved name their user: any, the one that is shown, those that are reserved, or none."""


class CredentialRefused(Refusal):
    """A credential was not accepted. `code` says why.

    wrong_password, wrong_code: not right; for a caller without `passwords:check` also that there is no such user.
    no_password: the user has none (told only with `passwords:check`). locked, address_blocked: too many failures, or an
    administrator's lock; detail `until` (ms, or None for ever). suspended: by an administrator; said only to
    who offered the right credential. session_over, grant_over: the session or grant, or its token, is good no more.

    attempt_over: the sign-in is unknown, finished, expired, or another browser's. wrong_link, wrong_ticket, wrong_passkey: what
    was offered opens nothing. code_over: too late or too often tried, ask for another one.
    """


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Who tries to be whom, from where, and how many failures are too many.

    `actor` is the program that asks, or `stranger(door)` where the call itself needs no credential: a stranger is not told
    whether a user exists. `who` is an id or a key (an e-mail address in its realm). `context.ip` is the address that is
    counted. Internal users exist only for an attempt that says so, and an `unverified` address names its user if it says so.

    A `discreet` attempt tells nobody whether there is such a user, by no answer and no work: who tries to be nobody is counted
    and locked out alike, and a user locked by hand is nobody.
    """

    tenant_id: int
    actor: Actor
    who: UserId | Key
    policy: LockPolicy = LockPolicy()
    context: Context = Context()
    internal: bool = False
    unverified: Unverified = "any"
    discreet: bool = False

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
    return user if user is not None and is_meant(user, attempt) else None


async def need_user(tx: Transaction, attempt: Attempt, code: str) -> User:
    """The user an attempt is about; refused with `code` when there is none, unless the caller may know."""
    user = await the_user(tx, attempt)
    if not attempt.discreet:
        if user is None:
            refuse_unknown(tx, attempt, code)
        return user
    tally = await tx.get(Tally, nobody_id(attempt.who))  # for everybody, so that the work is the same
    if user is None:
        tx.note_even_if_refused("sign_in.unknown_user")
        _refuse_nobody(tx, attempt, tally, code)
    lock = lockout.lock_of(user.activity, tx.now)
    if lock is not None and lock.cause == "manual":
        tx.note_even_if_refused("sign_in.barred", user_id=user.id, why="locked")
        _refuse_nobody(tx, attempt, tally, code)
    return user


def is_meant(user: User, attempt: Attempt) -> bool:
    """Whether the user who was found is one that this attempt may be about."""
    if user.internal and not attempt.internal:
        return False
    return not isinstance(attempt.who, Key) or _is_named(user, attempt.who, attempt.unverified)


def _is_named(user: User, name: Key, unverified: Unverified) -> bool:
    """Whether a key that leads to the user may be used to sign in. User names and merged home accounts always may."""
    if name.kind not in LISTS or name.realm != user.realm or unverified == "any":
        return True
    address = next((each for each in getattr(user, LISTS[name.kind]) if each.value == name.value), None)
    if address is None or address.verified:
        return True
    return address.primary if unverified == "primary" else unverified == "reserved" and address.reserved


def _refuse_nobody(tx: Transaction, attempt: Attempt, tally: Tally | None, code: str) -> NoReturn:
    """Count and refuse as somebody's failure would be."""
    before = tally.activity if tally is not None and tx.now < tally.expires_at else Activity()
    ip, why = attempt.context.ip, lockout.bar(before, attempt.context.ip, tx.now)
    if why is not None:
        after = lockout.barred(before, ip, tx.now)
        tx.even_if_refused(tried_in_vain(tally, attempt.who, after, tx.now))
        raise CredentialRefused(why, until=_until(before, ip, tx.now))
    after, closed = lockout.failed(before, ip, tx.now, attempt.policy)
    for each in closed:
        tx.note_even_if_refused("sign_in.closed_to_nobody", why=each)
    tx.even_if_refused(tried_in_vain(tally, attempt.who, after, tx.now))
    raise CredentialRefused(code)


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
