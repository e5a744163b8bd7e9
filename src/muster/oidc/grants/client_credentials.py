"""An application asks for itself, in nobody's name: RFC 6749 section 4.4. It gets a JWT for one of the tenant's APIs, as far as a
client grant reaches; an operator gives those.
"""

from typing import Any, Final

from muster.core.apps.model import Api, Application, ClientGrant, grant_key
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.dialects.kit.call import Call
from muster.oidc.acting import act
from muster.oidc.errors import OAuthError
from muster.oidc.form import Form, words
from muster.oidc.services import Services
from muster.oidc.tokens import access_token

GRANT_TYPE: Final = "client_credentials"


async def exchange(call: Call, app: Application, form: Form) -> dict[str, Any]:
    """The answer with a token for the API that `audience` or `resource` names. There is neither refresh nor ID token."""
    audience = form.get("resource") or form.get("audience")
    if audience is None:
        raise OAuthError("invalid_request", "The parameter audience (or resource) is missing: which API is it for?")
    api = await call.store.find(call.tenant_id, Api, Key("", "api_identifier", audience))
    if api is None or api.system:
        raise OAuthError("invalid_target", "There is no such API.")
    grant = await call.store.find(call.tenant_id, ClientGrant, grant_key(app.id, api.identifier))
    if grant is None:
        raise OAuthError("unauthorized_client", "The application has no client grant for this API.")
    wanted = words(form, "scope")
    if not set(wanted) <= set(grant.scopes):
        raise OAuthError("invalid_scope", "The scope is more than the client grant gives.")
    scopes = [scope for scope in grant.scopes if scope in wanted] if wanted else grant.scopes
    services: Services = call.services
    now = services.clock.now() // 1000
    claims = {"sub": app.id, "client_id": app.id, "azp": app.id, "scope": " ".join(scopes)}
    token = access_token(services, call.site, app, api, claims, now)
    await act(call, app, _told, audience, scopes)
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": api.token_lifetime,
        "scope": " ".join(scopes),
    }


async def _told(tx: Transaction, audience: str, scopes: list[str]) -> None:
    tx.note("token.issued", grant_type=GRANT_TYPE, audience=audience, scopes=scopes)
