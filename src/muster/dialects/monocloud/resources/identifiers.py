"""A user's e-mails, phone numbers and user name."""

from muster.core.actor import Permissions as May
from muster.core.settings.actions import sign_in_settings
from muster.core.tickets.actions import issue_ticket
from muster.core.transaction import Transaction
from muster.core.users import actions, addresses
from muster.core.users.model import User
from muster.core.users.shapes import Kind
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Handler, Route
from muster.dialects.monocloud.access import DOOR
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.resources.one_user import user_reply, with_user
from muster.dialects.monocloud.schema.users import (
    AddEmailRequest,
    AddPhoneRequest,
    UpdateUsernameRequest,
    VerifyEmailRequest,
)
from muster.dialects.monocloud.validation import body_of
from muster.dialects.monocloud.wire.ids import parse_uuid
from muster.dialects.monocloud.wire.new_users import check_restrictions, check_username
from muster.dialects.monocloud.wire.times import show_time
from muster.dialects.monocloud.wire.users import User as ShownUser
from muster.dialects.monocloud.wire.users import VerifyEmailResponse

VERIFICATION_PATH = "ui/emailVerification/verify"
"""Below the public address: the page that a mail's link leads to."""


async def add_email(call: Call) -> Reply:
    """One more e-mail."""
    body = body_of(call, AddEmailRequest)
    if not body.skip_restriction_checks:
        check_restrictions(await sign_in_settings(call.store, call.tenant_id), email=body.email)
    return await _add(call, "email", body.email, verified=body.is_verified)


async def add_phone(call: Call) -> Reply:
    """One more phone number."""
    body = body_of(call, AddPhoneRequest)
    if not body.skip_restriction_checks:
        check_restrictions(await sign_in_settings(call.store, call.tenant_id), phone=body.phone_number)
    return await _add(call, "phone", body.phone_number, verified=body.is_verified)


async def _add(call: Call, kind: Kind, value: str, *, verified: bool) -> Reply:
    user, _ = await with_user(call, addresses.add_address, kind, value, verified=verified, door=DOOR)
    return await user_reply(call, user)


def remove(kind: Kind) -> Handler:
    """The handler that takes an address away."""

    async def handle(call: Call) -> Reply:
        user = await with_user(call, addresses.remove_address, kind, _address_id(call))
        return await user_reply(call, user)

    return handle


def set_primary(kind: Kind) -> Handler:
    """The handler that makes an address the first of its kind."""

    async def handle(call: Call) -> Reply:
        user = await with_user(call, addresses.set_primary, kind, _address_id(call))
        return await user_reply(call, user)

    return handle


def set_verified(kind: Kind, *, verified: bool) -> Handler:
    """The handler that vouches for an address, or no longer does."""

    async def handle(call: Call) -> Reply:
        user = await with_user(call, actions.set_verified, kind, _address_id(call), verified=verified)
        return await user_reply(call, user)

    return handle


async def send_verification_link(call: Call) -> Reply:
    """Mail a link by which the person proves an e-mail; the answer does not hold the link."""
    body = body_of(call, VerifyEmailRequest)
    settings = await sign_in_settings(call.store, call.tenant_id)
    lifetime = settings.verification_lifetime if body.expiry is None else body.expiry * 1000
    page = f"{call.site.public_url}{VERIFICATION_PATH}"
    expires_at = await with_user(call, _send_link, _address_id(call), lifetime, page)
    return json_reply(200, VerifyEmailResponse(show_time(expires_at), email_sent=True))


async def _send_link(tx: Transaction, user: User, address_id: str, lifetime: int, page: str) -> int:
    ticket, text = await issue_ticket(tx, user, "verify_email", lifetime=lifetime, address_id=address_id)
    address = addresses.address_of(user, "email", address_id)
    link = f"{page}?state={text}"
    tx.send("verification_email", address.value, user_id=user.id, link=link, expires_at=ticket.expires_at)
    return ticket.expires_at


async def set_username(call: Call) -> Reply:
    """The user's name for signing in, made or changed."""
    body = body_of(call, UpdateUsernameRequest)
    check_username(body.username, await sign_in_settings(call.store, call.tenant_id))
    user = await with_user(call, actions.set_username, body.username, door=DOOR)
    return await user_reply(call, user)


async def remove_username(call: Call) -> Reply:
    """No user name any more."""
    return await user_reply(call, await with_user(call, actions.set_username, None, door=DOOR))


def _address_id(call: Call) -> str:
    return parse_uuid(call.path["identifier_id"], "identifier_id")


def _route(method: str, path: str, handler: Handler, title: str, body: type | None = None) -> Route:
    about = Operation(answer=ShownUser, body=body)
    return Route(method, f"/users/{{user_id}}/{path}", handler, needs=(May.USERS_UPDATE,), title=title, about=about)


ROUTES = [
    _route("PUT", "username", set_username, "updateUsername", UpdateUsernameRequest),
    _route("DELETE", "username", remove_username, "removeUsername"),
    _route("POST", "emails", add_email, "addEmail", AddEmailRequest),
    _route("DELETE", "emails/{identifier_id}", remove("email"), "removeEmail"),
    _route("POST", "emails/{identifier_id}/primary", set_primary("email"), "setPrimaryEmail"),
    _route("POST", "emails/{identifier_id}/verify", set_verified("email", verified=True), "setEmailVerified"),
    _route("POST", "emails/{identifier_id}/unverify", set_verified("email", verified=False), "setEmailUnverified"),
    Route(
        "POST",
        "/users/{user_id}/emails/{identifier_id}/verify/link",
        send_verification_link,
        needs=(May.TICKETS_CREATE,),
        title="verifyEmail",
        about=Operation(body=VerifyEmailRequest, answer=VerifyEmailResponse),
    ),
    _route("POST", "phones", add_phone, "addPhone", AddPhoneRequest),
    _route("DELETE", "phones/{identifier_id}", remove("phone"), "removePhone"),
    _route("POST", "phones/{identifier_id}/primary", set_primary("phone"), "setPrimaryPhone"),
    _route("POST", "phones/{identifier_id}/verify", set_verified("phone", verified=True), "setPhoneVerified"),
    _route("POST", "phones/{identifier_id}/unverify", set_verified("phone", verified=False), "setPhoneUnverified"),
]
