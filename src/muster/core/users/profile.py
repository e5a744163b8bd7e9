"""The person's names and other claims."""

from typing import Any

from msgspec.structs import replace

from muster.core.users.model import Profile, User
from muster.core.users.shown import full_name


def update_profile(user: User, changes: dict[str, Any]) -> User:
    """Set members of the profile by name; None removes one.

    A stored `name` that was the full name before is joined again from the changed parts, unless a name was sent too.
    A picture from elsewhere takes the place of an uploaded one. A changed member shared with the claims that a
    verifiable-credential API wrote is owned by the profile from now on, so the older copy there goes.
    """
    before, named = user.profile, "name" in changes
    changes = {name: value for name, value in changes.items() if value != getattr(before, name)}
    after: Profile = replace(before, **changes)
    if not named and before.name is not None and before.name == full_name(before):
        after = replace(after, name=full_name(after))
    image = None if "picture" in changes else user.image
    claims = {key: value for key, value in user.claims.items() if key not in changes}
    view = {key: value for key, value in user.claims_view.items() if key not in changes}
    return replace(user, profile=after, image=image, claims=claims, claims_view=view)
