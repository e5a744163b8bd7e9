"""What the user lets the application have (OpenID Connect Core section 3.1.2.4), and what may wait."""

from msgspec.structs import replace

from muster.core.errors import Invalid, NotAllowed
from muster.core.sign_in.next import change_due, missing_scopes
from muster.core.sign_in.turn import Turn
from muster.core.transaction import Transaction


async def consent(turn: Turn) -> None:
    """`decision`: allow or deny. `scopes`: those allowed, by blanks; all that are asked for when it is left out.

    Without any scope nothing is allowed: that is a denial.
    """
    decision = turn.given.get("decision")
    if decision not in ("allow", "deny"):
        raise Invalid("decision_missing")
    wanted = missing_scopes(turn.attempt, turn.facts)
    chosen = turn.given["scopes"].split() if "scopes" in turn.given else wanted
    allowed = [scope for scope in wanted if scope in chosen] if decision == "allow" else []

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        had = [scope for scope in attempt.asked.scopes if scope in turn.facts.agreed]
        agreed = [scope for scope in attempt.asked.scopes if scope in allowed or scope in had] if allowed else []
        if not allowed:
            tx.note("consent.denied", user_id=turn.user.id, app_id=attempt.app_id)
        tx.save(replace(attempt, consented=agreed, denied=not allowed))

    await turn.run(act)


async def postpone(turn: Turn) -> None:
    """Change the password another time. `NotAllowed("not_postponable")` when that time has come."""
    if change_due(turn.attempt, turn.facts, turn.tools.runner.clock.now()) != "later":
        raise NotAllowed("not_postponable")

    async def act(tx: Transaction) -> None:
        attempt = await turn.now(tx)
        tx.save(replace(attempt, postponed=[*attempt.postponed, "change_password"]))

    await turn.run(act)
