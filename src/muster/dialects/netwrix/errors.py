"""Core kind → this API's status and `ResponseStatus`, one table. What no row names falls to its kind's row.

`ErrorCode` is the name of an exception of the framework or of a status, as its clients know them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, cast

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Taken, TooMany, Unavailable
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden, NoRoute, Unauthorized
from muster.dialects.kit.reply import Header, Reply, json_reply

Detail = dict[str, Any]


class Shown(NamedTuple):
    """A row: the status, the `ErrorCode`, the text (or how to make it), and the member it is about if there is one."""

    status: int
    code: str
    message: str | Callable[[Detail], str]
    field: str | None = None


ARGUMENT, FORMAT = "ArgumentException", "SerializationException"

CHALLENGE: Final[Header] = (b"www-authenticate", b'credentials realm="/auth/credentials"')

NOT_AUTHENTICATED: Final = Shown(401, "Unauthorized", "Not Authenticated")
_WRONG_PASSWORD: Final = Shown(401, "Unauthorized", "Invalid Username or Password")


def _taken(detail: Detail) -> str:
    return f"User '{detail['value']}' already exists"


def _no_role(detail: Detail) -> str:
    return f"Role '{detail['name']}' does not exist"


TABLE: dict[tuple[type[Refusal], str], Shown] = {
    (CredentialRefused, "wrong_password"): _WRONG_PASSWORD,
    (CredentialRefused, "wrong_code"): Shown(401, "Unauthorized", "Invalid One Time Password"),
    (CredentialRefused, "no_password"): Shown(400, ARGUMENT, "The account has no password here"),
    (CredentialRefused, "locked"): Shown(403, "Forbidden", "This account has been locked"),
    (CredentialRefused, "address_blocked"): Shown(403, "Forbidden", "Ip Address Blocked: LoginFailures"),
    (CredentialRefused, "suspended"): Shown(403, "Forbidden", "This account has been suspended"),
    (CredentialRefused, "session_over"): NOT_AUTHENTICATED,
    (Conflict, "no_second_factor"): Shown(
        400, ARGUMENT, "No authenticator is registered; ask for the two-factor status first", "OneTimePassword"
    ),
    (Conflict, "last_manager"): Shown(403, "Forbidden", "The last account that manages users must stay"),
    (Conflict, "hub_role_in_use"): Shown(400, ARGUMENT, lambda d: f"Role '{d['name']}' is given to users", "Name"),
    (Conflict, "hub_role_taken"): Shown(400, ARGUMENT, lambda d: f"Role '{d['name']}' already exists", "Name"),
    (Conflict, "too_many_writers"): Shown(409, "Conflict", "The user is being changed by too many others; try again"),
    (NotFound, "user"): Shown(404, "NotFound", "User does not exist"),
    (NotFound, "hubrole"): Shown(400, ARGUMENT, _no_role, "Roles"),
    (NotFound, "role_named"): Shown(404, "NotFound", _no_role),
    (NotFound, "group"): Shown(403, "Forbidden", "Only groups of one's own can be given or taken"),
    (NotFound, "provider"): Shown(404, "NotFound", lambda d: f"Auth provider '{d['name']}' does not exist"),
    (NotAllowed, "hub_role_built_in"): Shown(403, "Forbidden", "The role is read-only"),
    (Forbidden, "second_factor_due"): Shown(
        403, "TwoFactorRequired", "Two-factor authentication is required to continue"
    ),
    (Forbidden, "password_change_due"): Shown(
        403, "PasswordChangeRequired", "The password must be changed to continue"
    ),
    (Forbidden, "foreign_origin"): Shown(403, "Forbidden", "The request comes from another site"),
    (Forbidden, "own_account"): Shown(403, "Forbidden", "This cannot be done to one's own account"),
    (Forbidden, "system_account"): Shown(403, "Forbidden", "System accounts cannot be deleted or renamed"),
    (Forbidden, "local_console"): Shown(
        403, "Forbidden", "Only the operator's machine can do this, with: muster user reset-password --internal admin"
    ),
    (Invalid, "identifier_malformed"): Shown(400, ARGUMENT, "The e-mail address is not valid", "UserDetails.Email"),
    (Invalid, "username_malformed"): Shown(400, ARGUMENT, "The user name is not valid", "UserDetails.UserName"),
    (Invalid, "username_reserved"): Shown(400, ARGUMENT, "The user name is reserved", "UserDetails.UserName"),
    (Invalid, "id_mismatch"): Shown(400, ARGUMENT, "The id is that of another user", "UserDetails.Id"),
    (Invalid, "password"): Shown(400, ARGUMENT, lambda d: str(d["message"]), "Password"),
    (Invalid, "preview_and_password"): Shown(
        400, ARGUMENT, "Either a preview's token or a new password can be given", "PreviewToken"
    ),
    (Invalid, "preview_token"): Shown(400, ARGUMENT, "The preview's token is not valid", "PreviewToken"),
    (Invalid, "external_account"): Shown(
        400, ARGUMENT, "The account signs in elsewhere and has no password here", "UserName"
    ),
    (Invalid, "hub_power_unknown"): Shown(
        400, ARGUMENT, lambda d: f"Unknown permissions: {', '.join(d['powers'])[:200]}", "Permissions"
    ),
    (Invalid, "hub_role_malformed"): Shown(400, ARGUMENT, "The role's name is not valid", "Name"),
    (Invalid, "group_name_malformed"): Shown(400, ARGUMENT, "A group's name is not valid", "UserDetails.Groups"),
    (Invalid, "too_many_memberships"): Shown(
        400, ARGUMENT, lambda d: f"A user is in at most {d['limit']} groups", "UserDetails.Groups"
    ),
    (Invalid, "user_too_large"): Shown(413, "RequestEntityTooLarge", "The user is too large"),
    (BadRequest, "not_json"): Shown(400, FORMAT, "The body is not valid JSON"),
    (BadRequest, "not_jsv"): Shown(400, FORMAT, "The body is not valid JSV"),
    (BadRequest, "not_utf8"): Shown(400, FORMAT, "The body is not valid UTF-8"),
    (BadRequest, "nul"): Shown(400, FORMAT, "Text must not contain U+0000"),
    (BadRequest, "too_deep"): Shown(400, FORMAT, "The body is nested too deeply"),
    (BadRequest, "path_encoding"): Shown(400, FORMAT, "The path is not valid percent-encoding"),
    (BadRequest, "query_encoding"): Shown(400, FORMAT, "The query or form is not valid percent-encoding"),
    (BadRequest, "too_large"): Shown(413, "RequestEntityTooLarge", lambda d: f"The body is over {d['limit']} bytes"),
    (BadRequest, "too_slow"): Shown(408, "RequestTimeout", "The body took too long to arrive"),
    (BadRequest, "media_type"): Shown(415, "UnsupportedMediaType", lambda d: f"Unsupported media type: {d['media']}"),
    (BadRequest, "not_an_object"): Shown(400, FORMAT, lambda d: f"Unable to bind to request '{d['request']}'"),
    (NoRoute, "path"): Shown(404, "NotFound", "Handler for Request not found"),
    (NoRoute, "method"): Shown(405, "MethodNotAllowed", "Method Not Allowed"),
    (NoRoute, "sign_in_by_get"): Shown(405, "MethodNotAllowed", "Credentials are taken by POST only"),
    (Unavailable, "hashing_queue_full"): Shown(503, "ServiceUnavailable", "Too many sign-ins at once; try again"),
}

TAKEN: dict[str, Shown] = {
    "group_name": Shown(409, "Conflict", "The group is being made by somebody else; try again"),
    "hub_role": Shown(400, ARGUMENT, lambda d: f"Role '{d['value']}' already exists", "Name"),
}
"""Unique values of others than users, by their kind."""

KINDS: dict[type[Refusal], Shown] = {
    NotFound: Shown(404, "NotFound", "Not Found"),
    Taken: Shown(400, ARGUMENT, _taken),
    Conflict: Shown(409, "Conflict", "Conflict"),
    NotAllowed: Shown(403, "Forbidden", "Invalid Permission"),
    Invalid: Shown(400, ARGUMENT, "The request is not valid"),
    BadRequest: Shown(400, ARGUMENT, "Bad Request"),
    Unauthorized: NOT_AUTHENTICATED,
    CredentialRefused: NOT_AUTHENTICATED,
    Forbidden: Shown(403, "Forbidden", "Invalid Permission"),
    TooMany: Shown(429, "TooManyRequests", "Too many requests; try again later"),
    Unavailable: Shown(503, "ServiceUnavailable", "The service is temporarily unavailable; try again"),
    Crash: Shown(500, "InternalServerError", "An internal error occurred"),
}
"""What a refusal without a row of its own is shown as."""


def refuse(_: Call, refusal: Refusal) -> Reply:
    """The answer that a refusal gets."""
    if isinstance(refusal, BadRequest) and refusal.code == "not_empty":
        return _not_empty(cast("Sequence[str]", refusal.detail["fields"]))
    if isinstance(refusal, BadRequest) and refusal.code == "binding":
        return _unbound(refusal.detail)
    row = _row(refusal)
    message = row.message if isinstance(row.message, str) else row.message(refusal.detail)
    errors = [] if row.field is None else [_error(row.code, row.field, message)]
    return envelope(row.status, row.code, message, errors, _headers(refusal, row))


def envelope(
    status: int, code: str, message: str, errors: Sequence[Detail] = (), headers: Sequence[Header] = ()
) -> Reply:
    """The one shape of every refusal."""
    body = {"ResponseStatus": {"ErrorCode": code, "Message": message, "Errors": list(errors)}}
    return json_reply(status, body, headers)


def _row(refusal: Refusal) -> Shown:
    if isinstance(refusal, Taken) and refusal.kind in TAKEN:
        return TAKEN[refusal.kind]
    row = TABLE.get((type(refusal), refusal.code))
    return row or next((KINDS[kind] for kind in type(refusal).__mro__ if kind in KINDS), KINDS[Crash])


def _headers(refusal: Refusal, row: Shown) -> list[Header]:
    if row is NOT_AUTHENTICATED:
        return [CHALLENGE]
    if isinstance(refusal, (TooMany, Unavailable)):
        return [(b"retry-after", b"%d" % refusal.retry_after)]
    if isinstance(refusal, NoRoute) and row.status == 405:
        allowed = cast("Sequence[str]", refusal.detail.get("allow", ("POST",)))
        return [(b"allow", ", ".join(allowed).encode())]
    return []


def _error(code: str, field: str, message: str) -> Detail:
    return {"ErrorCode": code, "FieldName": field, "Message": message}


def _not_empty(fields: Sequence[str]) -> Reply:
    """The framework's validator: one entry for each member, and the first one's text for all."""
    errors = [_error("NotEmpty", name, f"'{_spaced(name)}' must not be empty.") for name in fields]
    return envelope(400, "NotEmpty", errors[0]["Message"], errors)


def _unbound(detail: Detail) -> Reply:
    errors = [
        _error(FORMAT, fault["field"], f"'{fault['value']}' is an Invalid value for '{fault['field']}'")
        for fault in detail["faults"]
    ]
    return envelope(400, "RequestBindingException", f"Unable to bind to request '{detail['request']}'", errors)


def _spaced(name: str) -> str:
    """`UserName` as `User Name`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.rpartition(".")[2])
