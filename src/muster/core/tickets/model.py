"""Tickets: what a link in a mail carries, and whatever else lets its holder do one thing for one user, once, until it expires."""

from typing import Literal

from muster.core.records import Key, OwnedRecord
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.model import SentCode

Purpose = Literal["reset_password", "verify_email", "sign_in", "prove_email", "prove_phone", "add_passkey"]
"""sign_in: a program vouches for the user, who still proves a second factor. prove_email, prove_phone: an address that the
signed-in user wants to have and is yet to prove, by a code. add_passkey: the challenge that a new passkey must answer."""


class Ticket(OwnedRecord, frozen=True, kw_only=True):
    """Of its text only the SHA-256 is kept. `address_id` is the address that it is about or was sent to.

    With `sent` there is a code on its way to an address that the ticket is about; its text is told to nobody.
    """

    purpose: Purpose
    hash: str
    expires_at: int
    address_id: str | None = None
    sent: SentCode | None = None

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "ticket", self.id), Key("", "ticket_text", self.hash)})


def ticket_key(text: str) -> Key:
    """What the ticket with this text is found by."""
    return Key("", "ticket_text", hash_of(text))
