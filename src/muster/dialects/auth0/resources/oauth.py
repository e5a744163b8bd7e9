"""The token endpoint: client credentials for the management API (RFC 6749, sections 2.3.1 and 4.4)."""

import base64
import binascii
import hmac
from typing import Any

from muster.core.apps.model import Application, ClientGrant, grant_key
from muster.dialects.auth0.access import CLIENT_SUBJECT, SCOPES, audiences, management_api
from muster.dialects.auth0.services import Services
from muster.dialects.kit.body import parse_json
from muster.dialects.kit.call import Call, parse_query
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Header, Reply, json_reply
from muster.dialects.kit.routes import Route, decode_percent

GRANT_TYPE = "client_credentials"

_UNCACHED: tuple[Header, ...] = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))


class OAuthError(Exception):
    """A refusal in OAuth's own shape, which is not the management API's."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status, self.error, self.description = status, error, description


async def token(call: Call) -> Reply:
    """Give an application an access token for an API that it has a grant for."""
    try:
        return json_reply(200, await _token(call), _UNCACHED)
    except OAuthError as refused:
        body = {"error": refused.error, "error_description": refused.description}
        return json_reply(refused.status, body, _UNCACHED)


async def _token(call: Call) -> dict[str, Any]:
    form = _form(call)
    grant_type = form.get("grant_type")
    if not grant_type:
        raise OAuthError(400, "invalid_request", "Missing required parameter: grant_type")
    if grant_type != GRANT_TYPE:
        raise OAuthError(403, "unsupported_grant_type", f"Unsupported grant type: {grant_type[:100]}")
    app = await _authenticated_app(call, form)
    asked = form.get("audience")
    if not asked:
        raise OAuthError(
            403, "access_denied", "No audience parameter was provided, and no default audience has been configured"
        )
    api = await management_api(call.store, call.tenant_id) if asked in audiences(call.site) else None
    if api is None:
        raise OAuthError(403, "access_denied", f"Service not enabled within domain: {asked[:200]}")
    grant = await call.store.find(call.tenant_id, ClientGrant, grant_key(app.id, api.identifier))
    if grant is None:
        raise OAuthError(
            403,
            "access_denied",
            f'Client is not authorized to access "{asked[:200]}". You need to create a "client-grant" associated to '
            "this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants",
        )
    scopes = [scope for scope in grant.scopes if scope in SCOPES]
    wanted = form.get("scope", "").split()
    if wanted:
        scopes = [scope for scope in scopes if scope in wanted]
    services: Services = call.services
    now = services.clock.now() // 1000
    issuer = services.tokens(call.site)
    claims = {
        "sub": app.id + CLIENT_SUBJECT,
        "aud": asked,
        "iat": now,
        "exp": now + api.token_lifetime,
        "scope": " ".join(scopes),
        "gty": "client-credentials",
        "azp": app.id,
    }
    signed = issuer.sign(claims)
    return {
        "access_token": signed,
        "scope": " ".join(scopes),
        "expires_in": api.token_lifetime,
        "token_type": "Bearer",
    }


def _form(call: Call) -> dict[str, str]:
    """The parameters of a form or of a JSON object, as both are sent; null counts as absent, the last of equal names wins."""
    media = (call.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if media == b"application/json":
        value = parse_json(call.body)
        if not isinstance(value, dict):
            raise OAuthError(400, "invalid_request", "The request body must be an object")
    else:
        value = {name: values[-1] for name, values in parse_query(call.body).items()}
    for name, given in value.items():
        if given is not None and not isinstance(given, str):
            raise OAuthError(400, "invalid_request", f"Parameter {name[:100]} must be a string")
    return {name: given for name, given in value.items() if given is not None}


async def _authenticated_app(call: Call, form: dict[str, str]) -> Application:
    """The application whose id and secret came in the body or as HTTP Basic. One answer for every way to be wrong."""
    app_id, secret = _basic(call) or (form.get("client_id"), form.get("client_secret"))
    if not app_id:
        raise OAuthError(400, "invalid_request", "Missing required parameter: client_id")
    app = await call.store.get(call.tenant_id, Application, app_id)
    services: Services = call.services
    sealed = app.secret if app is not None else None
    real = services.secrets.open(sealed, purpose=f"client_secret:{app_id}") if sealed is not None else b""
    if app is None or not real or not hmac.compare_digest(real, (secret or "").encode()):
        raise OAuthError(401, "access_denied", "Unauthorized")
    if GRANT_TYPE not in app.grant_types:
        raise OAuthError(403, "unauthorized_client", f"Grant type '{GRANT_TYPE}' not allowed for the client.")
    return app


def _basic(call: Call) -> tuple[str, str] | None:
    header = call.header(b"authorization")
    if header is None or header[:6].lower() != b"basic ":
        return None
    try:
        name, _, secret = base64.b64decode(header[6:].strip(), validate=True).partition(b":")
    except binascii.Error:
        raise OAuthError(401, "access_denied", "Unauthorized") from None
    try:
        return decode_percent(name.replace(b"+", b" "), "header"), decode_percent(secret.replace(b"+", b" "), "header")
    except BadRequest:
        raise OAuthError(401, "access_denied", "Unauthorized") from None


ROUTES = [Route("POST", "/oauth/token", token, needs=None, title="Get a token")]
