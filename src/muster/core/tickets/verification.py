"""Asking a person, by the word of a program, to prove an address."""

from typing import Literal

from muster.core.actor import Permissions as May
from muster.core.recovery.actions import VERIFY_PATH
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.tickets.actions import make_ticket
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.core.users.shown import primary


async def send_verification(tx: Transaction, user: User, kind: Literal["email", "phone"] = "email") -> None:
    """Ask the person to prove the shown address or number; nothing happens when there is none of their own.

    A mail has a link that proves the address. A number is proved by a code, at the person's own pages.
    """
    tx.actor.must(May.USERS_UPDATE, May.USERS_CREATE)
    own = primary(user.emails if kind == "email" else user.phones)
    if own is None:
        return
    if kind == "phone":
        tx.send("verification_phone", own.value, user_id=user.id)
        return
    settings = await tx.get(SignInSettings, SETTINGS_ID) or SignInSettings()
    lifetime = settings.verification_lifetime
    ticket, text = await make_ticket(tx, user, "verify_email", lifetime=lifetime, address_id=own.id)
    path = f"{VERIFY_PATH}?ticket={text}"
    tx.send("verification_email", own.value, user_id=user.id, path=path, expires_at=ticket.expires_at)
