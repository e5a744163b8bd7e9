"""PATCH of a user: which members may change together, and the acts that a body stands for."""

from typing import Any

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.tickets.verification import send_verification
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.core.users.shapes import Kind
from muster.core.users.shown import primary, shown_email, shown_name, shown_nickname
from muster.dialects.auth0.wire.ids import show_user_id
from muster.dialects.auth0.wire.new_users import PROFILE, RESERVED, check_metadata, check_username
from muster.dialects.auth0.wire.users import default_picture
from muster.dialects.kit.errors import BadRequest, Forbidden

NEVER_TOGETHER = (
    ("password", "email"),
    ("password", "email_verified"),
    ("username", "email"),
    ("username", "email_verified"),
    ("username", "password"),
)
"""Pairs of members that one call must not change."""

OF_THE_USER_ALONE = frozenset({"user_metadata", "app_metadata", "blocked"})
"""Members on which no connection has a say."""


async def allowed_change(tx: Transaction, user: User, body: dict[str, Any]) -> None:
    """Refuse a change that the caller may not make or that this vendor does not."""
    _permit(tx.actor, user, body)
    check_metadata(body.get("user_metadata"), "user_metadata")
    check_metadata(body.get("app_metadata"), "app_metadata", RESERVED)
    if OF_THE_USER_ALONE.issuperset(body):
        return
    realm = await tx.need(Connection, user.realm)
    if body.get("connection") not in (None, realm.name):
        other = await tx.find(Connection, Key("", "connection_name", body["connection"]))
        if other is None or other.internal:
            raise BadRequest("inexistent_connection", message="Connection does not exist.")
        raise _unsupported("Connection is not supported for this operation.")
    _check(body, user, realm)


def _permit(actor: Actor, user: User, body: dict[str, Any]) -> None:
    """`update:users` opens every member; the two narrower scopes open one document each."""
    if actor.may(May.USERS_UPDATE):
        return
    allowed = {"connection", "client_id"}
    if actor.may(May.USERS_UPDATE_PRIVATE):
        allowed.add("app_metadata")
    if actor.may(May.SELF_UNSAFE):
        if actor.user_id != user.id:
            raise Forbidden("not_this_user")
        allowed.add("user_metadata")
    if not allowed.issuperset(body):
        raise Forbidden("insufficient_scope", scopes=("update:users",))


def _check(body: dict[str, Any], user: User, realm: Connection) -> None:
    """Refuse what this vendor refuses, before anything is done."""
    for one, other in NEVER_TOGETHER:
        if one in body and other in body:
            raise _unsupported(f"Cannot update {one} and {other} simultaneously.")
    if realm.kind not in ("database", "passwordless"):
        if "email" in body:
            raise _unsupported("Cannot update email for non-database user.")
        if "email_verified" in body or "verify_email" in body:
            raise _unsupported("Email verification is not supported for enterprise users.")
        fixed = sorted(set(PROFILE).intersection(body))
        if fixed:
            raise _unsupported(
                f"The following user attributes cannot be updated: {', '.join(fixed)}. The connection must either be a "
                "database connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled "
                "'Sync user profile attributes at each login'."
            )
    if realm.disabled and ("email" in body or "password" in body):
        raise _unsupported("Cannot change email or password for users in a disabled connection.")
    username = body.get("username")
    if username is not None and not _is_shown_username(user, username):
        check_username(username, realm)


async def update_user(
    tx: Transaction, key: UserId | Key, body: dict[str, Any], password: HashedPassword | None
) -> User:
    """Carry out every change that the body asks for, as one act."""
    before = await actions.find_user(tx, key)
    await allowed_change(tx, before, body)
    user = await _addresses(tx, before, body)
    if "username" in body and not _is_shown_username(user, body["username"]):
        value = body["username"]
        user = await actions.set_username(tx, user, value.lower() if value is not None else None, door="auth0")
    profile = {name: body[name] for name in PROFILE if name in body and not _is_echo(before, name, body[name])}
    if profile:
        user = await actions.update_profile(tx, user, profile)
    if "user_metadata" in body:
        user = await actions.set_metadata(tx, user, "unsafe", body["user_metadata"], "merge_first_level")
    if "app_metadata" in body:
        user = await actions.set_metadata(tx, user, "private", body["app_metadata"], "merge_first_level")
    if "password" in body:
        user = await _password(tx, user, password, keep_suspension="blocked" in body)
    if "blocked" in body:
        user = await (actions.suspend(tx, user, door="auth0") if body["blocked"] else actions.unsuspend(tx, user))
    if body.get("verify_email"):
        await send_verification(tx, user)
    if body.get("verify_phone_number"):
        await send_verification(tx, user, "phone")
    return user


async def _addresses(tx: Transaction, user: User, body: dict[str, Any]) -> User:
    """The shown e-mail and phone number, and whether they are proved."""
    if "email" in body and not _is_shown_contact(user, body["email"]):
        user = await actions.replace_primary(tx, user, "email", body["email"], verified=body.get("email_verified"))
    elif "email_verified" in body:
        user = await _set_verified(tx, user, "email", verified=body["email_verified"])
    if "phone_number" in body:
        number, proved = body["phone_number"], body.get("phone_verified")
        user = await actions.replace_primary(tx, user, "phone", number, verified=proved)
    elif "phone_verified" in body:
        user = await _set_verified(tx, user, "phone", verified=body["phone_verified"])
    return user


async def _set_verified(tx: Transaction, user: User, kind: Kind, *, verified: bool) -> User:
    """Vouch for the shown address. A contact that is vouched for becomes an address of the user's own."""
    own = primary(user.emails if kind == "email" else user.phones)
    if own is not None:
        return await actions.set_verified(tx, user, kind, own.id, verified=verified)
    contact = shown_email(user)
    if kind == "email" and contact is not None and contact.verified != verified:
        return await actions.replace_primary(tx, user, "email", contact.address, verified=verified)
    return user


async def _password(tx: Transaction, user: User, password: HashedPassword | None, *, keep_suspension: bool) -> User:
    """A new password also lifts locks, and a suspension that came through this API; null takes the password away."""
    if password is None:
        return await actions.remove_password(tx, user)
    user = await actions.set_password(tx, user, password, unlock=True)
    own = user.suspension is not None and user.suspension.by == "auth0"
    return await actions.unsuspend(tx, user) if own and not keep_suspension else user


def _is_shown_username(user: User, value: str | None) -> bool:
    """Names are shown here in small letters: one that is sent back so must not lose the capitals that it has elsewhere."""
    return value is not None and user.username is not None and user.username.key == value.lower()


def _is_shown_contact(user: User, email: str | None) -> bool:
    shown = shown_email(user)
    return shown is not None and shown.contact and email == shown.address


def _is_echo(user: User, member: str, value: str | None) -> bool:
    """Whether a client only sends back the value that was derived for it, which must not become a stored fact."""
    if value is None or getattr(user.profile, member) is not None:
        return False
    if member == "name":
        return value == shown_name(user)
    if member == "nickname":
        return value == shown_nickname(user)
    if member == "picture":
        email = shown_email(user)
        return value == default_picture(show_user_id(user), email and email.address, user.profile.name)
    return False


def _unsupported(message: str) -> BadRequest:
    return BadRequest("operation_not_supported", message=message)
