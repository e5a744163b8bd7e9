"""A device without a keyboard: it asks for two codes and then, until its user has said yes or no elsewhere, what became of them
(RFC 8628).
"""

from typing import Final

from muster.core.apps.model import Api, Application
from muster.core.credentials.attempts import CredentialRefused
from muster.core.oauth import device
from muster.core.records import Key
from muster.core.sessions.model import Session
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.oidc.acting import act, act_for
from muster.oidc.authentication import acr_of, amr_of
from muster.oidc.client_auth import authenticated_client
from muster.oidc.errors import UNCACHED, OAuthError
from muster.oidc.form import Form, form_of, required, words
from muster.oidc.issuing import Entitled, api_named, issue, may_refresh, must_be_in_good_standing, still_open
from muster.oidc.services import Services
from muster.oidc.steps.scope import OFFLINE
from muster.oidc.tokens import Issued, SignedIn

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"

PATHS: Final = ("/oauth/device/code", "/connect/deviceauthorization")

PAGE: Final = "device"
"""Where the user types the code, below the issuer's address."""

_WAITS: Final = {"waiting": "authorization_pending", "too_soon": "slow_down", "denied": "access_denied"}
_REFUSED: Final = {"device_code_expired": "expired_token"}


async def begin(call: Call) -> Reply:
    """The device authorization endpoint (RFC 8628 section 3.1)."""
    form = form_of(call)
    app = await authenticated_client(call, form)
    if GRANT_TYPE not in app.grant_types:
        raise OAuthError("unauthorized_client", "The application is not registered for device codes.")
    audience = form.get("resource") or form.get("audience") or ""
    api = await call.store.find(call.tenant_id, Api, Key("", "api_identifier", audience)) if audience else None
    if audience and (api is None or api.system):
        raise OAuthError("invalid_target", "There is no such API.")
    if app.authentication == "none":  # the name of such an application proves nobody
        services: Services = call.services
        services.sign_in.must_keep_pace(call.context)
    scopes = still_open(words(form, "scope"), api)
    if not may_refresh(app, api):
        scopes = [scope for scope in scopes if scope != OFFLINE]
    asked = await act(call, app, device.ask, app.id, scopes, audience)
    page = f"{call.site.public_url}{PAGE}"
    body = {
        "device_code": asked.device_code,
        "user_code": asked.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={asked.user_code}",
        "expires_in": device.LIFETIME // 1000,
        "interval": device.INTERVAL,
    }
    return json_reply(200, body, UNCACHED)


async def exchange(call: Call, app: Application, form: Form) -> Issued:
    """The tokens, once the user has said yes (section 3.4)."""
    found = await act_for(call, app, GRANT_TYPE, _exchange, required(form, "device_code"))
    if isinstance(found, Issued):
        return found
    raise OAuthError(found, {"slow_down": "Ask less often.", "access_denied": "The user said no."}.get(found, ""))


async def _exchange(tx: Transaction, app: Application, device_code: str) -> Issued | str:
    """The act; the error's name when there is nothing yet, which commits that the device has asked."""
    try:
        polled = await device.poll(tx, app.id, device_code)
    except CredentialRefused as refused:
        raise OAuthError(_REFUSED.get(refused.code, "invalid_grant"), "The device code is not good.") from None
    if polled.outcome != "allowed":
        return _WAITS[polled.outcome]
    request = polled.request
    user = must_be_in_good_standing(await tx.get(User, request.user_id or ""))
    session = await tx.get(Session, request.session_id or "")
    api = await api_named(tx, request.audience) if request.audience else None
    return await issue(tx, Entitled(app, user, still_open(request.scopes, api), api, _signed_in(session), request.id))


def _signed_in(session: Session | None) -> SignedIn:
    """How the user proved who they are, in the browser. The device stays signed in when the browser signs out."""
    if session is None:
        return SignedIn()
    return SignedIn(session.authenticated_at // 1000, acr_of(session), amr_of(session.methods))


ROUTES: Final = [Route("POST", path, begin, needs=None, title="Ask for a device code") for path in PATHS]
