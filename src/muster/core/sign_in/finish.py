"""The end of an attempt: a session, new, renewed or kept, and what was agreed to on the way."""

from typing import NamedTuple

from msgspec.structs import replace

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict
from muster.core.sessions.actions import NewSession, end_session, start_session
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import ConsentScope, Grant, Session
from muster.core.sessions.renewal import renew_session
from muster.core.sign_in.facts import Facts, facts_of, is_consent, the_user
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_in.next import next_step
from muster.core.sign_in.proved import is_of_browser
from muster.core.sign_in.remembered import remember
from muster.core.transaction import Transaction
from muster.core.users.model import User


class Ended(NamedTuple):
    """How an attempt ended. `token` is told once, and only if the browser must have a new one."""

    attempt: SignInAttempt
    session: Session
    token: str | None
    facts: Facts


async def end_attempt(tx: Transaction, attempt_id: str, browser: str) -> Ended:
    """Of two who finish the same attempt, the second finds what the first has made, and no token.

    `CredentialRefused`: attempt_over, suspended, locked. `Conflict("not_now")` while something is still to be done.
    """
    attempt = await tx.get(SignInAttempt, attempt_id)
    if attempt is None or not is_of_browser(attempt, browser) or attempt.expires_at <= tx.now:
        raise CredentialRefused("attempt_over")
    facts = await facts_of(tx, attempt)
    if attempt.finished_at is not None:
        if facts.session is None:
            raise CredentialRefused("attempt_over")
        return Ended(attempt, facts.session, None, facts)
    step = next_step(attempt, facts, tx.now)
    if step != "done":
        raise Conflict("not_now", step=step)
    user = the_user(facts)
    session, token = await _session(tx, attempt, facts)
    if attempt.remember and facts.settings.rules.remember_browser > 0:
        await remember(tx, user.id, attempt.browser, facts.settings.rules.remember_browser)
    if attempt.consented:
        await _keep_consent(tx, attempt, attempt.consented, facts)
    after = replace(attempt, session_id=session.id, finished_at=tx.now, sent=None, challenge="", trip=None)
    return Ended(tx.save(after), session, token, facts)


async def _session(tx: Transaction, attempt: SignInAttempt, facts: Facts) -> tuple[Session, str | None]:
    """The session that was there goes on if it is the same person's; with whatever was proved comes a new token.

    So a token that somebody slipped into the browser before is good for nothing afterwards (session fixation).
    """
    user, before, rules = the_user(facts), facts.session, facts.settings.session
    if user.suspended is True:
        raise CredentialRefused("suspended")
    if before is not None and before.user_id == user.id:
        if not attempt.methods:
            tx.expect(before)
            return before, None
        fresh = not attempt.rests_on_session
        renewed = await renew_session(tx, user, before, attempt.methods, rules.lifetime, fresh=fresh)
        return renewed.session, renewed.token
    if before is not None:
        await end_session(tx, before.id, "replaced", by_right=True)
    started = await start_session(
        tx,
        user,
        NewSession(
            methods=attempt.methods,
            lifetime=rules.lifetime,
            idle=rules.idle,
            persistent=rules.persistent,
            browser=attempt.browser[:32],
            apps=[attempt.app_id] if attempt.app_id else [],
        ),
    )
    return started.session, started.token


async def _keep_consent(tx: Transaction, attempt: SignInAttempt, scopes: list[str], facts: Facts) -> None:
    """What was agreed to joins what was agreed to before for the same application and audience."""
    user, audience = await tx.need(User, the_user(facts).id), attempt.asked.audience
    theirs = await tx.owned(Grant, user.id)
    before = next((g for g in theirs if is_consent(g, attempt.app_id, audience) and g.is_active(tx.now)), None)
    agreed = {scope: ConsentScope(scope=scope, granted_at=tx.now) for scope in scopes}
    if before is None:
        new = Grant(
            user_id=user.id,
            kind="consent",
            app_id=attempt.app_id,
            audiences=[audience] if audience else [],
            scopes=scopes,
            consented=list(agreed.values()),
        )
        await issue_grant(tx, user, new)
        return
    held = {each.scope: each for each in before.consented if each.expires_at is None or each.expires_at > tx.now}
    all_ = {**held, **{scope: each for scope, each in agreed.items() if scope not in held}}
    tx.save(replace(before, scopes=list(all_), consented=list(all_.values())))
    tx.note("consent.granted", user_id=user.id, app_id=attempt.app_id)
