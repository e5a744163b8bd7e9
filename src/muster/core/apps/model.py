"""Programs that call: applications, the APIs they may call, and the grants that say which may call which."""

from typing import Any, Literal

import msgspec

from muster.core.records import Key, Record
from muster.core.users.model import Part

ClientAuthentication = Literal["none", "client_secret_basic", "client_secret_post", "client_secret", "private_key_jwt"]
"""How an application proves itself at the token endpoint (OpenID Connect Core section 9). `client_secret` takes either way of
sending the secret; `none` is a public client."""


class RefreshRules(Part, frozen=True, kw_only=True):
    """What becomes of an application's refresh tokens. Lifetimes in seconds, None without limit.

    With `rotating` each is good once, and again for `grace` seconds after that; a later second use ends the whole family.
    """

    rotating: bool = True
    grace: int = 0
    lifetime: int | None = 30 * 86_400
    idle: int | None = 15 * 86_400


class Application(Record, frozen=True, kw_only=True):
    """A program with credentials of its own (an OAuth 2.0 client, RFC 6749 section 2). `id` is its client id.

    `secret` is sealed: some APIs show it to who may read it. `audience` names the one API whose own client it is and which
    alone manages it; empty is everything but such clients. `redirect_uris` and `post_logout_uris` are compared exactly.
    Nobody is asked to consent to a `first_party` application. Its ID tokens are signed with `signing_alg` and are good for
    `id_token_lifetime` seconds. `jwks` are its public keys (RFC 7517) for `private_key_jwt`; `backchannel_logout_uri` is told
    of each session's end. `vendor` keeps what only one dialect knows, as sent.
    """

    name: str
    secret: str | None = None
    audience: str = ""
    grant_types: list[str] = []
    system: bool = False
    redirect_uris: list[str] = []
    post_logout_uris: list[str] = []
    web_origins: list[str] = []
    authentication: ClientAuthentication = "client_secret"
    jwks: list[dict[str, Any]] = []
    require_pkce: bool = False
    first_party: bool = True
    refresh: RefreshRules = RefreshRules()
    signing_alg: str = "RS256"
    id_token_lifetime: int = 36_000
    backchannel_logout_uri: str = ""
    logo_uri: str = ""
    vendor: dict[str, dict[str, Any]] = {}


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that an API lets a caller do."""

    value: str
    description: str | None = None


class Api(Record, frozen=True, kw_only=True):
    """A protected API (an OAuth 2.0 resource server). `identifier` is the audience of its tokens; lifetimes are in seconds."""

    name: str
    identifier: str
    scopes: list[Scope] = []
    signing_alg: str = "RS256"
    token_lifetime: int = 86_400
    token_lifetime_for_web: int = 7_200
    allow_offline_access: bool = False
    system: bool = False
    vendor: dict[str, dict[str, Any]] = {}

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "api_identifier", self.identifier)})


class ClientGrant(Record, frozen=True, kw_only=True):
    """That one application may have tokens for one API by itself (RFC 6749 section 4.4), with these scopes."""

    app_id: str
    audience: str
    scopes: list[str] = []
    vendor: dict[str, dict[str, Any]] = {}

    def keys(self) -> frozenset[Key]:
        return frozenset({grant_key(self.app_id, self.audience)})


def grant_key(app_id: str, audience: str) -> Key:
    """An application has at most one grant for an API."""
    return Key("", "client_grant", f"{app_id} {audience}")
