"""`UserDetails`: a user as this API shows one. Null members are left out, as the framework does."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muster.core.credentials.lockout import lock_of
from muster.core.credentials.second_factors import totp_factors
from muster.core.groups.model import Group
from muster.core.groups.naming import group_names
from muster.core.hub_roles.model import HubRoles
from muster.core.users.model import Document, User
from muster.core.users.shown import shown_email
from muster.dialects.netwrix.wire.names import Names
from muster.dialects.netwrix.wire.permissions import show_permissions
from muster.dialects.netwrix.wire.times import show_time

VENDOR: Final = "netwrix"

DATE_FORMATS, TIME_ZONE, ALERTS = "DateFormats", "TimeZoneId", "NotificationGroups"
OWN_MEMBERS: Final = (DATE_FORMATS, TIME_ZONE, ALERTS)
"""What means nothing to the core and is kept as it was sent."""

DEFAULT_ZONE: Final = "UTC"

MESSAGE_VERSION: Final = 0
"""`Version` everywhere is that of the message, not of a user."""


class View(msgspec.Struct, frozen=True):
    """What it takes to show users: the tenant's names, roles and groups, and what time it is."""

    names: Names
    roles: HubRoles
    groups: Mapping[str, Group]
    now: int

    def show(self, user: User) -> Document:
        """The user's details, in the order of the contract."""
        own = own_members(user)
        activity = user.activity
        last = activity.last_attempt if activity is not None else None
        email = shown_email(user)
        shown: dict[str, Any] = {
            "LastLogonAttemptUtc": None if last is None else show_time(last.at),
            "ChangePasswordByUtc": None if user.must_change is None else show_time(user.must_change.by),
            "Version": MESSAGE_VERSION,
            "Id": user.seq,
            "UserName": self.names.show(user),
            DATE_FORMATS: own.get(DATE_FORMATS),
            "Locked": lock_of(activity, self.now) is not None,
            "FirstName": user.profile.given_name,
            "SecondName": user.profile.family_name,
            "Email": None if email is None else email.address,
            "Roles": user.hub_roles,
            "Permissions": show_permissions(self.roles.powers_of(user.hub_roles)),
            "Groups": group_names(user, self.groups),
            ALERTS: own.get(ALERTS, []),
            TIME_ZONE: own.get(TIME_ZONE, DEFAULT_ZONE),
            "TwoFactorRequired": user.mfa.required,
            "IsInternal": user.internal,
            **_elsewhere(user),
        }
        return {name: value for name, value in shown.items() if value is not None}


def own_members(user: User) -> Document:
    """What is kept for this API alone."""
    return user.vendor.get(VENDOR, {})


def registration(user: User) -> str:
    """How far the user's authenticator app is."""
    if totp_factors(user, confirmed=True):
        return "Registered"
    return "Pending" if totp_factors(user, confirmed=False) else "None"


def signs_in_elsewhere(user: User) -> bool:
    """Whether the account is one of a directory or provider, and has no password here."""
    return any(_elsewhere(user).values())


def _elsewhere(user: User) -> dict[str, bool]:
    kinds = {"IsADUser": False, "IsOAuthUser": False, "IsSSOUser": False}
    if user.password is None:
        for link in user.links:
            if link.kind == "enterprise" and link.provider in ("ad", "adfs"):
                kinds["IsADUser"] = True
            elif link.kind == "social" or link.provider == "oidc":
                kinds["IsOAuthUser"] = True
            elif link.kind == "enterprise":
                kinds["IsSSOUser"] = True
    return kinds
