"""A new user as Auth0 sends it → what the core creates from it."""

import re
from collections.abc import Iterable
from typing import Any

from muster.core.connections.model import Connection
from muster.core.ids import UserId, is_id
from muster.core.users.actions import HashedPassword, NewAddress, NewUser
from muster.core.users.model import Document, ForeignId, Metadata, Origin, Profile
from muster.dialects.auth0.validation import body_problem
from muster.dialects.auth0.wire.ids import NATIVE
from muster.dialects.kit.errors import BadRequest

PROFILE = ("name", "given_name", "family_name", "nickname", "picture")
"""Members that are stored under the same name in the profile."""

RESERVED = frozenset(
    [
        "__tenant",
        "_id",
        "blocked",
        "clientID",
        "created_at",
        "email_verified",
        "email",
        "globalClientID",
        "global_client_id",
        "identities",
        "lastIP",
        "lastLogin",
        "loginsCount",
        "metadata",
        "multifactor_last_modified",
        "multifactor",
        "updated_at",
        "user_id",
    ]
)
"""Keys that `app_metadata` must not have."""

_USERNAME = re.compile(r"[A-Za-z0-9@^$.!`\-#+'~_]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def parse_new(body: dict[str, Any], password: HashedPassword | None) -> NewUser:
    """What `body`, already checked against the description, asks for.

    A given `user_id` of our native form becomes the core's id, so that exported users come back under their own; any other
    is kept word for word behind the provider.
    """
    check_metadata(body.get("user_metadata"), "user_metadata")
    check_metadata(body.get("app_metadata"), "app_metadata", RESERVED)
    given = body.get("user_id") or None
    native = given is not None and is_id(given)
    email, phone = body.get("email"), body.get("phone_number")
    username = body.get("username")
    return NewUser(
        origin=Origin(door="auth0"),
        id=UserId(given) if given is not None and native else None,
        foreign_ids=[ForeignId(kind="auth0", value=NATIVE + given)] if given is not None and not native else [],
        emails=[NewAddress(email, verified=body.get("email_verified", False))] if email else [],
        phones=[NewAddress(phone, verified=body.get("phone_verified", False))] if phone else [],
        username=username.lower() if username else None,
        profile=Profile(**{name: body[name] for name in PROFILE if body.get(name) is not None}),
        metadata=Metadata.of(unsafe=body.get("user_metadata"), private=body.get("app_metadata")),
        password=password,
        suspended=body.get("blocked"),
    )


def check_metadata(document: Document | None, member: str, reserved: Iterable[str] = ()) -> None:
    """Refuse keys that metadata must not have: any with a dot or a dollar sign, and some names at the first level."""
    if not document:
        return
    held = sorted(set(reserved).intersection(document))
    if held:
        raise body_problem(f"Additional properties not allowed: {','.join(held)}", member)
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for key in value:
                if "." in key or "$" in key:
                    raise body_problem(f"Invalid key '{key[:100]}': keys must not contain '.' or '$'", member)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def check_username(username: str, realm: Connection) -> None:
    """Whether the connection has user names and takes this one: its length is the connection's, its alphabet this vendor's, and it is never an e-mail address."""
    if not realm.requires_username:
        message = "Cannot set username for connection without requires_username."
        raise BadRequest("operation_not_supported", message=message)
    rule = realm.username_rule
    if len(username) < rule.minimum:
        raise body_problem(f"String is too short ({len(username)} chars), minimum {rule.minimum}", "username")
    if len(username) > rule.maximum:
        raise body_problem(f"String is too long ({len(username)} chars), maximum {rule.maximum}", "username")
    if not _USERNAME.fullmatch(username) or _EMAIL.fullmatch(username):
        raise body_problem(f"Object didn't pass validation for format username: {username}", "username")
