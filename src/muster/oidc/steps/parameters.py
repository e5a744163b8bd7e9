"""The form of the parameters themselves: RFC 6749 section 3.1, OpenID Connect Core sections 6 and 7.2.1."""

from typing import Final

from muster.oidc.errors import OAuthError
from muster.oidc.request import Asking

LONGEST: Final = 8192
"""Characters of one parameter; the answer repeats `state` in an address, and the attempt remembers the rest."""

_NOT_SUPPORTED: Final = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


def are_sent_once(asking: Asking) -> None:
    """Of two values an attacker may have added one, and we and the application might each believe another."""
    for name in sorted(asking.parameters.repeated):
        if name == "resource":
            raise OAuthError("invalid_target", "Only one resource can be asked for at a time.")
        raise OAuthError("invalid_request", f"The parameter {name} is there more than once.")


def are_short(asking: Asking) -> None:
    """Nothing here is a document."""
    for name, value in asking.parameters.values.items():
        if len(value) > LONGEST:
            raise OAuthError("invalid_request", f"The parameter {name} is longer than {LONGEST} characters.")


def are_not_in_objects(asking: Asking) -> None:
    """A request in a signed object would be ignored, and with it what protects it: so it is refused."""
    for name, code in _NOT_SUPPORTED.items():
        if name in asking.parameters.values:
            raise OAuthError(code, f"The parameter {name} is not supported.")
