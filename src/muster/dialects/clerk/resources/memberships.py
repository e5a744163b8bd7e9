"""Who belongs to an organization, and with which role."""

import asyncio
from collections.abc import Sequence

from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, NotFound
from muster.core.organizations import actions
from muster.core.organizations.directory import Member
from muster.core.organizations.model import Membership, Organization
from muster.core.query import Everyone, Order, Query
from muster.core.transaction import Transaction
from muster.core.users.matching import matches, sort_key
from muster.core.users.model import User
from muster.dialects.clerk.operation import Operation, body_of, query_of
from muster.dialects.clerk.problems import Problem, Refused, refused
from muster.dialects.clerk.reply import answer, listed
from muster.dialects.clerk.resources.calls import no_user, page_of, read_user, services_of, view_of
from muster.dialects.clerk.resources.metadata import check_size, size_of
from muster.dialects.clerk.resources.organizations import DOCUMENTS, read_organization, the_organization
from muster.dialects.clerk.roles import MUST_REMAIN, ROLES
from muster.dialects.clerk.schema import organizations as schema
from muster.dialects.clerk.user_search import parse_filters, parse_order
from muster.dialects.clerk.wire.ids import read_user_id
from muster.dialects.clerk.wire.organizations import show_membership
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route

SORTS = {
    "created_at": "",
    "phone_number": "phone",
    "email_address": "email",
    "first_name": "given_name",
    "last_name": "family_name",
    "username": "username",
}
"""What members can be sorted by; all but the age of the membership are the user's."""

NEWEST_FIRST = Order("", descending=True)

Shown = tuple[Membership, User, Organization]


async def list_(call: Call) -> Reply:
    """One page of an organization's members.

    By age they are read a page at a time. Any other order, and any filter, is about the users: all members are looked at.
    """
    asked = query_of(call)
    organization = await read_organization(call)
    order, page = parse_order(asked.get("order_by"), SORTS, NEWEST_FIRST), page_of(asked)
    directory = services_of(call).organizations
    query, roles = parse_filters({name: value for name, value in asked.items() if name != "role"}), asked.get("role")
    if isinstance(query, Everyone) and roles is None and not order.field:
        found, total = await directory.members_page(call.tenant_id, organization.id, page, descending=order.descending)
    else:
        everybody = await directory.members(call.tenant_id, [organization.id])
        chosen = await asyncio.to_thread(_chosen, everybody, query, roles, order)
        found, total = chosen[page.offset : page.offset + page.limit], len(chosen)
    place = (await view_of(call)).place
    return listed([show_membership(membership, user, organization, place) for membership, user in found], total)


def _chosen(members: Sequence[Member], query: Query, roles: Sequence[str] | None, order: Order) -> list[Member]:
    """Those that match, in order; whoever lacks what is sorted by comes last. `members` are newest first."""
    found = [
        member
        for member in members
        if (roles is None or member.membership.role in roles) and matches(member.user, query)
    ]
    if not order.field:
        return found if order.descending else found[::-1]
    keyed = [(sort_key(member.user, order), number, member) for number, member in enumerate(found)]
    with_key = sorted(((key, -number, member) for key, number, member in keyed if key is not None), key=lambda k: k[:2])
    ordered = with_key[::-1] if order.descending else with_key
    return [*(member for *_, member in ordered), *(member for key, _, member in keyed if key is None)]


async def list_all(call: Call) -> Reply:
    """One page of all memberships of the tenant, by age."""
    asked = query_of(call)
    order, page = parse_order(asked.get("order_by"), {"created_at": ""}, NEWEST_FIRST), page_of(asked)
    directory = services_of(call).organizations
    found, total = await directory.members_page(call.tenant_id, None, page, descending=order.descending)
    place = (await view_of(call)).place
    shown = []
    for membership, user in found:
        organization = await call.store.get(call.tenant_id, Organization, membership.organization_id)
        if organization is not None:
            shown.append(show_membership(membership, user, organization, place))
    return listed(shown, total)


async def list_of_user(call: Call) -> Reply:
    """One page of the organizations that a user belongs to, newest first."""
    page = page_of(query_of(call))
    user = await read_user(call, call.path["user_id"])
    call.caller.must(May.ORGS_READ)
    held = await call.store.owned(call.tenant_id, Membership, user.id, newest_first=True)
    place = (await view_of(call)).place
    shown = []
    for membership in held[page.offset : page.offset + page.limit]:
        organization = await call.store.get(call.tenant_id, Organization, membership.organization_id)
        if organization is not None:
            shown.append(show_membership(membership, user, organization, place))
    return listed(shown, len(held))


async def create(call: Call) -> Reply:
    """A user joins."""
    body = body_of(call)
    role = check_role(body["role"])
    for member in DOCUMENTS:
        check_size(member, size_of(body.get(member)))

    async def act(tx: Transaction) -> Shown:
        organization = await the_organization(tx, call)
        try:
            membership, user = await actions.add_member(
                tx,
                services_of(call).organizations,
                organization,
                read_user_id(body["user_id"]),
                role,
                public=body.get("public_metadata"),
                private=body.get("private_metadata"),
                within_quota=True,
            )
        except NotFound:
            raise no_user(body["user_id"]) from None
        except Conflict as conflict:
            if conflict.code != "already_member":
                raise
            text = f"{body['user_id'][:200]} is already a member of the organization."
            raise refused(400, "already_a_member_in_organization", "already a member", text) from None
        return membership, user, organization

    return await _shown(call, await call.act(act))


async def update(call: Call) -> Reply:
    """Another role."""
    role = check_role(body_of(call)["role"])

    async def act(tx: Transaction) -> Shown:
        organization, membership, user = await _member(tx, call)
        directory = services_of(call).organizations
        after = await actions.set_role(tx, directory, organization, membership, role, someone_must_hold=MUST_REMAIN)
        return after, user, organization

    return await _shown(call, await call.act(act))


async def merge_metadata(call: Call) -> Reply:
    """Documents merged at every depth; null deletes a key."""
    body = body_of(call)
    sent = {ours: body[member] for member, ours in DOCUMENTS.items() if member in body}

    async def act(tx: Transaction) -> Shown:
        organization, before, user = await _member(tx, call)
        after = await actions.set_member_documents(tx, before, sent, "merge_deep")
        for member, ours in DOCUMENTS.items():
            check_size(member, size_of(getattr(after, ours)), size_of(getattr(before, ours)))
        return after, user, organization

    return await _shown(call, await call.act(act))


async def delete(call: Call) -> Reply:
    """A user leaves; the answer is the membership that was."""

    async def act(tx: Transaction) -> Shown:
        organization, membership, user = await _member(tx, call)
        directory = services_of(call).organizations
        await actions.remove_member(tx, directory, organization, membership, someone_must_hold=MUST_REMAIN)
        return membership, user, organization

    return await _shown(call, await call.act(act))


def check_role(role: str) -> str:
    """Refuse a role that there is not."""
    if role in ROLES:
        return role
    problem = Problem("resource_not_found", "not found", "Organization role not found", {"param_name": "role"})
    raise Refused(404, [problem])


async def _member(tx: Transaction, call: Call) -> tuple[Organization, Membership, User]:
    organization = await the_organization(tx, call)
    membership, user = await actions.membership_of(tx, organization, read_user_id(call.path["user_id"]))
    return organization, membership, user


async def _shown(call: Call, shown: Shown) -> Reply:
    membership, user, organization = shown
    return answer(show_membership(membership, user, organization, (await view_of(call)).place))


_READ, _WRITE = (May.ORGS_READ,), (May.ORGS_MEMBERS,)
_ALL = "/organizations/{organization_id}/memberships"
_ONE = _ALL + "/{user_id}"

ROUTES = [
    Route(
        "GET",
        _ALL,
        list_,
        needs=_READ,
        title="Get a list of all members of an organization",
        about=Operation(query=schema.LIST_MEMBERS, answer=schema.MEMBERSHIPS),
    ),
    Route(
        "POST",
        _ALL,
        create,
        needs=_WRITE,
        title="Create a new organization membership",
        about=Operation(body=schema.ADD_MEMBER, answer=schema.MEMBERSHIP),
    ),
    Route(
        "PATCH",
        _ONE,
        update,
        needs=_WRITE,
        title="Update an organization membership",
        about=Operation(body=schema.UPDATE_MEMBER, answer=schema.MEMBERSHIP),
    ),
    Route(
        "DELETE",
        _ONE,
        delete,
        needs=_WRITE,
        title="Remove a member from an organization",
        about=Operation(answer=schema.MEMBERSHIP),
    ),
    Route(
        "PATCH",
        f"{_ONE}/metadata",
        merge_metadata,
        needs=_WRITE,
        title="Merge and update organization membership metadata",
        about=Operation(body=schema.WRITE_METADATA, answer=schema.MEMBERSHIP),
    ),
    Route(
        "GET",
        "/organization_memberships",
        list_all,
        needs=_READ,
        title="Get a list of all organization memberships within an instance.",
        about=Operation(query=schema.LIST_ALL_MEMBERS, answer=schema.MEMBERSHIPS),
    ),
    Route(
        "GET",
        "/users/{user_id}/organization_memberships",
        list_of_user,
        needs=_READ,
        title="Retrieve all memberships for a user",
        about=Operation(query=schema.OF_USER, answer=schema.MEMBERSHIPS),
    ),
]
