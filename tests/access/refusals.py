"""How each vendor says no: the status and the whole body, by what is wrong with the credential."""

from __future__ import annotations

from typing import Any, Final, Literal

import httpx

from muster.dialects.kit.routes import Route

Fault = Literal["missing", "malformed", "unknown", "forged", "expired", "forbidden"]
"""`malformed` is a header that is none of this vendor's, `unknown` a key that was never one of this API's, or is none any more;
`forged` has the right form and was not made by this tenant.
"""


CHALLENGES: Final = {
    "auth0": "Bearer",
    "clerk": None,
    "monocloud": "X-API-KEY",
    "mattr": "Bearer",
    "netwrix": 'credentials realm="/auth/credentials"',
}
"""What each vendor's 401 says beside its body (RFC 9110, section 11.6.1)."""


def told(dialect: str, fault: Fault, route: Route) -> tuple[int, Any]:
    """The status and body with which a vendor refuses; a text is a body that is no JSON."""
    return _TOLD[dialect](fault, route)


def shown(dialect: str, answer: httpx.Response) -> tuple[int, Any]:
    """The same of an answer, without what is new each time, once its media type is the vendor's."""
    if answer.status_code == 401:
        assert answer.headers.get("www-authenticate") == CHALLENGES[dialect]
    media = answer.headers.get("content-type", "").partition(";")[0]
    if dialect == "mattr" and answer.status_code in (401, 403):
        assert media == "text/plain", media
        return answer.status_code, answer.text
    assert media == ("application/problem+json" if dialect == "monocloud" else "application/json"), media
    body = answer.json()
    if dialect == "clerk":
        assert len(body.pop("clerk_trace_id")) == 32
    if dialect == "monocloud":
        assert body.pop("trace_id") == body.pop("traceId")
        assert body.pop("instance") == answer.request.url.raw_path.decode().partition("?")[0].removeprefix("/monocloud")
    return answer.status_code, body


def _auth0(fault: Fault, route: Route) -> tuple[int, Any]:
    def refusal(status: int, error: str, message: str, **more: Any) -> tuple[int, Any]:
        return status, {"statusCode": status, "error": error, "message": message, **more}

    match fault:
        case "missing":
            return refusal(401, "Unauthorized", "Missing authentication")
        case "malformed":
            return refusal(400, "Bad Request", "Bad HTTP authentication header format", errorCode="Bearer")
        case "forbidden":
            message = f"Insufficient scope, expected any of: {','.join(route.about.scopes)}"
            return refusal(403, "Forbidden", message, errorCode="insufficient_scope")
        case "forged":
            message = "Invalid signature received for JSON Web Token validation"
        case "expired":
            message = "Expired token received for JSON Web Token validation"
        case _:
            message = "Invalid token"
    return refusal(401, "Unauthorized", message, attributes={"error": message})


_CLERK_HEADER: Final = "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'"
_CLERK_KEY: Final = "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct."


def _clerk(fault: Fault, _: Route) -> tuple[int, Any]:
    def refusal(status: int, code: str, message: str, long: str = "") -> tuple[int, Any]:
        return status, {"errors": [{"message": message, "long_message": long or message, "code": code}]}

    if fault in ("missing", "malformed"):
        header = "Invalid Authorization header format"
        return refusal(401, "authorization_header_format_invalid", header, _CLERK_HEADER)
    if fault == "forbidden":
        return refusal(
            403, "authorization_invalid", "Unauthorized request", "You are not authorized to perform this request"
        )
    return refusal(401, "clerk_key_invalid", _CLERK_KEY)


def _monocloud(fault: Fault, _: Route) -> tuple[int, Any]:
    def problem(status: int, title: str, detail: str, **code: str) -> tuple[int, Any]:
        known = {"type": f"https://httpstatuses.io/{status}", "title": title, "status": status, "detail": detail}
        return status, {**known, **code}

    if fault == "forbidden":
        return problem(403, "Forbidden", "The API key may not do this.", error_code="forbidden")
    if fault in ("missing", "malformed"):
        return problem(401, "Unauthorized", "The X-API-KEY header is missing.")
    return problem(401, "Unauthorized", "The API key is not accepted.")


def _mattr(fault: Fault, _: Route) -> tuple[int, Any]:
    return (403, "") if fault == "forbidden" else (401, "Unauthorized")


def _netwrix(fault: Fault, _: Route) -> tuple[int, Any]:
    status, code, message = (403, "Forbidden", "Invalid Permission")
    if fault != "forbidden":
        status, code, message = (401, "Unauthorized", "Not Authenticated")
    return status, {"ResponseStatus": {"ErrorCode": code, "Message": message, "Errors": []}}


NOT_THERE: Final[dict[str, tuple[int, Any]]] = {
    "auth0": (404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}),
    "clerk": (
        404,
        {"errors": [{"message": "not found", "long_message": "Resource not found", "code": "resource_not_found"}]},
    ),
    "monocloud": (
        404,
        {
            "type": "https://httpstatuses.io/404",
            "title": "Not Found",
            "status": 404,
            "detail": "There is no such operation.",
        },
    ),
    "mattr": (404, {"code": "NotFound", "message": "Not Found"}),
    "netwrix": (
        404,
        {"ResponseStatus": {"ErrorCode": "NotFound", "Message": "Handler for Request not found", "Errors": []}},
    ),
}
"""What an operation is answered with that is not there, or not yet."""

_TOLD: Final = {"auth0": _auth0, "clerk": _clerk, "monocloud": _monocloud, "mattr": _mattr, "netwrix": _netwrix}
