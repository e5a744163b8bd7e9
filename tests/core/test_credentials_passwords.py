from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.credentials import locking
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.checks import CredentialChecks
from muster.core.credentials.lockout import DAY, HOUR, LockPolicy
from muster.core.credentials.passwords import change_due, clear_change, require_change
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound
from muster.core.records import Key
from muster.core.sessions import actions as sessions
from muster.core.sessions.actions import NewSession
from muster.core.sessions.model import Session
from muster.core.transaction import TransactionRunner
from muster.core.users import actions
from muster.core.users.model import (
    Activity,
    DatabaseAccount,
    Factor,
    IpBlock,
    Link,
    Lock,
    MustChange,
    Password,
    Seen,
)
from muster.storage.store import SqlStore
from tests.core.sign_in import EMAIL, NOW, QUICK_HASH, RIGHT, World, opened_world

IP = "192.0.2.1"


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    async with opened_world(migrated_url) as world:
        yield world


async def refusal(check: Any) -> CredentialRefused:
    with pytest.raises(CredentialRefused) as refused:
        await check
    return refused.value


async def test_a_right_password_is_counted_and_forgets_failures(world: World) -> None:
    for _ in range(3):
        assert (await refusal(world.checks.check_password(world.attempt(IP), "wrong"))).code == "wrong_password"
    before = await world.activity()
    blocks = [IpBlock(ip=IP, failures=3, attempts=3, last_at=NOW)]
    assert (before.attempts, before.failures, before.ip_blocks) == (3, 3, blocks)
    world.clock.turn(seconds=5)
    user = await world.checks.check_password(world.attempt(IP), RIGHT)
    seen = Seen(at=NOW + 5000, ip=IP)
    expected = Activity(id=world.ann, version=4, attempts=4, last_attempt=seen)
    assert (user.id, await world.activity()) == (world.ann, expected)
    assert await world.events() == ["sign_in.wrong_password"] * 3


async def test_a_right_password_alone_forgets_nothing_where_a_second_factor_is_to_come(world: World) -> None:
    factor = Factor(id="f", dev="d", kind="totp", confirmed=True, created_at=NOW)
    bob = await world.add("bob@example.org", factors=[factor])
    attempt = world.attempt(IP, who=bob)
    await refusal(world.checks.check_password(attempt, "wrong"))
    await world.checks.check_password(attempt, RIGHT)
    activity = (await world.user(bob)).activity
    assert activity is not None
    assert (activity.failures, activity.ip_blocks[0].failures) == (1, 1)


async def test_a_stranger_cannot_tell_who_exists(world: World) -> None:
    nameless = await world.add("none@example.org", password=None)
    internal = await world.add("op@example.org", realm="inside", internal=True)
    inside = Key("inside", "email", "op@example.org")
    for who in (EMAIL, Key("realm", "email", "nobody@example.org"), nameless, internal, inside):
        refused = await refusal(world.checks.check_password(world.attempt(who=who), "wrong"))
        assert (refused.code, refused.detail) == ("wrong_password", {})
    assert (await world.checks.check_password(world.attempt(who=inside, internal=True), RIGHT)).id == internal


async def test_a_trusted_program_is_told_and_nothing_is_counted(world: World) -> None:
    nobody = Key("realm", "email", "nobody@example.org")
    with pytest.raises(NotFound):
        await world.checks.check_password(world.attempt(who=nobody, actor=SYSTEM), "wrong")
    bare = await world.add("none@example.org", password=None)
    assert (
        await refusal(world.checks.check_password(world.attempt(who=bare, actor=SYSTEM), "x"))
    ).code == "no_password"
    assert (await world.user(bare)).activity is None


class CountingHasher:
    """The real pool, with a note of which kind of work was asked for."""

    def __init__(self, world: World) -> None:
        self._pool = world.passwords
        self.work: list[str] = []

    async def hash(self, password: str) -> str:
        self.work.append("hash")
        return await self._pool.hash(password)

    async def verify(self, hash_: str, password: str) -> bool:
        self.work.append("verify")
        return await self._pool.verify(hash_, password)

    async def burn(self, password: str) -> None:
        self.work.append("burn")
        await self._pool.burn(password)

    def needs_rehash(self, hash_: str) -> bool:
        return self._pool.needs_rehash(hash_)


async def test_whoever_it_is_one_hash_is_worked_out(world: World) -> None:
    hasher = CountingHasher(world)
    checks = CredentialChecks(world.runner, hasher, world.secrets, world.codes, answer_failures_after=0)
    await world.on_ann(locking.lock, until=None)
    suspended = await world.add("sus@example.org", suspended=True)
    for who in (EMAIL, Key("realm", "email", "nobody@example.org"), suspended):
        await refusal(checks.check_password(world.attempt(who=who), "wrong"))
    assert hasher.work == ["verify", "burn", "verify"]


async def test_a_refusal_waits_for_the_deadline_and_a_success_does_not(world: World) -> None:
    loop = asyncio.get_running_loop()
    checks = CredentialChecks(world.runner, world.passwords, world.secrets, world.codes, answer_failures_after=0.3)
    started = loop.time()
    await refusal(checks.check_password(world.attempt(), "wrong"))
    assert loop.time() - started >= 0.3
    started = loop.time()
    await refusal(checks.check_password(world.attempt(who=Key("realm", "email", "nobody@x")), "wrong"))
    assert loop.time() - started >= 0.3


async def test_64_wrong_passwords_at_once_lock_at_exactly_the_limit(world: World) -> None:
    policy = LockPolicy(account_failures=20, account_lock=HOUR, address_failures=None)
    results = await asyncio.gather(
        *(world.checks.check_password(world.attempt(f"192.0.2.{n}", policy=policy), "wrong") for n in range(64)),
        return_exceptions=True,
    )
    codes = Counter(result.code for result in results if isinstance(result, CredentialRefused))
    assert codes == {"wrong_password": 20, "locked": 44}
    activity = await world.activity()
    lock = Lock(at=NOW, cause="failures", until=NOW + HOUR)
    assert (activity.attempts, activity.failures, activity.lock, activity.version) == (64, 20, lock, 64)
    expected = {"sign_in.wrong_password": 20, "user.locked": 1, "sign_in.barred": 44}
    assert Counter(await world.events()) == expected
    assert (await world.user()).version == 1


async def test_every_failure_that_two_processes_answer_is_counted(world: World) -> None:
    """They share no queue, only the database. Whoever loses too often is told so, and that is no answer."""
    policy = LockPolicy(account_failures=30, address_failures=None)
    other = TransactionRunner(SqlStore(world.engine), world.clock)
    second = CredentialChecks(other, world.passwords, world.secrets, world.codes, answer_failures_after=0)
    attempt = world.attempt(policy=policy)
    results = await asyncio.gather(
        *(checks.check_password(attempt, "wrong") for _ in range(24) for checks in (world.checks, second)),
        return_exceptions=True,
    )
    assert {type(result) for result in results} <= {CredentialRefused, Conflict}
    codes = Counter(result.code for result in results if isinstance(result, CredentialRefused))
    activity = await world.activity()
    assert (activity.failures, activity.attempts) == (codes["wrong_password"], codes.total())
    assert (activity.lock is not None) == (codes["wrong_password"] == 30)
    assert codes["wrong_password"] <= 30


async def test_64_wrong_passwords_from_one_address_block_that_address_alone(world: World) -> None:
    results = await asyncio.gather(
        *(world.checks.check_password(world.attempt(IP), "wrong") for _ in range(64)), return_exceptions=True
    )
    codes = Counter(result.code for result in results if isinstance(result, CredentialRefused))
    assert codes == {"wrong_password": 10, "address_blocked": 54}
    activity = await world.activity()
    block = IpBlock(ip=IP, failures=10, attempts=64, until=NOW + 30 * DAY, last_at=NOW)
    assert (activity.ip_blocks, activity.failures, activity.lock) == ([block], 10, None)
    refused = await refusal(world.checks.check_password(world.attempt(IP), RIGHT))
    assert refused.detail == {"until": NOW + 30 * DAY}
    assert (await world.checks.check_password(world.attempt("198.51.100.7"), RIGHT)).id == world.ann


async def test_a_lock_ends_by_itself_and_its_count_with_it(world: World) -> None:
    policy = LockPolicy(account_failures=2, account_lock=1000, address_failures=None)
    attempt = world.attempt(policy=policy)
    for code in ("wrong_password", "wrong_password", "locked"):
        assert (await refusal(world.checks.check_password(attempt, "wrong"))).code == code
    assert (await refusal(world.checks.check_password(attempt, RIGHT))).detail == {"until": NOW + 1000}
    world.clock.turn(ms=1000)
    assert (await refusal(world.checks.check_password(attempt, "wrong"))).code == "wrong_password"
    assert (await world.activity()).failures == 1
    await world.checks.check_password(attempt, RIGHT)


async def test_a_lock_by_hand_holds_until_it_is_lifted_by_hand(world: World) -> None:
    for _ in range(2):
        await world.on_ann(locking.lock, until=None)
    world.clock.turn(days=4000)
    assert (await refusal(world.checks.check_password(world.attempt(), RIGHT))).detail == {"until": None}
    await world.on_ann(locking.unlock)
    await world.checks.check_password(world.attempt(), RIGHT)
    assert await world.events() == ["sign_in.barred", "user.locked", "user.unlocked"]


async def test_address_blocks_are_lifted_one_by_one_or_together(world: World) -> None:
    policy = LockPolicy(address_failures=1)
    for ip in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        await refusal(world.checks.check_password(world.attempt(ip, policy=policy), "wrong"))
    await world.on_ann(locking.clear_address_blocks, "192.0.2.2")
    await world.on_ann(locking.clear_address_blocks, "203.0.113.9")
    assert [block.ip for block in (await world.activity()).ip_blocks] == ["192.0.2.1", "192.0.2.3"]
    await world.on_ann(locking.clear_address_blocks)
    activity = await world.activity()
    assert (activity.ip_blocks, activity.failures) == ([], 3)


async def test_an_unlock_and_failures_at_once_lose_nothing(world: World) -> None:
    """However they interleave: what was counted after the unlock is there, and the lock stands only if it was earned."""
    policy = LockPolicy(account_failures=8, address_failures=None)
    attempt = world.attempt(policy=policy)
    tries = [world.checks.check_password(attempt, "wrong") for _ in range(16)]
    results = await asyncio.gather(
        *tries[:8], world.on_ann(locking.unlock), *tries[8:], world.on_ann(locking.unlock), return_exceptions=True
    )
    codes = Counter(result.code for result in results if isinstance(result, CredentialRefused))
    activity = await world.activity()
    assert activity.attempts == codes["wrong_password"] + codes["locked"] == 16
    assert (activity.lock is not None) == (activity.failures == 8)
    assert codes["locked"] == Counter(await world.events())["sign_in.barred"]


async def test_a_suspended_user_is_told_only_with_the_right_password(world: World) -> None:
    await world.on_ann(actions.suspend, door="muster")
    assert (await refusal(world.checks.check_password(world.attempt(IP), "wrong"))).code == "wrong_password"
    assert (await refusal(world.checks.check_password(world.attempt(IP), RIGHT))).code == "suspended"
    activity = await world.activity()
    assert (activity.logins, activity.last_login, activity.successes) == (1, Seen(at=NOW, ip=IP), 0)
    assert await world.events() == ["sign_in.suspended", "sign_in.wrong_password", "user.updated"]


async def test_a_weak_hash_is_replaced_at_the_next_success(world: World) -> None:
    before = await world.user()
    world.clock.turn(days=1)
    await world.checks.check_password(world.attempt(), RIGHT)
    after = await world.user()
    assert after.password is not None
    assert after.password == Password(hash=after.password.hash, scheme="argon2", set_at=NOW)
    assert after.password.hash.startswith("$argon2id$")
    assert (after.updated_at, after.version) == (before.updated_at, 2)
    await world.checks.check_password(world.attempt(), RIGHT)
    assert (await world.user()).password == after.password


async def test_a_merged_home_account_signs_in_with_its_own_password(world: World) -> None:
    account = DatabaseAccount(email="old@example.org", password=Password(hash=QUICK_HASH, scheme="bcrypt", set_at=1))
    link = Link(
        id="l", kind="database", connection_id="other", provider="muster", subject="s", account=account,
        created_at=1, updated_at=1,
    )  # fmt: skip
    both = await world.add("both@example.org", links=[link], password=None)
    old = Key("other", "email", "old@example.org")
    assert (await world.checks.check_password(world.attempt(who=old), RIGHT)).id == both
    kept = (await world.user(both)).links[0].account
    assert kept is not None
    assert kept.password is not None
    assert kept.password.scheme == "argon2"
    own = Key("realm", "email", "both@example.org")
    assert (await refusal(world.checks.check_password(world.attempt(who=own), RIGHT))).code == "wrong_password"
    with pytest.raises(Invalid, match="not_own_password"):
        await world.checks.change_password(world.attempt(who=old), RIGHT, "another one")


async def test_a_password_that_changes_while_it_is_checked_is_checked_again(world: World) -> None:
    """The old password was right when it was hashed, and is wrong when it is decided."""
    hasher = CountingHasher(world)
    new = await world.passwords.hash("new one")

    class Interrupted(CountingHasher):
        async def verify(self, hash_: str, password: str) -> bool:
            right = await super().verify(hash_, password)
            if len(self.work) == 1:
                await world.on_ann(actions.set_password, actions.HashedPassword(new, "argon2"))
            return right

    hasher = Interrupted(world)
    checks = CredentialChecks(world.runner, hasher, world.secrets, world.codes, answer_failures_after=0)
    assert (await refusal(checks.check_password(world.attempt(), RIGHT))).code == "wrong_password"
    assert hasher.work == ["verify", "verify"]
    assert (await world.activity()).failures == 1


async def test_the_user_changes_the_password(world: World) -> None:
    started = [(await world.on_ann(sessions.start_session, NewSession())).session for _ in range(3)]
    await world.on_ann(require_change, "admin")
    assert change_due(await world.user(), NOW) == "now"
    assert (await refusal(world.checks.change_password(world.attempt(), "wrong", "new one"))).code == "wrong_password"
    world.clock.turn(seconds=1)
    await world.checks.change_password(world.attempt(), RIGHT, "new one", end_sessions=True, keep_session=started[1].id)
    user = await world.user()
    assert user.password is not None
    changed = Password(
        hash=user.password.hash, scheme="argon2", set_at=NOW + 1000, changed_at=NOW + 1000, history=[QUICK_HASH]
    )
    assert (user.password, user.must_change) == (changed, None)
    left = await world.store.owned(world.tenant_id, Session, world.ann)
    assert {session.id for session in left if session.ending is None} == {started[1].id}
    assert len(left) == 3
    assert {"user.password_changed", "session.revoked", "sessions.ended"} <= set(await world.events())
    await world.checks.check_password(world.attempt(), "new one")


async def test_a_change_can_be_demanded_with_a_deadline_and_forgiven(world: World) -> None:
    await world.on_ann(require_change, "temporary", by=NOW + 7 * DAY)
    user = await world.user()
    assert user.must_change == MustChange(by=NOW + 7 * DAY, why="temporary")
    assert (change_due(user, NOW), change_due(user, NOW + 7 * DAY)) == ("later", "now")
    await world.on_ann(clear_change)
    assert change_due(await world.user(), NOW) is None


@pytest.mark.parametrize("act", [locking.unlock, locking.clear_address_blocks, clear_change])
async def test_nobody_may_without_permission(world: World, act: Any) -> None:
    nobody = replace(SYSTEM, permissions=frozenset({"users:update"}), user_id=world.ann)
    with pytest.raises(NotAllowed):
        await world.on_ann(act, actor=nobody)


@pytest.mark.parametrize("password", ["", "\0", "\ud800", "x" * 5000, "🦉" * 300])
async def test_strange_passwords_are_wrong_and_no_more(world: World, password: str) -> None:
    assert (await refusal(world.checks.check_password(world.attempt(), password))).code == "wrong_password"
    nobody = world.attempt(who=Key("realm", "email", "nobody@example.org\0"))
    assert (await refusal(world.checks.check_password(nobody, password))).code == "wrong_password"
