"""Who is asking, and what they may do. A dialect turns its credential into an `Actor`; nothing is allowed by default."""

from typing import Final

import msgspec

from muster.core.errors import NotAllowed
from muster.core.ids import UserId


class Permissions:
    """Every permission of the core. A dialect maps its own words (scopes, roles, a key) to these."""

    USERS_READ: Final = "users:read"
    USERS_CREATE: Final = "users:create"
    USERS_UPDATE: Final = "users:update"
    USERS_UPDATE_PRIVATE: Final = "users:update_private"
    USERS_DELETE: Final = "users:delete"
    USERS_READ_TOKENS: Final = "users:read_tokens"
    SELF_READ: Final = "self:read"
    SELF_UNSAFE: Final = "self:unsafe"
    SELF_DELETE: Final = "self:delete"
    PASSWORDS_SET: Final = "passwords:set"
    USERS_SUSPEND: Final = "users:suspend"
    CONNECTIONS_READ: Final = "connections:read"
    CONNECTIONS_WRITE: Final = "connections:write"
    APPS_READ: Final = "apps:read"
    APPS_READ_SUMMARY: Final = "apps:read_summary"
    APPS_READ_SECRETS: Final = "apps:read_secrets"
    APPS_WRITE: Final = "apps:write"
    APPS_WRITE_SECRETS: Final = "apps:write_secrets"
    APIS_READ: Final = "apis:read"
    APIS_WRITE: Final = "apis:write"
    CLIENT_GRANTS_READ: Final = "client_grants:read"
    CLIENT_GRANTS_WRITE: Final = "client_grants:write"
    JOBS_IMPORT: Final = "jobs:import"


EVERYTHING: Final = frozenset(value for name, value in vars(Permissions).items() if name.isupper())


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who asks: `kind` is client, user, operator or system; `door` the dialect or tool they came through.

    `user_id` is set when the credential stands for one user, whose own record the `self:` permissions then open.
    """

    kind: str
    id: str
    door: str
    permissions: frozenset[str]
    user_id: UserId | None = None

    def may(self, *permissions: str) -> bool:
        """Whether any one of the permissions is held."""
        return not self.permissions.isdisjoint(permissions)

    def must(self, *permissions: str) -> None:
        """Refuse unless any one of the permissions is held."""
        if self.permissions.isdisjoint(permissions):
            raise NotAllowed("permission_missing", any_of=permissions)

    def may_self(self, permission: str, user_id: UserId) -> bool:
        """Whether the caller is this very user and holds the `self:` permission."""
        return self.user_id == user_id and permission in self.permissions


SYSTEM = Actor(kind="system", id="muster", door="system", permissions=EVERYTHING)
"""Muster itself: first start, jobs."""


def operator(door: str = "cli") -> Actor:
    """The person at the machine: holds everything, since they hold the database."""
    return Actor(kind="operator", id="operator", door=door, permissions=EVERYTHING)
