"""What an access token is worth, whichever of its two forms it has: read once here for userinfo, introspection and revocation.

An opaque one is a grant; a JWT is one of this issuer's own for an API of the tenant, checked against the ring of access tokens
alone, with the media type that no other token has (RFC 9068 section 4).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from muster.core.apps.model import Application
from muster.core.credentials.attempts import CredentialRefused
from muster.core.security import TokenRefused
from muster.core.sessions.grants import grant_of_token
from muster.core.sessions.model import Grant
from muster.core.sessions.tokens import record_id
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.oidc.claims import subject_of
from muster.oidc.services import Services
from muster.oidc.tokens import ACCESS, JWT_ACCESS

MOST: Final = 8_192
"""Characters of a token."""


class Access(NamedTuple):
    """A good access token. `user` is None for one that an application has for itself; `grant` is of an opaque one, `claims`
    are of a JWT. Times are seconds UTC.
    """

    app_id: str
    scopes: Collection[str]
    issued_at: int
    expires_at: int
    user: User | None
    grant: Grant | None = None
    claims: Mapping[str, Any] | None = None


async def access_of(call: Call, token: str, audiences: Collection[str] | None = None) -> Access | None:
    """What a text is worth as an access token; None for nothing. A JWT must be for one of the audiences, if they are given.

    The user must be there and not suspended, the application must be there, and the session of a bound token must go on.
    """
    if len(token) > MOST or not token.isascii():
        return None
    found = await (_jwt(call, token, audiences) if "." in token else _opaque(call, token))
    if found is None or await call.store.get(call.tenant_id, Application, found.app_id) is None:
        return None
    return found


async def _opaque(call: Call, token: str) -> Access | None:
    if record_id(token) is None:
        return None
    services: Services = call.services
    try:
        now = services.clock.now()
        grant, user = await grant_of_token(call.store, call.tenant_id, "reference_token", token, now)
    except CredentialRefused:
        return None
    expires_at = (grant.expires_at or 0) // 1000
    return Access(grant.app_id, grant.scopes, grant.created_at // 1000, expires_at, user, grant)


async def _jwt(call: Call, token: str, audiences: Collection[str] | None) -> Access | None:
    services: Services = call.services
    try:
        ring = services.rings(call.site, ACCESS)
        wanted = audiences if audiences is not None else audiences_of(token)
        claims = ring.verify(token, audiences=wanted, now_ms=services.clock.now(), typ=JWT_ACCESS)
    except TokenRefused:
        return None
    app_id, subject = str(claims.get("client_id", "")), str(claims.get("sub", ""))
    user = None
    if subject != app_id:
        user = await call.store.get(call.tenant_id, User, subject)
        if user is None or user.suspended is True or subject_of(user) != subject:
            return None
    scopes = str(claims.get("scope", "")).split()
    return Access(app_id, scopes, int(claims.get("iat", 0)), int(claims["exp"]), user, claims=claims)


def audiences_of(token: str) -> list[str]:
    """Whom a JWT says it is for, before anything of it is believed: for who takes one for whatever API."""
    import base64
    import binascii

    import msgspec

    body = token.split(".")[1]
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        named: Any = msgspec.json.decode(raw, type=dict[str, Any]).get("aud", [])
    except (binascii.Error, ValueError, RecursionError):
        return []
    names = [named] if isinstance(named, str) else named
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
