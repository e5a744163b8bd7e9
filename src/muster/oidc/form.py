"""The parameters of a request that a program sends: a form (RFC 6749 appendix B), or a JSON object, which some clients send."""

from collections.abc import Mapping
from typing import Any

from muster.dialects.kit.body import parse_json
from muster.dialects.kit.call import Call, parse_query
from muster.dialects.kit.errors import BadRequest
from muster.oidc.errors import OAuthError

Form = Mapping[str, str]

FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"


def form_of(call: Call) -> Form:
    """The parameters by name. One without a value counts as absent; one that is sent twice is `invalid_request` (section 3.2)."""
    media = media_type(call.header(b"content-type"))
    if media == JSON:
        return _of_json(call.body)
    if media not in (FORM, b""):
        raise OAuthError(
            "invalid_request", "The body must be a form (application/x-www-form-urlencoded) or a JSON object."
        )
    try:
        sent = parse_query(call.body)
    except BadRequest:
        raise OAuthError("invalid_request", "The body cannot be read.") from None
    twice = next((name for name, values in sent.items() if len(values) > 1), None)
    if twice == "resource":
        raise OAuthError("invalid_target", "A token is for one API.")
    if twice is not None:
        raise OAuthError("invalid_request", "A parameter was sent twice.")
    return {name: values[0] for name, values in sent.items() if values[0]}


def required(form: Form, name: str) -> str:
    """A parameter that must be there."""
    value = form.get(name)
    if value is None:
        raise OAuthError("invalid_request", f"The parameter {name} is missing.")
    return value


def words(form: Form, name: str) -> list[str]:
    """A list separated by blanks, without repetitions, in its order."""
    return list(dict.fromkeys(word for word in form.get(name, "").split(" ") if word))


def media_type(header: bytes | None) -> bytes:
    """The media type alone, in lower case; empty when none is told."""
    return (header or b"").partition(b";")[0].strip().lower()


def _of_json(body: bytes) -> Form:
    try:
        value: Any = parse_json(body)
    except BadRequest:
        raise OAuthError("invalid_request", "The body cannot be read.") from None
    if not isinstance(value, dict):
        raise OAuthError("invalid_request", "The body must be a JSON object.")
    given = {name: text for name, text in value.items() if text not in (None, "")}
    if not all(isinstance(text, str) for text in given.values()):
        raise OAuthError("invalid_request", "Every parameter must be a string.")
    return given
