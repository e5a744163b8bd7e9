"""Core kind → this vendor's status and problem document (RFC 9457), one table. What no row names falls to its kind's row.

Clients choose their exception by the body's `status` and drop the whole refusal without a `title`; the media type has no
parameters because older clients compare all of it.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Taken, TooMany, Unavailable
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden, NoRoute, Unauthorized
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.monocloud.problems import IdentityProblem, KeyProblem

PROBLEM: Header = (b"content-type", b"application/problem+json")

TYPE = "https://httpstatuses.io/"
IDENTITY = f"{TYPE}422#identity-validation-error"
KEYS = f"{TYPE}422#validation-error"

Detail = str | Callable[[dict[str, Any]], str]


class Shown(NamedTuple):
    """A row: the status, what is said (or how to make it from the refusal's detail), and the code for programs."""

    status: int
    detail: Detail
    code: str | None = None


class Said(NamedTuple):
    """A row of the second table: an error of the list that comes with status 422."""

    code: str
    description: Detail


def _own(detail: dict[str, Any]) -> str:
    return str(detail["message"])


TABLE: dict[tuple[type[Refusal], str], Shown] = {
    (NotFound, "user"): Shown(404, "The user was not found.", "user_not_found"),
    (NotFound, "email"): Shown(404, "The user has no such email.", "identifier_not_found"),
    (NotFound, "phone"): Shown(404, "The user has no such phone number.", "identifier_not_found"),
    (NotFound, "passkey"): Shown(404, "The user has no such passkey.", "passkey_not_found"),
    (NotFound, "link"): Shown(404, "The user has no such external provider.", "external_provider_not_found"),
    (NotFound, "group"): Shown(404, "The group was not found.", "group_not_found"),
    (NotFound, "membership"): Shown(404, "The user is not in the group.", "user_group_not_found"),
    (NotFound, "session"): Shown(404, "The user has no such session.", "session_not_found"),
    (NotFound, "grant"): Shown(404, "The user has no such grant.", "grant_not_found"),
    (NotFound, "custom_field"): Shown(404, "There is no such sign-up field.", "custom_field_not_found"),
    (Conflict, "too_many_writers"): Shown(409, "The user is being changed by too many others; try again.", "conflict"),
    (Conflict, "built_in_group"): Shown(400, "A built-in group cannot be changed.", "built_in_group"),
    (Conflict, "group_in_use"): Shown(409, "The group is in use; try again.", "conflict"),
    (Invalid, "connection_disabled"): Shown(400, "Users cannot be made at the moment.", "connection_disabled"),
    (Invalid, "user_too_large"): Shown(400, "The user would become too large.", "user_too_large"),
    (BadRequest, "paging"): Shown(400, _own, "invalid_page"),
    (BadRequest, "sort"): Shown(400, _own, "invalid_sort"),
    (BadRequest, "filter"): Shown(400, _own, "invalid_filter"),
    (BadRequest, "not_json"): Shown(400, "The body is not valid JSON.", "invalid_json"),
    (BadRequest, "not_object"): Shown(400, "The body must be a JSON object.", "invalid_json"),
    (BadRequest, "not_utf8"): Shown(400, "The body is not valid UTF-8.", "invalid_json"),
    (BadRequest, "nul"): Shown(400, "A text in the body holds U+0000.", "invalid_json"),
    (BadRequest, "too_deep"): Shown(400, "The body is nested too deeply.", "invalid_json"),
    (BadRequest, "too_large"): Shown(413, "The body is too large."),
    (BadRequest, "too_slow"): Shown(408, "The body took too long to arrive."),
    (BadRequest, "client_gone"): Shown(400, "The body was cut short.", "invalid_json"),
    (BadRequest, "media_type"): Shown(415, "The body must be application/json."),
    (BadRequest, "path_encoding"): Shown(400, "The path is not valid percent-encoding.", "invalid_path"),
    (BadRequest, "query_encoding"): Shown(400, "The query is not valid percent-encoding.", "invalid_query"),
    (Unauthorized, "missing"): Shown(401, "The X-API-KEY header is missing."),
    (Unavailable, "search_timeout"): Shown(503, "The filter took too long; ask for something narrower."),
    (NoRoute, "path"): Shown(404, "There is no such operation."),
    (NoRoute, "method"): Shown(405, "The operation does not exist with this method."),
}

KINDS: dict[type[Refusal], Shown] = {
    NotFound: Shown(404, "The resource was not found.", "not_found"),
    Conflict: Shown(409, "The request contradicts what is already stored.", "conflict"),
    NotAllowed: Shown(403, "The API key may not do this.", "forbidden"),
    Forbidden: Shown(403, "The API key may not do this.", "forbidden"),
    Invalid: Shown(400, "The request is not valid.", "invalid_request"),
    BadRequest: Shown(400, "The request is not valid.", "invalid_request"),
    Unauthorized: Shown(401, "The API key is not accepted."),
    TooMany: Shown(429, "Too many requests; try again later."),
    Unavailable: Shown(503, "The service is busy; try again later."),
    Crash: Shown(500, "An internal error occurred."),
}
"""What a refusal without a row of its own is shown as."""

SAID: dict[tuple[type[Refusal], str], Said] = {
    (Taken, "email"): Said("DuplicateEmail", lambda d: f"Email '{d['value']}' is already taken."),
    (Taken, "phone"): Said("DuplicatePhoneNumber", lambda d: f"Phone number '{d['value']}' is already taken."),
    (Taken, "username"): Said("DuplicateUserName", lambda d: f"Username '{d['value']}' is already taken."),
    (Taken, "group_name"): Said("DuplicateGroupName", lambda d: f"Group name '{d['value']}' is already taken."),
    (Conflict, "already_own"): Said("DuplicateIdentifier", lambda d: f"The user already has '{d['value']}'."),
    (Conflict, "already_verified"): Said("IdentifierAlreadyVerified", "The email is already verified."),
    (Invalid, "username_malformed"): Said("InvalidUserName", "The username is invalid."),
    (Invalid, "too_many_identifiers"): Said(
        "TooManyIdentifiers", lambda d: f"A user has at most {d['limit']} identifiers."
    ),
    (Invalid, "too_many_groups"): Said("TooManyGroups", lambda d: f"There are at most {d['limit']} groups."),
    (Invalid, "too_many_memberships"): Said("TooManyGroups", lambda d: f"A user is in at most {d['limit']} groups."),
    (CredentialRefused, "wrong_password"): Said("PasswordMismatch", "Incorrect password."),
    (CredentialRefused, "no_password"): Said("PasswordMismatch", "The user has no password."),
    (CredentialRefused, "locked"): Said("UserLockedOut", "The user is locked out."),
    (CredentialRefused, "address_blocked"): Said("UserLockedOut", "The user is locked out."),
    (CredentialRefused, "suspended"): Said("UserDisabled", "The user is disabled."),
}
"""What the tenant's rules forbid, whatever the operation. A `Taken` goes by the kind of the value."""

MALFORMED = {
    "email": ("email", "The value is not a valid email address."),
    "phone": ("phone_number", "The value is not a valid phone number."),
    "wallet": ("wallet", "The value is not valid."),
}


def refuse(call: Call, refusal: Refusal) -> Reply:
    """The answer that a refusal gets."""
    if isinstance(refusal, KeyProblem):
        return problem(call, 422, "One or more validation errors occurred.", type_=KEYS, errors=refusal.errors)
    if isinstance(refusal, IdentityProblem):
        return _identity(call, refusal.errors)
    if isinstance(refusal, Invalid) and refusal.code == "identifier_malformed":
        member, message = MALFORMED[str(refusal.detail["kind"])]
        return refuse(call, KeyProblem({member: [message]}))
    if isinstance(refusal, Invalid) and refusal.code == "group_name_malformed":
        return refuse(call, KeyProblem({"name": ["The value is not a valid group name."]}))
    said = SAID.get((type(refusal), refusal.kind if isinstance(refusal, Taken) else refusal.code))
    if said is not None:
        return _identity(call, [(said.code, _text(said.description, refusal))])
    row = TABLE.get((type(refusal), refusal.code)) or _by_kind(refusal)
    headers: list[Header] = []
    if isinstance(refusal, (TooMany, Unavailable)):
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    if isinstance(refusal, Unauthorized):
        headers.append((b"www-authenticate", b"X-API-KEY"))
    if isinstance(refusal, NoRoute) and refusal.code == "method":
        allowed: Any = refusal.detail["allow"]
        headers.append((b"allow", ", ".join(allowed).encode()))
    return problem(call, row.status, _text(row.detail, refusal), code=row.code, headers=headers)


def problem(
    call: Call,
    status: int,
    detail: str,
    *,
    type_: str | None = None,
    code: str | None = None,
    errors: object = None,
    headers: Sequence[Header] = (),
) -> Reply:
    """The one shape of every refusal."""
    trace = _trace_id(call.request_id)
    body: dict[str, Any] = {
        "type": type_ or f"{TYPE}{status}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": call.raw_path.decode("latin-1"),
    }
    if code is not None:
        body["error_code"] = code
    if errors is not None:
        body["errors"] = errors
    body |= {"trace_id": trace, "traceId": trace}
    return Reply(status, msgspec.json.encode(body), (PROBLEM, *headers))


def _identity(call: Call, errors: Sequence[tuple[str, str]]) -> Reply:
    listed = [{"code": code, "description": description} for code, description in errors]
    return problem(call, 422, "The request does not meet the tenant's rules.", type_=IDENTITY, errors=listed)


def _text(text: Detail, refusal: Refusal) -> str:
    return text if isinstance(text, str) else text(refusal.detail)


def _by_kind(refusal: Refusal) -> Shown:
    return next((KINDS[kind] for kind in type(refusal).__mro__ if kind in KINDS), KINDS[Crash])


def _trace_id(request_id: str) -> str:
    """The request's id in the form of W3C Trace Context, in which it can still be read."""
    digits = "".join(letter for letter in request_id.lower() if letter in "0123456789abcdef")
    return f"00-{digits.rjust(32, '0')[-32:]}-{digits.rjust(16, '0')[-16:]}-01"
