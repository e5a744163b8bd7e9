"""Invitations to organizations, as records: asked, listed, taken back."""

from collections.abc import Sequence

from muster.core.errors import Conflict, NotFound
from muster.core.organizations.invitations import invite, revoke_invitation, within_quota
from muster.core.organizations.model import Invitation, Membership, Organization, member_key
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.clerk.operation import Operation, bodies_of, body_of, query_of
from muster.dialects.clerk.problems import refused
from muster.dialects.clerk.reply import answer, listed
from muster.dialects.clerk.resources.calls import page_of, read_user, services_of, the_user, view_of
from muster.dialects.clerk.resources.invitations import (
    INVITING,
    Body,
    at_most,
    email_in,
    expiry_of,
    mails_wanted,
    missing,
    search,
)
from muster.dialects.clerk.resources.memberships import check_role
from muster.dialects.clerk.resources.metadata import check_size, size_of
from muster.dialects.clerk.resources.organizations import read_organization, the_organization
from muster.dialects.clerk.schema import organizations as schema
from muster.dialects.clerk.services import default_realm
from muster.dialects.clerk.wire.ids import read_id
from muster.dialects.clerk.wire.organizations import show_member_invitation
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route


async def create_for_organization(call: Call) -> Reply:
    """One invitation to an organization."""
    organization = await read_organization(call)
    (made,) = await _invite_members(call, [body_of(call)])
    return answer((await _shown(call, [(made, organization)]))[0])


async def create_several_for_organization(call: Call) -> Reply:
    """At most ten, all of them or none."""
    organization = await read_organization(call)
    made = await _invite_members(call, at_most(bodies_of(call)))
    return listed(await _shown(call, [(each, organization) for each in made]), len(made))


async def _invite_members(call: Call, bodies: Sequence[Body]) -> list[Invitation]:
    realm = await default_realm(call.store, call.tenant_id)
    for body in bodies:
        check_role(body["role"])
        for member in ("public_metadata", "private_metadata"):
            check_size(member, size_of(body.get(member)))

    async def act(tx: Transaction) -> list[Invitation]:
        organization = await the_organization(tx, call)
        asked = []
        for body in bodies:
            email = email_in(body)
            await _not_a_member(tx, organization, Key(realm.id, "email", email))
            inviter = body.get("inviter_user_id")
            asked.append(
                Invitation(
                    email=email,
                    organization_id=organization.id,
                    role=body["role"],
                    inviter_id=None if inviter is None else (await the_user(tx, inviter)).id,
                    public=body.get("public_metadata"),
                    private=body.get("private_metadata"),
                    redirect_url=body.get("redirect_url"),
                    expires_at=expiry_of(body, tx.now),
                )
            )
        await within_quota(tx, services_of(call).organizations, organization, len(asked))
        return await invite(tx, asked, mail=mails_wanted(bodies))

    try:
        made: list[Invitation] = await call.act(act)
    except Conflict as conflict:
        if conflict.code != "already_invited":
            raise
        text = "Organizations cannot have duplicate pending invitations for an email address."
        code = "organization_invitation_not_unique"
        raise refused(400, code, "organization invitation not unique", text) from None
    return made


async def _not_a_member(tx: Transaction, organization: Organization, key: Key) -> None:
    user = await tx.find(User, key)
    if user is not None and await tx.find(Membership, member_key(organization.id, user.id)) is not None:
        text = f"{key.value} is already a member of the organization."
        raise refused(400, "already_a_member_in_organization", "already a member", text)


async def list_of_organization(call: Call) -> Reply:
    """One page of an organization's invitations."""
    organization = await read_organization(call)
    found, total = await search(call, query_of(call), organization_id=organization.id, prefix="orginv")
    return listed(await _shown(call, [(each, organization) for each in found]), total)


async def list_pending(call: Call) -> Reply:
    """Those of an organization that wait for an answer."""
    organization = await read_organization(call)
    asked = {**query_of(call), "status": "pending"}
    found, total = await search(call, asked, organization_id=organization.id, prefix="orginv")
    return listed(await _shown(call, [(each, organization) for each in found]), total)


async def list_of_all(call: Call) -> Reply:
    """One page of every organization's invitations."""
    found, total = await search(call, query_of(call), organization_id=None, prefix="orginv")
    return listed(await _shown(call, await _with_organizations(call, found), with_organization=True), total)


async def list_of_user(call: Call) -> Reply:
    """One page of the invitations to organizations that went to a user's addresses."""
    asked = query_of(call)
    user = await read_user(call, call.path["user_id"])
    services = services_of(call)
    emails = [address.value for address in user.emails]
    states = [asked["status"]] if "status" in asked else []
    now = services.clock.now()
    found, total = await services.organizations.invitations_to(call.tenant_id, emails, states, page_of(asked), now)
    return listed(await _shown(call, await _with_organizations(call, found), with_organization=True), total)


async def get_of_organization(call: Call) -> Reply:
    """One invitation to an organization."""
    organization = await read_organization(call)
    id_ = call.path["invitation_id"]
    found = await call.store.get(call.tenant_id, Invitation, read_id("orginv", id_) or "")
    if found is None or found.organization_id != organization.id:
        raise missing(id_)
    return answer((await _shown(call, [(found, organization)]))[0])


async def revoke_of_organization(call: Call) -> Reply:
    """An invitation that waits is taken back."""
    requesting = body_of(call).get("requesting_user_id")
    if requesting is not None:
        await read_user(call, requesting)
    organization = await read_organization(call)
    id_ = call.path["invitation_id"]
    try:
        invitation = await call.act(revoke_invitation, read_id("orginv", id_) or "", organization.id)
    except NotFound:
        raise missing(id_) from None
    except Conflict as conflict:
        if conflict.code != "invitation_over":
            raise
        text = "The organization invitation is not in the 'pending' status."
        raise refused(404, "organization_invitation_not_pending", "not pending", text) from None
    return answer((await _shown(call, [(invitation, organization)]))[0])


async def _with_organizations(call: Call, found: Sequence[Invitation]) -> list[tuple[Invitation, Organization]]:
    pairs = []
    for invitation in found:
        organization = await call.store.get(call.tenant_id, Organization, invitation.organization_id)
        if organization is not None:
            pairs.append((invitation, organization))
    return pairs


async def _shown(
    call: Call, pairs: Sequence[tuple[Invitation, Organization]], *, with_organization: bool = False
) -> list[Body]:
    view = await view_of(call)
    shown = []
    for invitation, organization in pairs:
        inviter = None
        if invitation.inviter_id is not None:
            inviter = await call.store.get(call.tenant_id, User, invitation.inviter_id)
        shown.append(
            show_member_invitation(
                invitation, organization, inviter, view.place, view.now, with_organization=with_organization
            )
        )
    return shown


_OF = "/organizations/{organization_id}/invitations"

ROUTES = [
    Route(
        "GET",
        "/organization_invitations",
        list_of_all,
        needs=INVITING,
        title="Get a list of organization invitations for the current instance",
        about=Operation(query=schema.LIST_ALL_INVITATIONS, answer=schema.MEMBER_INVITATIONS),
    ),
    Route(
        "GET",
        "/users/{user_id}/organization_invitations",
        list_of_user,
        needs=INVITING,
        title="Retrieve all invitations for a user",
        about=Operation(query=schema.USER_INVITATIONS, answer=schema.MEMBER_INVITATIONS),
    ),
    Route(
        "GET",
        _OF,
        list_of_organization,
        needs=INVITING,
        title="Get a list of organization invitations",
        about=Operation(query=schema.LIST_MEMBER_INVITATIONS, answer=schema.MEMBER_INVITATIONS),
    ),
    Route(
        "POST",
        _OF,
        create_for_organization,
        needs=INVITING,
        title="Create and send an organization invitation",
        about=Operation(body=schema.INVITE_MEMBER, answer=schema.MEMBER_INVITATION),
    ),
    Route(
        "POST",
        f"{_OF}/bulk",
        create_several_for_organization,
        needs=INVITING,
        title="Bulk create and send organization invitations",
        about=Operation(bodies=schema.INVITE_MEMBERS, answer=schema.MEMBER_INVITATIONS),
    ),
    Route(
        "GET",
        f"{_OF}/pending",
        list_pending,
        needs=INVITING,
        title="Get a list of pending organization invitations",
        about=Operation(query=schema.OF_USER, answer=schema.MEMBER_INVITATIONS),
    ),
    Route(
        "GET",
        _OF + "/{invitation_id}",
        get_of_organization,
        needs=INVITING,
        title="Retrieve an organization invitation by ID",
        about=Operation(answer=schema.MEMBER_INVITATION),
    ),
    Route(
        "POST",
        _OF + "/{invitation_id}/revoke",
        revoke_of_organization,
        needs=INVITING,
        title="Revoke a pending organization invitation",
        about=Operation(body=schema.REVOKE, answer=schema.MEMBER_INVITATION),
    ),
]
