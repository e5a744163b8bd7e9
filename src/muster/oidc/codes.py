"""Authorization codes: what somebody's sign-in gives an application, to be exchanged at once and once (RFC 6749 section 4.1.2)."""

from typing import Final

from muster.core.apps.model import Application
from muster.core.credentials.attempts import CredentialRefused
from muster.core.sessions.actions import touch
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import Grant, Session
from muster.core.sign_in.model import SignInAttempt
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.oidc.authentication import acr_of, amr_of
from muster.oidc.claims import subject_of
from muster.oidc.consent import agreed_scopes
from muster.oidc.errors import OAuthError
from muster.oidc.request import AuthorizationRequest

CODE_LIFETIME: Final = 60_000
"""Milliseconds; RFC 6749 asks for at most ten minutes, and an application needs a second."""


async def issue_code(
    tx: Transaction, request: AuthorizationRequest, session_id: str, attempt: SignInAttempt | None = None
) -> str:
    """A code for the session's user. An attempt that led here is spent by it.

    `OAuthError` for what the application is told, `CredentialRefused("session_over")`.
    """
    app = await tx.need(Application, request.app_id)
    tx.expect(app)
    if attempt is not None:
        await _spend(tx, attempt)
        if attempt.denied:
            raise OAuthError("access_denied", "The user did not agree.")
    session = await touch(tx, session_id, app_id=app.id)
    user = await tx.need(User, session.user_id)
    if user.suspended is True:
        raise OAuthError("access_denied", "The account is suspended.")
    if request.subject and request.subject != subject_of(user):
        raise OAuthError("login_required", "Somebody else is signed in than the id_token_hint says.")
    scopes = await agreed_scopes(tx.store, tx.tenant_id, app, user.id, request, tx.now)
    if request.scopes and not scopes:
        raise OAuthError("access_denied", "The user did not agree.")
    _, code = await issue_grant(tx, user, _grant(request, session, scopes, tx.now))
    tx.note("code.issued", user_id=user.id, app_id=app.id, session_id=session.id)
    return code


def _grant(request: AuthorizationRequest, session: Session, scopes: list[str], now: int) -> Grant:
    """What the token endpoint must find again. `auth_time` is in seconds, as ID tokens tell it."""
    return Grant(
        user_id=session.user_id,
        kind="code",
        app_id=request.app_id,
        session_id=session.id,
        session_bound=True,
        scopes=scopes,
        audiences=[request.audience] if request.audience else [],
        expires_at=now + CODE_LIFETIME,
        request={
            "redirect_uri": request.redirect_uri,
            "code_challenge": request.code_challenge,
            "nonce": request.nonce,
            "auth_time": session.authenticated_at // 1000,
            "acr": acr_of(session),
            "amr": amr_of(session.methods),
            "session_id": session.id,
            "scope": " ".join(scopes),
            "audience": request.audience,
        },
    )


async def _spend(tx: Transaction, attempt: SignInAttempt) -> None:
    """Of two that resume the same attempt at once, the second finds it gone."""
    found = await tx.get(SignInAttempt, attempt.id)
    if found is None:
        raise CredentialRefused("attempt_over")
    tx.delete(found)
