"""What an attempt's next step depends on besides the attempt itself, read together."""

from typing import Final, NamedTuple

from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.second_factors import has_second_factor
from muster.core.errors import NotFound
from muster.core.sessions.model import Grant, Session
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_in.remembered import is_remembered
from muster.core.transaction import Transaction
from muster.core.users.model import User

NONE_AGREED: Final = frozenset[str]()


class Facts(NamedTuple):
    """`session` is the one that was there before, while it is good. `agreed` are the scopes that the user let the application
    have before, of those that are asked for. `remembered` says that the user's second factor is not wanted in this browser.
    """

    settings: SignInSettings
    realm: Connection
    user: User | None = None
    session: Session | None = None
    remembered: bool = False
    agreed: frozenset[str] = NONE_AGREED


async def facts_of(tx: Transaction, attempt: SignInAttempt) -> Facts:
    """What there is to know now. `CredentialRefused("attempt_over")` when the realm or the user is gone."""
    settings = await tx.get(SignInSettings, SETTINGS_ID) or SignInSettings()
    realm = await tx.get(Connection, attempt.realm)
    if realm is None:
        raise CredentialRefused("attempt_over")
    if attempt.user_id is None:
        return Facts(settings, realm)
    user = await tx.get(User, attempt.user_id)
    if user is None:
        raise CredentialRefused("attempt_over")
    return Facts(
        settings,
        realm,
        user,
        await _session(tx, attempt),
        await _is_remembered(tx, attempt, settings, user),
        await agreed_scopes(tx, user.id, attempt.app_id, attempt.asked.audience)
        if attempt.asked.scopes
        else NONE_AGREED,
    )


async def agreed_scopes(tx: Transaction, user_id: str, app_id: str, audience: str) -> frozenset[str]:
    """What the user has let the application have, for this audience, and has not taken back."""
    return frozenset(
        scope.scope
        for grant in await tx.owned(Grant, user_id)
        if is_consent(grant, app_id, audience) and grant.is_active(tx.now)
        for scope in grant.consented
        if scope.expires_at is None or scope.expires_at > tx.now
    )


def is_consent(grant: Grant, app_id: str, audience: str) -> bool:
    """Whether a grant is what the user agreed to for this application and audience."""
    audiences = [audience] if audience else []
    return grant.kind == "consent" and grant.app_id == app_id and grant.audiences == audiences


async def _session(tx: Transaction, attempt: SignInAttempt) -> Session | None:
    session = await tx.get(Session, attempt.session_id) if attempt.session_id is not None else None
    return session if session is not None and session.status(tx.now) == "active" else None


async def _is_remembered(tx: Transaction, attempt: SignInAttempt, settings: SignInSettings, user: User) -> bool:
    # Without a factor there was nothing to prove in that browser, whenever that was.
    if settings.rules.remember_browser <= 0 or not has_second_factor(user):
        return False
    return await is_remembered(tx, user.id, attempt.browser)


def the_user(facts: Facts) -> User:
    """The user of an attempt whose first factor was proved."""
    if facts.user is None:
        raise NotFound("user")
    return facts.user
