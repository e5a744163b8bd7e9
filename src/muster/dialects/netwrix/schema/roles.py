"""Hub roles: requests and answers."""

from muster.dialects.netwrix.schema.fields import Flag, Members, Shape, Text, Texts, Whole

_VERSION = {"Version": Whole()}

USER_ROLE = Shape(
    "UserRole",
    {
        "Name": Text(nullable=False),
        "DisplayName": Text(nullable=False),
        "ExternalName": Text(),
        "Permissions": Texts(nullable=False),
        "ReadOnly": Flag(),
    },
    required=("Name", "DisplayName", "Permissions", "ReadOnly"),
)

GET_PERMISSIONS = Shape("GetPermissions", _VERSION)
GET_USER_ROLES = Shape("GetUserRoles", {"RoleName": Text(), **_VERSION})
ADD_USER_ROLE = Shape(
    "AddUserRole",
    {
        "Name": Text(),
        "DisplayName": Text(nullable=False),
        "ExternalName": Text(),
        "Permissions": Texts(),
        "ReadOnly": Flag(),
        **_VERSION,
    },
    required=("DisplayName", "ReadOnly"),
)
UPDATE_USER_ROLE = Shape(
    "UpdateUserRole",
    {
        "Name": Text(nullable=False),
        "DisplayName": Text(nullable=False),
        "ExternalName": Text(),
        "Permissions": Texts(nullable=False),
        **_VERSION,
    },
    required=("Name", "DisplayName", "Permissions"),
)
CLONE_USER_ROLE = Shape("CloneUserRole", {"NewRoleName": Text(), "ExistingRoleName": Text(), **_VERSION})
DELETE_USER_ROLE = Shape("DeleteUserRole", {"Name": Text(nullable=False), **_VERSION}, required=("Name",))

GET_USER_ROLES_RESPONSE = Shape(
    "GetUserRolesResponse",
    {"Roles": Members(USER_ROLE), "Total": Whole(64), "Returned": Whole(), **_VERSION},
    required=("Version",),
)
ADD_USER_ROLE_RESPONSE = Shape("AddUserRoleResponse", {"Roles": Members(USER_ROLE), **_VERSION}, required=("Version",))
UPDATE_USER_ROLE_RESPONSE = Shape(
    "UpdateUserRoleResponse", {"Roles": Members(USER_ROLE), **_VERSION}, required=("Version",)
)
