"""What is counted where there is no user to count it by: attempts to be somebody who does not exist, and failures from one
network address whoever they were about.

Whoever tries to be nobody is locked out as if there were somebody, so that a lock does not tell one from the other.
"""

import ipaddress
from typing import Final

from msgspec.structs import replace

from muster.core.credentials.lockout import DAY, HOUR
from muster.core.errors import TooMany
from muster.core.ids import UserId
from muster.core.records import Key, Record
from muster.core.sessions.tokens import hash_of
from muster.core.transaction import Transaction
from muster.core.users.model import Activity

MOST_FAILURES: Final = 300
PERIOD: Final = HOUR
"""So many refusals may one network address cause in so many ms, over all users and attempts of a tenant."""

REMEMBERED: Final = 30 * DAY
"""Milliseconds for which attempts to be nobody count; as long as an address is blocked for somebody."""


class Tally(Record, frozen=True, kw_only=True):
    """`id` is the SHA-256 of what is counted. It counts for nothing after `expires_at`, and may be deleted then."""

    expires_at: int
    count: int = 0
    activity: Activity = Activity()


def nobody_id(who: UserId | Key) -> str:
    """The tally of those who try to be this nobody."""
    return hash_of("\n".join(("nobody", *who) if isinstance(who, Key) else ("nobody", who)))


def address_id(ip: str) -> str:
    """The tally of a network address; all of an IPv6 network of 64 bits are one, since whoever has one of them has all."""
    return hash_of(f"address\n{network_of(ip)}")


def network_of(ip: str) -> str:
    """Whom a network address is counted as: an IPv4 address alone, an IPv6 one with all of its network of 64 bits."""
    if ":" not in ip:
        return ip
    try:
        address = ipaddress.IPv6Address(ip)
    except ValueError:
        return ip
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))


def tried_in_vain(tally: Tally | None, who: UserId | Key, activity: Activity, now: int) -> Tally:
    """One more attempt to be nobody, after which things stand as in `activity`."""
    if tally is None:
        return Tally(id=nobody_id(who), created_at=now, expires_at=now + REMEMBERED, activity=activity)
    return replace(tally, activity=activity, expires_at=now + REMEMBERED)


def must_not_be_flooding(tally: Tally | None, now: int) -> None:
    """`TooMany("too_many_failures")` for a network address that has caused too many refusals of late."""
    if tally is not None and now < tally.expires_at and tally.count >= MOST_FAILURES:
        raise TooMany("too_many_failures", retry_after=-(-(tally.expires_at - now) // 1000))


def counted(tally: Tally | None, ip: str, now: int) -> Tally:
    """One more of what this network address causes."""
    if tally is None:
        return Tally(id=address_id(ip), created_at=now, expires_at=now + PERIOD, count=1)
    if tally.expires_at <= now:
        return replace(tally, expires_at=now + PERIOD, count=1)
    return replace(tally, count=tally.count + 1)


async def count_failure(tx: Transaction, ip: str) -> None:
    """Count what an act does for a caller at this network address, as refusals are counted; "" is no address."""
    if not ip:
        return
    before = await tx.get(Tally, address_id(ip))
    after = counted(before, ip, tx.now)
    if before is None:
        tx.insert(after)
    else:
        tx.save(after)
