"""What can be done with organizations and their members.

Whatever changes who belongs to an organization also changes the organization's record, so that rules over all of its members
(how many, who is left to manage it) are never decided by two calls at once.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.ids import UserId, new_id
from muster.core.images.model import OrganizationImage
from muster.core.organizations.directory import OrganizationDirectory
from muster.core.organizations.model import Membership, Organization, member_key
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.core.users.metadata import Mode, merged
from muster.core.users.model import Document, User

LONGEST_SLUG = 256


async def find_organization(tx: Transaction, key: str | Key) -> Organization:
    """The organization an act is about, by its id or a key; `NotFound("organization")`."""
    found = await (tx.find(Organization, key) if isinstance(key, Key) else tx.get(Organization, key))
    if found is None:
        raise NotFound("organization")
    return found


async def create_organization(tx: Transaction, new: Organization) -> Organization:
    """A new organization, with nobody in it. A slug in use is `Taken("organization_slug")` at the commit."""
    tx.actor.must(May.ORGS_WRITE)
    _check(new)
    made = tx.insert(replace(new, id=new.id or new_id(tx.now), created_at=new.created_at or tx.now, updated_at=tx.now))
    tx.note("organization.created", organization_id=made.id)
    return made


def save_organization(tx: Transaction, after: Organization) -> Organization:
    """Keep a changed organization; a change of nothing is none."""
    tx.actor.must(May.ORGS_WRITE)
    _check(after)
    saved = tx.save(after)
    tx.note("organization.updated", organization_id=after.id)
    return saved


async def set_documents(
    tx: Transaction, organization: Organization, sent: dict[str, Document | None], mode: Mode
) -> Organization:
    """The documents `public` and `private`, those that are sent."""
    changed = {name: merged(getattr(organization, name), document, mode) for name, document in sent.items()}
    return save_organization(tx, replace(organization, **changed))


async def delete_organization(tx: Transaction, directory: OrganizationDirectory, organization: Organization) -> None:
    """The organization, its memberships, pending invitations and logo go at once; users stay."""
    tx.actor.must(May.ORGS_WRITE)
    for membership, _ in await directory.members(tx.tenant_id, [organization.id]):
        held = await tx.get(Membership, membership.id)
        if held is not None:
            tx.delete(held)
            await _joined(tx, held, joined=False)
    await forget_logo(tx, organization)
    tx.delete(organization)
    tx.note("organization.deleted", organization_id=organization.id)


async def forget_logo(tx: Transaction, organization: Organization) -> None:
    """Delete the picture itself."""
    if organization.image is not None:
        stored = await tx.get(OrganizationImage, organization.image.id)
        if stored is not None:
            tx.delete(stored)


async def add_member(
    tx: Transaction,
    directory: OrganizationDirectory,
    organization: Organization,
    user_id: UserId | Key,
    role: str,
    *,
    public: Document | None = None,
    private: Document | None = None,
    within_quota: bool = False,
) -> tuple[Membership, User]:
    """A user joins. `Conflict("already_member")`; `Conflict("organization_full")` where the quota is asked about.

    Invitations that wait for an answer count towards the quota.
    """
    tx.actor.must(May.ORGS_MEMBERS)
    user = await find_user(tx, user_id)
    if await tx.find(Membership, member_key(organization.id, user.id)) is not None:
        raise Conflict("already_member", user_id=user.id)
    if within_quota and organization.max_members is not None:
        ids = [organization.id]
        members = (await directory.member_counts(tx.tenant_id, ids)).get(organization.id, 0)
        waiting = (await directory.pending_counts(tx.tenant_id, ids, tx.now)).get(organization.id, 0)
        if members + waiting >= organization.max_members:
            raise Conflict("organization_full", limit=organization.max_members)
    membership = tx.insert(
        Membership(
            id=new_id(tx.now),
            user_id=user.id,
            organization_id=organization.id,
            role=role,
            public=public,
            private=private,
            created_at=tx.now,
        )
    )
    await _joined(tx, membership, joined=True)
    _members_changed(tx, organization)
    tx.note("organization.member_added", user_id=user.id, organization_id=organization.id, role=role)
    return membership, user


async def membership_of(tx: Transaction, organization: Organization, user_id: UserId | Key) -> tuple[Membership, User]:
    """A user's membership; `NotFound("membership")` for one who is unknown or not in the organization."""
    try:
        user = await find_user(tx, user_id)
    except NotFound:
        raise NotFound("membership") from None
    membership = await tx.find(Membership, member_key(organization.id, user.id))
    if membership is None:
        raise NotFound("membership")
    return membership, user


async def set_role(
    tx: Transaction,
    directory: OrganizationDirectory,
    organization: Organization,
    membership: Membership,
    role: str,
    *,
    someone_must_hold: Sequence[str] = (),
) -> Membership:
    """Another role. `Conflict("last_of_role")` when nobody were left who holds one of those that somebody must."""
    tx.actor.must(May.ORGS_MEMBERS)
    if role == membership.role:
        return membership
    if role not in someone_must_hold:
        await _keep_someone(tx, directory, organization, membership, someone_must_hold)
    _members_changed(tx, organization)
    tx.note("organization.member_changed", user_id=membership.user_id, organization_id=organization.id, role=role)
    return tx.save(replace(membership, role=role))


async def set_member_documents(
    tx: Transaction, membership: Membership, sent: dict[str, Document | None], mode: Mode
) -> Membership:
    """What programs keep about a user in an organization."""
    tx.actor.must(May.ORGS_MEMBERS)
    changed = {name: merged(getattr(membership, name), document, mode) for name, document in sent.items()}
    tx.note(
        "organization.member_changed",
        user_id=membership.user_id,
        organization_id=membership.organization_id,
        role=membership.role,
    )
    return tx.save(replace(membership, **changed))


async def remove_member(
    tx: Transaction,
    directory: OrganizationDirectory,
    organization: Organization,
    membership: Membership,
    *,
    someone_must_hold: Sequence[str] = (),
) -> None:
    """A user leaves; refused as `set_role` is."""
    tx.actor.must(May.ORGS_MEMBERS)
    await _keep_someone(tx, directory, organization, membership, someone_must_hold)
    tx.delete(membership)
    await _joined(tx, membership, joined=False)
    _members_changed(tx, organization)
    tx.note("organization.member_removed", user_id=membership.user_id, organization_id=organization.id)


async def _keep_someone(
    tx: Transaction,
    directory: OrganizationDirectory,
    organization: Organization,
    membership: Membership,
    roles: Sequence[str],
) -> None:
    if membership.role not in roles:
        return
    if not await directory.role_count(tx.tenant_id, organization.id, roles, besides=membership.user_id):
        raise Conflict("last_of_role", roles=tuple(roles))


async def _joined(tx: Transaction, membership: Membership, *, joined: bool) -> None:
    """The user is found by the organization from now on, or no longer; nobody is shown that the record changed."""
    user = await tx.get(User, membership.user_id)
    if user is not None:
        others = [id_ for id_ in user.organizations if id_ != membership.organization_id]
        tx.save(replace(user, organizations=[*others, membership.organization_id] if joined else others), quietly=True)


def _members_changed(tx: Transaction, organization: Organization) -> None:
    tx.save(replace(organization, changes=organization.changes + 1), quietly=True)


def _check(organization: Organization) -> None:
    if not 1 <= len(organization.slug) <= LONGEST_SLUG:
        raise Invalid("slug_malformed", limit=LONGEST_SLUG)
    if organization.max_members is not None and organization.max_members < 0:
        raise Invalid("max_members_negative")
