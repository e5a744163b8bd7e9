"""A ticket that a program made for the user: it stands in for the first factor, and for nothing else."""

from muster.core.credentials.attempts import CredentialRefused
from muster.core.sessions.model import Method
from muster.core.sign_in.methods import TICKET
from muster.core.sign_in.proved import proved
from muster.core.sign_in.turn import Turn
from muster.core.tickets.actions import use_ticket
from muster.core.transaction import Transaction


async def ticket(turn: Turn) -> None:
    """`ticket`: its text. `CredentialRefused`: ticket_over, also for a user of another realm; suspended, locked."""

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        _, user = await use_ticket(tx, turn.given.get("ticket", ""), "sign_in")
        if user.realm != attempt.realm:
            raise CredentialRefused("ticket_over")
        await proved(tx, attempt, user, Method(name=TICKET, at=tx.now))

    await turn.run(act)
