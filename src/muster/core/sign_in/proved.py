"""A factor was proved: the one way in which an attempt comes to know who the person is.

Whoever proves one elsewhere (a sign-up, a reset, an identity provider) calls `proved` within the act that decides it.
"""

from hmac import compare_digest

from msgspec.structs import replace

from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.lockout import lock_of
from muster.core.sessions.model import Method
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.model import SignInAttempt
from muster.core.transaction import Transaction
from muster.core.users.model import User


async def the_attempt(tx: Transaction, attempt_id: str, browser: str) -> SignInAttempt:
    """The attempt, for an act that will change it. `CredentialRefused("attempt_over")` unless it is this browser's and goes on."""
    attempt = await tx.get(SignInAttempt, attempt_id)
    if attempt is None or not is_open(attempt, browser, tx.now):
        raise CredentialRefused("attempt_over")
    return attempt


def is_open(attempt: SignInAttempt, browser: str, now: int) -> bool:
    """Whether the attempt belongs to the browser with this secret and is neither finished nor expired."""
    return is_of_browser(attempt, browser) and attempt.finished_at is None and now < attempt.expires_at


def is_of_browser(attempt: SignInAttempt, browser: str) -> bool:
    """Whether it began in the browser with this secret; in constant time."""
    return browser != "" and compare_digest(attempt.browser, hash_of(browser))


async def proved(tx: Transaction, attempt: SignInAttempt, user: User, method: Method) -> SignInAttempt:
    """The person is `user`, by this method; a method that is `second` joins the first one. Both were read by this act.

    `CredentialRefused`: suspended, locked. What was sent or begun for the step before is good no more.
    """
    if user.suspended is True:
        raise CredentialRefused("suspended")
    lock = lock_of(user.activity, tx.now)
    if lock is not None:
        raise CredentialRefused("locked", until=lock.until)
    if method.second and attempt.user_id != user.id:
        raise CredentialRefused("attempt_over")
    tx.expect(user)
    after = replace(attempt, user_id=user.id, sent=None, challenge="", trip=None)
    if method.second:
        return tx.save(replace(after, methods=[*attempt.methods, method]))
    # Whatever was chosen before may have been somebody else's choice.
    return tx.save(replace(after, methods=[method], remember=False, postponed=[], consented=None, denied=False))
