"""A person's own second factors: an authenticator app, and codes for a rainy day."""

import msgspec

from muster.core.account.access import account_actor, must_have_proved_address, own_account
from muster.core.actor import Permissions as May
from muster.core.credentials import second_factors
from muster.core.credentials.attempts import Attempt
from muster.core.credentials.checks import CredentialChecks
from muster.core.errors import Conflict
from muster.core.events import Context
from muster.core.security import OneTimeCodes, SecretBox
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.rules import lock_policy
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User
from muster.core.users.shown import shown_name


class Enrolment(msgspec.Struct, frozen=True):
    """An authenticator app to be: the secret for typing, and the `otpauth://` address that it reads from a picture."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "Enrolment()"


class OwnFactors:
    """Enrolling an authenticator app, whose first code is checked and counted like any other."""

    def __init__(
        self, runner: TransactionRunner, checks: CredentialChecks, secrets: SecretBox, codes: OneTimeCodes
    ) -> None:
        self._runner = runner
        self._checks = checks
        self._secrets = secrets
        self._codes = codes

    async def begin_totp(self, tenant_id: int, user: User, session_id: str, issuer: str, context: Context) -> Enrolment:
        """Start, or show again what was started; it counts for nothing yet. `issuer` is what the app calls us.

        `CredentialRefused("reauthenticate")`, `Conflict("verify_first")`.
        """
        user, secret = await self._runner.run_from(
            context, tenant_id, account_actor(user), _begin_totp, session_id, self._secrets, self._codes
        )
        return Enrolment(secret, self._codes.uri(secret, account=shown_name(user), issuer=issuer))

    async def confirm_totp(self, tenant_id: int, user: User, session_id: str, code: str, context: Context) -> User:
        """The app's first code: it counts from now on, in the place of an earlier one.

        `CredentialRefused`: wrong_code (counted), reauthenticate, locked, address_blocked; `Conflict("nothing_to_confirm")`.
        """
        actor = account_actor(user)
        await self._runner.run_from(context, tenant_id, actor, _may_enrol, session_id)
        settings = await sign_in_settings(self._runner.store, tenant_id)
        attempt = Attempt(
            tenant_id=tenant_id,
            actor=actor,
            who=user.id,
            policy=lock_policy(settings),
            context=context,
            internal=user.internal,
        )
        await self._checks.confirm_totp(attempt, code)
        return await self._runner.run_from(context, tenant_id, actor, _tell, session_id, "factor_added")


async def remove_totp(tx: Transaction, session_id: str) -> User:
    """No authenticator app any more; without another second factor the codes for a rainy day go with it.

    `CredentialRefused("reauthenticate")`; `Conflict("factor_demanded")` where a second factor is demanded and this is the last.
    """
    _, user = await own_account(tx, session_id, May.SELF_FACTORS, recent=True)
    left = [factor for factor in user.factors if factor.confirmed and factor.kind != "totp"]
    if not left:
        settings = await sign_in_settings(tx.store, tx.tenant_id)
        if user.mfa.required or settings.rules.second_factor == "required":
            raise Conflict("factor_demanded")
    after = await second_factors.remove_factors(tx, user, ("totp",), codes=() if left else ("recovery", "backup"))
    if after.factors != user.factors:
        _send(tx, after, "factor_removed")
    return after


async def make_backup_codes(tx: Transaction, session_id: str) -> list[str]:
    """New codes in the place of all earlier ones of that kind; they are shown now and never again.

    `CredentialRefused("reauthenticate")`, `Conflict("no_second_factor")`: without one they would open nothing.
    """
    _, user = await own_account(tx, session_id, May.SELF_FACTORS, recent=True)
    if not second_factors.has_second_factor(user):
        raise Conflict("no_second_factor")
    _, codes = await second_factors.make_codes(tx, user, "backup")
    return codes


def codes_left(user: User) -> int:
    """How many codes for a rainy day are unused, of either kind."""
    return sum(code.used_at is None for code in user.codes)


async def _begin_totp(tx: Transaction, session_id: str, secrets: SecretBox, codes: OneTimeCodes) -> tuple[User, str]:
    user = await _may_enrol(tx, session_id)
    return await second_factors.begin_totp(tx, user, secrets, codes)


async def _may_enrol(tx: Transaction, session_id: str) -> User:
    _, user = await own_account(tx, session_id, May.SELF_FACTORS, recent=True)
    must_have_proved_address(user)
    return user


async def _tell(tx: Transaction, session_id: str, message: str) -> User:
    _, user = await own_account(tx, session_id, May.SELF_FACTORS)
    _send(tx, user, message)
    return user


def _send(tx: Transaction, user: User, message: str) -> None:
    for address in user.emails:
        if address.primary and address.verified:
            tx.send(message, address.value, user_id=user.id)
