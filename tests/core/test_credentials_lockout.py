"""The arithmetic of locks, against a picture of it that keeps every failure in a list and counts anew each time."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.core.credentials import lockout
from muster.core.credentials.lockout import MOST_ADDRESSES, LockPolicy
from muster.core.users.model import Activity, IpBlock, Lock, Seen

IPS = ("", "a", "b", "c")

POLICIES = st.builds(
    LockPolicy,
    account_failures=st.one_of(st.none(), st.integers(1, 5)),
    account_lock=st.one_of(st.none(), st.integers(1, 50)),
    address_failures=st.one_of(st.none(), st.integers(1, 4)),
    address_block=st.integers(1, 50),
    address_window=st.one_of(st.none(), st.integers(1, 30)),
    never_blocked=st.sampled_from([frozenset[str](), frozenset({"c"})]),
)
STEPS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["wrong", "wrong", "wrong", "right"]), st.sampled_from(IPS)),
    max_size=40,
)


class Closed(NamedTuple):
    at: int
    until: float


class Picture:
    """What happened, as a list, and what follows from it."""

    def __init__(self, policy: LockPolicy) -> None:
        self.policy = policy
        self.wrong: list[tuple[int, str]] = []  # since the last success or the end of a lock
        self.of_address: dict[str, list[int]] = {}
        self.lock: Closed | None = None
        self.blocks: dict[str, Closed] = {}

    def step(self, now: int, offered: str, ip: str) -> str:
        if self.lock is not None and self.lock.until <= now:
            self.lock, self.wrong = None, []
        for blocked, closed in list(self.blocks.items()):
            if closed.until <= now:
                del self.blocks[blocked], self.of_address[blocked]
        if self.lock is not None:
            return "locked"
        if ip in self.blocks:
            return "address_blocked"
        if offered == "right":
            self.wrong = []
            self.of_address.pop(ip, None)
            return "right"
        self.wrong.append((now, ip))
        policy = self.policy
        if policy.account_failures is not None and len(self.wrong) >= policy.account_failures:
            self.lock = Closed(now, float("inf") if policy.account_lock is None else now + policy.account_lock)
        if ip and policy.address_failures is not None and ip not in policy.never_blocked:
            earlier = self.of_address.get(ip, [])
            if earlier and policy.address_window is not None and now - earlier[-1] > policy.address_window:
                earlier = []
            self.of_address[ip] = [*earlier, now]
            if len(self.of_address[ip]) >= policy.address_failures:
                self.blocks[ip] = Closed(now, now + policy.address_block)
        return "wrong"


@given(policy=POLICIES, steps=STEPS)
def test_locks_fall_and_end_as_the_picture_says(policy: LockPolicy, steps: list[tuple[int, str, str]]) -> None:
    picture, activity, now = Picture(policy), Activity(), 1000
    for n, (later, offered, ip) in enumerate(steps, 1):
        now += later
        why = lockout.bar(activity, ip, now)
        if why is not None:
            activity, did = lockout.barred(activity, ip, now), str(why)
        elif offered == "right":
            activity, did = lockout.passed(activity, ip, now, forgive=True), "right"
        else:
            (activity, _), did = lockout.failed(activity, ip, now, policy), "wrong"
        assert did == picture.step(now, offered, ip)
        assert (activity.attempts, activity.last_attempt) == (n, Seen(at=now, ip=ip))
        assert activity.failures == len(picture.wrong)
        lock = lockout.lock_of(activity, now)
        assert (lock and (lock.at, lock.until or float("inf"))) == picture.lock
        blocks = {block.ip: (block.last_at, block.until) for block in lockout.blocked_addresses(activity, now)}
        assert {ip: until for ip, (_, until) in blocks.items()} == {ip: at.until for ip, at in picture.blocks.items()}
        assert {block.ip: block.failures for block in activity.ip_blocks} == {
            ip: len(times) for ip, times in picture.of_address.items()
        }


@given(now=st.integers(0, 100), until=st.one_of(st.none(), st.integers(0, 100)), failures=st.integers(0, 9))
def test_what_is_left_follows_from_lock_and_failures(now: int, until: int | None, failures: int) -> None:
    policy = LockPolicy(account_failures=5)
    locked = Activity(failures=failures, lock=Lock(at=0, cause="failures", until=until))
    is_over = until is not None and until <= now
    assert lockout.attempts_left(locked, now, policy) == (5 if is_over else 0)
    assert lockout.attempts_left(Activity(failures=failures), now, policy) == max(5 - failures, 0)
    assert lockout.attempts_left(Activity(failures=failures), now, replace(policy, account_failures=None)) is None
    assert lockout.attempts_left(None, now, policy) == 5


def test_an_attack_from_many_addresses_does_not_grow_the_row_for_ever() -> None:
    policy = LockPolicy(account_failures=None, address_failures=2)
    activity = Activity()
    for _ in range(2):
        activity, _ = lockout.failed(activity, "first", 0, policy)
    for n in range(MOST_ADDRESSES * 3):
        activity, _ = lockout.failed(activity, f"ip{n}", n + 1, policy)
    assert len(activity.ip_blocks) == MOST_ADDRESSES
    assert activity.ip_blocks[0] == IpBlock(ip="first", failures=2, attempts=2, until=policy.address_block, last_at=0)
    assert [block.ip for block in activity.ip_blocks[1:]] == [f"ip{n}" for n in range(201, 300)]


def test_a_complete_sign_in_is_counted_and_forgets_what_led_to_it() -> None:
    before = Activity(
        attempts=5, failures=3, ip_blocks=[IpBlock(ip="a", failures=2, last_at=1), IpBlock(ip="b", last_at=1)]
    )
    seen = Seen(at=9, ip="a")
    assert lockout.signed_in(before, "a", 9) == Activity(
        attempts=5,
        successes=1,
        logins=1,
        last_login=seen,
        last_success=seen,
        last_active_at=9,
        ip_blocks=[IpBlock(ip="b", last_at=1)],
    )
