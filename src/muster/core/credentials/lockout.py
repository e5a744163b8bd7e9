"""When wrong credentials close an account or an address, and for how long: arithmetic on a user's activity, and nothing else.

An account locks after so many failures in a row from anywhere; an address is blocked for one user after so many from there.
A lock or block that has ended takes its count with it, so that the next failure is the first again.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from muster.core.users.model import Activity, IpBlock, Lock, Seen

HOUR = 3_600_000
DAY = 24 * HOUR

MOST_ADDRESSES = 100
"""Addresses remembered per user; beyond that the least recent one that is not blocked is forgotten."""

Bar = Literal["locked", "address_blocked"]


class LockPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How many failures are too many. Limits are inclusive (the n-th failure closes) and None is never; times in ms.

    `account_lock` None is until somebody unlocks. `address_window` restarts an address's count after so long without a
    failure. `never_blocked` addresses count towards the account only.
    """

    account_failures: int | None = 100
    account_lock: int | None = HOUR
    address_failures: int | None = 10
    address_block: int = 30 * DAY
    address_window: int | None = None
    never_blocked: frozenset[str] = frozenset()


def settled(activity: Activity, now: int) -> Activity:
    """The activity without the locks and blocks that have ended. What is shown to anybody is this."""
    lock = activity.lock
    if lock is not None and lock.until is not None and lock.until <= now:
        activity = replace(activity, lock=None, failures=0)
    if any(_has_ended(block, now) for block in activity.ip_blocks):
        activity = replace(activity, ip_blocks=[block for block in activity.ip_blocks if not _has_ended(block, now)])
    return activity


def blocked_addresses(activity: Activity | None, now: int) -> list[IpBlock]:
    """The addresses that are blocked for this user at the moment."""
    if activity is None:
        return []
    return [block for block in activity.ip_blocks if block.until is not None and block.until > now]


def lock_of(activity: Activity | None, now: int) -> Lock | None:
    """The lock that holds at the moment."""
    return None if activity is None else settled(activity, now).lock


def attempts_left(activity: Activity | None, now: int, policy: LockPolicy) -> int | None:
    """How many more failures the account takes; 0 while it is locked, None when failures never lock it."""
    if lock_of(activity, now) is not None:
        return 0
    if policy.account_failures is None:
        return None
    failures = 0 if activity is None else settled(activity, now).failures
    return max(policy.account_failures - failures, 0)


def bar(activity: Activity | None, ip: str, now: int) -> Bar | None:
    """Why nothing that is offered from this address can be accepted, if so."""
    if lock_of(activity, now) is not None:
        return "locked"
    if any(block.ip == ip for block in blocked_addresses(activity, now)):
        return "address_blocked"
    return None


def barred(activity: Activity, ip: str, now: int) -> Activity:
    """One more attempt while the account or the address is closed. It is no failure: a lock does not feed itself."""
    activity = _attempted(activity, ip, now)
    blocks = [
        replace(block, attempts=block.attempts + 1, last_at=now) if block.ip == ip else block
        for block in activity.ip_blocks
    ]
    return replace(activity, ip_blocks=blocks)


def failed(activity: Activity, ip: str, now: int, policy: LockPolicy) -> tuple[Activity, list[Bar]]:
    """One more failure, and what it has closed."""
    activity = _attempted(activity, ip, now)
    activity = replace(activity, failures=activity.failures + 1)
    closed: list[Bar] = []
    if policy.account_failures is not None and activity.failures >= policy.account_failures:
        until = None if policy.account_lock is None else now + policy.account_lock
        activity = replace(activity, lock=Lock(at=now, cause="failures", until=until))
        closed.append("locked")
    if ip and policy.address_failures is not None and ip not in policy.never_blocked:
        before = next((block for block in activity.ip_blocks if block.ip == ip), None)
        if before is None or (policy.address_window is not None and now - before.last_at > policy.address_window):
            before = IpBlock(ip=ip, last_at=now)
        block = replace(before, failures=before.failures + 1, attempts=before.attempts + 1, last_at=now)
        if block.failures >= policy.address_failures:
            block = replace(block, until=now + policy.address_block)
            closed.append("address_blocked")
        activity = replace(activity, ip_blocks=_with(activity.ip_blocks, block))
    return activity, closed


def passed(activity: Activity, ip: str, now: int, *, forgive: bool) -> Activity:
    """A right credential. `forgive` forgets the failures, which must wait while another credential is still to come:
    whoever knows the password could otherwise guess codes for ever.
    """
    activity = _attempted(activity, ip, now)
    return forgiven(activity, ip) if forgive else activity


def signed_in(activity: Activity, ip: str, now: int) -> Activity:
    """A complete sign-in."""
    seen = Seen(at=now, ip=ip)
    return replace(
        forgiven(settled(activity, now), ip),
        successes=activity.successes + 1,
        logins=activity.logins + 1,
        last_login=seen,
        last_success=seen,
        last_active_at=now,
    )


def forgiven(activity: Activity, ip: str) -> Activity:
    """No failures any more, neither in all nor from this address."""
    return replace(activity, failures=0, ip_blocks=[block for block in activity.ip_blocks if block.ip != ip])


def _attempted(activity: Activity, ip: str, now: int) -> Activity:
    activity = settled(activity, now)
    return replace(activity, attempts=activity.attempts + 1, last_attempt=Seen(at=now, ip=ip))


def _has_ended(block: IpBlock, now: int) -> bool:
    return block.until is not None and block.until <= now


def _with(blocks: list[IpBlock], block: IpBlock) -> list[IpBlock]:
    others = [other for other in blocks if other.ip != block.ip]
    if len(others) >= MOST_ADDRESSES:
        others.remove(min(others, key=lambda other: (other.until is not None, other.until or 0, other.last_at)))
    return [*others, block]
