"""What the settings ask for, as the rules that the rest of the core goes by. Pure functions."""

import contextlib
from typing import Final

from muster.core.credentials.lockout import LockPolicy
from muster.core.errors import Invalid
from muster.core.passwords.policy import LONGEST_HISTORY, Policy
from muster.core.settings.model import Restriction, SignInSettings
from muster.core.users.shapes import Kind, canonical

_ACCOUNT_FAILURES: Final = LockPolicy().account_failures
"""From whatever addresses: what stops somebody who has many of them, where failures close addresses alone."""


def password_policy(settings: SignInSettings, *, known: bool) -> Policy:
    """The rules for one new password; with `known` those that everybody knows are let through.

    When a former password was set is not kept, so a time within which none may come again refuses all that are remembered.
    """
    rules = settings.password
    history = LONGEST_HISTORY if rules.not_within else 0
    if rules.not_last is not None:
        history = min(rules.not_last, LONGEST_HISTORY) if not rules.not_within else max(rules.not_last, history)
    return Policy(
        least=rules.least, kinds=tuple(rules.kinds), distinct=rules.distinct, known=known, history=min(history, 24)
    )


def lock_policy(settings: SignInSettings) -> LockPolicy:
    """When failures close an account or an address."""
    rules = settings.lockout
    if not rules.enabled:
        return LockPolicy(account_failures=None, address_failures=None)
    by_account = rules.closes == "account"
    return LockPolicy(
        account_failures=rules.failures if by_account else _ACCOUNT_FAILURES,
        account_lock=rules.account_lock,
        address_failures=None if by_account else rules.failures,
        address_block=rules.address_block,
        never_blocked=frozenset(rules.never_blocked),
    )


def is_barred(settings: SignInSettings, kind: Kind, value: str) -> bool:
    """Whether an address may not be taken: it is on the list of those blocked, or missing on that of the only ones allowed."""
    if settings.blocked.enabled and _is_listed(settings.blocked, kind, value):
        return True
    return settings.allowed.enabled and not _is_listed(settings.allowed, kind, value)


def _is_listed(restriction: Restriction, kind: Kind, value: str) -> bool:
    with contextlib.suppress(Invalid):
        value = canonical(kind, value)
    names = {value}
    if kind == "email":
        domain = value.rpartition("@")[2]
        names |= {domain, f"@{domain}"}
    return not names.isdisjoint(listed.strip().lower() for listed in restriction.values)
