"""What is answered, and how: RFC 6749 section 3.1.1, OAuth 2.0 Multiple Response Types, OAuth 2.0 Form Post Response Mode."""

from typing import Final

from muster.oidc.errors import OAuthError
from muster.oidc.request import Asking, Parameters

RESPONSE_TYPES: Final = ("code",)
RESPONSE_MODES: Final = ("query", "fragment", "form_post")


def mode_of(parameters: Parameters, redirect_uri: str) -> str:
    """How the application can be answered, be it with a refusal of the mode that it asked for."""
    asked = parameters.get("response_mode")
    if asked not in RESPONSE_MODES or (asked == "form_post" and not _takes_forms(redirect_uri)):
        return "query"
    return asked


def type_is_code(asking: Asking) -> None:
    """Tokens never travel through the browser's address bar (RFC 9700 section 2.1.2): `code` alone."""
    asked = asking.parameters.get("response_type")
    if not asked:
        raise OAuthError("invalid_request", "The parameter response_type is missing.")
    if asked not in RESPONSE_TYPES:
        raise OAuthError("unsupported_response_type", "The only response_type is code.")


def mode_is_known(asking: Asking) -> None:
    """An answer in another way than the one asked for would be lost."""
    asked = asking.parameters.get("response_mode")
    if asked and mode_of(asking.parameters, asking.redirect_uri) != asked:
        raise OAuthError("invalid_request", f"The response_mode is one of {', '.join(RESPONSE_MODES)}.")


def _takes_forms(redirect_uri: str) -> bool:
    return redirect_uri.lower().startswith(("https://", "http://"))
