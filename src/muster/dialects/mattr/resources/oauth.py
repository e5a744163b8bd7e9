"""The token endpoint: client credentials for a tenant's API (RFC 6749, section 4.4)."""

import hmac
from typing import Any, Final

from muster.core.apps.model import Application
from muster.dialects.kit.body import parse_json
from muster.dialects.kit.call import Call, parse_query
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Header, Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.mattr.access import audiences
from muster.dialects.mattr.operation import Operation
from muster.dialects.mattr.schema import shapes
from muster.dialects.mattr.services import Services
from muster.dialects.mattr.wire.ids import DOOR

PATH: Final = "/oauth/token"
GRANT_TYPE: Final = "client_credentials"
LIFETIME: Final = 86_400

_UNCACHED: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))


async def token(call: Call) -> Reply:
    """An access token for a client of the tenant. A wrong secret, client and audience are one and the same refusal."""
    try:
        form = _form(call.body, call.header(b"content-type"))
    except BadRequest:
        return _refused(400, "invalid_request", "The request body cannot be read")
    if form.get("grant_type") != GRANT_TYPE:
        return _refused(400, "unsupported_grant_type", f"The grant type must be {GRANT_TYPE}")
    client_id = form.get("client_id", "")
    app = await call.store.get(call.tenant_id, Application, client_id) if client_id else None
    services: Services = call.services
    sealed = app.secret if app is not None and DOOR in app.vendor else None
    real = services.secrets.open(sealed, purpose=f"client_secret:{client_id}") if sealed is not None else b""
    right = hmac.compare_digest(real, form.get("client_secret", "").encode())
    if not real or not right or form.get("audience") not in audiences(call.site):
        return _refused(401, "access_denied", "Unauthorized")
    now = services.clock.now() // 1000
    claims = {"sub": client_id, "aud": form["audience"], "iat": now, "exp": now + LIFETIME}
    signed = services.tokens(call.site).sign(claims)
    return json_reply(200, {"access_token": signed, "expires_in": LIFETIME, "token_type": "Bearer"}, _UNCACHED)


def _form(body: bytes, content_type: bytes | None) -> dict[str, str]:
    """The parameters of a JSON object or a form; what is no text counts as absent."""
    media = (content_type or b"application/json").partition(b";")[0].strip().lower()
    if media == b"application/x-www-form-urlencoded":
        return {name: values[-1] for name, values in parse_query(body).items()}
    value: Any = parse_json(body)
    if not isinstance(value, dict):
        raise BadRequest("not_json")
    return {name: given for name, given in value.items() if isinstance(given, str)}


def _refused(status: int, error: str, description: str) -> Reply:
    return json_reply(status, {"error": error, "error_description": description}, _UNCACHED)


ROUTES = [
    Route(
        "POST",
        PATH,
        token,
        None,
        "Create an API access token",
        Operation(
            id="createAccessToken", body=shapes.TOKEN_REQUEST, answers={200: shapes.TOKEN, 401: shapes.TOKEN_ERROR}
        ),
    )
]
