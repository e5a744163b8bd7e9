"""Which application asks, and whether it may ask in this way. RFC 6749 sections 2.2, 4.1.2.1."""

from muster.core.apps.model import Application
from muster.core.store import Store
from muster.oidc.errors import Misdirected, OAuthError
from muster.oidc.request import Asking, Parameters


async def application_of(store: Store, tenant_id: int, parameters: Parameters) -> Application:
    """The application that is named, once."""
    if "client_id" in parameters.repeated:
        raise Misdirected("duplicate_parameter")
    return await known_application(store, tenant_id, parameters.get("client_id"))


async def known_application(store: Store, tenant_id: int, app_id: str) -> Application:
    """`Misdirected` when there is none, since nobody else can be told. One that serves a single API signs nobody in."""
    app = await store.get(tenant_id, Application, app_id)
    if app is None or app.audience:
        raise Misdirected("unknown_client")
    return app


def may_ask_for_codes(asking: Asking) -> None:
    """An application that was not registered for the code grant gets none."""
    if "authorization_code" not in asking.app.grant_types:
        raise OAuthError("unauthorized_client", "The application is not registered for authorization_code.")
