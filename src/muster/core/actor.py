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
    USERS_LINK: Final = "users:link"
    SELF_READ: Final = "self:read"
    SELF_UNSAFE: Final = "self:unsafe"
    SELF_DELETE: Final = "self:delete"
    SELF_FACTORS: Final = "self:factors"
    SELF_SESSIONS: Final = "self:sessions"
    SELF_PROFILE: Final = "self:profile"
    SELF_IDENTIFIERS: Final = "self:identifiers"
    SELF_CREDENTIALS: Final = "self:credentials"
    SELF_GRANTS: Final = "self:grants"
    SELF_LINKS: Final = "self:links"
    PASSWORDS_SET: Final = "passwords:set"
    PASSWORDS_CHECK: Final = "passwords:check"
    TICKETS_CREATE: Final = "tickets:create"
    FACTORS_READ: Final = "factors:read"
    FACTORS_WRITE: Final = "factors:write"
    FACTORS_CLEAR: Final = "factors:clear"
    USERS_SUSPEND: Final = "users:suspend"
    USERS_UNLOCK: Final = "users:unlock"
    SESSIONS_READ: Final = "sessions:read"
    SESSIONS_CREATE: Final = "sessions:create"
    SESSIONS_REVOKE: Final = "sessions:revoke"
    GRANTS_READ: Final = "grants:read"
    GRANTS_REVOKE: Final = "grants:revoke"
    GROUPS_READ: Final = "groups:read"
    GROUPS_WRITE: Final = "groups:write"
    GROUPS_MEMBERS: Final = "groups:members"
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
    ORGS_READ: Final = "orgs:read"
    ORGS_WRITE: Final = "orgs:write"
    ORGS_MEMBERS: Final = "orgs:members"
    ORGS_INVITE: Final = "orgs:invite"
    JOBS_IMPORT: Final = "jobs:import"
    JOBS_EXPORT: Final = "jobs:export"
    EVENTS_READ: Final = "events:read"
    SETTINGS_READ: Final = "settings:read"
    SETTINGS_WRITE: Final = "settings:write"

    # Powers over this server itself, which hub roles give (core/hub_roles).
    HUB_USERS: Final = "hub:users"
    HUB_USERS_IN_GROUPS: Final = "hub:users_in_groups"
    HUB_ROLES: Final = "hub:roles"
    HUB_CREDENTIALS_READ: Final = "hub:credentials_read"
    HUB_CREDENTIALS: Final = "hub:credentials"
    HUB_DEVICES_READ: Final = "hub:devices_read"
    HUB_DEVICES: Final = "hub:devices"


EVERYTHING: Final = frozenset(value for name, value in vars(Permissions).items() if name.isupper())

WHOLE_TENANT: Final = frozenset(permission for permission in EVERYTHING if not permission.startswith("hub:"))
"""What a key for all of a tenant's users holds: no power over the server itself."""


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
