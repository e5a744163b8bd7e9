"""What a user signs in with and is unique by: e-mail addresses, phone numbers, wallets and a user name.

Every function is pure: it takes a user and gives a new one. The rules of mapping and order live here once; which alphabet or
length a vendor accepts is that vendor's own check.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec.structs import replace

from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.ids import new_id
from muster.core.users.claims import forget_contact
from muster.core.users.model import Address, User, Username, Verification
from muster.core.users.shapes import Kind, canonical, has_control, is_uuid_shaped, username_key

LISTS: dict[Kind, Literal["emails", "phones", "wallets"]] = {"email": "emails", "phone": "phones", "wallet": "wallets"}

MOST_IDENTIFIERS = 100
LONGEST_USERNAME = 256


def new_address(
    kind: Kind, value: str, now: int, *, verified: bool = False, reserved: bool = False, source: str = "muster"
) -> Address:
    """An address by an administrator's word: verified or not, as told."""
    return Address(
        id=new_id(now),
        value=canonical(kind, value),
        verified=verified,
        verified_at=now if verified else None,
        verification=Verification(method="admin") if verified else None,
        reserved=reserved,
        source=source,
        created_at=now,
        updated_at=now,
    )


def in_order(addresses: Iterable[Address]) -> list[Address]:
    """The order in which addresses are kept and shown: primary first, then by age; exactly one is primary if there is any."""
    kept = sorted(addresses, key=lambda a: (not a.primary, a.created_at, a.id))
    if kept and not kept[0].primary:
        heir = min(kept, key=lambda a: (not a.verified, a.created_at, a.id))
        kept = [replace(heir, primary=True), *(a for a in kept if a is not heir)]
    return [kept[0], *(replace(a, primary=False) if a.primary else a for a in kept[1:])] if kept else []


def add(user: User, kind: Kind, address: Address, *, primary: bool = False) -> User:
    """One more address; the first of its list becomes primary. `Conflict("already_own")` when the user has it."""
    present = _list(user, kind)
    if any(a.value == address.value for a in present):
        raise Conflict("already_own", kind=kind, value=address.value)
    if primary:
        present = [replace(a, primary=False) for a in present]
    return _with(user, kind, [*present, replace(address, primary=primary)])


def replace_primary(user: User, kind: Kind, value: str, now: int, *, verified: bool | None) -> User:
    """The shown address becomes `value`.

    One that the user already has becomes primary and the others stay. A new one replaces the primary entry, whose old
    address is free at once: leaving it would keep a way in that an administrator believes gone. Verified only if told.
    """
    value = canonical(kind, value)
    present = _list(user, kind)
    own = next((a for a in present if a.value == value), None)
    if own is None:
        fresh = replace(new_address(kind, value, now, verified=bool(verified)), primary=True)
        return _with(user, kind, [fresh, *(a for a in present if not a.primary)])
    user = set_primary(user, kind, own.id)
    return user if verified is None else set_verified(user, kind, own.id, now, verified=verified)


def set_primary(user: User, kind: Kind, address_id: str) -> User:
    """Another of the user's addresses becomes the shown one."""
    _entry(user, kind, address_id)
    return _with(user, kind, [replace(a, primary=a.id == address_id) for a in _list(user, kind)])


def remove(user: User, kind: Kind, address_id: str) -> User:
    """An address goes; when it was primary the oldest verified, else the oldest, follows."""
    _entry(user, kind, address_id)
    return _with(user, kind, [a for a in _list(user, kind) if a.id != address_id])


def remove_primary(user: User, kind: Kind) -> User:
    """The shown address goes and the next follows; nothing happens when there is none."""
    return _with(user, kind, [a for a in _list(user, kind) if not a.primary])


def set_verified(
    user: User, kind: Kind, address_id: str, now: int, *, verified: bool, by: Verification | None = None
) -> User:
    """An address is proved, or no longer counts as proved. Saying it again changes nothing."""
    entry = _entry(user, kind, address_id)
    if entry.verified == verified and by is None:
        return user
    changed = replace(
        entry,
        verified=verified,
        verified_at=now if verified else None,
        verification=(by or Verification(method="admin")) if verified else None,
        updated_at=now,
    )
    return _with(user, kind, [changed if a.id == address_id else a for a in _list(user, kind)])


def set_username(user: User, value: str | None, now: int, *, source: str = "muster") -> User:
    """The user's name for signing in, or none.

    `Invalid("username_malformed")` for what no dialect may store: over 256 characters, control characters, outer blanks,
    a backslash, or the shape of one of our ids (two readings of one typed text).
    """
    if value is None:
        return replace(user, username=None)
    key = usable_username(value)
    if user.username is not None and user.username.key == key:
        return replace(user, username=replace(user.username, value=value))
    return replace(user, username=Username(id=new_id(now), value=value, key=key, source=source))


def usable_username(value: str) -> str:
    """The key of a name that may be stored; `Invalid("username_malformed")` as `set_username` says."""
    key = username_key(value)
    if (
        not 1 <= len(value) <= LONGEST_USERNAME
        or not key
        or value != value.strip()
        or "\\" in value
        or has_control(value)
        or is_uuid_shaped(key)
    ):
        raise Invalid("username_malformed")
    return key


def _list(user: User, kind: Kind) -> list[Address]:
    addresses: list[Address] = getattr(user, LISTS[kind])
    return addresses


def _with(user: User, kind: Kind, addresses: list[Address]) -> User:
    before, after = _list(user, kind), in_order(addresses)
    if kind != "wallet" and before[:1] != after[:1]:
        user = forget_contact(user, kind)
    return replace(user, **{LISTS[kind]: after})


def _entry(user: User, kind: Kind, address_id: str) -> Address:
    for address in _list(user, kind):
        if address.id == address_id:
            return address
    raise NotFound(kind, id=address_id)
