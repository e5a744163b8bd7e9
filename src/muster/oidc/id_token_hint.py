"""An ID token that an application shows again, to say whom it means: OpenID Connect Core 3.1.2.1, RP-Initiated Logout section 2."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from muster.core.apps.model import Application
from muster.core.security import TokenRefused
from muster.dialects.kit.call import Site
from muster.oidc.services import Services
from muster.oidc.tokens import IDENTITY


def hinted(services: Services, site: Site, app: Application | None, token: str) -> Mapping[str, Any] | None:
    """The claims of a genuine ID token of this issuer, made for the application if one is given; None for anything else.

    One that has expired still says who was meant, and both specifications have it accepted.
    """
    audience = app.id if app is not None else _named(token)
    if not token or not audience:
        return None
    try:
        # Seen from the beginning of time nothing has expired, and whatever else is wrong with it is as wrong as ever.
        claims = services.rings(site, IDENTITY).verify(token, audiences=[audience], now_ms=0)
    except TokenRefused:
        return None
    return claims if isinstance(claims.get("sub"), str) else None


def _named(token: str) -> str:
    """Whom a token says it was made for, before anything of it is believed."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        body = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        audience = msgspec.json.decode(body, type=_Audience).aud
    except (binascii.Error, ValueError, RecursionError):
        return ""
    return audience if isinstance(audience, str) else (audience[0] if len(audience) == 1 else "")


class _Audience(msgspec.Struct):
    aud: str | list[str] = ""
