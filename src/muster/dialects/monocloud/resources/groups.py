"""Groups, and who is in them."""

from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound
from muster.core.groups import actions
from muster.core.groups.model import Group
from muster.core.transaction import Transaction
from muster.core.users.model import GroupMembership, User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.paging import cut, list_reply, page_of, parameter, sort_of
from muster.dialects.monocloud.resources.one_user import read_user, with_user
from muster.dialects.monocloud.schema.groups import CreateGroupRequest, PatchGroupRequest
from muster.dialects.monocloud.search.plain import chooser
from muster.dialects.monocloud.validation import body_of
from muster.dialects.monocloud.wire import groups as wire
from muster.dialects.monocloud.wire.ids import parse_uuid, show_user_id, show_uuid

_FIELDS = tuple(wire.Group.__struct_fields__)
_SORTS = {name: name for name in _FIELDS if name not in ("group_id", "description", "is_auto_assigned")}
_COUNTED = frozenset({"users_assigned", "last_assigned"})
"""What costs a search for each group, so that it is only asked where it is needed."""

_BY_JOINING = {"creation_time": "creation_time"}


async def list_(call: Call) -> Reply:
    """One page of the groups that match."""
    text = parameter(call, "filter")
    wanted, sort, page = chooser(text, _FIELDS, ("name", "description")), sort_of(call, _SORTS), page_of(call)
    groups = await actions.list_groups(call.store, call.tenant_id, call.caller)
    counted = (sort is not None and sort[0] in _COUNTED) or any(name in (text or "") for name in _COUNTED)
    shown = [await _show(call, group) if counted else wire.show_group(group, 0, None) for group in groups]
    found = [each for each in shown if wanted(asdict(each))]
    items, page = cut(call, found, lambda each, name: _sort_key(getattr(each, name)), _SORTS)
    if not counted:
        by_id = {show_uuid(group.id): group for group in groups}
        items = [await _show(call, by_id[each.group_id]) for each in items]
    return list_reply(items, page, len(found))


async def create(call: Call) -> Reply:
    """A new group of the tenant's own."""
    body = body_of(call, CreateGroupRequest)
    group = await call.act(
        actions.create_group, body.name, description=body.description, auto_assigned=body.is_auto_assigned
    )
    return json_reply(201, wire.show_group(group, 0, None))


async def get(call: Call) -> Reply:
    """One group."""
    group = await actions.read_group(call.store, call.tenant_id, call.caller, _group_id(call))
    return json_reply(200, await _show(call, group))


async def patch(call: Call) -> Reply:
    """Only what was sent changes."""
    body = body_of(call, PatchGroupRequest)
    changes: dict[str, Any] = {
        name: value
        for name, value in (
            ("name", body.name),
            ("description", body.description),
            ("auto_assigned", body.is_auto_assigned),
        )
        if value is not UNSET
    }
    group = await call.act(actions.update_group, _group_id(call), lambda group: replace(group, **changes))
    return json_reply(200, await _show(call, group))


async def delete(call: Call) -> Reply:
    """The group is gone and nobody is in it any more."""
    group_id = _group_id(call)
    await call.act(actions.delete_group, group_id)
    while await call.act(actions.forget_members, group_id):
        pass
    return empty()


# ------------------------------------------------------------------------------------------------------------- members


async def list_of_user(call: Call) -> Reply:
    """The groups that the user is in, in the order of joining."""
    user = await read_user(call)
    user_id = show_user_id(user)
    groups = {group.id: group for group in await actions.list_groups(call.store, call.tenant_id, call.caller)}
    found = [
        wire.show_membership(joined, groups[joined.group_id], user_id)
        for joined in user.groups
        if joined.group_id in groups
    ]
    items, page = cut(call, found, getattr, _BY_JOINING)
    return list_reply(items, page, len(found))


async def get_of_user(call: Call) -> Reply:
    """That the user is in a group."""
    user = await read_user(call)
    group = await actions.read_group(call.store, call.tenant_id, call.caller, _group_id(call))
    joined = actions.membership_of(user, group.id)
    if joined is None:
        raise NotFound("membership")
    return json_reply(200, wire.show_membership(joined, group, show_user_id(user)))


async def assign(call: Call) -> Reply:
    """The user is in the group from now on, or stays."""
    joined, group, user_id = await with_user(call, _assign, _group_id(call))
    return json_reply(201, wire.show_membership(joined, group, user_id))


async def _assign(tx: Transaction, user: User, group_id: str) -> tuple[GroupMembership, Group, str]:
    user, joined = await actions.join_group(tx, user, group_id)
    return joined, await tx.need(Group, group_id), show_user_id(user)


async def remove(call: Call) -> Reply:
    """The user is in the group no more."""
    await with_user(call, actions.leave_group, _group_id(call))
    return empty()


async def _show(call: Call, group: Group) -> wire.Group:
    users = await call.store.count_users(call.tenant_id, actions.in_group(group.id))
    joined = await actions.last_joined(call.store, call.tenant_id, group.id) if users else None
    return wire.show_group(group, users, joined)


def _sort_key(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _group_id(call: Call) -> str:
    return parse_uuid(call.path["group_id"], "group_id")


ROUTES = [
    Route(
        "GET",
        "/groups",
        list_,
        needs=(May.GROUPS_READ,),
        title="getAllGroups",
        about=Operation(answer=wire.Group, is_list=True, paged=True, sorts=_SORTS, parameters=("filter",)),
    ),
    Route(
        "POST",
        "/groups",
        create,
        needs=(May.GROUPS_WRITE,),
        title="createGroup",
        about=Operation(body=CreateGroupRequest, answer=wire.Group, status=201),
    ),
    Route(
        "GET",
        "/groups/{group_id}",
        get,
        needs=(May.GROUPS_READ,),
        title="findGroupById",
        about=Operation(answer=wire.Group),
    ),
    Route(
        "PATCH",
        "/groups/{group_id}",
        patch,
        needs=(May.GROUPS_WRITE,),
        title="patchGroup",
        about=Operation(body=PatchGroupRequest, answer=wire.Group),
    ),
    Route(
        "DELETE",
        "/groups/{group_id}",
        delete,
        needs=(May.GROUPS_WRITE,),
        title="deleteGroup",
        about=Operation(status=204),
    ),
    Route(
        "GET",
        "/users/{user_id}/groups",
        list_of_user,
        needs=(May.GROUPS_READ,),
        title="getAllUserGroups",
        about=Operation(answer=wire.UserGroup, is_list=True, paged=True, sorts=_BY_JOINING),
    ),
    Route(
        "GET",
        "/users/{user_id}/groups/{group_id}",
        get_of_user,
        needs=(May.GROUPS_READ,),
        title="findUserGroup",
        about=Operation(answer=wire.UserGroup),
    ),
    Route(
        "POST",
        "/users/{user_id}/groups/{group_id}",
        assign,
        needs=(May.GROUPS_MEMBERS,),
        title="assignUserToGroup",
        about=Operation(answer=wire.UserGroup, status=201),
    ),
    Route(
        "DELETE",
        "/users/{user_id}/groups/{group_id}",
        remove,
        needs=(May.GROUPS_MEMBERS,),
        title="removeUserFromGroup",
        about=Operation(status=204),
    ),
]
