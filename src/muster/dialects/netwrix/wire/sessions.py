"""`AuthenticateResponse`: a session as this API tells it."""

from typing import Any

from muster.core.users.model import Document
from muster.core.users.shown import shown_name
from muster.dialects.netwrix.access import SignedIn, waits_for
from muster.dialects.netwrix.wire.names import Names
from muster.dialects.netwrix.wire.permissions import show_permissions

_WAITS_FOR = {"second_factor_due": "TwoFactorRequired", "password_change_due": "PasswordChangeRequired"}


def show_session(signed: SignedIn, names: Names, now: int) -> Document:
    """The session, its user, and in `Meta` what it waits for. The token is good as `SessionId` and as bearer token."""
    user, waiting = signed.user, waits_for(signed, now)
    shown: dict[str, Any] = {
        "UserId": str(user.seq),
        "SessionId": signed.token,
        "UserName": names.show(user),
        "DisplayName": shown_name(user),
        "BearerToken": signed.token,
        "Roles": user.hub_roles,
        "Permissions": show_permissions(signed.roles.powers_of(user.hub_roles)),
    }
    return shown if waiting is None else {**shown, "Meta": {_WAITS_FOR[waiting]: "true"}}
