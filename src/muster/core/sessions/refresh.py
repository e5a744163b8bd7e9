"""Refresh tokens in their rotation (RFC 6749 section 6, RFC 9700 section 4.14.2): what a presented one is worth, and what takes
its place. Pure functions on the one grant that stands for all the tokens that replaced each other.
"""

from hmac import compare_digest
from typing import Final, Literal

from msgspec.structs import replace

from muster.core.apps.model import RefreshRules
from muster.core.sessions.model import FormerToken, Grant
from muster.core.sessions.tokens import hash_of, new_token

MOST_SPENT: Final = 20
"""Spent tokens remembered. An older one is refused like any other text, and no longer ends the family."""

MOST_ALIVE: Final = 10
"""Tokens of one grant that may be good at once, where programs that share one all refresh within the grace."""

Worth = Literal["good", "graced", "reused", "unknown"]
"""good: never exchanged. graced: exchanged a moment ago, by a program that lost the answer or by its twin. reused: exchanged
longer ago, so that two parties hold it, one of whom stole it."""


def worth_of(grant: Grant, token: str, now: int, rules: RefreshRules) -> Worth:
    """What a token of the grant's form is worth. Every comparison is of hashes, in constant time."""
    hash_ = hash_of(token)
    if compare_digest(hash_, grant.token_hash):
        return "good"
    former = _former(grant, hash_)
    if former is None:
        return "unknown"
    if former.spent_at is None:
        return "good"
    if now >= former.spent_at + rules.grace * 1000:
        return "reused"
    return "graced" if _alive(grant) < MOST_ALIVE else "unknown"


def rotated(grant: Grant, token: str, now: int) -> tuple[Grant, str]:
    """The grant with a new token in the place of a good or graced one, and the new token."""
    hash_ = hash_of(token)
    others = [former for former in grant.former if former.hash != hash_]
    if hash_ != grant.token_hash:
        others.insert(0, FormerToken(hash=grant.token_hash))
    seen = _former(grant, hash_)
    spent_at = now if seen is None or seen.spent_at is None else seen.spent_at  # a grace is not lengthened by using it
    former = [FormerToken(hash=hash_, spent_at=spent_at), *others]
    alive = [each for each in former if each.spent_at is None]
    spent = [each for each in former if each.spent_at is not None][:MOST_SPENT]
    new, new_hash = new_token(grant.id)
    return replace(grant, token_hash=new_hash, former=[*alive, *spent], used_at=now, rotating=True), new


def _former(grant: Grant, hash_: str) -> FormerToken | None:
    found = [former for former in grant.former if compare_digest(former.hash, hash_)]
    return found[0] if found else None


def _alive(grant: Grant) -> int:
    return 1 + sum(former.spent_at is None for former in grant.former)
