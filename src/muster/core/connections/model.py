"""A connection: where identities come from. A database connection is also a realm, the scope of uniqueness and sign-in."""

from typing import Any, Literal

import msgspec

from muster.core.external.config import Provider
from muster.core.records import Key, Record

DEFAULT_NAME = "Username-Password-Authentication"
"""The realm that dialects without realms write to; the name is what programs of the one dialect with realms expect."""

INTERNAL_NAME = "muster-internal"
"""The realm of operators' own accounts; never listed by a dialect."""


class UsernameRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long a user name may be in this realm, in characters."""

    minimum: int = 1
    maximum: int = 15


class Connection(Record, frozen=True, kw_only=True):
    """`id` is 16 letters and digits. `kind` says what the rules depend on, `strategy` is the finer vendor-neutral name.

    `options` is kept and shown as it was sent, and `provider` what of it the core understands where people come from
    elsewhere. `password_required` and `requires_username` bind those who create users; with `sign_up_closed`
    nobody makes an account for themself.
    """

    name: str
    kind: Literal["database", "passwordless", "social", "enterprise"] = "database"
    strategy: str = "auth0"
    display_name: str | None = None
    internal: bool = False
    default: bool = False
    disabled: bool = False
    sign_up_closed: bool = False
    requires_username: bool = False
    password_required: bool = True
    username_rule: UsernameRule = UsernameRule()
    unverified_sign_in: Literal["primary", "reserved", "never"] = "primary"
    options: dict[str, Any] = {}
    provider: Provider | None = None
    metadata: dict[str, str] = {}
    enabled_apps: list[str] = []
    vendor: dict[str, dict[str, Any]] = {}

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "connection_name", self.name)})
