"""Organizations, who belongs to them, and who was asked to. Times are milliseconds UTC."""

from typing import Any, Literal

from muster.core.records import Key, OwnedRecord, Record
from muster.core.users.model import Document, ForeignId, Image
from muster.core.users.shapes import foreign_key

InvitationState = Literal["pending", "accepted", "revoked", "expired"]

MOST_MEMBERS = 5
"""How many members an organization takes unless it is told otherwise."""


class Organization(Record, frozen=True, kw_only=True):
    """`slug` is unique in the tenant; `title` is what people call it. `max_members` of None is without limit.

    `public` and `private` are documents for programs, `labels` flat texts; None means that nothing was ever said.
    `changes` counts changes of its members, so that of two at once only one is decided on what both had read.
    """

    slug: str
    title: str | None = None
    public: Document | None = None
    private: Document | None = None
    labels: dict[str, str] | None = None
    logo_url: str | None = None
    image: Image | None = None
    max_members: int | None = MOST_MEMBERS
    members_may_delete: bool = True
    created_by: str | None = None
    foreign_ids: list[ForeignId] = []
    vendor: dict[str, dict[str, Any]] = {}
    changes: int = 0

    def keys(self) -> frozenset[Key]:
        foreign = {foreign_key(f"organization:{foreign.kind}", foreign.value) for foreign in self.foreign_ids}
        return frozenset({slug_key(self.slug), *foreign})

    @property
    def name(self) -> str:
        """What it is called, the slug where nobody gave it a title."""
        return self.title or self.slug


class Membership(OwnedRecord, frozen=True, kw_only=True):
    """One user in one organization, at most once. `role` is one key; `roles` are ids of another family, independent of it."""

    organization_id: str
    role: str
    roles: list[str] = []
    public: Document | None = None
    private: Document | None = None

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "membership", self.id), member_key(self.organization_id, self.user_id)})


class Invitation(Record, frozen=True, kw_only=True):
    """An address that was asked to join an organization, or the tenant where `organization_id` is empty.

    While it is pending and `exclusive` no other one asks the same address to the same place. `role` and the documents go
    to the membership, or to the user, that comes of it.
    """

    email: str
    organization_id: str = ""
    role: str | None = None
    inviter_id: str | None = None
    public: Document | None = None
    private: Document | None = None
    redirect_url: str | None = None
    expires_at: int | None = None
    state: InvitationState = "pending"
    exclusive: bool = True

    def keys(self) -> frozenset[Key]:
        if self.state != "pending" or not self.exclusive:
            return frozenset()
        return frozenset({invitation_key(self.organization_id, self.email)})

    def state_at(self, now: int) -> InvitationState:
        """What has become of it by `now`: nothing has to run for one to expire."""
        if self.state == "pending" and self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return self.state


def slug_key(slug: str) -> Key:
    """The key of an organization's slug."""
    return Key("", "organization_slug", slug)


def member_key(organization_id: str, user_id: str) -> Key:
    """The key of a membership by whom it joins."""
    return Key(organization_id, "member", user_id)


def invitation_key(organization_id: str, email: str) -> Key:
    """The key of the pending invitation of an address."""
    return Key(organization_id, "invitation", email)
