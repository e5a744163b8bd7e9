"""Codes to the addresses of a sign-up. An address that is taken gets a message of another kind, and its sign-up a code that
nothing opens: the person who typed it sees the same, and costs the same.
"""

from typing import Final

from msgspec.structs import replace

from muster.core.credentials import sent_codes
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.sent_codes import Channel
from muster.core.errors import Invalid
from muster.core.records import Key
from muster.core.sign_up.form import claim, with_claim
from muster.core.sign_up.held import must_be_released
from muster.core.sign_up.model import SignUp
from muster.core.sign_up.view import Kind
from muster.core.transaction import Transaction
from muster.core.users.model import User

CHANNELS: Final[dict[Kind, Channel]] = {"email": "email", "phone": "sms"}


async def send_code(tx: Transaction, sign_up: SignUp, kind: Kind) -> SignUp:
    """Send a code to an address, or tell its owner that somebody tried. `TooMany`; `Invalid("missing")` without an address."""
    claimed = claim(sign_up, kind)
    if claimed is None:
        raise Invalid("missing", fields=[kind])
    if claimed.verified_at is not None:
        return sign_up
    sent_codes.must_wait(claimed.sent, tx.now)
    await sent_codes.count_asking(tx)
    await sent_codes.count_sending(tx, claimed.value)
    code, channel = sent_codes.new_code(), CHANNELS[kind]
    holder = await tx.find(User, Key(sign_up.realm, kind, claimed.value))
    if holder is None or must_be_released(holder, kind, claimed.value):
        sent = sent_codes.on_its_way(channel, claimed.value, code, tx.now)
        tx.send("verification_code", claimed.value, code=code, purpose="sign_up")
    else:
        sent = sent_codes.to_nobody(channel, claimed.value, tx.now)
        tx.send("sign_up_exists", claimed.value, user_id=holder.id, path="/sign-in")
    tx.note("sign_up.code_sent", sign_up_id=sign_up.id, address_kind=kind)
    return with_claim(sign_up, kind, replace(claimed, sent=sent))


def take_code(tx: Transaction, sign_up: SignUp, kind: Kind, code: str) -> SignUp:
    """The address is proved by the right code. `CredentialRefused("wrong_code")` otherwise, which is one of a few tries."""
    claimed = claim(sign_up, kind)
    if claimed is None or claimed.sent is None:
        raise CredentialRefused("wrong_code")
    if claimed.verified_at is not None:
        return sign_up
    if not sent_codes.is_code(claimed.sent, code, tx.now):
        tx.even_if_refused(with_claim(sign_up, kind, replace(claimed, sent=sent_codes.tried(claimed.sent))))
        tx.note_even_if_refused("sign_up.wrong_code", sign_up_id=sign_up.id, address_kind=kind)
        raise CredentialRefused("wrong_code")
    tx.note("sign_up.proved", sign_up_id=sign_up.id, address_kind=kind)
    return with_claim(sign_up, kind, replace(claimed, verified_at=tx.now))
