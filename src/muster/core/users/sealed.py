"""What a user's secrets are sealed for (`muster.core.security.SecretBox`): one that is moved to another user opens nowhere."""

from typing import Any


def totp_purpose(user_id: Any) -> str:
    """The secret of a user's time-based codes."""
    return f"totp:{user_id}"


def tokens_purpose(link_id: Any) -> str:
    """The tokens of an identity elsewhere."""
    return f"link_tokens:{link_id}"
