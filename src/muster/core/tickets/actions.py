"""Issuing tickets and using them up."""

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, NotFound
from muster.core.hub_roles.rank import must_outrank
from muster.core.ids import new_id, random_text
from muster.core.sessions.tokens import hash_of
from muster.core.tickets.model import Purpose, Ticket, ticket_key
from muster.core.transaction import Transaction
from muster.core.users import access, identifiers, invariants
from muster.core.users.actions import HashedPassword
from muster.core.users.model import Address, User, Verification
from muster.core.users.saving import event_kind
from muster.core.users.shapes import Kind

TEXT_LENGTH = 32
"""Letters and digits: 190 bits."""


async def issue_ticket(
    tx: Transaction, user: User, purpose: Purpose, *, lifetime: int, address_id: str | None = None
) -> tuple[Ticket, str]:
    """A ticket for so many ms, and its text, which is told now and never again.

    One that was issued before for the same purpose and address is good no more. `NotFound("email")`, and
    `Conflict("already_verified")` for an address that needs no proof; `NotAllowed("outranked")`.
    """
    tx.actor.must(May.TICKETS_CREATE)
    if purpose in ("reset_password", "sign_in"):
        await must_outrank(tx, user)  # whoever holds it has the account
    if purpose == "verify_email":
        address = next((each for each in user.emails if each.id == address_id), None)
        if address is None:
            raise NotFound("email", id=address_id)
        if address.verified:
            raise Conflict("already_verified", kind="email")
    return await make_ticket(tx, user, purpose, lifetime=lifetime, address_id=address_id)


async def make_ticket(
    tx: Transaction, user: User, purpose: Purpose, *, lifetime: int, address_id: str | None = None
) -> tuple[Ticket, str]:
    """The same for an act that has decided by itself that there shall be one."""
    tx.expect(user)
    for earlier in await tx.owned(Ticket, user.id):
        if (earlier.purpose, earlier.address_id) == (purpose, address_id) or earlier.expires_at <= tx.now:
            tx.delete(earlier)
    text = random_text(TEXT_LENGTH)
    ticket = Ticket(
        id=new_id(tx.now),
        user_id=user.id,
        purpose=purpose,
        hash=hash_of(text),
        expires_at=tx.now + lifetime,
        address_id=address_id,
        created_at=tx.now,
    )
    tx.note("ticket.issued", user_id=user.id, ticket_id=ticket.id, purpose=purpose)
    return tx.insert(ticket), text


async def verify_by_ticket(tx: Transaction, text: str) -> User:
    """Whoever holds the ticket reads the mail at the address: it is proved. `CredentialRefused("ticket_over")`."""
    ticket, user = await use_ticket(tx, text, "verify_email")
    address_id = ticket.address_id or ""
    if all(each.id != address_id for each in user.emails):
        raise CredentialRefused("ticket_over")
    by = Verification(method="link")
    after = identifiers.set_verified(user, "email", address_id, tx.now, verified=True, by=by)
    tx.note("address.proved", user_id=user.id, address_kind="email")
    tx.note(event_kind(user, "updated"), user_id=user.id)
    return tx.save(after)


async def reset_by_ticket(tx: Transaction, text: str, password: HashedPassword) -> User:
    """A new password of the user's own choice, which lifts every lock and proves the address that the ticket was sent to.

    `CredentialRefused("ticket_over")`.
    """
    ticket, user = await use_ticket(tx, text, "reset_password")
    after = access.unlock(access.set_password(user, password.hash, password.scheme, tx.now))
    for kind, addresses in _lists(user):
        if any(each.id == ticket.address_id and not each.verified for each in addresses):
            by = Verification(method="link")
            after = identifiers.set_verified(after, kind, ticket.address_id or "", tx.now, verified=True, by=by)
    invariants.check(after)
    tx.note("user.password_changed", user_id=user.id)
    return tx.save(replace(after, must_change=None))


async def use_ticket(tx: Transaction, text: str, purpose: Purpose) -> tuple[Ticket, User]:
    """Use a ticket up: what it was, and whose. `CredentialRefused("ticket_over")` for whatever is good no more."""
    ticket = await tx.find(Ticket, ticket_key(text))
    if ticket is None or ticket.purpose != purpose or ticket.expires_at <= tx.now:
        raise CredentialRefused("ticket_over")
    user = await tx.get(User, ticket.user_id)
    if user is None:
        raise CredentialRefused("ticket_over")
    tx.delete(ticket)
    return ticket, user


def _lists(user: User) -> tuple[tuple[Kind, list[Address]], ...]:
    return (("email", user.emails), ("phone", user.phones))
