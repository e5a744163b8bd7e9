"""Users: requests and answers."""

from muster.dialects.netwrix.schema.fields import Flag, Member, Members, Shape, Text, Texts, Whole

_VERSION = {"Version": Whole()}
_MOMENT = Text(format="date-time")

USER_DATE_FORMATS = Shape(
    "UserDateFormats",
    {
        "Name": Text(nullable=False),
        "LongDateTimeFormatNet": Text(nullable=False),
        "ShortDateTimeFormatNet": Text(nullable=False),
        "LongDateTimeFormatJs": Text(nullable=False),
        "ShortDateTimeFormatJs": Text(nullable=False),
    },
    required=(
        "Name",
        "LongDateTimeFormatNet",
        "ShortDateTimeFormatNet",
        "LongDateTimeFormatJs",
        "ShortDateTimeFormatJs",
    ),
)

GROUP_ALERT = Shape(
    "GroupAlert",
    {
        **_VERSION,
        "Id": Text(),
        "GroupName": Text(),
        "GroupDisplayName": Text(),
        "NotificationTypes": Texts(),
        "NotificationMethod": Text(),
        "UserName": Text(),
    },
)

USER_DETAILS = Shape(
    "UserDetails",
    {
        "LastLogonAttemptUtc": _MOMENT,
        "ChangePasswordByUtc": _MOMENT,
        **_VERSION,
        "Id": Whole(),
        "UserName": Text(),
        "DateFormats": Member(USER_DATE_FORMATS),
        "Locked": Flag(),
        "FirstName": Text(),
        "SecondName": Text(),
        "Email": Text(),
        "Roles": Texts(),
        "Permissions": Texts(),
        "Groups": Texts(),
        "NotificationGroups": Members(GROUP_ALERT),
        "TimeZoneId": Text(),
        "TwoFactorRequired": Flag(),
        "IsInternal": Flag(),
        "IsADUser": Flag(),
        "IsOAuthUser": Flag(),
        "IsSSOUser": Flag(),
        "GeneratedPassword": Text(),
    },
)

ADD_USER = Shape("AddUser", {"UserDetails": Member(USER_DETAILS), "Password": Text(), "SkipCheck": Flag(), **_VERSION})
UPDATE_USER = Shape("UpdateUser", {"UserDetails": Member(USER_DETAILS), **_VERSION})
GET_USER = Shape("GetUser", {"UserName": Text(), **_VERSION})
GET_USER_LIST = Shape("GetUserList", {"ExportFormat": Text(), **_VERSION})
DELETE_USER = Shape("DeleteUser", {"UserName": Text(), **_VERSION})
RESET_USER = Shape("ResetUser", {"UserName": Text(), **_VERSION})
RESET_USER_2FA = Shape("ResetUser2fa", {"UserName": Text(), **_VERSION})
GET_TWO_FACTOR_STATUS = Shape("GetUserTwoFactorStatus", {"UserName": Text(), "Password": Text(), **_VERSION})
ELEVATE = Shape("ElevateUserTwoFactorStatus", {"OneTimePassword": Text(), **_VERSION})
VALIDATE_PASSWORD = Shape(
    "ValidateUserPassword", {"UserName": Text(), "CurrentPassword": Text(), "Password": Text(), **_VERSION}
)
UPDATE_PASSWORD = Shape(
    "UpdateUserPassword", {"UserName": Text(), "CurrentPassword": Text(), "Password": Text(), **_VERSION}
)
RESET_PASSWORD = Shape(
    "ResetUserPassword", {"UserName": Text(), "NewPassword": Text(), "PreviewToken": Text(), **_VERSION}
)
PREVIEW_RESET_PASSWORD = Shape("PreviewResetUserPassword", {"UserName": Text(), **_VERSION})

TWO_FACTOR_STATUS = Shape(
    "GetUserTwoFactorStatusResponse",
    {
        "ChangePasswordByUtc": _MOMENT,
        "SetupCode": Text(),
        "SetupImageUrl": Text(),
        "TwoFactorRequired": Flag(),
        "TwoFactorRegistration": Text(),
        **_VERSION,
    },
    required=("Version",),
)
RESET_PASSWORD_RESPONSE = Shape(
    "ResetUserPasswordResponse",
    {"Password": Text(), "ChangeByDateUtc": _MOMENT, **_VERSION},
    required=("Version",),
)
PREVIEW_RESET_PASSWORD_RESPONSE = Shape(
    "PreviewResetUserPasswordResponse",
    {"Password": Text(), "PreviewToken": Text(), **_VERSION},
    required=("Version",),
)
