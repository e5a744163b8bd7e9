"""Tokens of previewed passwords: the password itself, sealed, with whom it is for and who may use it."""

import hashlib
from typing import Final

import msgspec

from muster.core.ids import UserId
from muster.core.security import NotSealed, SecretBox
from muster.core.users.model import User

GOOD_FOR: Final = 600_000
"""Milliseconds."""

LONGEST: Final = 4_096


class Preview(msgspec.Struct, frozen=True):
    """`before` stands for the password that the previewed one is to replace: once that changed, the token is used up."""

    user_id: str
    caller_id: str
    password: str
    before: str
    until: int

    def is_for(self, user: User, caller_id: UserId | None, now: int) -> bool:
        """Whether it can be applied to the user as they are now, by this caller."""
        same = (self.user_id, self.caller_id, self.before) == (user.id, caller_id, mark_of(user))
        return same and now < self.until

    def __repr__(self) -> str:
        return f"Preview(user_id={self.user_id!r})"


_decode = msgspec.json.Decoder(Preview).decode


def mark_of(user: User) -> str:
    """Stands for the user's present password, or for having none."""
    text = user.password.hash if user.password is not None else ""
    return hashlib.sha256(text.encode()).hexdigest()


def seal_preview(preview: Preview, secrets: SecretBox, tenant_id: int) -> str:
    """The token."""
    return secrets.seal(msgspec.json.encode(preview), purpose=_purpose(tenant_id))


def open_preview(token: str, secrets: SecretBox, tenant_id: int) -> Preview | None:
    """What a token holds; None for what is none."""
    if len(token) > LONGEST:
        return None
    try:
        return _decode(secrets.open(token, purpose=_purpose(tenant_id)))
    except (NotSealed, msgspec.DecodeError):
        return None


def _purpose(tenant_id: int) -> str:
    return f"password_preview:{tenant_id}"
