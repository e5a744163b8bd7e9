"""Programs that call: applications, the APIs they may call, and the grants that say which may call which."""

from typing import Any

import msgspec

from muster.core.records import Key, Record


class Application(Record, frozen=True, kw_only=True):
    """A program with credentials of its own (an OAuth 2.0 client, RFC 6749 section 2). `id` is its client id.

    `secret` is sealed: some APIs show it to who may read it. `audience` names the one API whose own client it is and which
    alone manages it; empty is everything but such clients. `vendor` keeps what only one dialect knows, as sent.
    """

    name: str
    secret: str | None = None
    audience: str = ""
    grant_types: list[str] = []
    system: bool = False
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
