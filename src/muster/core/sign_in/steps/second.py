"""The second factor: proving one, and enrolling an authenticator app where one is demanded and there is none (RFC 6238)."""

from muster.core.credentials import second_factors
from muster.core.errors import NotAllowed
from muster.core.sign_in import ways
from muster.core.sign_in.methods import BACKUP, EMAIL, PHONE, TOTP
from muster.core.sign_in.steps.codes import second_code
from muster.core.sign_in.turn import Turn
from muster.core.transaction import Transaction
from muster.core.users.model import User


async def second_factor(turn: Turn) -> None:
    """`kind` (totp, phone, email or backup), `code`, and `remember` (anything) to be asked no more in this browser for a while.

    `CredentialRefused`: wrong_code, also for one that was taken before; code_over.
    """
    kind, code = turn.given.get("kind", TOTP), turn.given.get("code", "")
    if all(offer.kind != kind for offer in ways.second_factors(turn.attempt, turn.facts)):
        raise NotAllowed("factor_not_offered")
    then = turn.then_proved(kind, second=True)
    if kind in (PHONE, EMAIL):
        await second_code(turn, kind, then)
    else:
        await turn.tools.checks.check_code(
            turn.second_proof(), code, {"backup"} if kind == BACKUP else {"totp"}, then=then
        )


async def begin_totp(turn: Turn) -> None:
    """Begin to enrol an authenticator app; one that was begun before is kept. The view shows its secret."""

    async def act(tx: Transaction) -> None:
        await turn.now(tx)
        user = await tx.need(User, turn.user.id)
        await second_factors.begin_totp(tx, user, turn.tools.secrets, turn.tools.codes)

    await turn.run(act)


async def confirm_totp(turn: Turn) -> None:
    """`code`: the first one of the new app, which is a second factor from now on. `Conflict("nothing_to_confirm")`."""
    then = turn.then_proved(TOTP, second=True)
    await turn.tools.checks.confirm_totp(turn.second_proof(), turn.given.get("code", ""), then=then)
