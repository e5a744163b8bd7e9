"""Asking people in: to an organization, or to the tenant itself. What comes of an answer is for whoever signs people in."""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, NotFound
from muster.core.ids import new_id
from muster.core.organizations.directory import OrganizationDirectory
from muster.core.organizations.model import Invitation, Organization, invitation_key
from muster.core.transaction import Transaction

DAY = 24 * 3_600_000


async def invite(tx: Transaction, new: Sequence[Invitation], *, mail: Sequence[bool]) -> list[Invitation]:
    """New invitations, all of them or none; `mail` says for each whether the address is written to.

    `Conflict("already_invited")` names the addresses of which an exclusive invitation waits for an answer already.
    """
    tx.actor.must(May.ORGS_INVITE)
    waiting = []
    seen = set()
    for asked in new:
        if not asked.exclusive:
            continue
        key = invitation_key(asked.organization_id, asked.email)
        held = await tx.find(Invitation, key)
        if (held is not None and held.state_at(tx.now) == "pending") or key in seen:
            waiting.append(asked.email)
        elif held is not None:
            tx.save(replace(held, state="expired"))  # it no longer holds the place
        seen.add(key)
    if waiting:
        raise Conflict("already_invited", emails=waiting)
    made = [tx.insert(replace(asked, id=new_id(tx.now), created_at=tx.now)) for asked in new]
    for invitation, wanted in zip(made, mail, strict=True):
        tx.note("invitation.created", invitation_id=invitation.id, organization_id=invitation.organization_id)
        if wanted:
            tx.send("invitation", invitation.email, invitation_id=invitation.id)
    return made


async def within_quota(
    tx: Transaction, directory: OrganizationDirectory, organization: Organization, more: int
) -> None:
    """Refuse more invitations than the organization has room for, and decide it for no two calls at once."""
    if organization.max_members is None:
        return
    ids = [organization.id]
    members = (await directory.member_counts(tx.tenant_id, ids)).get(organization.id, 0)
    waiting = (await directory.pending_counts(tx.tenant_id, ids, tx.now)).get(organization.id, 0)
    if members + waiting + more > organization.max_members:
        raise Conflict("organization_full", limit=organization.max_members)
    tx.save(replace(organization, changes=organization.changes + 1), quietly=True)


async def revoke_invitation(tx: Transaction, invitation_id: str, organization_id: str) -> Invitation:
    """An invitation that waits is taken back. `NotFound("invitation")`; `Conflict("invitation_over", state=…)` for any other."""
    tx.actor.must(May.ORGS_INVITE)
    invitation = await tx.get(Invitation, invitation_id)
    if invitation is None or invitation.organization_id != organization_id:
        raise NotFound("invitation", id=invitation_id)
    state = invitation.state_at(tx.now)
    if state != "pending":
        raise Conflict("invitation_over", state=state)
    tx.note("invitation.revoked", invitation_id=invitation.id, organization_id=organization_id)
    return tx.save(replace(invitation, state="revoked"))
