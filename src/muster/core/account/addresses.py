"""A person's own e-mail addresses and phone numbers. One is added only when it was proved, by a code that was sent to it.

So nobody holds an address by typing it, and what is typed tells nobody whether it is taken: then the code goes nowhere, and
its owner gets a message that somebody tried.
"""

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from muster.core.account.access import must_have_proved_address, own_account
from muster.core.account.links import has_way_in
from muster.core.actor import Permissions as May
from muster.core.credentials import sent_codes
from muster.core.credentials.attempts import Attempt, CredentialRefused, refuse_if_barred, refuse_wrong
from muster.core.credentials.lockout import LockPolicy
from muster.core.credentials.sent_codes import Channel
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.ids import new_id, random_text
from muster.core.records import Key
from muster.core.sessions.tokens import hash_of
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.rules import is_barred, lock_policy
from muster.core.sign_up.held import must_be_released, release
from muster.core.store import Store
from muster.core.tickets.model import Purpose, Ticket
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users.addresses import address_of
from muster.core.users.model import Address, User, Verification
from muster.core.users.saving import keep
from muster.core.users.shapes import canonical
from muster.core.users.shown import primary

Kind = Literal["email", "phone"]

CHANNELS: Final[dict[Kind, Channel]] = {"email": "email", "phone": "sms"}
_PURPOSES: Final[dict[Kind, Purpose]] = {"email": "prove_email", "phone": "prove_phone"}


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An address that waits for its code. `again_at` is when another code may be asked for (ms UTC)."""

    id: str
    kind: Kind
    value: str
    expires_at: int
    again_at: int


async def pending_addresses(store: Store, tenant_id: int, user: User, now: int) -> list[Pending]:
    """The addresses that wait for their codes, oldest first."""
    tickets = await store.owned(tenant_id, Ticket, user.id)
    return [shown for ticket in tickets if (shown := _pending(ticket, now)) is not None]


async def add_address(tx: Transaction, session_id: str, kind: Kind, value: str) -> Pending:
    """Send a code to an address that the user wants to have, or has without proof; the last wish of its kind is the one kept.

    `Invalid`: identifier_malformed, not_allowed_here (the tenant's lists); `Conflict`: already_own, verify_first; `TooMany`.
    """
    _, user = await own_account(tx, session_id, May.SELF_IDENTIFIERS, recent=True)
    value = canonical(kind, value)
    own = next((each for each in _list(user, kind) if each.value == value), None)
    if own is not None and own.verified:
        raise Conflict("already_own", kind=kind)
    if own is None:
        must_have_proved_address(user)
        if is_barred(await sign_in_settings(tx.store, tx.tenant_id), kind, value):
            raise Invalid("not_allowed_here", kind=kind)
    for earlier in await tx.owned(Ticket, user.id):
        if earlier.purpose == _PURPOSES[kind]:
            if earlier.sent is not None and earlier.sent.to == value:
                sent_codes.must_wait(earlier.sent, tx.now)
            tx.delete(earlier)
    await sent_codes.count_sending(tx, value)
    code, channel = sent_codes.new_code(), CHANNELS[kind]
    holder = await tx.find(User, Key(user.realm, kind, value))
    taken = holder is not None and holder.id != user.id and not must_be_released(holder, kind, value)
    if taken:
        sent = sent_codes.to_nobody(channel, value, tx.now)
        tx.send("address_in_use", value, user_id=holder.id if holder is not None else "")
    else:
        sent = sent_codes.on_its_way(channel, value, code, tx.now, address_id=own.id if own is not None else None)
        tx.send("verification_code", value, user_id=user.id, code=code, purpose="add_address")
    ticket = tx.insert(
        Ticket(
            id=new_id(tx.now),
            user_id=user.id,
            purpose=_PURPOSES[kind],
            hash=hash_of(random_text(32)),
            expires_at=sent.expires_at,
            sent=sent,
            created_at=tx.now,
        )
    )
    tx.note("address.proof_asked", user_id=user.id, address_kind=kind)
    shown = _pending(ticket, tx.now)
    assert shown is not None, "it was made to be shown"
    return shown


async def prove_address(
    tx: Transaction, session_id: str, pending_id: str, code: str, *, release_it: bool = False
) -> tuple[User, Address]:
    """Prove an address by the code that was sent to it: it is the user's, and each earlier address is told.

    `CredentialRefused`: wrong_code (counted), locked, address_blocked; `NotFound("pending")`; `Conflict("held")` when another
    account has the address without proof: `release_it` takes it from there. `Taken` at the commit.
    """
    _, user = await own_account(tx, session_id, May.SELF_IDENTIFIERS)
    ticket = next((each for each in await tx.owned(Ticket, user.id) if each.id == pending_id), None)
    shown = None if ticket is None else _pending(ticket, tx.now)
    if ticket is None or shown is None or ticket.sent is None:
        raise NotFound("pending", id=pending_id)
    _count(tx, user, ticket, code, lock_policy(await sign_in_settings(tx.store, tx.tenant_id)))
    kind, value = shown.kind, shown.value
    by = Verification(method="code")
    own = next((each for each in _list(user, kind) if each.value == value), None)
    if own is None:
        holder = await tx.find(User, Key(user.realm, kind, value))
        if holder is not None and must_be_released(holder, kind, value):
            if not release_it:
                raise Conflict("held", kind=kind)
            await release(tx, holder, kind, value)
        own = identifiers.new_address(kind, value, tx.now, source="muster")
        after = identifiers.add(user, kind, own)
        _tell_others(tx, user, kind, "address_added", value)
    else:
        after = user
    after = identifiers.set_verified(after, kind, own.id, tx.now, verified=True, by=by)
    tx.delete(ticket)
    tx.note("address.proved", user_id=user.id, address_kind=kind)
    after = keep(tx, user, after)
    return after, address_of(after, kind, own.id)


async def cancel_address(tx: Transaction, session_id: str, pending_id: str) -> None:
    """The address is wanted no longer; `NotFound("pending")`."""
    _, user = await own_account(tx, session_id, May.SELF_IDENTIFIERS)
    for ticket in await tx.owned(Ticket, user.id):
        if ticket.id == pending_id and ticket.sent is not None:
            tx.delete(ticket)
            return
    raise NotFound("pending", id=pending_id)


async def make_primary(tx: Transaction, session_id: str, kind: Kind, address_id: str) -> User:
    """Another proved address becomes the shown one; the old one is told. `NotFound(kind)`, `Conflict("not_verified")`."""
    _, user = await own_account(tx, session_id, May.SELF_IDENTIFIERS, recent=True)
    address = address_of(user, kind, address_id)
    if not address.verified:
        raise Conflict("not_verified", kind=kind)
    if address.primary:
        return user
    before = primary(_list(user, kind))
    if before is not None:
        _tell(tx, user, kind, "address_changed", before, address.value)
    tx.note("address.primary_changed", user_id=user.id, address_kind=kind)
    return keep(tx, user, identifiers.set_primary(user, kind, address_id))


async def remove_address(tx: Transaction, session_id: str, kind: Kind, address_id: str) -> User:
    """An address goes and is free at once; it is told. `NotFound(kind)`.

    `Conflict`: last_way_in; last_verified, when the address is the last proved one and others would be left without proof.
    """
    _, user = await own_account(tx, session_id, May.SELF_IDENTIFIERS, recent=True)
    address = address_of(user, kind, address_id)
    after = identifiers.remove(user, kind, address_id)
    if not has_way_in(after):
        raise Conflict("last_way_in")
    left = [*after.emails, *after.phones]
    if address.verified and left and not any(each.verified for each in left):
        raise Conflict("last_verified", kind=kind)
    _tell(tx, user, kind, "address_removed", address, address.value)
    tx.note("address.removed", user_id=user.id, address_kind=kind)
    return keep(tx, user, after)


def _count(tx: Transaction, user: User, ticket: Ticket, code: str, policy: LockPolicy) -> None:
    """Go on with the right code only. A wrong one is a failure of the account's, and one of the few tries of the code."""
    attempt = Attempt(
        tenant_id=tx.tenant_id,
        actor=tx.actor,
        who=user.id,
        policy=policy,
        context=tx.context,
        internal=user.internal,
    )
    refuse_if_barred(tx, attempt, user)
    if sent_codes.is_code(ticket.sent, code, tx.now):
        return
    if ticket.sent is None:
        raise CredentialRefused("wrong_code")
    tx.even_if_refused(replace(ticket, sent=sent_codes.tried(ticket.sent)))
    refuse_wrong(tx, attempt, user, "wrong_code", "address.proof_failed")


def _tell_others(tx: Transaction, user: User, kind: Kind, message: str, value: str) -> None:
    for address in _list(user, kind):
        if address.verified:
            _tell(tx, user, kind, message, address, value)


def _tell(tx: Transaction, user: User, kind: Kind, message: str, to: Address, value: str) -> None:
    if to.verified:
        tx.send(message, to.value, user_id=user.id, address_kind=kind, address=value)


def _list(user: User, kind: Kind) -> list[Address]:
    return user.emails if kind == "email" else user.phones


def _pending(ticket: Ticket, now: int) -> Pending | None:
    kind = next((kind for kind, purpose in _PURPOSES.items() if purpose == ticket.purpose), None)
    if kind is None or ticket.sent is None or ticket.expires_at <= now:
        return None
    sent = ticket.sent
    return Pending(
        id=ticket.id, kind=kind, value=sent.to, expires_at=ticket.expires_at, again_at=sent_codes.again_at(sent)
    )
