"""What storage must be able to do for the core. `storage/` keeps these promises for SQLite and PostgreSQL alike."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from muster.core.events import Event, Message
from muster.core.query import Order, Page, Query
from muster.core.records import Key, OwnedRecord, Record
from muster.core.users.model import User

R = TypeVar("R", bound=Record)
Owned = TypeVar("Owned", bound=OwnedRecord)


class Change(msgspec.Struct, frozen=True):
    """One aggregate before and after. No `before` is an insert, no `after` a delete.

    Storage keeps whatever is derived from the aggregate (keys, search terms, counts) in step within the same commit.
    """

    before: Record | None
    after: Record | None


class Unit(msgspec.Struct):
    """All that one act wants to be true, all of it or nothing.

    `expects` are records that must still have the version that was read although they do not change. `revokes` says
    that a credential of the tenant lost some power, so that every cached check of one must be forgotten. `prepared` is
    what `Store.prepare` made of another unit with new users in it; it is committed together with this one.
    """

    tenant_id: int
    changes: list[Change] = []
    expects: list[Record] = []
    events: list[Event] = []
    messages: list[Message] = []
    revokes: bool = False
    prepared: Sequence[Any] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.expects or self.events or self.messages or self.revokes or self.prepared)


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

    async def owned(
        self,
        tenant_id: int,
        kind: type[Owned],
        user_id: str | None,
        *,
        newest_first: bool = False,
        page: Page | None = None,
    ) -> Sequence[Owned]:
        """The records of a kind that one user has, by creation; without a page all of them.

        A user of None asks for every user's, which costs as much as there are before the page.
        """
        ...

    async def older(
        self, tenant_id: int, kind: type[R], before: int, limit: int, *, after: tuple[int, str] = (-1, "")
    ) -> Sequence[R]:
        """The oldest records of a kind that were made before then (ms UTC), beyond the one made at `after` with that id."""
        ...

    async def search_users(self, tenant_id: int, query: Query, order: Order, page: Page) -> Sequence[User]:
        """One page of the listed users that match; never an internal one."""
        ...

    async def count_users(self, tenant_id: int, query: Query) -> int:
        """How many listed users match, exactly."""
        ...

    async def search_and_count_users(
        self, tenant_id: int, query: Query, order: Order, page: Page
    ) -> tuple[Sequence[User], int]:
        """Both at once, which costs less than one after the other."""
        ...

    async def internal_users(self, tenant_id: int) -> Sequence[User]:
        """The operators' own accounts, oldest first; there are few, and no search shows them."""
        ...

    def export_users(self, tenant_id: int, after: int = 0) -> AsyncIterator[User]:
        """Every listed user whose `seq` is above `after`, in that order, read in short steps; internal ones are left out."""
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

    @staticmethod
    def prepare(unit: Unit) -> Sequence[Any]:
        """The slow half of a commit, which needs no database: for `Unit.prepared`, and fit to be sent to another process.

        Raises `Invalid`, or `Taken` where two records of the unit want the same key.
        """
        ...

    async def commit(self, unit: Unit) -> None:
        """Make the unit true and durable, or raise and change nothing.

        `Lost` when a record changed since it was read, `Taken` when a key belongs to another record.
        """
        ...
