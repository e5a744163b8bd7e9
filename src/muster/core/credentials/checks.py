"""Checking what somebody offers to prove who they are. Every failure is counted, by user and by address, and nothing is lost.

The slow part comes first and outside of any act: read the user, let the pool check the hash. Then one short act decides on
fresh data and counts; when the password was changed in between, all of it begins again.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from hmac import compare_digest
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from muster.core.credentials.attempts import (
    Attempt,
    CredentialRefused,
    accept,
    is_meant,
    need_user,
    refuse_if_barred,
    refuse_if_suspended,
    refuse_wrong,
    the_user,
)
from muster.core.credentials.lockout import bar
from muster.core.credentials.passwords import password_of, rehashed
from muster.core.credentials.second_factors import (
    confirmed,
    is_slow_hash,
    must_prove_second_factor,
    open_totp,
    totp_factors,
    used,
)
from muster.core.errors import Conflict, Invalid, NotFound, Unavailable
from muster.core.records import Key
from muster.core.security import OneTimeCodes, PasswordHasher, SecretBox
from muster.core.sessions.actions import end_sessions_of
from muster.core.sessions.tokens import hash_of
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users import access
from muster.core.users.model import Code, Factor, Password, User

T = TypeVar("T")

Then = Callable[[Transaction, User], Awaitable[object]]
"""What else is to be true if, and only if, the check passes: in the same unit, with the user as the check leaves them."""

NEW_SCHEME: Final = "argon2"
"""What `PasswordHasher.hash` makes."""

TRIES: Final = 3
"""How often a check begins again because the password was changed while it ran."""

SLOWEST_CHECK: Final = 1.0
"""Seconds: no stored hash may take longer (`crypto.passwords`)."""

CodeKind = Literal["totp", "backup"]
"""totp: from an authenticator app. backup: any unused backup or recovery code."""

EVERY_CODE: Final = frozenset[CodeKind]({"totp", "backup"})


class Proved(msgspec.Struct, frozen=True):
    """Who proved a second factor, and with what; `factor_id` names the factor of a `totp`."""

    user: User
    by: CodeKind
    factor_id: str | None = None


class Tried(NamedTuple):
    """The stored password that was tried, None where there is none, and whether the offered one is right."""

    stored: Password | None
    is_right: bool


class Afterwards(NamedTuple):
    """What a user's own change of the password does besides: whether sessions end, and which one stays."""

    end_sessions: bool
    keep_session: str | None


class CredentialChecks:
    """Checks with counting. Built once; every method raises `CredentialRefused`, or `Unavailable` when too many wait.

    A refused password answers no sooner than `answer_failures_after` seconds, and than the slowest check so far, so that
    the time tells nobody whether there is such a user or in which format a hash is kept. 0 answers at once.
    """

    def __init__(
        self,
        runner: TransactionRunner,
        passwords: PasswordHasher,
        secrets: SecretBox,
        codes: OneTimeCodes,
        *,
        answer_failures_after: float = 0.25,
    ) -> None:
        self._runner = runner
        self._passwords = passwords
        self._secrets = secrets
        self._codes = codes
        self._answer_after = answer_failures_after

    async def check_password(self, attempt: Attempt, password: str, *, then: Then | None = None) -> User:
        """The user whose password this is.

        Failures are forgotten here only if the password is all that this user must prove; else with the second factor.
        Whether the password must be changed is for the caller to ask (`passwords.change_due`).
        """
        return await self._in_equal_time(self._check_password(attempt, password, then))

    async def change_password(
        self, attempt: Attempt, old: str, new: str, *, end_sessions: bool = False, keep_session: str | None = None
    ) -> User:
        """The user's own change: the old password is checked and counted, the new one must have passed the caller's policy.

        Clears `must_change`, keeps the old hash in the history, and ends every session but `keep_session` if asked to.
        `Invalid("not_own_password")` for the password of a home account that was merged into the user.
        """
        return await self._in_equal_time(
            self._change_password(attempt, old, new, Afterwards(end_sessions, keep_session))
        )

    async def check_code(
        self,
        attempt: Attempt,
        code: str,
        accepted: Collection[CodeKind] = EVERY_CODE,
        *,
        then: Then | None = None,
    ) -> Proved:
        """The user's second factor, after the first one was proved. A code is taken once: a replay is a failure.

        `NotFound("user")` for an unknown user, `Conflict("no_second_factor")` when the user has none of the accepted kinds.
        """
        slow = await self._slow_match(attempt, code.strip()) if "backup" in accepted else None
        return await self._run(attempt, _with(self._decide_code, then), attempt, code, accepted, slow)

    async def confirm_totp(self, attempt: Attempt, code: str, *, then: Then | None = None) -> User:
        """The first code of an enrolled authenticator app: the factor counts from now on. A wrong one is counted.

        `Conflict("nothing_to_confirm")` unless `second_factors.begin_totp` came before.
        """
        return await self._run(attempt, _with(self._decide_confirmation, then), attempt, code)

    # -------------------------------------------------------------------------------------------------------- passwords

    async def _check_password(self, attempt: Attempt, password: str, then: Then | None) -> User:
        for _ in range(TRIES):
            tried = await self._try(attempt, password)
            user = await self._run(attempt, _with(_decide_password, then), attempt, tried)
            if user is not None:
                if tried.stored is not None:
                    await self._strengthen(attempt, user, tried.stored.hash, password)
                return user
        raise Conflict("too_many_writers")

    async def _change_password(self, attempt: Attempt, old: str, new: str, then: Afterwards) -> User:
        for _ in range(TRIES):
            tried = await self._try(attempt, old)
            hash_ = await self._passwords.hash(new) if tried.is_right else ""
            user = await self._run(attempt, _decide_change, attempt, tried, hash_, then)
            if user is not None:
                return user
        raise Conflict("too_many_writers")

    async def _try(self, attempt: Attempt, password: str) -> Tried:
        """Check what is stored now. Where there is nothing, the same work is done."""
        user = await self._read(attempt)
        stored = None if user is None else password_of(user, attempt.who)
        if stored is None:
            await self._passwords.burn(password)
            return Tried(None, is_right=False)
        return Tried(stored, is_right=await self._passwords.verify(stored.hash, password))

    async def _strengthen(self, attempt: Attempt, user: User, old_hash: str, password: str) -> None:
        if not self._passwords.needs_rehash(old_hash):
            return
        with contextlib.suppress(Unavailable):  # it can wait for the next time
            stronger = await self._passwords.hash(password)
            await self._run(attempt, _rehash, user.id, old_hash, stronger)

    async def _read(self, attempt: Attempt) -> User | None:
        store, who = self._runner.store, attempt.who
        if isinstance(who, Key):
            user = await store.find(attempt.tenant_id, User, who)
        else:
            user = await store.get(attempt.tenant_id, User, who)
        return user if user is not None and is_meant(user, attempt) else None

    # ------------------------------------------------------------------------------------------------------------ codes

    async def _slow_match(self, attempt: Attempt, code: str) -> str | None:
        """The hash of the unused code that came hashed from elsewhere and is this one; such hashes are as slow as passwords'."""
        user, now = await self._read(attempt), self._runner.clock.now()
        if user is None or bar(user.activity, attempt.context.ip, now) is not None:
            return None
        slow = [kept.hash for kept in user.codes if kept.used_at is None and is_slow_hash(kept.hash)]
        if not slow or self._fresh_step(user, totp_factors(user, confirmed=True), code, now) is not None:
            return None
        for hash_ in slow:
            if await self._passwords.verify(hash_, code):
                return hash_
        return None

    async def _decide_code(
        self, tx: Transaction, attempt: Attempt, code: str, accepted: Collection[CodeKind], slow: str | None
    ) -> Proved:
        user = await _known(tx, attempt)
        factors = totp_factors(user, confirmed=True) if "totp" in accepted else []
        kept = user.codes if "backup" in accepted else []
        if not factors and not kept:
            raise Conflict("no_second_factor")
        refuse_if_barred(tx, attempt, user)
        fresh = self._fresh_step(user, factors, code, tx.now)
        backup = _unused(kept, code, slow)
        if fresh is None and backup is None:
            refuse_wrong(tx, attempt, user, "wrong_code", "factor.failed")
        refuse_if_suspended(tx, attempt, user)
        after = accept(tx, attempt, user, forgive=True)
        if fresh is not None:
            factor, step = fresh
            tx.note("factor.passed", user_id=user.id, factor="totp")
            return Proved(tx.save(used(after, factor.id, step, tx.now)), "totp", factor.id)
        codes = [replace(each, used_at=tx.now) if each == backup else each for each in after.codes]
        tx.note("factor.recovery_used", user_id=user.id)
        return Proved(tx.save(replace(after, codes=codes)), "backup")

    async def _decide_confirmation(self, tx: Transaction, attempt: Attempt, code: str) -> User:
        user = await _known(tx, attempt)
        pending = totp_factors(user, confirmed=False)
        if not pending:
            raise Conflict("nothing_to_confirm")
        refuse_if_barred(tx, attempt, user)
        fresh = self._fresh_step(user, pending, code, tx.now)
        if fresh is None:
            refuse_wrong(tx, attempt, user, "wrong_code", "factor.failed")
        refuse_if_suspended(tx, attempt, user)
        after = accept(tx, attempt, user, forgive=True)
        tx.note("factor.enrolled", user_id=user.id, factor="totp")
        return tx.save(confirmed(after, *fresh, tx.now))

    def _fresh_step(self, user: User, factors: list[Factor], code: str, now: int) -> tuple[Factor, int] | None:
        """The factor whose code this is and the code's time step, which must come after every step that was taken."""
        uses = user.activity.factors if user.activity is not None else {}
        for factor in factors:
            step = self._codes.step_of(open_totp(user, factor, self._secrets), code, now)
            last = uses[factor.id].step if factor.id in uses else None
            if step is not None and (last is None or step > last):
                return factor, step
        return None

    # ------------------------------------------------------------------------------------------------------------- both

    async def _run(self, attempt: Attempt, act: Callable[..., Awaitable[T]], *args: object, **kwargs: object) -> T:
        return await self._runner.run_from(attempt.context, attempt.tenant_id, attempt.actor, act, *args, **kwargs)

    async def _in_equal_time(self, check: Awaitable[T]) -> T:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            return await check
        except (CredentialRefused, NotFound):
            if self._answer_after:
                took = loop.time() - started
                self._answer_after = max(self._answer_after, min(took, SLOWEST_CHECK))
                await asyncio.sleep(self._answer_after - took)
            raise


def _with(decide: Callable[..., Awaitable[T]], then: Then | None) -> Callable[..., Awaitable[T]]:
    """The act that decides, and goes on with `then` about the user it accepted."""
    if then is None:
        return decide

    async def both(tx: Transaction, *args: object) -> T:
        decided = await decide(tx, *args)
        user = decided.user if isinstance(decided, Proved) else decided
        if isinstance(user, User):
            await then(tx, user)
        return decided

    return both


async def _decide_password(tx: Transaction, attempt: Attempt, tried: Tried) -> User | None:
    """Count, and refuse or accept; None when another password than the one that was tried is stored by now."""
    user = await _password_proved(tx, attempt, tried)
    return None if user is None else accept(tx, attempt, user, forgive=not must_prove_second_factor(user))


async def _decide_change(
    tx: Transaction, attempt: Attempt, tried: Tried, new_hash: str, then: Afterwards
) -> User | None:
    user = await _password_proved(tx, attempt, tried)
    if user is None:
        return None
    if user.password != tried.stored:
        raise Invalid("not_own_password")
    after = accept(tx, attempt, user, forgive=not must_prove_second_factor(user))
    after = tx.save(access.set_password(after, new_hash, NEW_SCHEME, tx.now))
    tx.note("user.password_changed", user_id=user.id)
    if then.end_sessions:
        await end_sessions_of(tx, after, "revoked", keep=then.keep_session, by_right=True)
    return after


async def _password_proved(tx: Transaction, attempt: Attempt, tried: Tried) -> User | None:
    """The user of a right password, refused otherwise; None when the password was changed since it was tried."""
    user = await need_user(tx, attempt, "wrong_password")
    stored = password_of(user, attempt.who)
    if stored != tried.stored:
        return None
    refuse_if_barred(tx, attempt, user)
    if stored is None and attempt.is_trusted:
        raise CredentialRefused("no_password")
    if not tried.is_right:
        refuse_wrong(tx, attempt, user, "wrong_password", "sign_in.wrong_password")
    refuse_if_suspended(tx, attempt, user)
    return user


async def _rehash(tx: Transaction, user_id: str, old_hash: str, new_hash: str) -> None:
    user = await tx.get(User, user_id)
    if user is not None:
        tx.save(rehashed(user, old_hash, new_hash, NEW_SCHEME), quietly=True)


async def _known(tx: Transaction, attempt: Attempt) -> User:
    user = await the_user(tx, attempt)
    if user is None:
        raise NotFound("user")
    return user


def _unused(codes: list[Code], code: str, slow: str | None) -> Code | None:
    """The unused code that this is, as it stands or in the capital letters without blanks that codes made here have.

    Each is compared, so that the time does not tell how far down the list it stands.
    """
    as_given, as_made = hash_of(code.strip()), hash_of("".join(code.split()).upper())
    matches = [
        each
        for each in codes
        if each.used_at is None
        and (compare_digest(each.hash, as_given) | compare_digest(each.hash, as_made) or each.hash == slow)
    ]
    return matches[0] if matches else None
