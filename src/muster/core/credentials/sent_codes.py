"""Six-digit codes that are sent to an e-mail address or a phone number, and how many of them may be.

A code is taken a few times at most, and only so many are sent to one address in an hour, whoever asks for them and from how
many browsers: that, and nothing about the code itself, is what keeps it from being guessed and a mailbox from being flooded.
"""

import secrets
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Final, Literal, TypeVar

from msgspec.structs import replace

from muster.core.credentials.tally import Tally, address_id, count_failure, must_not_be_flooding
from muster.core.errors import Taken, TooMany
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.model import SentCode, UsedOnce
from muster.core.transaction import Transaction

T = TypeVar("T")

Channel = Literal["email", "sms"]

LIFETIME: Final = 10 * 60_000
"""Milliseconds that a code is good for."""

MOST_TRIES: Final = 5
"""Wrong codes after which the right one is none either."""

PAUSE: Final = 30_000
"""Milliseconds between two codes for the same purpose."""

MOST_SENT: Final = 6
PERIOD: Final = 3_600_000
"""So many codes and links go to one address in so many ms."""


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def on_its_way(
    channel: Channel, to: str, code: str, now: int, *, link: str = "", address_id: str | None = None
) -> SentCode:
    """What is kept of a code, and of the link that may stand beside it."""
    return SentCode(
        channel=channel,
        to=to,
        address_id=address_id,
        code_hash=hash_of(code),
        link_hash=hash_of(link) if link else "",
        sent_at=now,
        expires_at=now + LIFETIME,
    )


def to_nobody(channel: Channel, to: str, now: int) -> SentCode:
    """What is kept where there is nobody to send a code to: it looks like any other, and nothing opens it."""
    return on_its_way(channel, to, secrets.token_hex(16), now)


def is_code(sent: SentCode | None, offered: str, now: int) -> bool:
    """Whether this is the code that was sent, and is still good. Blanks in it are left out."""
    if sent is None:
        return False
    same = compare_digest(hash_of("".join(offered.split())), sent.code_hash)
    return same and sent.tries < MOST_TRIES and now < sent.expires_at


def tried(sent: SentCode) -> SentCode:
    """After one more wrong code."""
    return replace(sent, tries=sent.tries + 1)


def again_at(sent: SentCode) -> int:
    """From when on another code may be asked for (ms UTC)."""
    return sent.sent_at + PAUSE


def must_wait(sent: SentCode | None, now: int) -> None:
    """`TooMany("code_sent")` while the last code is too fresh."""
    if sent is not None and now < again_at(sent):
        raise TooMany("code_sent", retry_after=-(-(again_at(sent) - now) // 1000))


async def count_sending(tx: Transaction, to: str) -> None:
    """Use up one of what may be sent to an address; `TooMany("too_many_sent")`. Holds across processes.

    Two who take the same place at the same moment: the second gets `Taken("id", …)`; see `again_if_crowded`.
    """
    period = tx.now // PERIOD
    for place in range(MOST_SENT):
        id_ = hash_of(f"sent\n{to}\n{period}\n{place}")
        if await tx.get(UsedOnce, id_) is None:
            tx.insert(UsedOnce(id=id_, created_at=tx.now, expires_at=(period + 1) * PERIOD))
            return
    raise TooMany("too_many_sent", retry_after=-(-((period + 1) * PERIOD - tx.now) // 1000))


async def count_asking(tx: Transaction) -> None:
    """One more message that the caller's network address has asked for; `TooMany("too_many_failures")`."""
    ip = tx.context.ip
    if ip:
        must_not_be_flooding(await tx.get(Tally, address_id(ip)), tx.now)
        await count_failure(tx, ip)


async def again_if_crowded(run: Callable[[], Awaitable[T]]) -> T:
    """Run what counts a sending, and again when somebody else took the same place at the same moment."""
    for _ in range(MOST_SENT):
        try:
            return await run()
        except Taken as taken:
            if taken.kind != "id":
                raise
    raise TooMany("too_many_sent", retry_after=1)
