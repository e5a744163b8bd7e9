"""What storage must answer about organizations beside their records: lists, counts, and who is in them.

The texts to look for are case folded. Every list is exact and never stale.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from muster.core.organizations.model import Invitation, InvitationState, Membership, Organization
from muster.core.query import Page
from muster.core.users.model import User


class OrganizationsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which organizations: all conditions hold; of several ids any. None asks nothing, an empty list matches none.

    `text` is an id, or part of a name or slug. `with_members` are users of whom at least one belongs to it.
    """

    text: str | None = None
    ids: Sequence[str] | None = None
    not_ids: Sequence[str] = ()
    with_members: Sequence[str] | None = None
    without_members: Sequence[str] = ()
    order: Literal["name", "created_at", "members"] = "created_at"
    descending: bool = True


class InvitationsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which invitations; `organization_id` None is of every organization, "" of the tenant itself. `text` is part of the address."""

    organization_id: str | None
    states: Sequence[InvitationState] = ()
    email: str | None = None
    text: str | None = None
    order: Literal["created_at", "email", "expires_at"] = "created_at"
    descending: bool = True


class Member(NamedTuple):
    """A membership and its user."""

    membership: Membership
    user: User


class OrganizationDirectory(Protocol):
    """Reads of organizations on one database."""

    async def organizations(
        self, tenant_id: int, asked: OrganizationsAsked, page: Page
    ) -> tuple[Sequence[Organization], int]:
        """One page of them, and how many there are in all."""
        ...

    async def members(self, tenant_id: int, organization_ids: Collection[str]) -> Sequence[Member]:
        """Everybody in any of these organizations, newest membership first. Costs as much as there are."""
        ...

    async def members_page(
        self, tenant_id: int, organization_id: str | None, page: Page, *, descending: bool = True
    ) -> tuple[Sequence[Member], int]:
        """One page by age of one organization's members, or of every organization's, and how many there are."""
        ...

    async def member_counts(self, tenant_id: int, organization_ids: Collection[str]) -> Mapping[str, int]:
        """How many belong to each; one without members is left out."""
        ...

    async def pending_counts(self, tenant_id: int, organization_ids: Collection[str], now: int) -> Mapping[str, int]:
        """How many invitations of each wait for an answer; one without is left out."""
        ...

    async def role_count(self, tenant_id: int, organization_id: str, roles: Collection[str], besides: str) -> int:
        """How many members hold one of the roles, the user `besides` not counted."""
        ...

    async def invitations(
        self, tenant_id: int, asked: InvitationsAsked, page: Page, now: int
    ) -> tuple[Sequence[Invitation], int]:
        """One page of invitations, and how many there are."""
        ...

    async def invitations_to(
        self, tenant_id: int, emails: Collection[str], states: Sequence[InvitationState], page: Page, now: int
    ) -> tuple[Sequence[Invitation], int]:
        """One page of the invitations of these addresses to organizations, newest first, and how many there are."""
        ...
