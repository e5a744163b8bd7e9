"""Core kind → this API's status, code and texts, one table. What no row names falls to its kind's row."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Taken, TooMany, Unavailable
from muster.dialects.clerk import problems
from muster.dialects.clerk.problems import Problem, Refused
from muster.dialects.clerk.reply import answer
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden, NoRoute, Unauthorized
from muster.dialects.kit.reply import Header, Reply

Detail = Mapping[str, Any]


class Shown(NamedTuple):
    """A row: the status and the problem, or how to make it from the refusal's detail."""

    status: int
    problem: Problem | Callable[[Detail], Problem]


_KEY = "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct."
_NOT_FOUND = Problem("resource_not_found", "not found", "Resource not found")
_IDENTIFICATION = Problem("resource_not_found", "Resource not found", "Resource not found")
_BODY = Problem(
    "request_body_invalid",
    "Request body invalid",
    "The request body is invalid. Please consult the API documentation for more information.",
)
_BUSY = Problem(
    "conflict", "resource busy", "This resource is currently being modified by another request. Please try again."
)

FORMATS = {"email": "email_address", "phone": "phone_number", "wallet": "web3_wallet"}
_MUST_BE = {"email": problems.EMAIL, "phone": problems.PHONE, "wallet": problems.WALLET}

TAKEN: Mapping[str, tuple[str, str]] = {
    "email": ("email_address", "email address"),
    "phone": ("phone_number", "phone number"),
    "wallet": ("web3_wallet", "web3 wallet"),
    "username": ("username", "username"),
    "external_id": ("external_id", "external id"),
    "organization_slug": ("slug", "slug"),
    "redirect_url": ("url", "url"),
}
"""Core kind of key → the parameter that carries it, and what the text calls it."""


def _taken(detail: Detail) -> Problem:
    param, what = TAKEN.get(detail.get("kind", ""), ("id", "identifier"))
    return problems.taken(param, what)


def _malformed(detail: Detail) -> Problem:
    kind = detail["kind"]
    return problems.malformed(FORMATS[kind], _MUST_BE[kind])


def _body_too_large(detail: Detail) -> Problem:
    text = f"The request body exceeds the maximum allowed size of {detail['limit']} bytes."
    return Problem("request_body_too_large", "Request body too large", text)


def _full(detail: Detail) -> Problem:
    text = (
        f"You have reached your limit of {detail['limit']} organization memberships, including outstanding invitations."
    )
    return Problem("organization_membership_quota_exceeded", "organization membership quota exceeded", text)


TABLE: dict[tuple[type[Refusal], str], Shown] = {
    (Unauthorized, "header"): Shown(
        401,
        Problem(
            "authorization_header_format_invalid",
            "Invalid Authorization header format",
            "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'",
        ),
    ),
    (NotFound, "organization"): Shown(404, Problem("resource_not_found", "not found", "Given organization not found.")),
    (NotFound, "email"): Shown(404, _IDENTIFICATION),
    (NotFound, "phone"): Shown(404, _IDENTIFICATION),
    (NotFound, "wallet"): Shown(404, _IDENTIFICATION),
    (NotFound, "passkey"): Shown(404, _IDENTIFICATION),
    (NotFound, "link"): Shown(404, _IDENTIFICATION),
    (BadRequest, "too_large"): Shown(413, _body_too_large),
    (BadRequest, "path_encoding"): Shown(404, _NOT_FOUND),
    (BadRequest, "query_encoding"): Shown(
        422,
        problems.about(
            "form_param_value_invalid", "query", "invalid character encoding", "query contains invalid UTF-8 characters"
        ),
    ),
    (Conflict, "too_many_writers"): Shown(409, _BUSY),
    (Conflict, "organization_full"): Shown(403, _full),
    (Conflict, "last_of_role"): Shown(
        400,
        Problem(
            "organization_minimum_permissions_needed",
            "minimum organization permissions needed",
            "There has to be at least one organization member with the minimum required permissions",
        ),
    ),
    (Conflict, "no_second_factor"): Shown(
        400, Problem("totp_disabled", "TOTP is disabled", "This user does not have TOTP enabled in their account")
    ),
    (Invalid, "identifier_malformed"): Shown(422, _malformed),
    (Invalid, "identifier_twice"): Shown(
        422,
        problems.about(
            "form_param_duplicate", "email_address", "duplicate values", "email_address contains duplicate values"
        ),
    ),
    (Invalid, "username_malformed"): Shown(
        422,
        problems.about(
            "form_username_invalid_character", "username", "username contains characters that are not allowed."
        ),
    ),
    (Invalid, "key_too_long"): Shown(422, lambda detail: problems.invalid(str(detail["kind"]))),
    (Invalid, "too_many_identifiers"): Shown(422, lambda detail: problems.too_many("email_address", detail["limit"])),
    (Invalid, "totp_secret"): Shown(
        422,
        Problem(
            "invalid_totp_secret_code",
            "invalid TOTP secret",
            "The TOTP secret is invalid, please provide a valid one base32 encoded",
        ),
    ),
    (Invalid, "too_many_codes"): Shown(422, lambda detail: problems.too_many("backup_codes", detail["limit"])),
    (Invalid, "code_blank"): Shown(422, problems.invalid("backup_codes", "backup_codes is invalid. Must be not empty")),
    (Invalid, "user_too_large"): Shown(413, _body_too_large),
    (Invalid, "organization_too_large"): Shown(413, _body_too_large),
    (Invalid, "text_not_unicode"): Shown(400, _BODY),
}

KINDS: dict[type[Refusal], Shown] = {
    Taken: Shown(422, _taken),
    NotFound: Shown(404, _NOT_FOUND),
    Conflict: Shown(409, _BUSY),
    NotAllowed: Shown(
        403,
        Problem("authorization_invalid", "Unauthorized request", "You are not authorized to perform this request"),
    ),
    Forbidden: Shown(
        403,
        Problem("authorization_invalid", "Unauthorized request", "You are not authorized to perform this request"),
    ),
    Invalid: Shown(400, _BODY),
    BadRequest: Shown(400, _BODY),
    NoRoute: Shown(404, _NOT_FOUND),
    Unauthorized: Shown(401, Problem("clerk_key_invalid", _KEY)),
    TooMany: Shown(429, Problem("too_many_requests", "Too many requests", "Too many requests, retry later")),
    Unavailable: Shown(
        503, Problem("service_unavailable", "Service unavailable", "The service is unavailable; please try again.")
    ),
    Crash: Shown(
        500,
        Problem("internal_clerk_error", "Oops, an unexpected error occurred", "There was an internal error."),
    ),
}
"""What a refusal without a row of its own is shown as."""

_HEX = re.compile(r"[0-9a-f]{1,32}")


def trace_id(call: Call) -> str:
    """32 hexadecimal digits that lead to the call's lines in the log: its request id, filled up."""
    id_ = call.request_id
    if _HEX.fullmatch(id_):
        return id_.zfill(32)
    return hashlib.blake2b(id_.encode(), digest_size=16).hexdigest()


def refuse(call: Call, refusal: Refusal) -> Reply:
    """The answer that a refusal gets."""
    if isinstance(refusal, Refused):
        return envelope(call, refusal.status, list(refusal.problems))
    row = TABLE.get((type(refusal), refusal.code)) or _by_kind(refusal)
    problem = row.problem if isinstance(row.problem, Problem) else row.problem(refusal.detail)
    headers: list[Header] = []
    if isinstance(refusal, (TooMany, Unavailable)):
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    return envelope(call, row.status, [problem], headers)


def _by_kind(refusal: Refusal) -> Shown:
    return next((KINDS[kind] for kind in type(refusal).__mro__ if kind in KINDS), KINDS[Crash])


def envelope(call: Call, status: int, told: list[Problem], headers: list[Header] | None = None) -> Reply:
    """The one shape of every refusal."""
    id_ = trace_id(call)
    errors = [_entry(problem) for problem in told]
    trace: Header = (b"clerk-trace-id", id_.encode())
    return answer({"errors": errors, "clerk_trace_id": id_}, status, [*(headers or []), trace])


def _entry(problem: Problem) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "message": problem.message,
        "long_message": problem.message if problem.long_message is None else problem.long_message,
        "code": problem.code,
    }
    if problem.meta:
        entry["meta"] = problem.meta
    return entry
