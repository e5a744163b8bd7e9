"""The public keys that the issuer's tokens are verified with, as a JWK set (RFC 7517 section 5): those that sign, those that will in
a moment, and those whose last tokens have not died yet.
"""

from typing import Final

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header, Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.oidc.services import Services

PATH: Final = "/.well-known/jwks.json"

SHOWN: Final = ("identity", "access", "management")
"""The purposes whose tokens somebody else verifies."""

CACHED: Final[tuple[Header, ...]] = ((b"cache-control", b"public, max-age=60, must-revalidate"),)
"""A new key is shown before it signs, and whoever meets an unknown `kid` asks again; so a minute is soon enough."""


async def jwks(call: Call) -> Reply:
    """Every key, the signing one of each purpose first."""
    services: Services = call.services
    keys = [key for purpose in SHOWN for key in services.rings(call.site, purpose).jwks()["keys"]]
    return json_reply(200, {"keys": keys}, CACHED)


ROUTES: Final = [
    Route("GET", path, jwks, needs=None, title="Get the public keys")
    for path in (PATH, "/.well-known/openid-configuration/jwks")
]
