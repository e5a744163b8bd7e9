"""New passwords: the hub's policy, and those that the server makes."""

import secrets
from typing import Final

from muster.core.credentials.checks import NEW_SCHEME
from muster.core.errors import Invalid
from muster.core.passwords.policy import Policy, Problem, problems
from muster.core.users.actions import HashedPassword
from muster.dialects.netwrix.services import HubSettings, Services

_LETTERS: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look alike: somebody reads it out."""

_GENERATED_LENGTH: Final = 16

_ANY: Final = Policy(least=0, known=True, nul=False)
"""What even a password must be that no policy is asked about."""

_MESSAGES: Final[dict[Problem, str]] = {
    "not_text": "The password is not text",
    "too_long": "The password is too long",
    "nul": "The password must not contain U+0000",
}


def checked(settings: HubSettings, password: str) -> None:
    """`Invalid("password")` for one that the hub does not take."""
    found = problems(settings.passwords(), password)
    if found:
        too_short = f"The password must have at least {settings.least_password} characters"
        raise Invalid("password", message=_MESSAGES.get(found[0], too_short))


def generated(settings: HubSettings) -> str:
    """A random password: 16 characters hold 93 bits."""
    length = max(_GENERATED_LENGTH, settings.least_password)
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


async def hashed(services: Services, password: str) -> HashedPassword:
    """The slow part, before any act. What no password may be is refused even where the policy is skipped."""
    found = problems(_ANY, password)
    if found:
        raise Invalid("password", message=_MESSAGES[found[0]])
    return HashedPassword(await services.passwords.hash(password), NEW_SCHEME)
