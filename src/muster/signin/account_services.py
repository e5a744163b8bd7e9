"""What the pages of the account are built with."""

from typing import TYPE_CHECKING

import msgspec

from muster.core.account.factors import OwnFactors
from muster.core.account.passkeys import OwnPasskeys
from muster.core.account.passwords import OwnPassword
from muster.core.events import EventReader

if TYPE_CHECKING:
    from muster.core.credentials.checks import CredentialChecks
    from muster.core.passwords.choosing import NewPasswords
    from muster.core.security import OneTimeCodes, Passkeys, SecretBox
    from muster.core.transaction import TransactionRunner


class OwnAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The acts of the account that do slow work, and what tells of the past."""

    password: OwnPassword
    factors: OwnFactors
    passkeys: OwnPasskeys
    events: EventReader

    @classmethod
    def of(
        cls,
        runner: "TransactionRunner",
        *,
        checks: "CredentialChecks",
        new_passwords: "NewPasswords",
        secrets: "SecretBox",
        codes: "OneTimeCodes",
        passkeys: "Passkeys",
        events: EventReader,
    ) -> "OwnAccount":
        """All of them, on what this process has."""
        return cls(
            password=OwnPassword(runner, checks, new_passwords),
            factors=OwnFactors(runner, checks, secrets, codes),
            passkeys=OwnPasskeys(runner, passkeys),
            events=events,
        )
