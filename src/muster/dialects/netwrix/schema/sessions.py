"""Signing in and out, what an account may do, and every refusal: requests and answers."""

from muster.dialects.netwrix.schema.fields import Flag, Free, Member, Members, Shape, Text, Texts, Whole

_VERSION = {"Version": Whole()}

RESPONSE_ERROR = Shape("ResponseError", {"ErrorCode": Text(), "FieldName": Text(), "Message": Text(), "Meta": Free()})
RESPONSE_STATUS = Shape(
    "ResponseStatus",
    {
        "ErrorCode": Text(),
        "Message": Text(),
        "StackTrace": Text(),
        "Errors": Members(RESPONSE_ERROR),
        "Meta": Free(),
    },
)
ERROR_RESPONSE = Shape("ErrorResponse", {"ResponseStatus": Member(RESPONSE_STATUS)}, required=("ResponseStatus",))

AUTHENTICATE = Shape(
    "Authenticate",
    {
        "provider": Text(),
        "UserName": Text(),
        "Password": Text(),
        "RememberMe": Flag(nullable=True),
        "AccessToken": Text(),
        "AccessTokenSecret": Text(),
        "ReturnUrl": Text(),
        "ErrorView": Text(),
        "Meta": Free(),
    },
)
AUTHENTICATE_RESPONSE = Shape(
    "AuthenticateResponse",
    {
        "UserId": Text(),
        "SessionId": Text(),
        "UserName": Text(),
        "DisplayName": Text(),
        "ReferrerUrl": Text(),
        "BearerToken": Text(),
        "RefreshToken": Text(),
        "RefreshTokenExpiry": Text(format="date-time"),
        "ProfileUrl": Text(),
        "Roles": Texts(),
        "Permissions": Texts(),
        "AuthProvider": Text(),
        "ResponseStatus": Member(RESPONSE_STATUS),
        "Meta": Free(),
    },
)

HAS_ROLE_OR_PERMISSION = Shape(
    "HasRoleOrPermission", {"UserName": Text(), "Roles": Texts(), "Permissions": Texts(), **_VERSION}
)
GET_ROLES_AND_PERMISSIONS = Shape("GetRolesAndPermissions", {"UserName": Text(), **_VERSION})
ROLES_AND_PERMISSIONS = Shape(
    "GetRolesAndPermissionsResponse",
    {
        "UserName": Text(),
        "OrganisationName": Text(),
        "Roles": Texts(),
        "Permissions": Texts(),
        "Flags": Texts(),
        "Features": Free(),
        "HasValidLicense": Flag(),
        "TimeZoneId": Text(),
        "TwoFactorEnabled": Flag(),
        "TwoFactorRegistration": Text(),
        **_VERSION,
    },
    required=("Version",),
)
USER_HAS_CHANGED_PASSWORD = Shape("UserHasChangedPassword", _VERSION)
GET_TIME_ZONE_IDS = Shape("GetTimeZoneIds", _VERSION)
TIME_ZONE_DETAIL = Shape("TimeZoneDetail", {"Id": Text(), "CountryCode": Text()})
RESET_ADMIN_PASSWORD = Shape("ResetAdminPassword", {"AdminName": Text(), "OrganizationId": Whole(), **_VERSION})
