"""One signing key takes the place of another without a token being lost: the new one signs, the old one verifies until the
longest token that it may have signed has died.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.apps.model import Api, Application
from muster.core.signing.model import Purpose, SigningKey
from muster.core.transaction import Transaction

SIGNS_AFTER: Final = 5_000
"""Milliseconds until a new key signs: by then every process verifies with it, and shows it to who asks for the keys."""

BY_ALGORITHM: Final = frozenset[Purpose]({"identity", "access"})
"""Purposes whose tokens are signed as the application or API wants it, so that there is a key for each algorithm."""

_SECOND: Final = 1000
_DAY: Final = 86_400 * _SECOND


def in_order(keys: Iterable[SigningKey], purpose: Purpose, now: int) -> list[SigningKey]:
    """The keys of a purpose that still count, the one that signs (with its algorithm) first."""
    alive = [key for key in keys if key.purpose == purpose and not key.has_died(now)]
    newest_first = sorted(alive, key=lambda key: (key.created_at, key.id), reverse=True)
    return sorted(newest_first, key=lambda key: (key.signs_from > now, key.verifies_until is not None))


def next_change(keys: Iterable[SigningKey], now: int) -> int | None:
    """When `in_order` will say something else of these keys, if ever."""
    moments = [at for key in keys for at in (key.signs_from, key.verifies_until) if at is not None and at > now]
    return min(moments, default=None)


async def rotate(tx: Transaction, new: SigningKey, *, at_once: bool = False) -> list[SigningKey]:
    """Let a key sign from now on; those whose place it takes, as they are from now on.

    `at_once` is for a key that has become known to somebody: the old ones verify nothing any more, and every token that
    they signed is worthless. Keys that have died are deleted. Every process hears of it within seconds.
    """
    tx.actor.must(May.SETTINGS_WRITE)
    keys = await tx.records(SigningKey)
    until = tx.now if at_once else tx.now + SIGNS_AFTER + await _longest(tx, new.purpose)
    replaced = []
    for key in keys:
        if key.has_died(tx.now):
            tx.delete(key)
        elif _is_replaced(key, new) and (at_once or key.verifies_until is None):
            replaced.append(tx.save(replace(key, verifies_until=until)))
    tx.insert(replace(new, created_at=tx.now, signs_from=0 if at_once else tx.now + SIGNS_AFTER))
    tx.note("signing_key.rotated", purpose=new.purpose, key_id=new.id, replaced=[key.id for key in replaced])
    tx.revoke_cached_access()
    return replaced


def _is_replaced(key: SigningKey, by: SigningKey) -> bool:
    if key.purpose != by.purpose:
        return False
    return by.purpose not in BY_ALGORITHM or key.algorithm == by.algorithm


async def _longest(tx: Transaction, purpose: Purpose) -> int:
    """How long (ms) a token of the purpose may live that is signed now."""
    seconds: Sequence[int]
    if purpose == "identity":
        seconds = [app.id_token_lifetime for app in await tx.records(Application)]
    else:
        seconds = [max(api.token_lifetime, api.token_lifetime_for_web) for api in await tx.records(Api)]
    return max(max(seconds, default=0) * _SECOND, _DAY)
