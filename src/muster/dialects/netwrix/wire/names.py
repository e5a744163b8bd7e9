r"""`UserName`, by which this API knows every user: how it is made of what a user has, and whom a given one may mean.

A user of the default realm goes by a bare name, one of another connection as `connection\name`. Operators' own accounts go by
their bare names, and whoever shares one of theirs is written `.\name`, as is a user whose name is a word of the API's paths.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.store import Store
from muster.core.users.model import User
from muster.core.users.shapes import canonical, username_key
from muster.core.users.shown import primary

SEPARATOR: Final = "\\"
DEFAULT: Final = "."

PATH_WORDS: Final = frozenset(
    {
        "add",
        "delete",
        "elevatetwofactorstatus",
        "previewresetpassword",
        "reset",
        "reset2fa",
        "resetpassword",
        "twofactorstatus",
        "update",
        "updatepassword",
        "validatepassword",
    }
)
RESERVED: Final = PATH_WORDS | {"agent"}
"""What no new user may be called."""


class Names:
    """The names within one tenant, as its connections and operators' accounts are at the moment."""

    def __init__(self, realms: Sequence[Connection], internal: Sequence[User]) -> None:
        self._realms = {realm.id: realm for realm in realms}
        self.default = next(realm for realm in realms if realm.default)
        self._internal = next(realm for realm in realms if realm.internal)
        self._operators = frozenset(username_key(name) for user in internal for name in _every_name(user))

    def show(self, user: User) -> str:
        """The one name that a user is shown by, and answers to."""
        bare = bare_name(user)
        if user.internal:
            return bare
        if user.realm != self.default.id:
            realm = self._realms.get(user.realm)
            return f"{realm.name if realm is not None else user.realm}{SEPARATOR}{bare}"
        key = username_key(bare)
        hidden = key in PATH_WORDS or key in self._operators
        return f"{DEFAULT}{SEPARATOR}{bare}" if hidden else bare

    def meant(self, name: str) -> list[tuple[str, UserId | Key]]:
        """Whom a name may mean: realms and how to find the user there, the first that is found being meant."""
        realm_name, separator, bare = name.partition(SEPARATOR)
        if not separator:
            return [*_within(self._internal, name), *_within(self.default, name)]
        if realm_name == DEFAULT:
            return _within(self.default, bare)
        folded = realm_name.casefold()
        realms = [realm for realm in self._realms.values() if realm.name.casefold() == folded and not realm.internal]
        return [each for realm in realms for each in _within(realm, bare)]

    def nobody(self, name: str) -> Key:
        """A way to look for a user of that name that finds none when `meant` did not."""
        return Key(self.default.id, "username", username_key(name))


async def names_of(store: Store, tenant_id: int) -> Names:
    """The names of a tenant."""
    return Names(await store.records(tenant_id, Connection), await store.internal_users(tenant_id))


def bare_name(user: User) -> str:
    """The name without its realm: user name, else e-mail address, phone number, and at last the id."""
    if user.username is not None:
        return user.username.value
    address = primary(user.emails) or primary(user.phones)
    return address.value if address is not None else str(UUID(user.id))


def _every_name(user: User) -> list[str]:
    """All that a user answers to but the id, which nobody else can be called."""
    addresses = [address.value for address in (*user.emails, *user.phones)]
    return addresses if user.username is None else [user.username.value, *addresses]


def _within(realm: Connection, name: str) -> list[tuple[str, UserId | Key]]:
    keys: list[tuple[str, UserId | Key]] = [(realm.id, Key(realm.id, "username", username_key(name)))]
    if "@" in name:
        keys += _address(realm, "email", name)
    elif name.startswith("+"):
        keys += _address(realm, "phone", name)
    else:
        id_ = _id(name)
        keys += [(realm.id, id_)] if id_ is not None else []
    return keys


def _address(realm: Connection, kind: str, name: str) -> list[tuple[str, UserId | Key]]:
    try:
        value = canonical("email" if kind == "email" else "phone", name)
    except Invalid:
        return []
    return [(realm.id, Key(realm.id, kind, value))]


def _id(name: str) -> UserId | None:
    try:
        return UserId(UUID(name).hex)
    except ValueError:
        return None
