"""What the application wants to be allowed: RFC 6749 section 3.3, OpenID Connect Core sections 5.4 and 11."""

import re
from typing import Final

from muster.oidc.errors import OAuthError
from muster.oidc.request import Asking

OPENID_SCOPES: Final = ("openid", "profile", "email", "phone", "address")
OFFLINE: Final = "offline_access"

_TOKEN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,280}")
_MOST: Final = 100


def scope_is_readable(asking: Asking) -> None:
    """Scope tokens are printable ASCII without quotes and backslashes; a hundred of them are enough."""
    words = asking.parameters.words("scope")
    if len(words) > _MOST or not all(_TOKEN.fullmatch(word) for word in words):
        raise OAuthError("invalid_scope", "The scope cannot be read.")


def scopes_of(asking: Asking) -> list[str]:
    """Those of the scopes asked for that the application can have; the others are left out, and the token answer says so.

    `offline_access` is for who is registered for refresh tokens and, where an API is asked for, allowed by that API.
    """
    known = {*OPENID_SCOPES, *(scope.value for scope in (asking.api.scopes if asking.api is not None else ()))}
    if "refresh_token" in asking.app.grant_types and (asking.api is None or asking.api.allow_offline_access):
        known.add(OFFLINE)
    else:
        known.discard(OFFLINE)
    return [word for word in asking.parameters.words("scope") if word in known]
