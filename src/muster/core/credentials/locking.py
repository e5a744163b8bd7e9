"""Locks by an administrator's hand, and the ways out of any lock. A suspension is another fact and stays as it is."""

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.credentials.lockout import lock_of
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, Lock, User


async def lock(tx: Transaction, user: User, *, until: int | None) -> User:
    """No sign-in until then (ms UTC), or until somebody unlocks. Sessions stay; the lock takes the place of an older one."""
    tx.actor.must(May.USERS_SUSPEND)
    holds = lock_of(user.activity, tx.now)
    if holds is not None and (holds.cause, holds.until) == ("manual", until):
        return user
    tx.note("user.locked", user_id=user.id, cause="manual", until=until)
    activity = replace(user.activity or Activity(), lock=Lock(at=tx.now, cause="manual", until=until))
    return tx.save(replace(user, activity=activity))


async def unlock(tx: Transaction, user: User) -> User:
    """Lift the account's lock, whatever its cause, and forget its failures. Blocked addresses stay blocked."""
    tx.actor.must(May.USERS_UNLOCK)
    activity = user.activity
    if activity is None or (activity.lock is None and activity.failures == 0):
        return user
    if lock_of(activity, tx.now) is not None:
        tx.note("user.unlocked", user_id=user.id)
    return tx.save(replace(user, activity=replace(activity, lock=None, failures=0)))


async def clear_address_blocks(tx: Transaction, user: User, ip: str | None = None) -> User:
    """Forget the failures from one address, or from every address; one that is not blocked is no error."""
    tx.actor.must(May.USERS_UNLOCK)
    activity = user.activity
    if activity is None:
        return user
    left = [] if ip is None else [block for block in activity.ip_blocks if block.ip != ip]
    if len(left) == len(activity.ip_blocks):
        return user
    tx.note("user.address_unblocked", user_id=user.id, ip=ip)
    return tx.save(replace(user, activity=replace(activity, ip_blocks=left)))
