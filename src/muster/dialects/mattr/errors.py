"""Core kind → status and body, one table. What no row names falls to its kind's row, so that nothing leaks out raw."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Taken, TooMany, Unavailable
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden, NoRoute, Unauthorized
from muster.dialects.kit.reply import Header, Reply, json_reply
from muster.dialects.mattr.schema.checking import Problem, problem

TEXT: Final[Header] = (b"content-type", b"text/plain; charset=utf-8")
CHALLENGE: Final[Header] = (b"www-authenticate", b"Bearer")

VALIDATION: Final = "Validation Error"


class Shown(NamedTuple):
    """A refusal in the vendor's words. A `code` of None is answered as plain text, which `message` then is."""

    status: int
    code: str | None
    message: str
    details: Sequence[Problem] = ()

    @property
    def type(self) -> str:
        """What an analytic event calls it."""
        return self.code or "InternalServerError"


def _invalid(*details: Problem) -> Shown:
    return Shown(400, "BadRequest", VALIDATION, details)


_PROVIDER_EXISTS: Final = Shown(400, "BadRequest", "An authentication provider is already configured")
_LINKED: Final = "authenticationProvider.subjectId"

_Row = Shown | Callable[[Mapping[str, Any]], Shown]

TABLE: Final[Mapping[tuple[type[Refusal], str], _Row]] = {
    (NotFound, "user"): Shown(404, "NotFound", "User not found"),
    (NotFound, "connection"): Shown(404, "NotFound", "Authentication provider not found"),
    (BadRequest, "validation"): lambda detail: _invalid(*detail["details"]),
    (BadRequest, "path_encoding"): _invalid(problem("id", "params")),
    (BadRequest, "too_large"): Shown(413, "PayloadTooLarge", "Request body is too large"),
    (BadRequest, "too_slow"): Shown(408, "RequestTimeout", "Request body took too long to arrive"),
    (Invalid, "user_too_large"): _invalid(problem("claims", "body")),
    (Invalid, "text_not_unicode"): _invalid(problem("claims", "body")),
    (Conflict, "too_many_writers"): Shown(400, "BadRequest", "The user is being changed by too many others; try again"),
    (Unavailable, "search_timeout"): Shown(503, "ServiceUnavailable", "The search took too long; narrow it down"),
}

KINDS: Final[Sequence[tuple[type[Refusal], Shown]]] = (
    (Unauthorized, Shown(401, None, "Unauthorized")),
    (Forbidden, Shown(403, None, "")),
    (NotAllowed, Shown(403, None, "")),
    (Crash, Shown(500, None, "")),
    (NoRoute, Shown(404, "NotFound", "Not Found")),
    (NotFound, Shown(404, "NotFound", "Not Found")),
    (TooMany, Shown(429, "TooManyRequests", "Too Many Requests")),
    (Unavailable, Shown(503, "ServiceUnavailable", "Service Unavailable")),
    (Conflict, _invalid()),
    (Invalid, _invalid()),
    (BadRequest, _invalid()),
    (Refusal, Shown(500, None, "")),
)


def shown(refusal: Refusal) -> Shown:
    """The refusal in the vendor's words."""
    if isinstance(refusal, Taken):
        if refusal.kind == "subject":
            return _invalid(problem(_LINKED, "body", refusal.value))
        return _PROVIDER_EXISTS if refusal.kind == "connection_name" else _invalid()
    row = TABLE.get((type(refusal), refusal.code))
    if row is not None:
        return row if isinstance(row, Shown) else row(refusal.detail)
    return next(answer for kind, answer in KINDS if isinstance(refusal, kind))


def refuse(_: Call, refusal: Refusal) -> Reply:
    """The answer to a refusal."""
    told = shown(refusal)
    headers: list[Header] = [CHALLENGE] if told.status == 401 else []
    if isinstance(refusal, TooMany | Unavailable):
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    if told.code is None:
        return Reply(told.status, told.message.encode(), (TEXT, *headers))
    body: dict[str, Any] = {"code": told.code, "message": told.message}
    if not isinstance(refusal, NoRoute):
        body["details"] = told.details
    return json_reply(told.status, body, headers)
