"""This API's permission names and the core's powers."""

from collections.abc import Iterable
from typing import Final

from muster.core.actor import Permissions as May

NAMES: Final = {
    "UserManage": May.HUB_USERS,
    "UserRoleManage": May.HUB_ROLES,
    "CredentialsGet": May.HUB_CREDENTIALS_READ,
    "CredentialsManage": May.HUB_CREDENTIALS,
    "DeviceView": May.HUB_DEVICES_READ,
    "DeviceRegister": May.HUB_DEVICES,
}
"""Every permission that can be given to a role, with its power."""

_SHOWN: Final = {**{power: name for name, power in NAMES.items()}, May.HUB_USERS_IN_GROUPS: "UserManage"}
_READ: Final = {name.lower(): power for name, power in NAMES.items()}


def show_permissions(powers: Iterable[str]) -> list[str]:
    """The names of powers, each once, in the order of `NAMES`: managing some users or all has one name."""
    shown = {_SHOWN[power] for power in powers if power in _SHOWN}
    return [name for name in NAMES if name in shown]


def read_permissions(names: Iterable[str]) -> list[str]:
    """The powers of names, which are taken without regard to case; an unknown name stays as it is, for the core to refuse."""
    return [_READ.get(name.strip().lower(), name) for name in names]
