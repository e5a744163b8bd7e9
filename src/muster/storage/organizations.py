"""Organizations, memberships and invitations: what each is listed by in columns of its own, and the lists themselves."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from muster.core.organizations.directory import InvitationsAsked, Member, OrganizationsAsked
from muster.core.organizations.model import Invitation, InvitationState, Membership, Organization
from muster.core.query import Page
from muster.storage.batch import Batch, some_row_or
from muster.storage.engine import Engine, Value
from muster.storage.fragments import Sql, every, some
from muster.storage.owned import OwnedTable
from muster.storage.records import RecordTable, lost
from muster.storage.text import bound, together
from muster.storage.users import COLUMNS as USER_COLUMNS
from muster.storage.users import WITH_ACTIVITY, UserTable

_STORED: Final = ("id", "version", "created_at", "updated_at", "doc")

_FORGET_INVITATIONS: Final = "DELETE FROM invitations WHERE tenant_id = ? AND organization_id = ?"
_FREE_INVITED: Final = "DELETE FROM locators WHERE tenant_id = ? AND realm = ? AND kind = 'invitation'"


class OrganizationTable(RecordTable[Organization]):
    """Organizations, with what they are sorted by and looked for within. Invitations to one go with it."""

    _FIND_BY: Final = (
        "UPDATE organizations SET name_key = ?, folded = ? WHERE tenant_id = ? AND id = ? AND version = ? RETURNING id"
    )

    def __init__(self) -> None:
        super().__init__(Organization, "organizations")

    def insert(self, batch: Batch, after: Organization) -> None:
        super().insert(batch, after)
        self._set_columns(batch, after)

    def update(self, batch: Batch, before: Organization, after: Organization) -> None:
        super().update(batch, before, after)
        if (before.title, before.slug) != (after.title, after.slug):
            self._set_columns(batch, after)

    def delete(self, batch: Batch, before: Organization) -> None:
        super().delete(batch, before)
        batch.write(_FORGET_INVITATIONS, batch.tenant_id, bound(before.id))
        batch.write(_FREE_INVITED, batch.tenant_id, bound(before.id))

    def _set_columns(self, batch: Batch, after: Organization) -> None:
        name = after.name.casefold()
        folded = together([name, after.slug.casefold()])
        key = (batch.tenant_id, bound(after.id), after.version)
        batch.write(self._FIND_BY, bound(name), folded, *key, judge=some_row_or(lost(after)))


class MembershipTable(OwnedTable[Membership]):
    """Memberships, with the organization and the role; the first never changes."""

    _FIND_BY: Final = (
        "UPDATE memberships SET organization_id = ?, role = ? "
        "WHERE tenant_id = ? AND user_id = ? AND id = ? AND version = ? RETURNING id"
    )

    def __init__(self) -> None:
        super().__init__(Membership, "memberships")

    def insert(self, batch: Batch, after: Membership) -> None:
        super().insert(batch, after)
        self._set_columns(batch, after)

    def update(self, batch: Batch, before: Membership, after: Membership) -> None:
        super().update(batch, before, after)
        if before.role != after.role:
            self._set_columns(batch, after)

    def _set_columns(self, batch: Batch, after: Membership) -> None:
        columns = (bound(after.organization_id), bound(after.role))
        batch.write(self._FIND_BY, *columns, *self._row(batch, after), judge=some_row_or(lost(after)))


class InvitationTable(RecordTable[Invitation]):
    """Invitations, with the place, the address and what became of them."""

    _FIND_BY: Final = (
        "UPDATE invitations SET organization_id = ?, email = ?, state = ?, expires_at = ? "
        "WHERE tenant_id = ? AND id = ? AND version = ? RETURNING id"
    )

    def __init__(self) -> None:
        super().__init__(Invitation, "invitations")

    def insert(self, batch: Batch, after: Invitation) -> None:
        super().insert(batch, after)
        self._set_columns(batch, after)

    def update(self, batch: Batch, before: Invitation, after: Invitation) -> None:
        super().update(batch, before, after)
        self._set_columns(batch, after)

    def _set_columns(self, batch: Batch, after: Invitation) -> None:
        columns = (bound(after.organization_id), bound(after.email), after.state, after.expires_at)
        key = (batch.tenant_id, bound(after.id), after.version)
        batch.write(self._FIND_BY, *columns, *key, judge=some_row_or(lost(after)))


class Organizations:
    """The core's `OrganizationDirectory` on one engine."""

    _ORDERS: Final = {"name": "r.name_key", "created_at": "r.created_at"}
    _INVITATION_ORDERS: Final = {"created_at": "r.created_at", "email": "r.email", "expires_at": "r.expires_at"}
    _MEMBERS: Final = (
        f"SELECT m.{', m.'.join(_STORED)}, {USER_COLUMNS} FROM memberships m "
        f"JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id {WITH_ACTIVITY} WHERE m.tenant_id = ?"
    )

    def __init__(
        self,
        engine: Engine,
        users: UserTable,
        organizations: OrganizationTable,
        memberships: MembershipTable,
        invitations: InvitationTable,
    ) -> None:
        self._engine = engine
        self._users = users
        self._organizations = organizations
        self._memberships = memberships
        self._invitations = invitations

    async def organizations(
        self, tenant_id: int, asked: OrganizationsAsked, page: Page
    ) -> tuple[Sequence[Organization], int]:
        conditions = [Sql("r.tenant_id = ?", (tenant_id,))]
        if asked.text is not None:
            conditions.append(Sql("(r.id = ? OR instr(r.folded, ?) > 0)", (bound(asked.text), bound(asked.text))))
        if asked.ids is not None:
            conditions.append(_in("r.id", asked.ids))
        if asked.not_ids:
            conditions.append(_not(_in("r.id", asked.not_ids)))
        for users, wanted in ((asked.with_members, True), (asked.without_members or None, False)):
            if users is not None:
                within = _in("m.user_id", users)
                joined = Sql(
                    f"r.id IN (SELECT m.organization_id FROM memberships m WHERE m.tenant_id = ? AND {within.text})",
                    (tenant_id, *within.params),
                )
                conditions.append(joined if wanted else _not(joined))
        where = every(conditions)
        by = self._ORDERS.get(asked.order) or (
            "(SELECT count(*) FROM memberships c WHERE c.tenant_id = r.tenant_id AND c.organization_id = r.id)"
        )
        direction = "DESC" if asked.descending else "ASC"
        return await self._page(
            self._organizations, "organizations", where, f"{by} {direction}, r.id {direction}", page
        )

    async def members(self, tenant_id: int, organization_ids: Collection[str]) -> Sequence[Member]:
        within = _in("m.organization_id", organization_ids)
        text = f"{self._MEMBERS} AND {within.text} ORDER BY m.created_at DESC, m.id DESC"
        return [self._member(row) for row in await self._engine.scan(text, (tenant_id, *within.params))]

    async def members_page(
        self, tenant_id: int, organization_id: str | None, page: Page, *, descending: bool = True
    ) -> tuple[Sequence[Member], int]:
        where, params = "", list[Value]([tenant_id])
        if organization_id is not None:
            where = " AND m.organization_id = ?"
            params.append(bound(organization_id))
        direction = "DESC" if descending else "ASC"
        text = f"{self._MEMBERS}{where} ORDER BY m.created_at {direction}, m.id {direction} LIMIT ? OFFSET ?"
        rows = await self._engine.scan(text, (*params, page.limit, page.offset))
        count = f"SELECT count(*) FROM memberships m WHERE m.tenant_id = ?{where}"
        ((total,),) = await self._engine.scan(count, tuple(params))
        return [self._member(row) for row in rows], int(total)

    async def member_counts(self, tenant_id: int, organization_ids: Collection[str]) -> Mapping[str, int]:
        within = _in("m.organization_id", organization_ids)
        text = (
            f"SELECT m.organization_id, count(*) FROM memberships m WHERE m.tenant_id = ? AND {within.text} "
            "GROUP BY m.organization_id"
        )
        return dict(tuple(row) for row in await self._engine.scan(text, (tenant_id, *within.params)))

    async def pending_counts(self, tenant_id: int, organization_ids: Collection[str], now: int) -> Mapping[str, int]:
        where = every([_in("r.organization_id", organization_ids), _state("pending", now)])
        text = (
            f"SELECT r.organization_id, count(*) FROM invitations r WHERE r.tenant_id = ? AND {where.text} "
            "GROUP BY r.organization_id"
        )
        return dict(tuple(row) for row in await self._engine.scan(text, (tenant_id, *where.params)))

    async def role_count(self, tenant_id: int, organization_id: str, roles: Collection[str], besides: str) -> int:
        held = _in("m.role", roles)
        text = (
            "SELECT count(*) FROM memberships m WHERE m.tenant_id = ? AND m.organization_id = ? "
            f"AND m.user_id <> ? AND {held.text}"
        )
        params = (tenant_id, bound(organization_id), bound(besides), *held.params)
        ((count,),) = await self._engine.scan(text, params)
        return int(count)

    async def invitations(
        self, tenant_id: int, asked: InvitationsAsked, page: Page, now: int
    ) -> tuple[Sequence[Invitation], int]:
        conditions = [Sql("r.tenant_id = ?", (tenant_id,))]
        if asked.organization_id is None:
            conditions.append(Sql("r.organization_id <> ''"))
        else:
            conditions.append(Sql("r.organization_id = ?", (bound(asked.organization_id),)))
        if asked.states:
            conditions.append(some([_state(state, now) for state in asked.states]))
        if asked.email is not None:
            conditions.append(Sql("r.email = ?", (bound(asked.email),)))
        if asked.text is not None:
            conditions.append(Sql("(r.id = ? OR instr(r.email, ?) > 0)", (bound(asked.text), bound(asked.text))))
        direction = "DESC" if asked.descending else "ASC"
        by = self._INVITATION_ORDERS[asked.order]
        return await self._page(
            self._invitations, "invitations", every(conditions), f"{by} {direction}, r.id {direction}", page
        )

    async def invitations_to(
        self, tenant_id: int, emails: Collection[str], states: Sequence[InvitationState], page: Page, now: int
    ) -> tuple[Sequence[Invitation], int]:
        conditions = [
            Sql("r.tenant_id = ?", (tenant_id,)),
            Sql("r.organization_id <> ''"),
            _in("r.email", emails),
            *([some([_state(state, now) for state in states])] if states else []),
        ]
        return await self._page(
            self._invitations, "invitations", every(conditions), "r.created_at DESC, r.id DESC", page
        )

    async def _page(
        self, table: RecordTable[Any], name: str, where: Sql, ordering: str, page: Page
    ) -> tuple[list[Any], int]:
        columns = ", ".join(f"r.{column}" for column in _STORED)
        text = f"SELECT {columns} FROM {name} r WHERE {where.text} ORDER BY {ordering} LIMIT ? OFFSET ?"
        rows = await self._engine.scan(text, (*where.params, page.limit, page.offset))
        ((total,),) = await self._engine.scan(f"SELECT count(*) FROM {name} r WHERE {where.text}", where.params)
        return [table.record_of(row) for row in rows], int(total)

    def _member(self, row: Sequence[Any]) -> Member:
        membership = self._memberships.record_of(row[: len(_STORED)])
        return Member(membership, self._users.record_of(row[len(_STORED) :]))


def _in(column: str, values: Collection[str]) -> Sql:
    if not values:
        return Sql("1 = 0")
    marks = ", ".join("?" * len(values))
    return Sql(f"{column} IN ({marks})", tuple(bound(value) for value in values))


def _not(part: Sql) -> Sql:
    return Sql(f"NOT ({part.text})", part.params)


def _state(state: InvitationState, now: int) -> Sql:
    """What has become of an invitation by now."""
    over = "(r.expires_at IS NOT NULL AND r.expires_at <= ?)"
    if state == "pending":
        return Sql(f"(r.state = 'pending' AND NOT {over})", (now,))
    if state == "expired":
        return Sql(f"(r.state = 'expired' OR (r.state = 'pending' AND {over}))", (now,))
    return Sql("r.state = ?", (state,))
