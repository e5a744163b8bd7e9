"""How an external provider is spoken to: the core's own description of a connection, whatever API it was configured through.

It is a part of its `Connection` (`Connection.provider`). Secrets in it are sealed for `secret_purpose` of that connection.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

from muster.core.users.model import Part

if TYPE_CHECKING:
    from muster.core.connections.model import Connection

SignUp = Literal["tenant", "always", "never"]
"""Whether somebody who comes for the first time gets an account: as the tenant's sign-up says, or whatever it says."""

ClientProof = Literal["client_secret_basic", "client_secret_post", "signed_secret", "private_key_jwt", "none"]
"""How we prove ourselves at a token endpoint (OpenID Connect Core section 9). `signed_secret` is a JWT in the secret's place."""

ALGORITHMS: Final = (
    "RS256",
    "ES256",
    "PS256",
    "EdDSA",
    "Ed25519",
    "RS384",
    "ES384",
    "PS384",
    "RS512",
    "ES512",
    "PS512",
)
"""The signatures that an ID token may bear: none with a shared key, and never none at all (RFC 8725 section 3.1)."""


class Endpoints(Part, frozen=True, kw_only=True):
    """Addresses at the provider. `emails` lists the addresses of the person with what of them is proved."""

    authorization: str = ""
    token: str = ""
    userinfo: str = ""
    jwks: str = ""
    emails: str = ""


class ClientKey(Part, frozen=True, kw_only=True):
    """A private key (PEM, sealed) with which we prove ourselves; `issuer` is whom its JWTs name where that is not the client."""

    private: str
    id: str = ""
    issuer: str = ""
    algorithm: str = "RS256"


class _Provider(Part, frozen=True, kw_only=True, tag_field="protocol"):
    """What all protocols share.

    `provider` is what the identity is called in every API (google, github, oidc, saml …). Only with `trusts_email` does an
    address that the provider calls verified count as proved. `every_app` may use it, else those that the connection lists.
    `claims` are the members that become the person's own claims, None where nobody asked. `members` maps names of the
    profile to the provider's own.
    """

    provider: str
    trusts_email: bool = False
    sign_up: SignUp = "tenant"
    every_app: bool = False
    claims: list[str] | None = None
    members: dict[str, str] = {}


class OAuthClient(_Provider, frozen=True, kw_only=True):
    """Who we are at the provider. `secret` is sealed. `forwarded` are parameters of the application's request passed on."""

    client_id: str
    secret: str | None = None
    proof: ClientProof = "client_secret_basic"
    key: ClientKey | None = None
    scopes: list[str] = []
    parameters: dict[str, str] = {}
    forwarded: list[str] = []
    endpoints: Endpoints = Endpoints()
    form_post: bool = False
    callback: str = ""


class OpenIdProvider(OAuthClient, frozen=True, kw_only=True, tag="openid"):
    """An OpenID provider (OpenID Connect Core 1.0), found by its issuer unless `endpoints` are given.

    `algorithms` are those of `ALGORITHMS` that its ID tokens may be signed with, empty for any of them. With `tenants` the issuer of a token names the organisation that its `tid` claim names; the list says which ones may come,
    and empty lets all of them in.
    """

    issuer: str
    algorithms: list[str] = []
    tenants: list[str] | None = None


class OAuthProvider(OAuthClient, frozen=True, kw_only=True, tag="oauth2"):
    """A provider of OAuth 2.0 alone (RFC 6749): who somebody is, is asked of `endpoints.userinfo`."""

    pkce: bool = True


class SamlProvider(_Provider, frozen=True, kw_only=True, tag="saml"):
    """A SAML 2.0 identity provider: `metadata` as text, or its members one by one. `certificates` are PEM.

    `key` signs our requests. `unsolicited` lets sign-ins begin at the provider, which is login CSRF by design. `subject` names
    the attribute that identifies people, empty the NameID. `audience` is our entity id where it is not our metadata's address.
    """

    metadata: str = ""
    metadata_url: str = ""
    entity_id: str = ""
    sso_url: str = ""
    sso_binding: Literal["redirect", "post"] = "redirect"
    certificates: list[str] = []
    key: ClientKey | None = None
    certificate: str = ""
    unsolicited: bool = False
    subject: str = ""
    name_id_format: str = ""
    audience: str = ""


Provider = OpenIdProvider | OAuthProvider | SamlProvider


def secret_purpose(connection_id: str) -> str:
    """What a connection's secrets are sealed for."""
    return f"provider_secret:{connection_id}"


def is_offered(connection: "Connection", app_id: str) -> bool:
    """Whether people may come in through a connection for an application, or with an empty id for their own account's pages."""
    if connection.provider is None or connection.disabled or connection.internal:
        return False
    return not app_id or connection.provider.every_app or app_id in connection.enabled_apps


def offered(connections: "Iterable[Connection]", app_id: str) -> "list[Connection]":
    """The connections that a sign-in page shows, in their order."""
    return [connection for connection in connections if is_offered(connection, app_id)]
