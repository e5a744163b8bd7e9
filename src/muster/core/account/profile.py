"""A person's own names and other claims, user name, and free-form data."""

from typing import Any

from muster.core.account.access import own_account
from muster.core.account.links import has_way_in
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.errors import Conflict, Invalid
from muster.core.settings.actions import sign_in_settings
from muster.core.sign_up.usernames import check_username
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users import profile as transitions
from muster.core.users.model import User
from muster.core.users.saving import keep
from muster.core.users.shapes import has_control

OWN_MEMBERS = frozenset(
    {
        "name",
        "given_name",
        "middle_name",
        "family_name",
        "nickname",
        "preferred_username",
        "profile",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
    }
)
"""What of the profile people write themselves; the answers to a tenant's own questions are its to change."""

LONGEST = 300
"""Characters of one member."""


async def change_profile(tx: Transaction, session_id: str, changes: dict[str, str | None]) -> User:
    """Names and other claims by member, an empty text or None removes one. `Invalid("field_malformed", field)`."""
    _, user = await own_account(tx, session_id, May.SELF_PROFILE)
    wanted: dict[str, Any] = {}
    for member, value in changes.items():
        text = (value or "").strip()
        if member not in OWN_MEMBERS or len(text) > LONGEST or has_control(text):
            raise Invalid("field_malformed", field=member)
        if member in ("profile", "website") and text and not text.startswith(("https://", "http://")):
            raise Invalid("field_malformed", field=member)
        wanted[member] = text or None
    return keep(tx, user, transitions.update_profile(user, wanted))


async def change_username(tx: Transaction, session_id: str, value: str) -> User:
    """Another name to sign in with, or with "" none. `Invalid("username_malformed")`, `Conflict("last_way_in")`, `Taken("username")`
    at the commit.
    """
    _, user = await own_account(tx, session_id, May.SELF_IDENTIFIERS, recent=True)
    tx.note("user.username_changed", user_id=user.id)
    if not value:
        after = identifiers.set_username(user, None, tx.now)
        if not has_way_in(after):
            raise Conflict("last_way_in")
        return keep(tx, user, after)
    realm = await tx.need(Connection, user.realm)
    check_username(value, await sign_in_settings(tx.store, tx.tenant_id), realm)
    return keep(tx, user, identifiers.set_username(user, value, tx.now))
