"""`/dbconnections/change_password`: an application has a link sent to somebody who has forgotten the password.

The link leads to our own page (`core/recovery`), never to one of the application's. The answer and its time are the same whether
or not there is such a user.
"""

from typing import Final

from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.records import Key
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Route
from muster.oidc.errors import OAuthError
from muster.oidc.form import form_of, required
from muster.oidc.services import Services
from muster.oidc.steps.application import known_application

PATHS: Final = ("/dbconnections/change_password",)

_SENT: Final = b"We've just sent you an email to reset your password."
_TEXT: Final[Header] = (b"content-type", b"text/html; charset=utf-8")


async def change_password(call: Call) -> Reply:
    """Send the link. The application is named and proves nothing: anybody may ask the same at our own page."""
    form = form_of(call)
    await known_application(call.store, call.tenant_id, required(form, "client_id"))
    address, name = required(form, "email"), required(form, "connection")
    realm = await call.store.find(call.tenant_id, Connection, Key("", "connection_name", name))
    if realm is None or realm.internal or realm.disabled or realm.kind != "database":
        raise OAuthError("invalid_request", "There is no such connection.")
    services: Services = call.services
    try:
        await services.recovery.request_reset(call.tenant_id, realm.id, address, call.context)
    except Invalid:
        raise OAuthError("invalid_request", "The email is not one.") from None
    return Reply(200, _SENT, (_TEXT, (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")))


ROUTES: Final = [Route("POST", path, change_password, needs=None, title="Have a password reset") for path in PATHS]
