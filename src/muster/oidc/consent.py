"""What a person agreed to let an application have. Consents are given at the sign-in pages and remembered as grants, by scope."""

from muster.core.apps.model import Application
from muster.core.sessions.model import Grant
from muster.core.sign_in.facts import is_consent
from muster.core.store import Store
from muster.oidc.request import AuthorizationRequest


def asks_for(app: Application, request: AuthorizationRequest) -> list[str]:
    """The scopes that a person must have agreed to; none for an application of the tenant's own."""
    return [] if app.first_party else list(request.scopes)


async def agreed_scopes(
    store: Store, tenant_id: int, app: Application, user_id: str, request: AuthorizationRequest, now: int
) -> list[str]:
    """Those of the request's scopes that the application may have by now."""
    if app.first_party:
        return list(request.scopes)
    agreed = await consented(store, tenant_id, user_id, app.id, request.audience, now)
    return [scope for scope in request.scopes if scope in agreed]


async def consented(store: Store, tenant_id: int, user_id: str, app_id: str, audience: str, now: int) -> set[str]:
    """The scopes of the consents that still hold, for that API or, with an empty audience, for none."""
    return {
        each.scope
        for grant in await store.owned(tenant_id, Grant, user_id)
        if is_consent(grant, app_id, audience) and grant.is_active(now)
        for each in grant.consented
        if each.expires_at is None or each.expires_at > now
    }
