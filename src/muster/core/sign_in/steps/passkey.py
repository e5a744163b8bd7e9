"""A passkey as the first factor: it says who its owner is by itself (Web Authentication Level 3, discoverable credentials)."""

from typing import Any

from msgspec.structs import replace

from muster.core.credentials.attempts import CredentialRefused
from muster.core.passkeys.model import RelyingParty, relying_party
from muster.core.sessions.model import Method
from muster.core.sign_in.methods import PASSKEY, SECURITY_KEY
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_in.proved import proved
from muster.core.sign_in.turn import Turn
from muster.core.transaction import Transaction
from muster.core.users.model import User


async def options(turn: Turn) -> dict[str, Any]:
    """What the browser is asked for. Its challenge is this attempt's until it is answered or another one is made."""
    turn.must_offer(PASSKEY)
    ceremony = turn.tools.passkeys.options(_party(turn))

    async def act(tx: Transaction) -> None:
        tx.save(replace(await turn.now(tx), challenge=ceremony.challenge))

    await turn.run(act)
    return ceremony.options


async def passkey(turn: Turn) -> None:
    """`credential`: the browser's answer as JSON. `CredentialRefused("wrong_passkey")`. A challenge is good for one answer."""
    turn.must_offer(PASSKEY)
    challenge = turn.attempt.challenge
    if not challenge:
        raise CredentialRefused("wrong_passkey")

    async def take(tx: Transaction) -> SignInAttempt:
        return tx.save(replace(await turn.now(tx), challenge=""))

    taken = await turn.run(take)
    proof = replace(turn.first_proof(), discreet=False)
    by = await turn.tools.passkeys.check(proof, _party(turn), turn.given.get("credential", ""), challenge=challenge)
    name = PASSKEY if by.verified else SECURITY_KEY
    rest = replace(turn, attempt=taken)

    async def act(tx: Transaction) -> None:
        attempt = await rest.now(tx)
        user = await tx.need(User, by.user.id)
        if user.realm != attempt.realm:
            raise CredentialRefused("wrong_passkey")  # of another realm, which this application did not ask for
        await proved(tx, attempt, user, Method(name=name, at=tx.now))

    await turn.run(act)


def _party(turn: Turn) -> RelyingParty:
    party = relying_party(turn.attempt.origin, turn.facts.settings.branding.name)
    if party is None:
        raise CredentialRefused("wrong_passkey")
    return party
