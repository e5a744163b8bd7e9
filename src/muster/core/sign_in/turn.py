"""One action of one person: what it is decided with, and what it may become."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Concatenate, Final, NamedTuple, ParamSpec, TypeVar

import msgspec
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import Attempt, stranger
from muster.core.credentials.checks import CredentialChecks, Then
from muster.core.credentials.lockout import LockPolicy
from muster.core.errors import Conflict, NotAllowed, Taken
from muster.core.events import Context
from muster.core.passkeys.actions import PasskeyChecks
from muster.core.passwords.choosing import NewPasswords
from muster.core.records import Key
from muster.core.security import OneTimeCodes, SecretBox
from muster.core.sessions.model import Method
from muster.core.settings.rules import lock_policy
from muster.core.sign_in.facts import Facts
from muster.core.sign_in.facts import the_user as known_user
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_in.names import key_of
from muster.core.sign_in.proved import proved, the_attempt
from muster.core.sign_in.ways import first_factors
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User

P = ParamSpec("P")
T = TypeVar("T")

DOOR: Final = "muster"

_TRIES: Final = 5


class Tools(NamedTuple):
    """What actions are carried out with."""

    runner: TransactionRunner
    checks: CredentialChecks
    passkeys: PasskeyChecks
    new_passwords: NewPasswords
    secrets: SecretBox
    codes: OneTimeCodes


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt and what was known when the action was found to be in time, and what the person sent with it."""

    tools: Tools
    tenant_id: int
    attempt: SignInAttempt
    facts: Facts
    browser: str
    given: Mapping[str, str]
    context: Context

    # ------------------------------------------------------------------------------------------------------------ acts

    async def run(
        self, act: Callable[Concatenate[Transaction, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Carry out an act. A record that two make at the same moment is read by the second, which then decides anew."""
        for left in reversed(range(_TRIES)):
            try:
                return await self.tools.runner.run_from(self.context, self.tenant_id, self.actor, act, *args, **kwargs)
            except Taken as taken:
                if taken.kind != "id" or not left:
                    raise
        raise Conflict("too_many_writers")

    async def now(self, tx: Transaction) -> SignInAttempt:
        """The attempt, to be changed. `Conflict("not_now")` when another action came first: then this one is not due any more."""
        attempt = await the_attempt(tx, self.attempt.id, self.browser)
        if attempt.version != self.attempt.version:
            raise Conflict("not_now")
        return attempt

    def then_proved(self, name: str, *, second: bool = False) -> Then:
        """What a check is to do when it passes. With a second factor the person may ask for the browser to be remembered."""
        remembered = self.facts.settings.rules.remember_browser > 0 and bool(self.given.get("remember"))

        async def then(tx: Transaction, user: User) -> None:
            attempt = await proved(tx, await self.now(tx), user, Method(name=name, at=tx.now, second=second))
            if second and remembered:
                tx.save(replace(attempt, remember=True))

        return then

    # -------------------------------------------------------------------------------------------------- who is acting

    @property
    def actor(self) -> Actor:
        """A stranger, until a first factor was proved; then the person, who may do little more with that alone."""
        user = self.facts.user
        if user is None:
            return stranger(DOOR)
        may = frozenset({May.SELF_FACTORS})
        return Actor(kind="user", id=user.id, door=DOOR, permissions=may, user_id=user.id)

    @property
    def user(self) -> User:
        """The person whose first factor was proved."""
        return known_user(self.facts)

    @property
    def name(self) -> Key:
        """What was typed, as the key of whom it may name."""
        return key_of(self.attempt.identifier, self.attempt.realm, self.facts.settings)

    def first_proof(self) -> Attempt:
        """Somebody unknown says who they are, and must not learn whether there is such a user.

        It is the same for every factor: failures that were counted in two places would show that there is somebody.
        """
        return Attempt(
            tenant_id=self.tenant_id,
            actor=stranger(DOOR),
            who=self.name,
            policy=lock_policy(self.facts.settings),
            context=self.context,
            internal=self.facts.realm.internal,
            unverified=self.facts.realm.unverified_sign_in,
            discreet=True,
        )

    def second_proof(self) -> Attempt:
        """The person proves more. Codes are short: even where failures lock nothing, so many in a row lock the account."""
        policy = lock_policy(self.facts.settings)
        if policy.account_failures is None:
            policy = replace(policy, account_failures=LockPolicy().account_failures)
        return Attempt(
            tenant_id=self.tenant_id,
            actor=self.actor,
            who=self.user.id,
            policy=policy,
            context=self.context,
            internal=True,
        )

    def must_offer(self, factor: str) -> None:
        """`NotAllowed("factor_not_offered")` for a first factor that the pages do not offer here."""
        if factor not in first_factors(self.attempt, self.facts):
            raise NotAllowed("factor_not_offered")
