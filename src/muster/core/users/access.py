"""Whether a person may come in: password, suspension, lock. Each is a fact of its own and none implies another."""

from msgspec.structs import replace

from muster.core.users.model import Door, MustChange, Password, Suspension, User

LONGEST_HISTORY = 24


def set_password(user: User, hash_: str, scheme: str, now: int, *, must_change: MustChange | None = None) -> User:
    """A new password, already hashed. The former one joins the history; `changed_at` says when one was first replaced."""
    before = user.password
    history = [] if before is None else [before.hash, *before.history][:LONGEST_HISTORY]
    password = Password(
        hash=hash_, scheme=scheme, set_at=now, changed_at=None if before is None else now, history=history
    )
    return replace(user, password=password, must_change=must_change)


def is_vouched_for(user: User) -> bool:
    """Whether it is an organisation's own identity provider that says who comes in, and no password here."""
    return user.password is None and any(link.kind == "enterprise" for link in user.links)


def suspend(user: User, now: int, by: Door) -> User:
    """No sign-in until an administrator lifts it. Suspending twice keeps the first time; a lock stays as it is."""
    if user.suspended is True:
        return user
    return replace(user, suspended=True, suspension=Suspension(at=now, by=by))


def unsuspend(user: User) -> User:
    """Lift an administrator's suspension; it was said once, so it is `False` and no longer None."""
    return replace(user, suspended=False, suspension=None)


def unlock(user: User) -> User:
    """Forget failures, the lock and every blocked address."""
    activity = user.activity
    if activity is None:
        return user
    return replace(user, activity=replace(activity, failures=0, lock=None, ip_blocks=[]))
