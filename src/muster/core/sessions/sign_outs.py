"""Telling applications that a session is over (OpenID Connect Back-Channel Logout 1.0): one message for each that was used in
it and wants to know, in the commit that ends the session, so that none is lost with the process.
"""

from typing import Final

from muster.core.apps.model import Application
from muster.core.sessions.model import Session
from muster.core.transaction import Transaction

KIND: Final = "backchannel_logout"
"""The kind of the message. It goes to the application's address; `app_id` and `session_id` are in its data."""


async def tell_applications(tx: Transaction, session: Session) -> None:
    """Send the word to every application of the session that has an address for it."""
    for app_id in session.apps:
        app = await tx.get(Application, app_id)
        # Any other address would be taken for a mailbox or a telephone number.
        if app is not None and app.backchannel_logout_uri.startswith(("https://", "http://")):
            tx.send(KIND, app.backchannel_logout_uri, user_id=session.user_id, app_id=app.id, session_id=session.id)
