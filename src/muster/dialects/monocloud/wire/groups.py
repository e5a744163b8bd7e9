"""Groups and who is in them, as MonoCloud writes them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from muster.core.groups import model
from muster.core.users.model import GroupMembership
from muster.dialects.monocloud.wire.ids import show_uuid
from muster.dialects.monocloud.wire.times import Seconds, show_time
from muster.dialects.monocloud.wire.users import Guid

Large = Annotated[int, msgspec.Meta(extra_json_schema={"format": "int64"})]


class Group(Struct, kw_only=True):
    group_id: Guid
    type: Literal["built_in", "custom"]
    name: str
    description: str | None
    is_auto_assigned: bool
    users_assigned: Large
    clients_assigned: Large
    creation_time: Seconds
    last_updated: Seconds
    last_assigned: Seconds


class UserGroup(Struct, kw_only=True):
    group_id: Guid
    user_id: str
    creation_time: Seconds
    group_name: str


def show_group(group: model.Group, users: int, last_joined: int | None) -> Group:
    """A group; one that nobody is in was last assigned when it was made, because clients demand a time."""
    return Group(
        group_id=show_uuid(group.id),
        type=group.kind,
        name=group.name,
        description=group.description,
        is_auto_assigned=group.auto_assigned,
        users_assigned=users,
        clients_assigned=0,
        creation_time=show_time(group.created_at),
        last_updated=show_time(group.updated_at),
        last_assigned=show_time(group.created_at if last_joined is None else last_joined),
    )


def show_membership(joined: GroupMembership, group: model.Group, user_id: str) -> UserGroup:
    """That a user is in a group; the time is when the user joined."""
    return UserGroup(
        group_id=show_uuid(group.id),
        user_id=user_id,
        creation_time=show_time(joined.joined_at),
        group_name=group.name,
    )
