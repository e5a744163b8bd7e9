"""Back from the sign-in pages: the authorization request goes on where it stopped, in the browser that it was made in.

The attempt is known by its id in the address, which may leak; so it counts only together with the browser's secret and the
session that came of it, and once.
"""

from hmac import compare_digest

import msgspec

from muster.core.credentials.attempts import CredentialRefused
from muster.core.sessions.model import Session
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.model import SignInAttempt
from muster.core.users.model import User
from muster.dialects.kit.browser import browser_secret, session_token
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.oidc import response_modes
from muster.oidc.authorize import RESUME, give_code
from muster.oidc.errors import OAuthError
from muster.oidc.pages import page_route
from muster.oidc.request import AuthorizationRequest, kept_request
from muster.oidc.services import Services
from muster.oidc.steps.application import known_application
from muster.oidc.steps.redirect_uri import must_be_registered


async def resume(call: Call) -> Reply:
    """The code of an attempt that is done, or what the application is told instead: if it is still there to be told."""
    attempt = await _attempt(call)
    request = _request(attempt)
    must_be_registered(await known_application(call.store, call.tenant_id, request.app_id), request.redirect_uri)
    try:
        values = {"code": await _code(call, attempt, request)}
    except OAuthError as refused:
        values = {"error": refused.code, **({"error_description": refused.why} if refused.why else {})}
    return await response_modes.answer(call, request.redirect_uri, request.response_mode, request.state, values)


async def _attempt(call: Call) -> SignInAttempt:
    """The attempt of this very browser. `CredentialRefused("attempt_over")` for any other, as for none."""
    services: Services = call.services
    ids, secret = call.query().get("attempt", []), browser_secret(call)
    attempt = await call.store.get(call.tenant_id, SignInAttempt, ids[0]) if len(ids) == 1 else None
    if attempt is None or not secret or not compare_digest(attempt.browser, hash_of(secret)):
        raise CredentialRefused("attempt_over")
    if attempt.return_to != RESUME or attempt.finished_at is None or services.clock.now() >= attempt.expires_at:
        raise CredentialRefused("attempt_over")
    return attempt


def _request(attempt: SignInAttempt) -> AuthorizationRequest:
    try:
        return kept_request(attempt.request)
    except msgspec.ValidationError:
        raise CredentialRefused("attempt_over") from None


async def _code(call: Call, attempt: SignInAttempt, request: AuthorizationRequest) -> str:
    session, user = await _signed_in(call, attempt)
    asked = attempt.asked
    if asked.fresh and session.authenticated_at < attempt.created_at:
        raise OAuthError("login_required", "The sign-in is too old.")
    return await give_code(call, user, request, session, attempt)


async def _signed_in(call: Call, attempt: SignInAttempt) -> tuple[Session, User]:
    """Who the browser is signed in as, which must be the session that the attempt ended in."""
    services: Services = call.services
    found = await services.sign_in.signed_in(call.tenant_id, session_token(call))
    if found is None or found[0].id != attempt.session_id:
        raise CredentialRefused("attempt_over")
    return found


ROUTES = [page_route("GET", RESUME, resume, "Go on after a sign-in")]
