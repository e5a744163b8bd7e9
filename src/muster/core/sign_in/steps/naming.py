"""Saying who one is, before anything is proved. Nobody is looked up here, so that nothing can be learned."""

from msgspec.structs import replace

from muster.core.sign_in.names import typed
from muster.core.sign_in.turn import Turn
from muster.core.transaction import Transaction


async def identify(turn: Turn) -> None:
    """`identifier`: an e-mail address, a phone number or a user name. A code that was sent to another one is good no more."""
    identifier = typed(turn.given.get("identifier", ""))

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        sent = attempt.sent if identifier == attempt.identifier else None
        tx.save(replace(attempt, identifier=identifier, sent=sent))

    await turn.run(act)


async def restart(turn: Turn) -> None:
    """Begin again as somebody else; what was proved is forgotten, and a session that was there does not do."""

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        tx.save(
            replace(
                attempt,
                identifier="",
                user_id=None,
                methods=[],
                sent=None,
                challenge="",
                trip=None,
                remember=False,
                postponed=[],
            )
        )

    await turn.run(act)
