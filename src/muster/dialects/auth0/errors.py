"""Core kind → Auth0's status and body, one table. What no row names falls to its kind's row, so that nothing leaks out raw."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany, Unavailable
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden, NoRoute, Unauthorized
from muster.dialects.kit.reply import Header, Reply, json_reply

Message = str | Callable[[dict[str, Any]], str]


class Shown(NamedTuple):
    """A row: the status, the text (or how to make it from the refusal's detail), and the `errorCode` if there is one."""

    status: int
    message: Message
    code: str | None = None


_SAME_IDENTIFIER = "A resource server with the same identifier already exists."

_TOKEN = {
    "malformed": "Invalid token",
    "audience": "Invalid token",
    "issuer": "Invalid token",
    "not_yet": "Invalid token",
    "signature": "Invalid signature received for JSON Web Token validation",
    "expired": "Expired token received for JSON Web Token validation",
}


def _own(detail: dict[str, Any]) -> str:
    return str(detail["message"])


def _too_large(detail: dict[str, Any]) -> str:
    return f"Payload content length greater than maximum allowed: {detail['limit']}"


def _too_many_jobs(detail: dict[str, Any]) -> str:
    what = {"users_import": "import users", "users_export": "export users"}[detail["kind"]]
    return f"There are {detail['limit']} active {what} jobs, please wait until some of them are finished and try again"


TABLE: dict[tuple[type[Refusal], str], Shown] = {
    (NotFound, "user"): Shown(404, "The user does not exist.", "inexistent_user"),
    (NotFound, "connection"): Shown(404, "The connection does not exist", "inexistent_connection"),
    (NotFound, "application"): Shown(404, "The client does not exist", "inexistent_client"),
    (NotFound, "clientgrant"): Shown(404, "The grant does not exist.", "inexistent_client_grant"),
    (NotFound, "api"): Shown(404, "The resource server does not exist", "inexistent_resource_server"),
    (NotFound, "job"): Shown(404, "Job not found."),
    (NotFound, "job_errors"): Shown(404, "The job does not exist"),
    (BadRequest, "multipart"): Shown(
        400, "Payload validation error: 'Invalid multipart payload format'.", "invalid_body"
    ),
    (Forbidden, "link_expired"): Shown(403, "The link has expired; ask for the job again.", "link_expired"),
    (TooMany, "too_many_jobs"): Shown(429, _too_many_jobs, "too_many_jobs"),
    (BadRequest, "header"): Shown(400, "Bad HTTP authentication header format", "Bearer"),
    (BadRequest, "invalid_body"): Shown(400, _own, "invalid_body"),
    (BadRequest, "invalid_query_string"): Shown(400, _own, "invalid_query_string"),
    (BadRequest, "invalid_uri"): Shown(400, _own, "invalid_uri"),
    (BadRequest, "invalid_paging"): Shown(400, _own, "invalid_paging"),
    (BadRequest, "operation_not_supported"): Shown(400, _own, "operation_not_supported"),
    (BadRequest, "inexistent_connection"): Shown(400, _own, "inexistent_connection"),
    (BadRequest, "auth0_idp_error"): Shown(400, _own, "auth0_idp_error"),
    (Conflict, "user_exists"): Shown(409, "The user already exists.", "auth0_idp_error"),
    (BadRequest, "password"): Shown(400, _own, "auth0_idp_error"),
    (BadRequest, "not_json"): Shown(400, "Invalid request payload JSON format", "invalid_body"),
    (BadRequest, "not_utf8"): Shown(400, "Invalid request payload: not valid UTF-8", "invalid_body"),
    (BadRequest, "nul"): Shown(400, "Invalid request payload: text must not contain U+0000", "invalid_body"),
    (BadRequest, "too_deep"): Shown(400, "Invalid request payload: nested too deeply", "invalid_body"),
    (BadRequest, "too_large"): Shown(413, _too_large, None),
    (BadRequest, "too_slow"): Shown(408, "The request body took too long to arrive", None),
    (BadRequest, "client_gone"): Shown(400, "The request body was cut short", "invalid_body"),
    (BadRequest, "media_type"): Shown(415, "Unsupported Media Type", None),
    (BadRequest, "path_encoding"): Shown(400, "Path validation error: 'Invalid percent-encoding'", "invalid_uri"),
    (BadRequest, "query_encoding"): Shown(
        400, "Query validation error: 'Invalid percent-encoding'", "invalid_query_string"
    ),
    (BadRequest, "uri_too_long"): Shown(414, "Request-URI Too Large", None),
    (Forbidden, "insufficient_scope"): Shown(
        403, lambda d: f"Insufficient scope, expected any of: {','.join(d['scopes'])}", "insufficient_scope"
    ),
    (Forbidden, "not_this_user"): Shown(
        403, "User to be acted on does not match subject in bearer token.", "insufficient_scope"
    ),
    (NotAllowed, "permission_missing"): Shown(403, "Insufficient scope", "insufficient_scope"),
    (TooMany, "rate_limit"): Shown(429, "Global limit has been reached", "too_many_requests"),
    (Unavailable, "search_timeout"): Shown(
        503,
        "The query exceeded the timeout. Please try refining your search criteria. "
        "See https://auth0.com/docs/best-practices/search-best-practices.",
        None,
    ),
    (Conflict, "too_many_writers"): Shown(409, "The user is being changed by too many others; try again.", "conflict"),
    (Invalid, "user_too_large"): Shown(413, _too_large, None),
    (Invalid, "identifier_malformed"): Shown(
        400,
        lambda d: f"Payload validation error: 'Object didn't pass validation for format {d['kind']}'",
        "invalid_body",
    ),
    (Invalid, "username_malformed"): Shown(
        400, "Payload validation error: 'Object didn't pass validation for format username'", "invalid_body"
    ),
    (Invalid, "connection_disabled"): Shown(400, "Connection is disabled.", "invalid_body"),
    (NotFound, "connector"): Shown(404, "not connected to any node"),
    (Conflict, "connection_name_taken"): Shown(409, "A connection with the same name already exists", "conflict"),
    (Conflict, "connection_in_use"): Shown(409, "The connection is in use; try again.", "conflict"),
    (Conflict, "default_connection"): Shown(
        400, "The default connection cannot be deleted.", "operation_not_supported"
    ),
    (Conflict, "api_identifier_taken"): Shown(409, _SAME_IDENTIFIER, "conflict"),
    (Conflict, "client_grant_taken"): Shown(409, _SAME_IDENTIFIER, "conflict"),
    (Conflict, "system_api"): Shown(
        400, lambda d: f"System resource servers cannot be {d['verb']}.", "operation_not_supported"
    ),
    (Invalid, "scope_unknown"): Shown(
        400, lambda d: f"The resource server does not have these scopes: {','.join(d['scopes'])[:200]}", "invalid_body"
    ),
    (Invalid, "scope_twice"): Shown(
        400, "Payload validation error: 'Array items are not unique' on property scopes.", "invalid_body"
    ),
    (Invalid, "username_rule"): Shown(
        400,
        lambda d: (
            f"Payload validation error: 'Value {d['minimum']} is greater than maximum {d['maximum']}' on property "
            "options.validation.username.min."
        ),
        "invalid_body",
    ),
    (NoRoute, "path"): Shown(404, "Not Found", None),
    (NoRoute, "method"): Shown(404, "Not Found", None),
}

KINDS: dict[type[Refusal], Shown] = {
    NotFound: Shown(404, "Not Found"),
    Conflict: Shown(409, "The resource already exists.", "conflict"),
    NotAllowed: Shown(403, "Forbidden"),
    Invalid: Shown(400, "The request is not valid.", "invalid_body"),
    BadRequest: Shown(400, "Bad Request"),
    Unauthorized: Shown(401, "Invalid token"),
    Forbidden: Shown(403, "Forbidden"),
    TooMany: Shown(429, "Endpoint limit has been reached", "too_many_requests"),
    Unavailable: Shown(503, "The service is temporarily unavailable. Please try again."),
    Crash: Shown(500, "An internal error occurred."),
}
"""What a refusal without a row of its own is shown as."""


def refuse(_: Call, refusal: Refusal) -> Reply:
    """The answer that a refusal gets."""
    if isinstance(refusal, Unauthorized):
        return _unauthorized(refusal)
    row = TABLE.get((type(refusal), refusal.code)) or _by_kind(refusal)
    message = row.message if isinstance(row.message, str) else row.message(refusal.detail)
    headers: list[Header] = []
    if isinstance(refusal, (TooMany, Unavailable)):
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    return envelope(row.status, message, row.code, headers)


def _by_kind(refusal: Refusal) -> Shown:
    return next((KINDS[kind] for kind in type(refusal).__mro__ if kind in KINDS), KINDS[Crash])


def _unauthorized(refusal: Unauthorized) -> Reply:
    challenge: Header = (b"www-authenticate", b"Bearer")
    if refusal.code == "missing":
        return envelope(401, "Missing authentication", None, [challenge])
    text = _TOKEN.get(refusal.code, "Invalid token")
    body = {"statusCode": 401, "error": "Unauthorized", "message": text, "attributes": {"error": text}}
    return json_reply(401, body, [challenge])


def envelope(status: int, message: str, code: str | None, headers: Sequence[Header] = ()) -> Reply:
    """The one shape of every refusal of the management API."""
    body: dict[str, Any] = {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message}
    if code is not None:
        body["errorCode"] = code
    return json_reply(status, body, headers)
