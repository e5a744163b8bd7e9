"""What signing in leaves behind that users can be found and sorted by. Nobody has failed zero times: there is no such fact."""

from collections.abc import Callable, Mapping
from typing import Final

from muster.core.users.model import Activity, Lock, Seen

FOREVER: Final = 253_402_300_799_000
"""Until when a lock without an end holds: the last second of the year 9999, in ms."""


def _at(seen: Seen | None) -> int | None:
    return None if seen is None else seen.at


def _until(lock: Lock | None) -> int | None:
    return None if lock is None else FOREVER if lock.until is None else lock.until


ACTIVITY_FACTS: Final[Mapping[str, Callable[[Activity], int | str | None]]] = {
    "logins": lambda activity: activity.logins or None,
    "last_login": lambda activity: _at(activity.last_login),
    "last_ip": lambda activity: (activity.last_login.ip or None) if activity.last_login is not None else None,
    "last_active_at": lambda activity: activity.last_active_at,
    "last_success": lambda activity: _at(activity.last_success),
    "last_attempt": lambda activity: _at(activity.last_attempt),
    "attempts": lambda activity: activity.attempts or None,
    "successes": lambda activity: activity.successes or None,
    "failures": lambda activity: activity.failures or None,
    "locked_until": lambda activity: _until(activity.lock),
}
"""By the name that a query gives them. `locked_until` is there still when the lock has ended."""
