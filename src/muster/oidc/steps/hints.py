"""What the application already knows: OpenID Connect Core 3.1.2.1 (`id_token_hint`), and which connection is to be used."""

from muster.core.connections.model import Connection
from muster.core.records import Key
from muster.core.store import Store
from muster.oidc.errors import OAuthError
from muster.oidc.request import Asking, Parameters


async def connection_of(store: Store, tenant_id: int, parameters: Parameters) -> Connection | None:
    """The connection that is named, if there is one that may be known."""
    name = parameters.get("connection")
    found = await store.find(tenant_id, Connection, Key("", "connection_name", name)) if name else None
    return None if found is None or found.internal or found.disabled else found


def id_token_is_ours(asking: Asking) -> None:
    """A hint that cannot be trusted must not decide whose session is used."""
    if "id_token_hint" in asking.parameters.values and asking.hint is None:
        raise OAuthError("invalid_request", "The id_token_hint is not one of this application's ID tokens.")


def connection_is_known(asking: Asking) -> None:
    """Whoever sends people to one provider must not have them end up at another."""
    if "connection" in asking.parameters.values and asking.connection is None:
        raise OAuthError("invalid_request", "There is no such connection.")
