"""Forgetting what sign-ins leave behind once its time is over: in small steps, so that no other writer waits for long."""

from collections.abc import Mapping
from typing import Final

from muster.core.actor import SYSTEM
from muster.core.credentials.lockout import HOUR
from muster.core.credentials.tally import REMEMBERED, Tally
from muster.core.oauth.model import DeviceCode
from muster.core.sign_in.model import RememberedBrowser, SignInAttempt, UsedOnce
from muster.core.transaction import Transaction, TransactionRunner

Passing = SignInAttempt | RememberedBrowser | UsedOnce | Tally | DeviceCode

PASSING: Final[Mapping[type[Passing], int]] = {
    SignInAttempt: HOUR,
    DeviceCode: HOUR,
    UsedOnce: HOUR,
    RememberedBrowser: REMEMBERED,
    Tally: REMEMBERED,
}
"""Records that say themselves when they are good no more (`expires_at`), and from what age on (ms) they are looked at: before
that nearly all of them are good still."""

STEP: Final = 100
"""Records of one commit."""


async def forget_expired(runner: TransactionRunner, tenant_id: int, step: int = STEP) -> int:
    """Delete a tenant's records whose time is over; how many. Every step is a commit of its own."""
    deleted = 0
    for kind, age in PASSING.items():
        after: tuple[int, str] | None = (-1, "")
        while after is not None:
            gone, after = await runner.run(tenant_id, SYSTEM, _forget, kind, age, after, step)
            deleted += gone
    return deleted


async def _forget(
    tx: Transaction, kind: type[Passing], age: int, after: tuple[int, str], step: int
) -> tuple[int, tuple[int, str] | None]:
    """One step: how many were deleted, and where the next begins."""
    found = await tx.older(kind, tx.now - age, step, after=after)
    over = [record for record in found if record.expires_at <= tx.now]
    for record in over:
        tx.delete(record)
    last = found[-1] if len(found) == step else None
    return len(over), None if last is None else (last.created_at, last.id)
