"""What storage must be able to do for the core. `storage/` keeps these promises for SQLite and PostgreSQL alike."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from muster.core.events import Event, Message
from muster.core.query import Order, Page, Query
from muster.core.records import Key, Record
from muster.core.users.model import User

R = TypeVar("R", bound=Record)


class Change(msgspec.Struct, frozen=True):
    """One aggregate before and after. No `before` is an insert, no `after` a delete.

    Storage keeps whatever is derived from the aggregate (keys, search terms, counts) in step within the same commit.
    """

    before: Record | None
    after: Record | None


class Unit(msgspec.Struct):
    """All that one act wants to be true, all of it or nothing.

    `expects` are records that must still have the version that was read although they do not change. `revokes` says
    that a credential of the tenant lost some power, so that every cached check of one must be forgotten.
    """

    tenant_id: int
    changes: list[Change] = []
    expects: list[Record] = []
    events: list[Event] = []
    messages: list[Message] = []
    revokes: bool = False

    def __bool__(self) -> bool:
        return bool(self.changes or self.expects or self.events or self.messages or self.revokes)


class Tenant(Record, frozen=True, kw_only=True):
    """An organisation whose users are kept apart from every other's. `id` is the decimal form of `number`."""

    number: int
    name: str
    access_epoch: int = 0


class Store(Protocol):
    """Short reads, each on its own; and `commit`, which is the only way to write.

    Every read and every commit raises `Unavailable` when the database cannot be reached.
    """

    async def get(self, tenant_id: int, kind: type[R], id_: str) -> R | None:
        """The record with this id; a user comes with its `seq` and `activity`."""
        ...

    async def find(self, tenant_id: int, kind: type[R], key: Key) -> R | None:
        """The record that holds this key."""
        ...

    async def records(self, tenant_id: int, kind: type[R]) -> Sequence[R]:
        """Every record of a kind that a tenant has few of (connections, apps, APIs, client grants), oldest first."""
        ...

    async def search_users(self, tenant_id: int, query: Query, order: Order, page: Page) -> Sequence[User]:
        """One page of the listed users that match; never an internal one."""
        ...

    async def count_users(self, tenant_id: int, query: Query) -> int:
        """How many listed users match, exactly."""
        ...

    def export_users(self, tenant_id: int) -> AsyncIterator[User]:
        """Every listed user in insertion order, read in short steps; internal ones are left out."""
        ...

    async def tenant(self, name: str) -> Tenant | None:
        """The tenant of that name."""
        ...

    async def tenants(self) -> Sequence[Tenant]:
        """Every tenant, oldest first."""
        ...

    async def create_tenant(self, name: str, now: int) -> Tenant:
        """A new, empty tenant; `Taken("tenant", name)` when the name is in use."""
        ...

    async def access_epoch(self, tenant_id: int) -> int:
        """A number that grows whenever a credential of the tenant loses power."""
        ...

    async def commit(self, unit: Unit) -> None:
        """Make the unit true and durable, or raise and change nothing.

        `Lost` when a record changed since it was read, `Taken` when a key belongs to another record.
        """
        ...
