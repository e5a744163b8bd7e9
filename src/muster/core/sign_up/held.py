"""An address that an account has without ever having proved it, and somebody else who has proved it.

Such an address is its account's all the same: an administrator may have entered it, and its password may sign in with it
(`Connection.unverified_sign_in`), so nobody gets it by typing it. But a claim must not keep out for ever the person whose
address it is. Whoever proves it is told, and decides: take that account over by a reset, where the account itself has proved
nothing; or leave the account as it is, and take the address from it. Nothing is merged (the account may be a trap, made
beforehand by somebody who waits in it) and nothing happens without being asked. What is taken so is told to the account's
proved addresses and noted as an event.
"""

from typing import Literal

from muster.core.connections.model import Connection
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users.model import Address, User
from muster.core.users.saving import keep

Kind = Literal["email", "phone"]


def held_address(holder: User, kind: Kind, value: str) -> Address | None:
    """The holder's own entry; None when the key is that of a user name or of a merged account, which prove nothing either way."""
    addresses = holder.emails if kind == "email" else holder.phones
    return next((address for address in addresses if address.value == value), None)


def must_be_released(holder: User, kind: Kind, value: str) -> bool:
    """Whether the holder has the address without proof, so that it can be taken by who proves it."""
    address = held_address(holder, kind, value)
    return address is not None and not address.verified and not address.reserved and not _is_kept_out(holder)


def _is_kept_out(holder: User) -> bool:
    """Whoever was suspended does not come back with the same address, and operators' accounts are nobody's to touch."""
    return holder.internal or holder.suspended is True


def can_be_taken_over(holder: User, realm: Connection, address: Address) -> bool:
    """Whether a reset may go to an address that nobody proved: the account has no proved one, and signs in with this one."""
    if any(each.verified for each in (*holder.emails, *holder.phones)) or _is_kept_out(holder):
        return False
    if realm.unverified_sign_in == "primary":
        return address.primary
    return realm.unverified_sign_in == "reserved" and address.reserved


async def release(tx: Transaction, holder: User, kind: Kind, value: str) -> User:
    """Take an address from an account that never proved it."""
    address = held_address(holder, kind, value)
    if address is None or address.verified:
        return holder
    for other in (*holder.emails, *holder.phones):
        if other.verified:
            tx.send("address_removed", other.value, user_id=holder.id, address_kind=kind, address=value)
    tx.note("address.released", user_id=holder.id, address_kind=kind)
    return keep(tx, holder, identifiers.remove(holder, kind, address.id))
