"""Everything that a password, or whoever had it, could have left open: ended at once when the password is chosen anew."""

from typing import Final

from muster.core.sessions.actions import end_sessions_of
from muster.core.sessions.grants import Which, revoke_grants
from muster.core.sessions.model import GrantKind
from muster.core.sign_in.remembered import forget_browsers
from muster.core.transaction import Transaction
from muster.core.users.model import User

_TOKENS: Final[tuple[GrantKind, ...]] = ("code", "refresh_token", "reference_token")


async def sign_out_everywhere(tx: Transaction, user: User, *, keep: str | None = None) -> None:
    """End the user's sessions but the one whose id is `keep`, take back every token that did not come of it, and forget the
    browsers that need no second factor. What the user agreed to stays agreed. For an act that has checked that the caller may.
    """
    await end_sessions_of(tx, user, "revoked", keep=keep, with_grants=True, by_right=True)
    await revoke_grants(tx, user, Which(kinds=_TOKENS, but_session_id=keep), by_right=True)
    await forget_browsers(tx, user.id)
