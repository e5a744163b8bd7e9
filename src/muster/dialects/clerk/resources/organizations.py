"""Organizations: create, read, list, change, delete, and their metadata."""

import re
import unicodedata
from typing import Any

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound, Taken
from muster.core.organizations import actions
from muster.core.organizations.directory import OrganizationsAsked
from muster.core.organizations.model import MOST_MEMBERS, Organization, slug_key
from muster.core.query import Order
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.core.users.metadata import Mode
from muster.core.users.shapes import foreign_key
from muster.dialects.clerk import problems
from muster.dialects.clerk.operation import Operation, body_of, query_of
from muster.dialects.clerk.problems import Refused, refused
from muster.dialects.clerk.reply import answer, deleted, listed
from muster.dialects.clerk.resources.calls import page_of, services_of, takes_metadata, users_named, view_of
from muster.dialects.clerk.resources.metadata import check_size, size_of
from muster.dialects.clerk.roles import ADMIN
from muster.dialects.clerk.schema import organizations as schema
from muster.dialects.clerk.schema.listing import DELETED
from muster.dialects.clerk.user_search import parse_order, signed
from muster.dialects.clerk.wire.ids import DOOR, read_id, read_user_id
from muster.dialects.clerk.wire.organizations import show_organization, show_organization_id
from muster.dialects.clerk.wire.times import read_time
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route

LONGEST_NAME = 256
DOCUMENTS = {"public_metadata": "public", "private_metadata": "private"}

SORTS = {"name": "name", "created_at": "created_at", "members_count": "members"}
NEWEST_FIRST = Order("created_at", descending=True)

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,254}[a-z0-9])?")
_NOT_A_NAME = re.compile(r"<[^>]*>|https?://|www\.", re.IGNORECASE)


async def create(call: Call) -> Reply:
    """A new organization; who made it becomes its first administrator."""
    body = body_of(call)
    new = _new(body)
    organization = await _unused_slug(call, new, body)
    members = 1 if organization.created_by is not None else 0
    view = await view_of(call)
    return answer(show_organization(organization, view.place, members=members, pending=0))


async def _unused_slug(call: Call, new: Organization, body: dict[str, Any]) -> Organization:
    """Make it, under another slug where the name's own is in use and none was asked for."""
    now = services_of(call).clock.now()
    for suffix in ("", f"-{now // 1000}", f"-{now}"):
        try:
            return await call.act(_create, call, replace(new, slug=new.slug + suffix), body)
        except Taken as taken:
            if body.get("slug") or taken.kind != "organization_slug":
                raise
    raise Refused(422, [problems.taken("slug", "slug")])


async def _create(tx: Transaction, call: Call, new: Organization, body: dict[str, Any]) -> Organization:
    maker = body.get("created_by")
    if maker is None:
        return await actions.create_organization(tx, new)
    try:
        user = await find_user(tx, read_user_id(maker))
    except NotFound:
        text = f"No users found with id {maker[:200]}."
        raise refused(400, "organization_creator_not_found", "creator not found", text) from None
    organization = await actions.create_organization(tx, replace(new, created_by=maker))
    await actions.add_member(tx, services_of(call).organizations, organization, user.id, ADMIN)
    return await actions.find_organization(tx, organization.id)


def _new(body: dict[str, Any]) -> Organization:
    name = _name(body["name"])
    for member in DOCUMENTS:
        check_size(member, size_of(body.get(member)))
    slug = body.get("slug")
    limit = body.get("max_allowed_memberships")
    created_at = body.get("created_at")
    return Organization(
        slug=_slug(slug) if slug else slug_of(name),
        title=name,
        public=body.get("public_metadata"),
        private=body.get("private_metadata"),
        created_at=0 if created_at is None else read_time("created_at", created_at),
        max_members=MOST_MEMBERS if limit is None else limit or None,
    )


async def list_(call: Call) -> Reply:
    """One page of the organizations that match."""
    asked = query_of(call)
    order = parse_order(asked.get("order_by"), SORTS, NEWEST_FIRST)
    users, ids = signed(asked.get("user_id", ())), signed(asked.get("organization_id", ()))
    text = asked.get("query")
    wanted = OrganizationsAsked(
        text=None if not text else read_id("org", text) or text.casefold(),
        ids=[_own_id(id_) for id_ in ids.wanted] if ids.wanted else None,
        not_ids=[_own_id(id_) for id_ in ids.unwanted],
        with_members=await users_named(call.store, call.tenant_id, users.wanted) if users.wanted else None,
        without_members=await users_named(call.store, call.tenant_id, users.unwanted),
        order=order.field,  # type: ignore[arg-type]  # SORTS holds nothing else
        descending=order.descending,
    )
    directory = services_of(call).organizations
    found, total = await directory.organizations(call.tenant_id, wanted, page_of(asked))
    view = await view_of(call)
    if not asked.get("include_members_count"):
        return listed([show_organization(each, view.place) for each in found], total)
    members = await directory.member_counts(call.tenant_id, [each.id for each in found])
    pending = await directory.pending_counts(call.tenant_id, [each.id for each in found], view.now)
    shown = [
        show_organization(each, view.place, members=members.get(each.id, 0), pending=pending.get(each.id, 0))
        for each in found
    ]
    return listed(shown, total)


async def get(call: Call) -> Reply:
    """One organization, by its id or its slug."""
    organization = await read_organization(call, by_slug=True)
    view = await view_of(call)
    if not query_of(call).get("include_members_count"):
        return answer(show_organization(organization, view.place))
    directory, ids = services_of(call).organizations, [organization.id]
    members = (await directory.member_counts(call.tenant_id, ids)).get(organization.id, 0)
    pending = (await directory.pending_counts(call.tenant_id, ids, view.now)).get(organization.id, 0)
    return answer(show_organization(organization, view.place, members=members, pending=pending))


async def update(call: Call) -> Reply:
    """Whatever the body names changes; null leaves a member as it is."""
    body = body_of(call)
    old = [problems.deprecated(name) for name in DOCUMENTS if name in body]
    if old and not takes_metadata(call):
        raise Refused(422, old)

    async def act(tx: Transaction) -> Organization:
        organization = await the_organization(tx, call)
        return actions.save_organization(tx, _changed(organization, body))

    return await shown(call, await call.act(act))


def _changed(organization: Organization, body: dict[str, Any]) -> Organization:
    changes: dict[str, Any] = {}
    if body.get("name") is not None:
        changes["title"] = _name(body["name"])
    if body.get("slug") is not None:
        changes["slug"] = _slug(body["slug"])
    if body.get("max_allowed_memberships") is not None:
        changes["max_members"] = body["max_allowed_memberships"] or None
    if body.get("admin_delete_enabled") is not None:
        changes["members_may_delete"] = body["admin_delete_enabled"]
    if body.get("created_at") is not None:
        changes["created_at"] = read_time("created_at", body["created_at"])
    for member, ours in DOCUMENTS.items():
        if member in body:
            check_size(member, size_of(body[member]), size_of(getattr(organization, ours)))
            changes[ours] = body[member]
    return replace(organization, **changes)


async def merge_metadata(call: Call) -> Reply:
    """Documents merged at every depth; null deletes a key."""
    return await _metadata(call, "merge_deep")


async def replace_metadata(call: Call) -> Reply:
    """Documents replaced, those that are sent."""
    return await _metadata(call, "replace")


async def _metadata(call: Call, mode: Mode) -> Reply:
    body = body_of(call)
    sent = {ours: body[member] for member, ours in DOCUMENTS.items() if member in body}

    async def act(tx: Transaction) -> Organization:
        before = await the_organization(tx, call)
        after = await actions.set_documents(tx, before, sent, mode)
        for member, ours in DOCUMENTS.items():
            check_size(member, size_of(getattr(after, ours)), size_of(getattr(before, ours)))
        return after

    return await shown(call, await call.act(act))


async def delete(call: Call) -> Reply:
    """The organization goes with its memberships and invitations."""

    async def act(tx: Transaction) -> Organization:
        organization = await the_organization(tx, call)
        await actions.delete_organization(tx, services_of(call).organizations, organization)
        return organization

    gone = await call.act(act)
    return deleted("organization", show_organization_id(gone), slug=gone.slug)


async def shown(call: Call, organization: Organization) -> Reply:
    """The organization as this API shows it."""
    return answer(show_organization(organization, (await view_of(call)).place))


async def read_organization(call: Call, *, by_slug: bool = False) -> Organization:
    """The organization of the path, outside of any act; `NotFound("organization")`."""
    call.caller.must(May.ORGS_READ)
    for key in _ways(call.path["organization_id"], by_slug=by_slug):
        found = await (
            call.store.find(call.tenant_id, Organization, key)
            if isinstance(key, Key)
            else call.store.get(call.tenant_id, Organization, key)
        )
        if found is not None:
            return found
    raise NotFound("organization")


async def the_organization(tx: Transaction, call: Call) -> Organization:
    """The organization of the path, within an act; `NotFound("organization")`."""
    (key,) = _ways(call.path["organization_id"], by_slug=False)
    return await actions.find_organization(tx, key)


def _ways(text: str, *, by_slug: bool) -> list[str | Key]:
    own = read_id("org", text)
    ways: list[str | Key] = [own if own is not None else foreign_key(f"organization:{DOOR}", text)]
    return [*ways, slug_key(text)] if by_slug and own is None else ways


def _own_id(shown_id: str) -> str:
    return read_id("org", shown_id) or shown_id


def _name(name: str) -> str:
    if not name.strip():
        raise Refused(422, [problems.missing("name")])
    if len(name) > LONGEST_NAME:
        raise Refused(422, [problems.too_long("name", LONGEST_NAME)])
    if _NOT_A_NAME.search(name) or not name.isprintable():
        text = f'The organization name "{name[:200]}" is invalid: it cannot contain a URL or HTML.'
        raise problems.form("form_param_value_invalid", "name", "invalid organization name", text)
    return name


def _slug(slug: str) -> str:
    if not _SLUG.fullmatch(slug):
        must_be = "made of lower-case letters, digits and hyphens"
        raise Refused(422, [problems.malformed("slug", must_be)])
    return slug


def slug_of(name: str) -> str:
    """A slug made of a name: its letters and digits without accents, the rest as hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:200].strip("-") or "organization"


_READ, _WRITE = (May.ORGS_READ,), (May.ORGS_WRITE,)
_ONE = "/organizations/{organization_id}"

ROUTES = [
    Route(
        "GET",
        "/organizations",
        list_,
        needs=_READ,
        title="Get a list of organizations for an instance",
        about=Operation(query=schema.LIST, answer=schema.ORGANIZATIONS),
    ),
    Route(
        "POST",
        "/organizations",
        create,
        needs=_WRITE,
        title="Create an organization",
        about=Operation(body=schema.CREATE, answer=schema.ORGANIZATION),
    ),
    Route(
        "GET",
        _ONE,
        get,
        needs=_READ,
        title="Retrieve an organization by ID or slug",
        about=Operation(query=schema.GET, answer=schema.ORGANIZATION),
    ),
    Route(
        "PATCH",
        _ONE,
        update,
        needs=_WRITE,
        title="Update an organization",
        about=Operation(body=schema.UPDATE, answer=schema.ORGANIZATION),
    ),
    Route("DELETE", _ONE, delete, needs=_WRITE, title="Delete an organization", about=Operation(answer=DELETED)),
    Route(
        "PATCH",
        f"{_ONE}/metadata",
        merge_metadata,
        needs=_WRITE,
        title="Merge and update metadata for an organization",
        about=Operation(body=schema.WRITE_METADATA, answer=schema.ORGANIZATION),
    ),
    Route(
        "PUT",
        f"{_ONE}/metadata",
        replace_metadata,
        needs=_WRITE,
        title="Replace an organization's metadata",
        about=Operation(body=schema.WRITE_METADATA, answer=schema.ORGANIZATION),
    ),
]
