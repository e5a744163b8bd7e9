"""OAuth's own errors as refusals (RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6), and the one place they are shown.

A refusal leaves in one of three ways. The authorization endpoint sends an `OAuthError` back to the application, which it can
only do once the application and its redirect URI are known. What cannot be sent back, a `Misdirected`, is a page for the
person. Everywhere else an error is JSON.
"""

from typing import Final, NamedTuple

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany, Unavailable
from muster.dialects.kit.api import Crash
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden, NoRoute, Unauthorized
from muster.dialects.kit.reply import Header, Reply, json_reply
from muster.oidc.pages import PAGE, refused

UNCACHED: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))


class OAuthError(Refusal):
    """An error that the application is told of. `code` is OAuth's; `why` is for its developer; `status` is for JSON alone."""

    def __init__(self, code: str, why: str = "", *, status: int | None = None, **detail: object) -> None:
        super().__init__(code, why=why, **detail)
        self.why = why
        self.status = status if status is not None else STATUS.get(code, 400)


class Misdirected(Refusal):
    """A request that must not be answered to wherever it points: unknown application, unregistered address. Shown as a page."""


STATUS: Final[dict[str, int]] = {
    "invalid_client": 401,
    "invalid_token": 401,
    "insufficient_scope": 403,
    "server_error": 500,
    "temporarily_unavailable": 503,
}
"""OAuth errors that are not 400 (RFC 6749 section 5.2, RFC 6750 section 3.1)."""


class Shown(NamedTuple):
    """A row: the status, OAuth's error, and the text for programs and for logs; `page` names the text for people."""

    status: int
    error: str
    text: str
    page: str = "unreadable"


TABLE: Final[dict[tuple[type[Refusal], str], Shown]] = {
    (Misdirected, "unknown_client"): Shown(400, "invalid_client", "The client_id is not known.", "unknown_client"),
    (Misdirected, "redirect_uri"): Shown(400, "invalid_request", "The redirect_uri is not registered.", "destination"),
    (Misdirected, "redirect_uri_missing"): Shown(400, "invalid_request", "The redirect_uri is missing.", "destination"),
    (Misdirected, "logout_uri"): Shown(400, "invalid_request", "The address is not registered.", "destination"),
    (CredentialRefused, "attempt_over"): Shown(400, "invalid_request", "The sign-in is over.", "attempt_over"),
    (CredentialRefused, "session_over"): Shown(400, "invalid_request", "The session is over.", "attempt_over"),
    (CredentialRefused, "suspended"): Shown(403, "access_denied", "The account is suspended.", "suspended"),
    (Forbidden, "foreign_origin"): Shown(403, "access_denied", "Another site has sent this.", "foreign"),
    (Forbidden, "csrf"): Shown(403, "access_denied", "The form is not ours.", "foreign"),
    (BadRequest, "too_large"): Shown(413, "invalid_request", "The request is too large."),
    (BadRequest, "too_slow"): Shown(408, "invalid_request", "The request took too long to arrive."),
    (NoRoute, "method"): Shown(405, "method_not_allowed", "This cannot be asked for in this way.", "not_found"),
}

KINDS: Final[dict[type[Refusal], Shown]] = {
    Misdirected: Shown(400, "invalid_request", "The request says two things at once.", "broken_link"),
    CredentialRefused: Shown(400, "invalid_grant", "The credential is not accepted.", "attempt_over"),
    NotFound: Shown(404, "not_found", "There is nothing here.", "not_found"),
    NoRoute: Shown(404, "not_found", "There is nothing here.", "not_found"),
    Conflict: Shown(409, "invalid_request", "Something else changed at the same moment. Please try again.", "busy"),
    NotAllowed: Shown(403, "access_denied", "This is not allowed.", "forbidden"),
    Invalid: Shown(400, "invalid_request", "The request is not valid."),
    BadRequest: Shown(400, "invalid_request", "The request cannot be read."),
    Unauthorized: Shown(401, "invalid_token", "The token is not accepted.", "forbidden"),
    Forbidden: Shown(403, "access_denied", "This is not allowed.", "forbidden"),
    TooMany: Shown(429, "temporarily_unavailable", "Too many requests. Please wait a moment.", "busy"),
    Unavailable: Shown(503, "temporarily_unavailable", "This cannot be done just now. Please try again.", "busy"),
    Crash: Shown(500, "server_error", "Something went wrong.", "crash"),
}
"""What a refusal without a row of its own is shown as."""


def refuse(call: Call, refusal: Refusal) -> Reply:
    """The answer that a refusal gets: a page where people look, JSON where programs do."""
    shown = shown_as(refusal)
    headers: list[Header] = []
    if isinstance(refusal, (TooMany, Unavailable)):
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    if isinstance(refusal, NoRoute) and refusal.code == "method":
        allow = refusal.detail["allow"]
        headers.append((b"allow", ", ".join(allow).encode() if isinstance(allow, list) else b""))
    if call.route is not None and call.route.about == PAGE:
        return refused(call, shown.status, shown.page, headers)
    if shown.status == 401:
        headers.append((b"www-authenticate", _challenge(shown)))
    body = {"error": shown.error} | ({"error_description": shown.text} if shown.text else {})
    return json_reply(shown.status, body, (*UNCACHED, *headers))


def shown_as(refusal: Refusal) -> Shown:
    """The row of a refusal."""
    if isinstance(refusal, OAuthError):
        return Shown(refusal.status, refusal.code, refusal.why)
    row = TABLE.get((type(refusal), refusal.code))
    return row or next((KINDS[kind] for kind in type(refusal).__mro__ if kind in KINDS), KINDS[Crash])


def _challenge(shown: Shown) -> bytes:
    # RFC 6749 section 5.2: who tried to authenticate as a client is told which scheme would do.
    if shown.error == "invalid_client":
        return b'Basic realm="token endpoint"'
    return f'Bearer error="{shown.error}"'.encode()
