"""Invitations to the tenant itself, as records: asked, listed, taken back; and what those to organizations have in common.

What comes of an answer is for whoever signs people in, and so is the address that the mail leads to.
"""

from collections.abc import Sequence
from typing import Any

from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, NotFound
from muster.core.organizations.directory import InvitationsAsked
from muster.core.organizations.invitations import DAY, invite, revoke_invitation
from muster.core.organizations.model import Invitation
from muster.core.query import Order, Page
from muster.core.records import Key
from muster.core.users.model import User
from muster.dialects.clerk import problems
from muster.dialects.clerk.operation import Operation, bodies_of, body_of, query_of
from muster.dialects.clerk.problems import Problem, Refused, refused
from muster.dialects.clerk.reply import answer, listed
from muster.dialects.clerk.resources.calls import page_of, services_of
from muster.dialects.clerk.resources.metadata import check_size, size_of
from muster.dialects.clerk.schema import organizations as schema
from muster.dialects.clerk.services import default_realm
from muster.dialects.clerk.user_search import parse_order
from muster.dialects.clerk.wire.ids import read_id
from muster.dialects.clerk.wire.organizations import show_invitation
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route

MOST_AT_ONCE = 10
DAYS = 30
"""How long an invitation lasts unless it is told otherwise."""

SORTS = {"created_at": "created_at", "email_address": "email", "expires_at": "expires_at"}
NEWEST_FIRST = Order("created_at", descending=True)

Body = dict[str, Any]


async def create(call: Call) -> Reply:
    """One invitation."""
    (made,) = await _invite(call, [body_of(call)])
    return answer(show_invitation(made, services_of(call).clock.now()))


async def create_several(call: Call) -> Reply:
    """At most ten invitations, all of them or none."""
    made = await _invite(call, at_most(bodies_of(call)))
    now = services_of(call).clock.now()
    return answer([show_invitation(each, now) for each in made])


async def _invite(call: Call, bodies: Sequence[Body]) -> list[Invitation]:
    realm = await default_realm(call.store, call.tenant_id)
    now = services_of(call).clock.now()
    asked = []
    for body in bodies:
        email = email_in(body)
        check_size("public_metadata", size_of(body.get("public_metadata")))
        exclusive = body.get("ignore_existing") is not True
        if exclusive and await call.store.find(call.tenant_id, User, Key(realm.id, "email", email)) is not None:
            raise Refused(422, [problems.taken("email_address", "email address")])
        asked.append(
            Invitation(
                email=email,
                public=body.get("public_metadata"),
                redirect_url=body.get("redirect_url"),
                expires_at=expiry_of(body, now),
                exclusive=exclusive,
            )
        )
    try:
        made: list[Invitation] = await call.act(invite, asked, mail=mails_wanted(bodies))
    except Conflict as conflict:
        if conflict.code != "already_invited":
            raise
        emails = conflict.detail["emails"]
        assert isinstance(emails, list)
        text = f"There are already pending invitations for the following email addresses: {', '.join(emails)}"
        raise refused(400, "duplicate_record", text, email_addresses=emails) from None
    return made


async def list_(call: Call) -> Reply:
    """One page; an array unless the caller asks for the object form."""
    asked = query_of(call)
    found, total = await search(call, asked, organization_id="", prefix="inv")
    now = services_of(call).clock.now()
    shown = [show_invitation(each, now) for each in found]
    return listed(shown, total) if asked.get("paginated") else answer(shown)


async def revoke(call: Call) -> Reply:
    """An invitation that waits is taken back."""
    id_ = call.path["invitation_id"]
    try:
        invitation = await call.act(revoke_invitation, read_id("inv", id_) or "", "")
    except NotFound:
        raise missing(id_) from None
    except Conflict as conflict:
        if conflict.code != "invitation_over":
            raise
        if conflict.detail["state"] == "accepted":
            text = "Invitation is already accepted, try signing in instead."
            raise refused(400, "invitation_already_accepted", text) from None
        raise refused(400, "invitation_already_revoked", "Invitation is already revoked.") from None
    return answer(show_invitation(invitation, services_of(call).clock.now()))


# ----------------------------------------------------------------------------------------------------------- in common


async def search(
    call: Call, asked: Body, *, organization_id: str | None, prefix: str
) -> tuple[Sequence[Invitation], int]:
    call.caller.must(May.ORGS_INVITE)
    order = parse_order(asked.get("order_by"), SORTS, NEWEST_FIRST)
    text, email = asked.get("query"), asked.get("email_address")
    services = services_of(call)
    wanted = InvitationsAsked(
        organization_id=organization_id,
        states=[asked["status"]] if "status" in asked else [],
        email=None if email is None else email.strip().lower(),
        text=None if not text else read_id(prefix, text) or text.lower(),
        order=order.field,  # type: ignore[arg-type]  # SORTS holds nothing else
        descending=order.descending,
    )
    page: Page = page_of(asked)
    return await services.organizations.invitations(call.tenant_id, wanted, page, services.clock.now())


def at_most(bodies: list[Body]) -> list[Body]:
    if len(bodies) > MOST_AT_ONCE:
        text = f"Parameters exceed the maximum allowed bulk processing size of {MOST_AT_ONCE}."
        raise refused(400, "bulk_size_exceeded", "bulk size exceeded", text)
    if not bodies:
        raise Refused(422, [Problem("form_param_missing", "is missing", "at least one invitation must be included.")])
    return bodies


def email_in(body: Body) -> str:
    email: str = body["email_address"]
    return email.strip().lower()


def expiry_of(body: Body, now: int) -> int:
    return now + (body.get("expires_in_days") or DAYS) * DAY


def mails_wanted(bodies: Sequence[Body]) -> list[bool]:
    return [body.get("notify") is not False for body in bodies]


def missing(id_: str) -> Refused:
    return refused(404, "resource_not_found", "not found", f"No invitation was found with id {id_[:200]}.")


INVITING = (May.ORGS_INVITE,)

ROUTES = [
    Route(
        "GET",
        "/invitations",
        list_,
        needs=INVITING,
        title="List all invitations",
        about=Operation(query=schema.LIST_INVITATIONS, answer=schema.INVITATIONS),
    ),
    Route(
        "POST",
        "/invitations",
        create,
        needs=INVITING,
        title="Create an invitation",
        about=Operation(body=schema.INVITE, answer=schema.INVITATION),
    ),
    Route(
        "POST",
        "/invitations/bulk",
        create_several,
        needs=INVITING,
        title="Create multiple invitations",
        about=Operation(bodies=schema.INVITE_SEVERAL, answer=schema.INVITATIONS),
    ),
    Route(
        "POST",
        "/invitations/{invitation_id}/revoke",
        revoke,
        needs=INVITING,
        title="Revokes an invitation",
        about=Operation(answer=schema.INVITATION),
    ),
]
