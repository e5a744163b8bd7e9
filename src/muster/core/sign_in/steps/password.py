"""The password: as a first factor, and a new one where the old must not stay (NIST SP 800-63B section 5.1.1.2)."""

from msgspec.structs import replace

from muster.core.errors import Conflict, Invalid
from muster.core.passwords.policy import MOST_BYTES
from muster.core.sessions.everywhere import sign_out_everywhere
from muster.core.sign_in.methods import PASSWORD
from muster.core.sign_in.turn import Turn
from muster.core.tenants.first_password import forget_first_password
from muster.core.transaction import Transaction
from muster.core.users import access, invariants
from muster.core.users.model import User
from muster.core.users.shown import primary


async def password(turn: Turn) -> None:
    """`password`. `CredentialRefused("wrong_password")` also for a user who does not exist, has none, or may not sign in so."""
    turn.must_offer(PASSWORD)
    given = turn.given.get("password", "")
    if len(given.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise Invalid("password_too_long")
    await turn.tools.checks.check_password(turn.first_proof(), given, then=turn.then_proved(PASSWORD))


async def change_password(turn: Turn) -> None:
    """`password`: the new one. `Invalid("password_policy", problems=…)`, where `used` is one that may not come again.

    The user is signed out everywhere, and no browser is remembered any more: somebody else may have known the old password.
    """
    user, new = turn.user, turn.given.get("password", "")
    hashed = await turn.tools.new_passwords.hashed(turn.tenant_id, user.realm, new, user=user, must_differ=True)

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        before = await tx.need(User, user.id)
        if before.password != user.password:
            raise Conflict("not_now")  # changed elsewhere: whether that will do is decided anew
        after = access.set_password(before, hashed.hash, hashed.scheme, tx.now)
        invariants.check(after)
        after = tx.save(after)
        await forget_first_password(tx, after)
        await sign_out_everywhere(tx, after, keep=attempt.session_id)
        tx.note("user.password_changed", user_id=user.id)
        shown = primary(after.emails)
        if shown is not None and shown.verified:
            tx.send("password_changed", shown.value, user_id=user.id)
        tx.save(replace(attempt, postponed=[*attempt.postponed, "change_password"]))

    await turn.run(act)
