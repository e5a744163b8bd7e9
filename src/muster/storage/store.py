"""The core's `Store` in SQL: which table keeps which kind of record, and how a unit becomes one batch of writes."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from muster.core.api_keys.model import ApiKey
from muster.core.apps.model import Api, Application, ClientGrant
from muster.core.apps.redirects import RedirectUrl
from muster.core.connections.model import Connection
from muster.core.credentials.tally import Tally
from muster.core.facts import Fact
from muster.core.groups.model import Group
from muster.core.hub_roles.model import HubRole
from muster.core.images.model import OrganizationImage, UserImage
from muster.core.issued_credentials.model import IssuedCredential
from muster.core.jobs.model import Job, JobPart
from muster.core.oauth.model import DeviceCode
from muster.core.organizations.model import Invitation, Membership, Organization
from muster.core.query import Order, Page, Query
from muster.core.records import Key, OwnedRecord, Record
from muster.core.sessions.model import Grant, Session
from muster.core.settings.model import SignInSettings
from muster.core.sign_in.model import RememberedBrowser, SignInAttempt, UsedOnce
from muster.core.sign_up.model import SignUp
from muster.core.signing.model import Credential, SigningKey
from muster.core.store import Change, Tenant, Unit
from muster.core.tickets.model import Ticket
from muster.core.users.model import Activity, User
from muster.core.webhooks.model import WebhookEndpoint
from muster.storage.batch import Batch
from muster.storage.engine import Engine, Write
from muster.storage.events import EventLog, add_event
from muster.storage.jobs import Jobs, JobTable
from muster.storage.organizations import InvitationTable, MembershipTable, Organizations, OrganizationTable
from muster.storage.outbox import Outbox, add_message
from muster.storage.owned import OwnedTable, delete_all_of
from muster.storage.records import RecordTable
from muster.storage.search import Search
from muster.storage.tenants import Tenants, raise_epoch
from muster.storage.text import bound
from muster.storage.users import ActivityTable, UserTable
from muster.storage.webhooks import Webhooks

R = TypeVar("R", bound=Record)
Owned = TypeVar("Owned", bound=OwnedRecord)

EXPORT_STEP: Final = 200

_ACTIVITY: Final = ActivityTable()
_USERS: Final = UserTable(_ACTIVITY)
_JOBS: Final = JobTable()

_SESSIONS: Final = OwnedTable(Session, "sessions")
_GRANTS: Final = OwnedTable(Grant, "grants")
_TICKETS: Final = OwnedTable(Ticket, "tickets")
_MEMBERSHIPS: Final = MembershipTable()
_USER_IMAGES: Final = OwnedTable(UserImage, "user_images")
_ISSUED: Final = OwnedTable(IssuedCredential, "issued_credentials")
_REMEMBERED: Final = OwnedTable(RememberedBrowser, "remembered_browsers")
_WEBHOOKS: Final = RecordTable(WebhookEndpoint, "webhook_endpoints")
_ORGANIZATIONS: Final = OrganizationTable()
_INVITATIONS: Final = InvitationTable()
_OWNED: Final[Mapping[type[OwnedRecord], OwnedTable[Any]]] = {
    Session: _SESSIONS,
    Grant: _GRANTS,
    Ticket: _TICKETS,
    Membership: _MEMBERSHIPS,
    UserImage: _USER_IMAGES,
    IssuedCredential: _ISSUED,
    RememberedBrowser: _REMEMBERED,
}

# Rows are written in this order: an activity comes after its user, whose number it takes.
_TABLES: Final[Mapping[type[Record], RecordTable[Any]]] = {
    User: _USERS,
    Activity: _ACTIVITY,
    Session: _SESSIONS,
    Grant: _GRANTS,
    IssuedCredential: _ISSUED,
    Connection: RecordTable(Connection, "connections"),
    Application: RecordTable(Application, "apps"),
    Api: RecordTable(Api, "apis"),
    ClientGrant: RecordTable(ClientGrant, "client_grants"),
    SigningKey: RecordTable(SigningKey, "signing_keys"),
    Credential: RecordTable(Credential, "credentials"),
    Fact: RecordTable(Fact, "facts"),
    Job: _JOBS,
    JobPart: RecordTable(JobPart, "job_files"),
    Group: RecordTable(Group, "user_groups"),
    HubRole: RecordTable(HubRole, "hub_roles"),
    SignInSettings: RecordTable(SignInSettings, "sign_in_settings"),
    ApiKey: RecordTable(ApiKey, "api_keys"),
    Ticket: _TICKETS,
    Organization: _ORGANIZATIONS,
    Membership: _MEMBERSHIPS,
    Invitation: _INVITATIONS,
    UserImage: _USER_IMAGES,
    OrganizationImage: RecordTable(OrganizationImage, "organization_images"),
    RedirectUrl: RecordTable(RedirectUrl, "redirect_urls"),
    SignInAttempt: RecordTable(SignInAttempt, "sign_in_attempts"),
    SignUp: RecordTable(SignUp, "sign_ups"),
    RememberedBrowser: _REMEMBERED,
    DeviceCode: RecordTable(DeviceCode, "device_codes"),
    UsedOnce: RecordTable(UsedOnce, "used_once"),
    Tally: RecordTable(Tally, "tallies"),
    WebhookEndpoint: _WEBHOOKS,
}
_PLACE: Final = {kind: place for place, kind in enumerate(_TABLES)}


class SqlStore:
    """A `muster.core.store.Store` on an engine that somebody else starts and stops."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.on_revoke: Callable[[int], None] | None = None
        self.on_message: Callable[[], None] | None = None
        self.events = EventLog(engine)
        self.outbox = Outbox(engine)
        self.jobs = Jobs(engine, _JOBS)
        self.organizations = Organizations(engine, _USERS, _ORGANIZATIONS, _MEMBERSHIPS, _INVITATIONS)
        self.webhooks = Webhooks(engine, _WEBHOOKS, self.events)
        self._tenants = Tenants(engine)
        self._search = Search(engine, _USERS)

    async def get(self, tenant_id: int, kind: type[R], id_: str) -> R | None:
        table: RecordTable[R] = _TABLES[kind]
        row = await self.engine.lookup(table.by_id, (tenant_id, bound(id_)))
        return table.record_of(row) if row is not None else None

    async def find(self, tenant_id: int, kind: type[R], key: Key) -> R | None:
        table = _table(kind)
        row = await self.engine.lookup(table.by_key, (tenant_id, bound(key.realm), bound(key.kind), bound(key.value)))
        return table.record_of(row) if row is not None else None

    async def records(self, tenant_id: int, kind: type[R]) -> Sequence[R]:
        table = _table(kind)
        return [table.record_of(row) for row in await self.engine.rows(table.all, (tenant_id,))]

    async def owned(
        self,
        tenant_id: int,
        kind: type[Owned],
        user_id: str | None,
        *,
        newest_first: bool = False,
        page: Page | None = None,
    ) -> Sequence[Owned]:
        table = cast("OwnedTable[Owned]", _OWNED[kind])
        sql, params = table.listed(tenant_id, user_id, newest_first=newest_first, page=page)
        read = self.engine.scan if user_id is None else self.engine.rows
        return [table.record_of(row) for row in await read(sql, params)]

    async def older(
        self, tenant_id: int, kind: type[R], before: int, limit: int, *, after: tuple[int, str] = (-1, "")
    ) -> Sequence[R]:
        table = _table(kind)
        params = (tenant_id, *after, before, limit)
        return [table.record_of(row) for row in await self.engine.rows(table.older, params)]

    async def search_users(self, tenant_id: int, query: Query, order: Order, page: Page) -> Sequence[User]:
        return await self._search.page(tenant_id, query, order, page)

    async def count_users(self, tenant_id: int, query: Query) -> int:
        return await self._search.count(tenant_id, query)

    async def search_and_count_users(
        self, tenant_id: int, query: Query, order: Order, page: Page
    ) -> tuple[Sequence[User], int]:
        return await self._search.page_and_count(tenant_id, query, order, page)

    async def internal_users(self, tenant_id: int) -> Sequence[User]:
        return [_USERS.record_of(row) for row in await self.engine.rows(_USERS.internal, (tenant_id,))]

    async def export_users(self, tenant_id: int, after: int = 0) -> AsyncIterator[User]:
        while rows := await self.engine.rows(_USERS.next, (tenant_id, after, EXPORT_STEP)):
            for row in rows:
                user = _USERS.record_of(row)
                after = user.seq
                yield user

    async def tenant(self, name: str) -> Tenant | None:
        return await self._tenants.named(name)

    async def tenants(self) -> Sequence[Tenant]:
        return await self._tenants.all()

    async def create_tenant(self, name: str, now: int) -> Tenant:
        return await self._tenants.create(name, now)

    async def access_epoch(self, tenant_id: int) -> int:
        return await self._tenants.access_epoch(tenant_id)

    @staticmethod
    def prepare(unit: Unit) -> Sequence[Write]:
        return _writes(unit)

    async def commit(self, unit: Unit) -> None:
        # What is prepared comes first: its writes name each other by their places.
        await self.engine.commit([*unit.prepared, *_writes(unit)])
        if unit.revokes and self.on_revoke is not None:
            self.on_revoke(unit.tenant_id)
        if unit.messages and self.on_message is not None:
            self.on_message()


def _table(kind: type[R]) -> RecordTable[R]:
    return cast("RecordTable[R]", _TABLES[kind])


def _writes(unit: Unit) -> list[Write]:
    batch = Batch(unit.tenant_id)
    changing = {(type(change.before), change.before.id) for change in unit.changes if change.before is not None}
    # A record that is changed is guarded by its own change.
    held = [record for record in unit.expects if (type(record), record.id) not in changing]
    for change in sorted([*(Change(seen, seen) for seen in held), *unit.changes], key=_in_order):
        _write(batch, change)
    for event in unit.events:
        add_event(batch, event)
    for message in unit.messages:
        add_message(batch, message)
    if unit.revokes:
        raise_epoch(batch)
    return batch.writes()


def _record(change: Change) -> Record:
    record = change.after if change.before is None else change.before
    assert record is not None
    return record


def _in_order(change: Change) -> tuple[bool, int, str]:
    """By id, so that two units never wait for each other in a circle; but new users as they came, for their numbers."""
    record = _record(change)
    is_new = change.before is None
    return is_new, _PLACE[type(record)], "" if is_new and isinstance(record, User) else record.id


def _write(batch: Batch, change: Change) -> None:
    before, after = change.before, change.after
    table = _TABLES[type(_record(change))]
    if before is None:
        table.insert(batch, after)
    elif after is None:
        table.delete(batch, before)
        if isinstance(before, User):
            delete_all_of(batch, before.id, _OWNED.values())
    elif before is after:
        table.expect(batch, before)
    else:
        table.update(batch, before, after)
