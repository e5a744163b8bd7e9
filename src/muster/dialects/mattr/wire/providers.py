"""Authentication providers on the wire: a connection to an OpenID provider, of which a tenant has one."""

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.external.config import OpenIdProvider, secret_purpose
from muster.core.security import SecretBox
from muster.core.users.claim_actions import PROVIDER
from muster.dialects.mattr.wire.ids import DOOR, show_uuid

Document = dict[str, Any]

NAME: Final = "authentication-provider"
"""Every tenant's one has the same name, and names are unique: that is what keeps it the only one."""

SCOPE: Final = ["openid", "profile", "email"]
METHOD: Final = "client_secret_basic"
LAST_SHOWN: Final = 5
CALLBACK: Final = "v1/oauth/authentication/callback"

_KEPT: Final = (
    *("clientId", "scope", "tokenEndpointAuthMethod", "staticRequestParameters", "forwardedRequestParameters"),
    "claimsToPersist",
)
_NO_PUBLIC_NAMES: Final = frozenset(
    {
        "localhost",
        "local",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "private",
        "test",
        "invalid",
        "example",
        "onion",
    }
)


def is_provider(connection: Connection) -> bool:
    """Whether a connection is this API's provider."""
    return connection.name == NAME and DOOR in connection.vendor


def url_of(provider: Connection) -> str:
    """The provider's address."""
    return str(provider.vendor[DOOR]["url"])


def new_provider(id_: str, url: str, body: Document, secrets: SecretBox) -> Connection:
    """The connection that a checked body describes."""
    connection = Connection(
        id=id_, name=NAME, kind="enterprise", strategy=PROVIDER, password_required=False, vendor={DOOR: {"url": url}}
    )
    defaults: Document = {"scope": SCOPE, "tokenEndpointAuthMethod": METHOD, "forwardedRequestParameters": []}
    return changed_provider(connection, {**defaults, **body}, secrets)


def changed_provider(before: Connection, body: Document, secrets: SecretBox) -> Connection:
    """The connection after a checked body; the address never changes, and what is not sent stays."""
    kept: Document = {**before.vendor[DOOR], **{name: body[name] for name in _KEPT if name in body}}
    if "clientSecret" in body:
        kept["clientSecret"] = secrets.seal(body["clientSecret"].encode(), purpose=secret_purpose(before.id))
    static = kept.get("staticRequestParameters") or {}
    provider = OpenIdProvider(
        provider=PROVIDER,
        issuer=kept["url"],
        client_id=kept["clientId"],
        secret=kept.get("clientSecret"),
        proof=kept["tokenEndpointAuthMethod"] if "clientSecret" in kept else "none",
        scopes=kept["scope"],
        parameters={name: str(value) for name, value in static.items() if isinstance(value, str | int)},
        forwarded=kept["forwardedRequestParameters"],
        every_app=True,
        sign_up="always",
        claims=kept.get("claimsToPersist") or [],
        callback=f"{DOOR}/{CALLBACK}",
    )
    return replace(before, provider=provider, vendor={**before.vendor, DOOR: kept})


def show_provider(provider: Connection, tenant_url: str, secrets: SecretBox) -> Document:
    """A provider as every operation answers it; of the secret only its length and last five characters."""
    kept = provider.vendor[DOOR]
    shown: Document = {
        "id": show_uuid(provider.id),
        "url": kept["url"],
        "redirectUrl": f"{tenant_url}/{CALLBACK}",
        **{name: kept[name] for name in _KEPT if name in kept},
    }
    if "clientSecret" in kept:
        secret = secrets.open(kept["clientSecret"], purpose=secret_purpose(provider.id)).decode()
        shown["clientSecret"] = "*" * (len(secret) - LAST_SHOWN) + secret[-LAST_SHOWN:]
    return shown


def parse_url(text: str, *, private_names: bool) -> str | None:
    """A provider's address as it is kept: https, in ASCII, without port and fragment; None for what may not be one.

    Refused are addresses of machines, users, queries, and names that no public registry knows unless `private_names`.
    """
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for what is no port
        host = (parts.hostname or "").encode("idna").decode().rstrip(".")
    except (ValueError, UnicodeError):
        return None
    if parts.scheme.lower() != "https" or not host or parts.query or parts.username is not None or _is_address(host):
        return None
    labels = host.split(".")
    if not private_names and (len(labels) < 2 or labels[-1] in _NO_PUBLIC_NAMES or labels[-1].isdigit()):
        return None
    path = parts.path.rstrip("/")
    return f"https://{host}{path}" if path.isascii() and path.isprintable() and " " not in path else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
