"""Which API the access token is for: `resource` (RFC 8707), or `audience`, as the same was called before it."""

from muster.core.apps.model import Api
from muster.core.records import Key
from muster.core.store import Store
from muster.dialects.kit.call import Site
from muster.oidc.errors import OAuthError
from muster.oidc.request import Asking, Parameters


async def api_of(store: Store, site: Site, parameters: Parameters) -> Api | None:
    """The API that is named, if there is one."""
    audience = parameters.get("resource") or parameters.get("audience")
    return await store.find(site.tenant_id, Api, Key("", "api_identifier", audience)) if audience else None


def resource_is_one_of_ours(asking: Asking) -> None:
    """A token for an API that nobody registered would be taken by whoever is called that.

    Some programs ask for our own userinfo endpoint, which every token with `openid` opens. The server's own management APIs are not for people's tokens: those would hold whatever scope was asked for.
    """
    resource, audience = asking.parameters.get("resource"), asking.parameters.get("audience")
    if resource and audience and resource != audience:
        raise OAuthError("invalid_target", "The resource and the audience are not the same.")
    if "#" in resource:
        raise OAuthError("invalid_target", "The resource has a fragment.")
    if (resource or audience) == asking.userinfo:
        return
    if (resource or audience) and (asking.api is None or asking.api.system):
        raise OAuthError("invalid_target", "There is no such API.")
