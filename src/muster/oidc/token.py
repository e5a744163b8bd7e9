"""The token endpoint (RFC 6749 section 3.2): who calls, which grant is presented, and what comes of it. One row per grant type."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from muster.core.apps.model import Application
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.oidc import passwordless
from muster.oidc.client_auth import authenticated_client
from muster.oidc.errors import UNCACHED, OAuthError
from muster.oidc.form import Form, form_of, required
from muster.oidc.grants import authorization_code, client_credentials, device_code, password, refresh_token
from muster.oidc.tokens import Issued, answer

Exchange = Callable[[Call, Application, Form], Awaitable[Issued | dict[str, Any]]]
"""Takes what is presented; what was issued, or the whole answer where there is no user."""

GRANTS: Final[Mapping[str, Exchange]] = {
    authorization_code.GRANT_TYPE: authorization_code.exchange,
    refresh_token.GRANT_TYPE: refresh_token.exchange,
    client_credentials.GRANT_TYPE: client_credentials.exchange,
    device_code.GRANT_TYPE: device_code.exchange,
    password.GRANT_TYPE: password.exchange,
    passwordless.GRANT_TYPE: passwordless.exchange,
}

PATHS: Final = ("/oauth/token", "/connect/token")


async def token(call: Call) -> Reply:
    """Give an application what its grant is good for."""
    form = form_of(call)
    grant_type = required(form, "grant_type")
    exchange = GRANTS.get(grant_type)
    if exchange is None:
        raise OAuthError("unsupported_grant_type", "There is no such grant_type.")
    # RFC 6749 section 4.4: who can keep no secret has nothing to be given tokens for by itself.
    app = await authenticated_client(call, form, confidential=grant_type == client_credentials.GRANT_TYPE)
    if grant_type not in app.grant_types:
        raise OAuthError("unauthorized_client", "The application is not registered for this grant_type.")
    found = await exchange(call, app, form)
    body = answer(call.services, call.site, found) if isinstance(found, Issued) else found
    return json_reply(200, body, UNCACHED)


ROUTES: Final = [Route("POST", path, token, needs=None, title="Get a token") for path in PATHS]
