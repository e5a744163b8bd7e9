"""What a relying party needs to know of the issuer: OpenID Connect Discovery 1.0 section 3, and the same as RFC 8414 has it.

Every member is true of this server: whatever another module decides is read from there.
"""

from typing import Any, Final

from muster.dialects.kit.call import Call, Site
from muster.dialects.kit.reply import Header, Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.oidc import introspection, jwks, revocation, token, userinfo
from muster.oidc.authentication import ACR_VALUES
from muster.oidc.claims import NAMES
from muster.oidc.client_auth import ASSERTION_ALGORITHMS, METHODS
from muster.oidc.grants import device_code
from muster.oidc.services import Services
from muster.oidc.steps.pkce import METHODS as CHALLENGES
from muster.oidc.steps.prompt import PROMPTS
from muster.oidc.steps.response import RESPONSE_MODES, RESPONSE_TYPES
from muster.oidc.steps.scope import OFFLINE, OPENID_SCOPES
from muster.oidc.tokens import IDENTITY

OPENID: Final = "/.well-known/openid-configuration"
OAUTH: Final = "/.well-known/oauth-authorization-server"

CACHED: Final[tuple[Header, ...]] = ((b"cache-control", b"public, max-age=300"),)

_ABOUT_TOKENS: Final = ("iss", "aud", "azp", "iat", "exp", "auth_time", "nonce", "acr", "amr", "sid", "at_hash")


async def configuration(call: Call) -> Reply:
    """The metadata of the site that was called, whose public address alone is in it."""
    services: Services = call.services
    return json_reply(200, metadata(services, call.site), CACHED)


def metadata(services: Services, site: Site) -> dict[str, Any]:
    """The members, in the order of the specifications."""
    issuer = site.public_url
    confidential = [method for method in METHODS if method != "none"]
    algorithms = services.rings(site, IDENTITY).algorithms
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}authorize",
        "token_endpoint": _at(site, token.PATHS[0]),
        "userinfo_endpoint": _at(site, userinfo.PATHS[0]),
        "jwks_uri": _at(site, jwks.PATH),
        "end_session_endpoint": f"{issuer}oidc/logout",
        "revocation_endpoint": _at(site, revocation.PATHS[0]),
        "introspection_endpoint": _at(site, introspection.PATHS[0]),
        "device_authorization_endpoint": _at(site, device_code.PATHS[0]),
        "scopes_supported": [*OPENID_SCOPES, OFFLINE],
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(token.GRANTS),
        "acr_values_supported": list(ACR_VALUES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted(algorithms, key=lambda alg: alg != "RS256"),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "claim_types_supported": ["normal"],
        "claims_supported": [*NAMES, *_ABOUT_TOKENS],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": list(PROMPTS),
        "code_challenge_methods_supported": list(CHALLENGES),
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _at(site: Site, path: str) -> str:
    return site.public_url + path.removeprefix("/")


ROUTES: Final = [Route("GET", path, configuration, needs=None, title="Discover the issuer") for path in (OPENID, OAUTH)]
