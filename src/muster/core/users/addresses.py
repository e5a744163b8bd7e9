"""Acts on a user's single e-mail addresses, phone numbers and wallets, each found by an id of its own."""

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound
from muster.core.hub_roles.rank import must_outrank
from muster.core.query import Is, Order, Page
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users.model import Address, Door, User
from muster.core.users.saving import keep
from muster.core.users.shapes import Kind


def address_of(user: User, kind: Kind, address_id: str) -> Address:
    """One address of the user; `NotFound(kind)` when it is another's or there is none."""
    addresses: list[Address] = getattr(user, identifiers.LISTS[kind])
    for address in addresses:
        if address.id == address_id:
            return address
    raise NotFound(kind, id=address_id)


async def owner_of(store: Store, tenant_id: int, address_id: str) -> User | None:
    """The user who has an address of that id, of whatever kind."""
    found = await store.search_users(tenant_id, Is("address", address_id), Order(), Page(limit=1))
    return found[0] if found else None


async def add_address(
    tx: Transaction,
    user: User,
    kind: Kind,
    value: str,
    *,
    verified: bool,
    door: Door,
    primary: bool = False,
    reserved: bool = False,
) -> tuple[User, Address]:
    """One more address by an administrator's word, and the user with it; the first of its kind becomes primary."""
    tx.actor.must(May.USERS_UPDATE)
    await must_outrank(tx, user)
    address = identifiers.new_address(kind, value, tx.now, verified=verified, reserved=reserved, source=door)
    after = keep(tx, user, identifiers.add(user, kind, address, primary=primary))
    return after, address_of(after, kind, address.id)


async def set_primary(tx: Transaction, user: User, kind: Kind, address_id: str) -> User:
    """Another of the user's addresses becomes the shown one."""
    tx.actor.must(May.USERS_UPDATE)
    await must_outrank(tx, user)
    return keep(tx, user, identifiers.set_primary(user, kind, address_id))


async def remove_address(tx: Transaction, user: User, kind: Kind, address_id: str) -> User:
    """An address goes and is free at once; the oldest verified one follows a primary."""
    tx.actor.must(May.USERS_UPDATE)
    await must_outrank(tx, user)
    return keep(tx, user, identifiers.remove(user, kind, address_id))


async def replace_all(
    tx: Transaction, user: User, kind: Kind, value: str, *, verified: bool, reserved: bool, door: Door
) -> tuple[User, Address]:
    """This address in the place of all of its kind. One that the user had already keeps its id and its age."""
    tx.actor.must(May.USERS_UPDATE)
    await must_outrank(tx, user)
    fresh = identifiers.new_address(kind, value, tx.now, verified=verified, reserved=reserved, source=door)
    held: list[Address] = getattr(user, identifiers.LISTS[kind])
    own = next((address for address in held if address.value == fresh.value), None)
    if own is not None and (own.verified, own.reserved) == (verified, reserved):
        fresh = own
    elif own is not None:
        fresh = replace(fresh, id=own.id, links=own.links, source=own.source, created_at=own.created_at)
    after = keep(tx, user, replace(user, **{identifiers.LISTS[kind]: [replace(fresh, primary=True)]}))
    return after, address_of(after, kind, fresh.id)
