"""Groups: named sets of users. Who is in one stands with the user (`users.model.GroupMembership`), not here, so that people
who join at the same time never wait for each other.
"""

from typing import Literal

from muster.core.records import Key, Record
from muster.core.users.shapes import username_key

LONGEST_NAME = 256


class Group(Record, frozen=True, kw_only=True):
    """A set of users. Its name is unique in the tenant without regard to case.

    Everybody who is made while it is `auto_assigned` joins it. A `built_in` one can be neither changed nor deleted.
    """

    name: str
    description: str | None = None
    kind: Literal["custom", "built_in"] = "custom"
    auto_assigned: bool = False

    def keys(self) -> frozenset[Key]:
        return frozenset({group_key(self.name)})


def group_key(name: str) -> Key:
    """What a group is found by when its name is known."""
    return Key("", "group_name", username_key(name))
