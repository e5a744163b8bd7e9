"""What this dialect is built with, besides the store, and the settings of a hub."""

from typing import Final

import msgspec

from muster.core.clock import Clock
from muster.core.credentials.checks import CredentialChecks
from muster.core.credentials.lockout import LockPolicy
from muster.core.passwords.policy import Policy
from muster.core.security import OneTimeCodes, PasswordHasher, SecretBox
from muster.dialects.kit.limits import RateLimit

MINUTE: Final = 60_000
DAY: Final = 24 * 60 * MINUTE


class HubSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may set. `session_minutes` of 0 lets a session lie unused for ever.

    With `lockout` an account locks after `lockout_attempts` failures in a row, for `lockout_minutes` or, with 0, until
    somebody unlocks it. Without, only the server's own limits hold: an address is turned away for a time after
    `address_attempts` failures for one account, and an account locks for an hour after a hundred from anywhere.
    """

    session_minutes: int = 10
    remembered_days: int = 28
    least_password: int = 12
    temporary_days: int = 7
    lockout: bool = False
    lockout_attempts: int = 3
    lockout_minutes: int = 0
    address_attempts: int = 10
    address_minutes: int = 10

    def locks(self) -> LockPolicy:
        """When failures close an account or an address."""
        usual = LockPolicy(
            address_failures=self.address_attempts,
            address_block=self.address_minutes * MINUTE,
            address_window=self.address_minutes * MINUTE,
        )
        if not self.lockout:
            return usual
        return msgspec.structs.replace(
            usual,
            account_failures=self.lockout_attempts,
            account_lock=self.lockout_minutes * MINUTE or None,
        )

    def manual_lock_until(self, now: int) -> int | None:
        """When a lock made by hand ends; None for never."""
        return now + self.lockout_minutes * MINUTE if self.lockout_minutes else None

    def passwords(self) -> Policy:
        """What a new password must be: long, and no more is asked."""
        return Policy(least=self.least_password, known=True, nul=False)


class Services(msgspec.Struct, frozen=True):
    """`checks` counts every attempt; `codes` and `secrets` make what an authenticator app is shown."""

    clock: Clock
    passwords: PasswordHasher
    secrets: SecretBox
    codes: OneTimeCodes
    checks: CredentialChecks
    limit: RateLimit
    settings: HubSettings = HubSettings()
