"""The authorization endpoint: RFC 6749 section 4.1, OpenID Connect Core section 3.1.2, OAuth 2.0 Security (RFC 9700).

A request is checked against the table below, from top to bottom. Then whoever is signed in does, or the sign-in pages are
shown; either way it ends with a code for the application (`codes.py`).
"""

from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from muster.core.apps.model import Application
from muster.core.connections.model import Connection
from muster.core.errors import NotFound
from muster.core.sessions.model import Session
from muster.core.sign_in.engine import Beginning
from muster.core.sign_in.model import Asked, SignInAttempt
from muster.core.users.model import User
from muster.dialects.kit.browser import browser_secret, keep_browser, session_token
from muster.dialects.kit.call import Call, parse_query
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Reply
from muster.oidc import response_modes
from muster.oidc.acting import act_as
from muster.oidc.authentication import has_second_factor, wants_second_factor
from muster.oidc.claims import subject_of
from muster.oidc.codes import issue_code
from muster.oidc.consent import agreed_scopes, asks_for
from muster.oidc.errors import OAuthError
from muster.oidc.id_token_hint import hinted
from muster.oidc.pages import page_route
from muster.oidc.request import Asking, AuthorizationRequest, Parameters, parameters_of
from muster.oidc.services import Services
from muster.oidc.steps import application, hints, parameters, pkce, prompt, redirect_uri, resource, response, scope
from muster.oidc.tokens import userinfo_audience

RESUME: Final = "/authorize/resume"

NO_POWER: Final = frozenset[str]()
"""Being signed in is all that a code takes."""

LONGEST_FORM: Final = 16_384
"""Bytes of a request that is posted: it goes on as an address."""


class Check(NamedTuple):
    """One thing that is looked at, and the text that asks for it."""

    look: Callable[[Asking], None]
    after: str


CHECKS: Final = (
    Check(parameters.are_sent_once, "RFC 6749 section 3.1"),
    Check(parameters.are_short, "RFC 6749 section 10"),
    Check(parameters.are_not_in_objects, "OpenID Connect Core sections 6.1, 6.2, 7.2.1"),
    Check(response.type_is_code, "RFC 6749 section 3.1.1, RFC 9700 section 2.1.2"),
    Check(response.mode_is_known, "OAuth 2.0 Multiple Response Types section 2.1"),
    Check(application.may_ask_for_codes, "RFC 6749 section 4.1.2.1"),
    Check(pkce.challenge_is_sha256, "RFC 7636 section 4.3, RFC 9700 section 2.1.1"),
    Check(pkce.challenge_is_there_if_needed, "RFC 8252 section 8.1, RFC 9700 section 2.1.1"),
    Check(prompt.prompt_is_known, "OpenID Connect Core section 3.1.2.1"),
    Check(prompt.max_age_is_seconds, "OpenID Connect Core section 3.1.2.1"),
    Check(scope.scope_is_readable, "RFC 6749 section 3.3"),
    Check(resource.resource_is_one_of_ours, "RFC 8707 section 2"),
    Check(hints.id_token_is_ours, "OpenID Connect Core section 3.1.2.1"),
    Check(hints.connection_is_known, "what the application asked for is what it gets"),
)
"""Every check of a request whose application and redirect URI are known, in their order: what fails is sent back to it."""


async def get(call: Call) -> Reply:
    """A request by a link or redirect, which is how browsers bring them."""
    return await _authorize(call, parameters_of(call.query()))


async def post(call: Call) -> Reply:
    """A request by a form of the application's site (OpenID Connect Core 3.1.2.1), which the browser is made to repeat as a GET.

    A form of another site comes without our cookies (SameSite), so that answering it would mistake who is signed in.
    """
    media = (call.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if media != b"application/x-www-form-urlencoded":
        raise BadRequest("media_type")
    if len(call.body) > LONGEST_FORM:
        raise BadRequest("too_large", limit=LONGEST_FORM)
    form = parse_query(call.body)
    path = call.raw_path.decode("ascii", "replace")
    return response_modes.redirect(f"{path}?{urlencode(form, doseq=True)}")


async def _authorize(call: Call, asked: Parameters) -> Reply:
    app = await application.application_of(call.store, call.tenant_id, asked)
    uri = redirect_uri.redirect_uri_of(app, asked)
    mode = response.mode_of(asked, uri)
    try:
        return await _answered(call, app, asked, uri)
    except OAuthError as refused:
        values = {"error": refused.code, **({"error_description": refused.why} if refused.why else {})}
        return await response_modes.answer(call, uri, mode, asked.get("state"), values)


async def _answered(call: Call, app: Application, asked: Parameters, uri: str) -> Reply:
    """The code, or the sign-in pages."""
    services: Services = call.services
    asking = Asking(
        asked,
        app,
        uri,
        userinfo_audience(call.site),
        api=await resource.api_of(call.store, call.site, asked),
        connection=await hints.connection_of(call.store, call.tenant_id, asked),
        hint=hinted(services, call.site, app, asked.get("id_token_hint")),
    )
    for check in CHECKS:
        check.look(asking)
    request = _request(asking)
    wanted = _wanted(asking, request)
    signed_in = await services.sign_in.signed_in(call.tenant_id, session_token(call))
    missing = await _missing(call, asking, request, wanted, signed_in)
    if signed_in is not None and missing is None:
        session, user = signed_in
        code = await give_code(call, user, request, session)
        return await response_modes.answer(call, uri, request.response_mode, request.state, {"code": code})
    if missing is not None and "none" in asked.words("prompt"):
        raise missing
    return await _sign_in(call, asking, request, wanted, signed_in)


async def give_code(
    call: Call, user: User, request: AuthorizationRequest, session: Session, attempt: SignInAttempt | None = None
) -> str:
    """A code for the session, by the act of its user; an attempt that led to it is spent."""
    return await act_as(call, user, request.app_id, NO_POWER, issue_code, request, session.id, attempt)


async def _missing(
    call: Call, asking: Asking, request: AuthorizationRequest, wanted: Asked, signed_in: tuple[Session, User] | None
) -> OAuthError | None:
    """Why whoever is signed in does not do, in the words of `prompt=none` (OpenID Connect Core 3.1.2.6); None if they do."""
    services: Services = call.services
    now = services.clock.now()
    if signed_in is None:
        return OAuthError("login_required", "Nobody is signed in.")
    session, user = signed_in
    if wanted.fresh or (wanted.max_age is not None and now - session.authenticated_at >= wanted.max_age):
        return OAuthError("login_required", "The sign-in is too old.")
    if user.internal or (request.subject and request.subject != subject_of(user)):
        return OAuthError("login_required", "Somebody else is signed in than the application means.")
    if asking.connection is not None and not _came_by(asking.connection, session, user):
        return OAuthError("login_required", "The user signed in by another connection.")
    if wanted.second_factor and not has_second_factor(session):
        return OAuthError("login_required", "A second factor is missing.")
    if user.mfa.required and session.elevated_at is None:
        return OAuthError("interaction_required", "The user must prove a second factor.")
    agreed = await agreed_scopes(call.store, call.tenant_id, asking.app, user.id, request, now)
    if wanted.consent or set(agreed) != set(request.scopes):
        return OAuthError("consent_required", "The user has not agreed to this yet.")
    return None


def _came_by(connection: Connection, session: Session, user: User) -> bool:
    if connection.kind == "database":
        return user.realm == connection.id
    return any(method.name == connection.name for method in session.methods)


async def _sign_in(
    call: Call,
    asking: Asking,
    request: AuthorizationRequest,
    wanted: Asked,
    signed_in: tuple[Session, User] | None,
) -> Reply:
    """Begin a sign-in that ends at `RESUME`, and send the browser there."""
    services: Services = call.services
    session = signed_in[0] if signed_in is not None and request.subject in ("", subject_of(signed_in[1])) else None
    beginning = Beginning(asking.app.id, request.kept(), RESUME, wanted, session, _origin(call.site.public_url))
    try:
        begun = await services.sign_in.begin(call.tenant_id, beginning, browser_secret(call), call.context)
    except NotFound:
        raise OAuthError("invalid_request", "The connection cannot be used.") from None
    wants_account = "create" in asking.parameters.words("prompt") or asking.parameters.get("screen_hint") == "signup"
    path = "/sign-up" if wants_account else "/sign-in"
    return response_modes.redirect(f"{path}?attempt={begun.attempt.id}", [keep_browser(call.site, begun.browser)])


def _request(asking: Asking) -> AuthorizationRequest:
    """What must be known when the person comes back; of a request that passed every check."""
    asked = asking.parameters
    return AuthorizationRequest(
        app_id=asking.app.id,
        redirect_uri=asking.redirect_uri,
        response_mode=response.mode_of(asked, asking.redirect_uri),
        state=asked.get("state"),
        nonce=asked.get("nonce"),
        code_challenge=asked.get("code_challenge"),
        scopes=scope.scopes_of(asking),
        audience=asking.api.identifier if asking.api is not None else "",
        subject=str(asking.hint["sub"]) if asking.hint is not None else "",
    )


def _wanted(asking: Asking, request: AuthorizationRequest) -> Asked:
    """What the sign-in must be; a person whom the application has chosen anew, or who makes an account, always signs in."""
    asked = asking.parameters
    prompts, max_age = set(asked.words("prompt")), prompt.max_age_of(asked)
    scopes = asks_for(asking.app, request)
    return Asked(
        fresh=not prompts.isdisjoint({"login", "select_account", "create"}) or max_age == 0,
        max_age=max_age,
        second_factor=wants_second_factor(asked.words("acr_values")),
        consent="consent" in prompts and bool(scopes),
        scopes=scopes,
        audience=request.audience,
        connection_id=asking.connection.id if asking.connection is not None else None,
        hint=asked.get("login_hint"),
        locales=asked.words("ui_locales"),
    )


def _origin(public_url: str) -> str:
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}"


ROUTES = [
    page_route(method, path, handler, "Ask for a sign-in")
    for path in ("/authorize", "/oauth/authorize", "/connect/authorize")
    for method, handler in (("GET", get), ("POST", post))
]
