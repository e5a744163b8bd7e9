"""What the person is to be asked, and how old a sign-in may be. OpenID Connect Core 3.1.2.1; Initiating User Registration 1.0."""

import re
from typing import Final

from muster.oidc.errors import OAuthError
from muster.oidc.request import Asking, Parameters

PROMPTS: Final = ("none", "login", "consent", "select_account", "create")

_SECONDS: Final = re.compile(r"[0-9]{1,9}")


def prompt_is_known(asking: Asking) -> None:
    """A question that nobody here asks must not count as asked; `none` with another contradicts itself."""
    prompts = asking.parameters.words("prompt")
    if not set(prompts) <= set(PROMPTS):
        raise OAuthError("invalid_request", f"The prompts are {', '.join(PROMPTS)}.")
    if "none" in prompts and len(prompts) > 1:
        raise OAuthError("invalid_request", "The prompt none allows no other.")


def max_age_is_seconds(asking: Asking) -> None:
    """A maximum age that cannot be read would be none at all."""
    asked = asking.parameters.get("max_age")
    if asked and not _SECONDS.fullmatch(asked):
        raise OAuthError("invalid_request", "The max_age is a number of seconds.")


def max_age_of(parameters: Parameters) -> int | None:
    """The age in milliseconds that a sign-in may have, or None for any; of a request that passed the check."""
    asked = parameters.get("max_age")
    return int(asked) * 1000 if asked else None
