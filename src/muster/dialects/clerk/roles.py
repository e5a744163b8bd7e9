"""The roles that a member of an organization may have, and what each may do."""

from typing import Final, NamedTuple


class Role(NamedTuple):
    """A role's name for people, and its permissions."""

    name: str
    permissions: tuple[str, ...]


ADMIN: Final = "org:admin"
MEMBER: Final = "org:member"

ROLES: Final[dict[str, Role]] = {
    ADMIN: Role(
        "Admin",
        (
            "org:sys_profile:manage",
            "org:sys_profile:delete",
            "org:sys_memberships:read",
            "org:sys_memberships:manage",
            "org:sys_domains:read",
            "org:sys_domains:manage",
            "org:sys_billing:read",
            "org:sys_billing:manage",
        ),
    ),
    MEMBER: Role("Member", ("org:sys_memberships:read", "org:sys_billing:read")),
}

MUST_REMAIN: Final = (ADMIN,)
"""Of these roles an organization keeps at least one member."""
