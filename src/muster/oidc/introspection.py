"""Token introspection (RFC 7662): what a token is worth, for a program that can prove who it is. Whatever is not good, is of
another kind, or is none of the caller's business, is just not active (section 2.2).
"""

from typing import Any, Final

from muster.core.apps.model import Application
from muster.core.credentials.attempts import CredentialRefused
from muster.core.sessions.grants import grant_of_token
from muster.core.sessions.model import Grant
from muster.core.sessions.tokens import record_id
from muster.core.users.model import User
from muster.core.users.shown import shown_name
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.oidc.bearer import Access, access_of
from muster.oidc.claims import subject_of
from muster.oidc.client_auth import authenticated_client
from muster.oidc.errors import UNCACHED
from muster.oidc.form import form_of, required
from muster.oidc.services import Services

PATHS: Final = ("/oauth/introspect", "/connect/introspect")


async def introspect(call: Call) -> Reply:
    """What the token is worth now. An API may ask about any access token; about a refresh token only the one it was given to."""
    form = form_of(call)
    app = await authenticated_client(call, form, confidential=True)
    token = required(form, "token")
    access = await access_of(call, token)
    if access is not None:
        return json_reply(200, _shown_access(call, access), UNCACHED)
    refresh = await _refresh_token(call, app, token)
    return json_reply(200, {"active": False} if refresh is None else _shown_refresh(call, *refresh), UNCACHED)


def _shown_access(call: Call, access: Access) -> dict[str, Any]:
    shown = {
        "active": True,
        "token_type": "Bearer",
        "iss": call.site.public_url,
        "client_id": access.app_id,
        "scope": " ".join(access.scopes),
        "iat": access.issued_at,
        "exp": access.expires_at,
        "sub": subject_of(access.user) if access.user is not None else access.app_id,
    }
    if access.user is not None:
        shown["username"] = shown_name(access.user)
    if access.claims is not None:
        shown |= {name: access.claims[name] for name in ("aud", "jti") if name in access.claims}
    return shown


async def _refresh_token(call: Call, app: Application, token: str) -> tuple[Grant, User] | None:
    if record_id(token) is None:
        return None
    services: Services = call.services
    try:
        grant, user = await grant_of_token(call.store, call.tenant_id, "refresh_token", token, services.clock.now())
    except CredentialRefused:
        return None
    return (grant, user) if grant.app_id == app.id else None


def _shown_refresh(call: Call, grant: Grant, user: User) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "active": True,
        "iss": call.site.public_url,
        "client_id": grant.app_id,
        "scope": " ".join(grant.scopes),
        "iat": grant.created_at // 1000,
        "sub": subject_of(user),
    }
    if grant.expires_at is not None:
        shown["exp"] = grant.expires_at // 1000
    return shown


ROUTES: Final = [Route("POST", path, introspect, needs=None, title="Ask what a token is worth") for path in PATHS]
