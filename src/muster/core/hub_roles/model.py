"""Hub roles: power over this server itself, held by some of its users. They are a family of their own: a tenant's or an
organisation's role of the same name means something else.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from muster.core.actor import Permissions as May
from muster.core.records import Key, Record
from muster.core.users.shapes import username_key

_ACCOUNTS: Final = frozenset(
    {
        May.USERS_READ,
        May.USERS_CREATE,
        May.USERS_UPDATE,
        May.USERS_UPDATE_PRIVATE,
        May.USERS_DELETE,
        May.USERS_SUSPEND,
        May.USERS_UNLOCK,
        May.PASSWORDS_SET,
        May.FACTORS_READ,
        May.FACTORS_WRITE,
        May.FACTORS_CLEAR,
        May.SESSIONS_READ,
        May.SESSIONS_REVOKE,
        May.GROUPS_READ,
        May.GROUPS_WRITE,
        May.GROUPS_MEMBERS,
    }
)

POWERS: Final[Mapping[str, frozenset[str]]] = {
    May.HUB_USERS: _ACCOUNTS,
    May.HUB_USERS_IN_GROUPS: _ACCOUNTS,
    May.HUB_ROLES: frozenset(),
    May.HUB_CREDENTIALS_READ: frozenset(),
    May.HUB_CREDENTIALS: frozenset(),
    May.HUB_DEVICES_READ: frozenset(),
    May.HUB_DEVICES: frozenset(),
}
"""Every power that a hub role can give, and the core permissions that come with it."""

DEFAULT_ROLE: Final = "user"

MOST_OWN_ROLES: Final = 500


class HubRole(Record, frozen=True, kw_only=True):
    """A role by its name, unique without case in its tenant. `external_name` is what a directory calls it.

    Those that are `built_in` are part of the program, are never stored and cannot be changed. `given` counts how often the
    role came to somebody.
    """

    name: str
    display_name: str
    external_name: str | None = None
    powers: list[str] = []
    built_in: bool = False
    given: int = 0

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "hub_role", username_key(self.name))})


def _built_in(name: str, display_name: str, *powers: str) -> HubRole:
    return HubRole(id=name, name=name, display_name=display_name, powers=list(powers), built_in=True)


BUILT_IN: Final = (
    _built_in("admin", "Administrator", *(power for power in POWERS if power != May.HUB_USERS_IN_GROUPS)),
    _built_in(DEFAULT_ROLE, "User"),
    _built_in("useradmin", "User administrator", May.HUB_USERS_IN_GROUPS),
    _built_in("changeapprover", "Change approver", May.HUB_DEVICES_READ),
    _built_in("reportadmin", "Report administrator", May.HUB_DEVICES_READ),
    _built_in("itsm", "IT service management", May.HUB_DEVICES_READ),
    _built_in("licenseupdater", "Licence updater"),
    _built_in("agent", "Agent", May.HUB_DEVICES),
)


_BUILT_IN_NAMED: Final = {username_key(role.name): role for role in BUILT_IN}


class HubRoles:
    """Every hub role of one tenant: those of the program first, then its own."""

    def __init__(self, own: Iterable[HubRole]) -> None:
        self._named = {**_BUILT_IN_NAMED, **{username_key(role.name): role for role in own}}

    def __iter__(self) -> Iterator[HubRole]:
        return iter(self._named.values())

    def named(self, name: str) -> HubRole | None:
        """The role of that name, without regard to case."""
        return self._named.get(username_key(name))

    def powers_of(self, names: Iterable[str]) -> frozenset[str]:
        """The powers of roles together; a name that no role has any more gives none."""
        roles = (self.named(name) for name in names)
        return with_implied(power for role in roles if role is not None for power in role.powers)

    def names_with(self, power: str) -> list[str]:
        """The names of the roles that give a power."""
        return [role.name for role in self._named.values() if power in role.powers]


def with_implied(powers: Iterable[str]) -> frozenset[str]:
    """Powers with those that they contain: whoever manages every user manages those of some groups."""
    held = frozenset(powers)
    return held | {May.HUB_USERS_IN_GROUPS} if May.HUB_USERS in held else held


def permissions_of(powers: Iterable[str]) -> frozenset[str]:
    """The permissions of an actor with these powers, the powers themselves among them."""
    return _permissions_of(with_implied(powers))


@cache
def _permissions_of(held: frozenset[str]) -> frozenset[str]:
    return held.union(*(POWERS[power] for power in held))
