"""Tickets: what a link in a mail carries. One lets its holder do one thing for one user, once, until it expires."""

from typing import Literal

from muster.core.records import Key, OwnedRecord
from muster.core.sessions.tokens import hash_of

Purpose = Literal["reset_password", "verify_email"]


class Ticket(OwnedRecord, frozen=True, kw_only=True):
    """Of its text only the SHA-256 is kept. `address_id` is the e-mail that a `verify_email` is about."""

    purpose: Purpose
    hash: str
    expires_at: int
    address_id: str | None = None

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "ticket", self.id), Key("", "ticket_text", self.hash)})


def ticket_key(text: str) -> Key:
    """What the ticket with this text is found by."""
    return Key("", "ticket_text", hash_of(text))
