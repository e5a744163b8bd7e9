"""What can be done with users. Every dialect, the command line and imports come through here.

An act loads, asks whether the caller may, applies a pure transition and keeps the result with the event that tells of it.
Internal users (operators' own accounts) are unknown to all of these.
"""

from typing import Any

import msgspec

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.credentials.lockout import lock_of
from muster.core.errors import Invalid, NotAllowed, NotFound
from muster.core.groups.actions import join_auto_assigned
from muster.core.hub_roles.rank import must_outrank
from muster.core.ids import UserId, new_user_id
from muster.core.query import Order, Page, Query
from muster.core.records import Key
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users import access, identifiers, invariants, metadata, profile
from muster.core.users.model import (
    Document,
    Door,
    Factor,
    ForeignId,
    Metadata,
    MustChange,
    Origin,
    Password,
    Profile,
    User,
)
from muster.core.users.saving import event_kind, keep
from muster.core.users.shapes import Kind


class NewAddress(msgspec.Struct, frozen=True):
    """An address as a caller gives it; the first of a list becomes primary."""

    value: str
    verified: bool = False
    reserved: bool = False


class HashedPassword(msgspec.Struct, frozen=True):
    """A password after the slow part: only its hash ever reaches an act."""

    hash: str
    scheme: str


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """All that a new user may come with. `id` is given only when a native id comes back from an export."""

    origin: Origin
    id: UserId | None = None
    foreign_ids: list[ForeignId] = []
    external_id: str | None = None
    emails: list[NewAddress] = []
    phones: list[NewAddress] = []
    wallets: list[NewAddress] = []
    username: str | None = None
    profile: Profile = Profile()
    metadata: Metadata = Metadata()
    password: HashedPassword | None = None
    must_change: MustChange | None = None
    factors: list[Factor] = []
    suspended: bool | None = None
    legal_accepted_at: int | None = None
    hub_roles: list[str] = []
    vendor: dict[str, Document] = {}
    created_at: int | None = None


async def create_user(tx: Transaction, realm: Connection, new: NewUser) -> User:
    """A new user of one realm, in every group that new users join.

    A value that belongs to another user is `Taken` at the commit, never checked before it.
    """
    tx.actor.must(May.USERS_CREATE)
    realm = await tx.need(Connection, realm.id)
    tx.expect(realm)  # nobody comes in while the connection is being closed
    if realm.disabled:
        raise Invalid("connection_disabled", name=realm.name)
    user = tx.insert(born(new, realm.id, tx.now, internal=realm.internal))
    tx.note(event_kind(user, "created"), user_id=user.id, realm=realm.name)
    return user if user.internal else await join_auto_assigned(tx, user)


def born(new: NewUser, realm_id: str, now: int, *, internal: bool = False) -> User:
    """The user that `new` describes, checked against every invariant. `id` carries the real time, never `created_at`."""
    user = User(
        id=new.id or new_user_id(now),
        realm=realm_id,
        origin=new.origin,
        internal=internal,
        foreign_ids=new.foreign_ids,
        external_id=new.external_id,
        profile=new.profile,
        metadata=new.metadata,
        must_change=new.must_change,
        factors=new.factors,
        suspended=new.suspended,
        legal_accepted_at=new.legal_accepted_at,
        hub_roles=new.hub_roles,
        vendor=new.vendor,
        created_at=now if new.created_at is None else new.created_at,
        updated_at=now,
    )
    if new.suspended:
        user = access.suspend(msgspec.structs.replace(user, suspended=None), now, new.origin.door)
    if new.password is not None:
        password = Password(hash=new.password.hash, scheme=new.password.scheme, set_at=now)
        user = msgspec.structs.replace(user, password=password)
    user = identifiers.set_username(user, new.username, now, source=new.origin.door)
    lists: tuple[tuple[Kind, list[NewAddress]], ...] = (
        ("email", new.emails),
        ("phone", new.phones),
        ("wallet", new.wallets),
    )
    for kind, addresses in lists:
        for given in addresses:
            address = identifiers.new_address(
                kind, given.value, now, verified=given.verified, reserved=given.reserved, source=new.origin.door
            )
            user = identifiers.add(user, kind, address)
    invariants.check(user)
    return user


async def read_user(store: Store, tenant_id: int, actor: Actor, user_id: UserId) -> User:
    """One user, by any of the ids it answers to; `NotFound("user")` for an unknown or internal one."""
    user = await store.get(tenant_id, User, user_id)
    return _readable(user, actor)


async def read_user_by_key(store: Store, tenant_id: int, actor: Actor, key: Key) -> User:
    """One user, by a unique value."""
    user = await store.find(tenant_id, User, key)
    return _readable(user, actor)


async def list_users(store: Store, tenant_id: int, actor: Actor, query: Query, order: Order, page: Page) -> list[User]:
    """One page of the users that match, in order."""
    actor.must(May.USERS_READ)
    return list(await store.search_users(tenant_id, query, order, page))


async def list_and_count_users(
    store: Store, tenant_id: int, actor: Actor, query: Query, order: Order, page: Page
) -> tuple[list[User], int]:
    """One page, and how many match in all: less work than one after the other."""
    actor.must(May.USERS_READ)
    users, total = await store.search_and_count_users(tenant_id, query, order, page)
    return list(users), total


async def count_users(store: Store, tenant_id: int, actor: Actor, query: Query) -> int:
    """How many match, exactly."""
    actor.must(May.USERS_READ)
    return await store.count_users(tenant_id, query)


async def find_user(tx: Transaction, key: UserId | Key) -> User:
    """The user an act is about; `NotFound("user")` for an unknown or internal one."""
    user = await (tx.find(User, key) if isinstance(key, Key) else tx.get(User, key))
    if user is None or user.internal:
        raise NotFound("user")
    return user


async def update_profile(tx: Transaction, user: User, changes: dict[str, Any]) -> User:
    """Names and other claims; None removes one."""
    tx.actor.must(May.USERS_UPDATE)
    return keep(tx, user, profile.update_profile(user, changes))


async def set_metadata(
    tx: Transaction, user: User, kind: metadata.Kind, sent: Document | None, mode: metadata.Mode
) -> User:
    """One metadata document. The user's own (`unsafe`) may also be written by the user."""
    own = kind == "unsafe" and tx.actor.may_self(May.SELF_UNSAFE, user.id)
    if not own:
        tx.actor.must(May.USERS_UPDATE, *([May.USERS_UPDATE_PRIVATE] if kind == "private" else []))
    return keep(tx, user, metadata.set_metadata(user, kind, sent, mode))


async def replace_primary(
    tx: Transaction, user: User, kind: Kind, value: str | None, *, verified: bool | None = None
) -> User:
    """The one address that dialects with a single one show; None removes it and the next follows."""
    tx.actor.must(May.USERS_UPDATE)
    await must_outrank(tx, user)
    if value is None:
        return keep(tx, user, identifiers.remove_primary(user, kind))
    return keep(tx, user, identifiers.replace_primary(user, kind, value, tx.now, verified=verified))


async def set_verified(tx: Transaction, user: User, kind: Kind, address_id: str, *, verified: bool) -> User:
    """An administrator vouches for an address, or no longer does."""
    tx.actor.must(May.USERS_UPDATE)
    await must_outrank(tx, user)
    return keep(tx, user, identifiers.set_verified(user, kind, address_id, tx.now, verified=verified))


async def set_username(tx: Transaction, user: User, value: str | None, *, door: Door) -> User:
    """The name for signing in, or none."""
    tx.actor.must(May.USERS_UPDATE)
    return keep(tx, user, identifiers.set_username(user, value, tx.now, source=door))


async def set_password(
    tx: Transaction,
    user: User,
    password: HashedPassword,
    *,
    unlock: bool = False,
    must_change: MustChange | None = None,
) -> User:
    """A new password by an administrator. Sessions stay; `unlock` also lifts every lock and address block."""
    tx.actor.must(May.PASSWORDS_SET)
    await must_outrank(tx, user)
    after = access.set_password(user, password.hash, password.scheme, tx.now, must_change=must_change)
    if unlock and lock_of(user.activity, tx.now) is not None:
        tx.note("user.unlocked", user_id=user.id)
    return keep(tx, user, access.unlock(after) if unlock else after)


async def suspend(tx: Transaction, user: User, *, door: Door) -> User:
    """No sign-in until an administrator lifts it. A lock after wrong passwords is another fact and stays as it is."""
    tx.actor.must(May.USERS_SUSPEND)
    return keep(tx, user, access.suspend(user, tx.now, door))


async def unsuspend(tx: Transaction, user: User) -> User:
    """Lift a suspension; a lock stays."""
    tx.actor.must(May.USERS_SUSPEND)
    return keep(tx, user, access.unsuspend(user))


async def delete_user(tx: Transaction, user: User) -> None:
    """Everything of the user goes in one commit and the identifiers are free at once; events stay."""
    if not tx.actor.may_self(May.SELF_DELETE, user.id):
        tx.actor.must(May.USERS_DELETE)
    await must_outrank(tx, user)
    tx.delete(user)
    tx.note(event_kind(user, "deleted"), user_id=user.id, realm=user.realm)


async def remove_password(tx: Transaction, user: User) -> User:
    """No password any more; other ways to sign in need not exist."""
    tx.actor.must(May.PASSWORDS_SET)
    await must_outrank(tx, user)
    return keep(tx, user, msgspec.structs.replace(user, password=None, must_change=None))


def _readable(user: User | None, actor: Actor) -> User:
    if user is None:
        actor.must(May.USERS_READ, May.SELF_READ)
        raise NotFound("user")
    if not actor.may(May.USERS_READ) and not actor.may_self(May.SELF_READ, user.id):
        raise NotAllowed("permission_missing", any_of=(May.USERS_READ,))
    if user.internal:
        raise NotFound("user")
    return user
