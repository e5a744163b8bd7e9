"""Hub roles and their permissions: listed, defined, and asked about."""

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound
from muster.core.hub_roles import actions
from muster.core.hub_roles.model import HubRole
from muster.core.transaction import Transaction
from muster.core.users.model import Document, User
from muster.core.users.shapes import username_key
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.netwrix.access import signed_in
from muster.dialects.netwrix.operation import Operation, both, request_of, required
from muster.dialects.netwrix.resources.accounts import read_account, view_of
from muster.dialects.netwrix.schema import roles as schema
from muster.dialects.netwrix.schema import sessions as session_schema
from muster.dialects.netwrix.schema.fields import Flag, Texts
from muster.dialects.netwrix.wire.permissions import NAMES, read_permissions, show_permissions
from muster.dialects.netwrix.wire.users import DEFAULT_ZONE, MESSAGE_VERSION, TIME_ZONE, View, own_members, registration

DEFINES = (May.HUB_ROLES,)


async def list_(call: Call) -> Reply:
    """Every role with its permissions, or the one of a name."""
    request = request_of(call)
    roles = signed_in(call).roles
    name = request.get("RoleName")
    named = roles.named(name) if name else None
    found = [named] if named is not None else ([] if name else list(roles))
    shown = [_show(role) for role in found]
    return json_reply(200, {"Roles": shown, "Total": len(shown), "Returned": len(shown), "Version": MESSAGE_VERSION})


async def permissions(call: Call) -> Reply:
    """The names of all permissions."""
    request_of(call)
    return json_reply(200, list(NAMES))


async def add(call: Call) -> Reply:
    """A role of one's own. Without a name of its own it is called as it is shown."""
    request = request_of(call)
    required(request, "DisplayName")
    name = request.get("Name") or request["DisplayName"]
    powers = read_permissions(request.get("Permissions", []))
    role = await call.act(
        actions.create_hub_role, name, request["DisplayName"], powers, external_name=request.get("ExternalName")
    )
    return json_reply(200, {"Roles": [_show(role)], "Version": MESSAGE_VERSION})


async def update(call: Call) -> Reply:
    """Other permissions and another name to show."""
    request = request_of(call)
    required(request, "Name", "DisplayName")
    powers = read_permissions(request.get("Permissions", []))
    with_name(signed_in(call).roles.named(request["Name"]), request["Name"])
    role = await call.act(_update, request["Name"], request["DisplayName"], powers, request.get("ExternalName"))
    return json_reply(200, {"Roles": [_show(role)], "Version": MESSAGE_VERSION})


async def _update(tx: Transaction, name: str, display_name: str, powers: list[str], external: str | None) -> HubRole:
    return await actions.update_hub_role(tx, name, display_name, powers, external_name=external)


async def clone(call: Call) -> Reply:
    """A role of one's own with the permissions of another."""
    request = request_of(call)
    required(request, "NewRoleName", "ExistingRoleName")
    model = with_name(signed_in(call).roles.named(request["ExistingRoleName"]), request["ExistingRoleName"])
    name = request["NewRoleName"]
    role = await call.act(actions.create_hub_role, name, name, model.powers, external_name=model.external_name)
    return json_reply(200, _show(role))


async def delete(call: Call) -> Reply:
    """A role of one's own goes, unless somebody has it."""
    request = request_of(call)
    required(request, "Name")
    with_name(signed_in(call).roles.named(request["Name"]), request["Name"])
    await call.act(actions.delete_hub_role, request["Name"])
    return empty()


def with_name(role: HubRole | None, name: str) -> HubRole:
    """The role; `NotFound` when there is none of that name."""
    if role is None:
        raise NotFound("role_named", name=name)
    return role


async def check(call: Call) -> Reply:
    """Whether the caller, or a user whom the caller manages, has all of the roles and permissions that are named."""
    request = request_of(call)
    view = await view_of(call)
    user = await _asked_about(call, view, request.get("UserName"))
    roles = {username_key(name) for name in user.hub_roles}
    held = {name.lower() for name in show_permissions(view.roles.powers_of(user.hub_roles))}
    has_roles = {username_key(name) for name in request.get("Roles", [])} <= roles
    has_permissions = {name.strip().lower() for name in request.get("Permissions", [])} <= held
    return json_reply(200, has_roles and has_permissions)


async def roles_and_permissions(call: Call) -> Reply:
    """The roles and permissions of the caller, or of a user whom the caller manages."""
    view = await view_of(call)
    user = await _asked_about(call, view, request_of(call).get("UserName"))
    tenants = await call.store.tenants()
    organisation = next((tenant.name for tenant in tenants if tenant.number == call.tenant_id), "")
    shown: Document = {
        "UserName": view.names.show(user),
        "OrganisationName": organisation,
        "Roles": user.hub_roles,
        "Permissions": show_permissions(view.roles.powers_of(user.hub_roles)),
        "Flags": [],
        "Features": {},
        "HasValidLicense": True,
        "TimeZoneId": own_members(user).get(TIME_ZONE, DEFAULT_ZONE),
        "TwoFactorEnabled": user.mfa.required,
        "TwoFactorRegistration": registration(user),
        "Version": MESSAGE_VERSION,
    }
    return json_reply(200, shown)


async def _asked_about(call: Call, view: View, name: str | None) -> User:
    return await read_account(call, view.names, name) if name else signed_in(call).user


def _show(role: HubRole) -> Document:
    shown: Document = {"Name": role.name, "DisplayName": role.display_name}
    if role.external_name is not None:
        shown["ExternalName"] = role.external_name
    return {**shown, "Permissions": show_permissions(role.powers), "ReadOnly": role.built_in}


_CHECK = Operation(request=session_schema.HAS_ROLE_OR_PERMISSION, answer=Flag())
_ROLES_AND_PERMISSIONS = Operation(
    request=session_schema.GET_ROLES_AND_PERMISSIONS,
    answer=session_schema.ROLES_AND_PERMISSIONS,
    while_waiting=True,
)

ROUTES = [
    *both(
        "/userRoles",
        list_,
        Operation(request=schema.GET_USER_ROLES, answer=schema.GET_USER_ROLES_RESPONSE),
    ),
    *both("/permissions/", permissions, Operation(request=schema.GET_PERMISSIONS, answer=Texts())),
    *both(
        "/userRoles/add",
        add,
        Operation(request=schema.ADD_USER_ROLE, answer=schema.ADD_USER_ROLE_RESPONSE),
        needs=DEFINES,
    ),
    *both(
        "/userRoles/update",
        update,
        Operation(request=schema.UPDATE_USER_ROLE, answer=schema.UPDATE_USER_ROLE_RESPONSE),
        needs=DEFINES,
    ),
    *both(
        "/userRoles/clone",
        clone,
        Operation(request=schema.CLONE_USER_ROLE, answer=schema.USER_ROLE),
        needs=DEFINES,
    ),
    *both(
        "/userRoles/delete",
        delete,
        Operation(request=schema.DELETE_USER_ROLE),
        needs=DEFINES,
    ),
    # The vendor serves the misspelt path too.
    *both("/userRolesPermisions/check", check, _CHECK),
    *both("/userRolesPermissions/check", check, _CHECK),
    *both("/userRolesPermisions", roles_and_permissions, _ROLES_AND_PERMISSIONS),
    *both("/userRolesPermissions", roles_and_permissions, _ROLES_AND_PERMISSIONS),
]
