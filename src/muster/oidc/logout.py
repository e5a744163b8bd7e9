"""Signing out at an application's request: OpenID Connect RP-Initiated Logout 1.0, and the older `/v2/logout`.

Whoever shows an ID token of the very session is believed; everybody else could be any site that wants people signed out, so the
person is asked. Nobody is sent to an address that is not registered, whatever else is right.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from muster.core.actor import Permissions as May
from muster.core.apps.model import Application
from muster.core.sessions.actions import end_session
from muster.core.sessions.model import Session
from muster.core.users.model import User
from muster.dialects.kit.browser import drop_session, refuse_foreign, session_token
from muster.dialects.kit.call import Call, parse_query
from muster.dialects.kit.errors import BadRequest, Forbidden
from muster.dialects.kit.reply import Reply
from muster.oidc.acting import act_as
from muster.oidc.authorize import LONGEST_FORM
from muster.oidc.claims import subject_of
from muster.oidc.errors import Misdirected
from muster.oidc.id_token_hint import hinted
from muster.oidc.pages import ask_to_sign_out, page_route, told
from muster.oidc.response_modes import redirect
from muster.oidc.services import Services

CONFIRM: Final = "/oidc/logout/confirm"

_PARAMETERS: Final = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")


class SignOut(NamedTuple):
    """A request to sign out that may be carried out: where to go then (nowhere is a page), and whom the hint was about."""

    app_id: str
    target: str
    hint: Mapping[str, Any] | None
    sent: Mapping[str, str]

    @property
    def locales(self) -> list[str]:
        return self.sent.get("ui_locales", "").split()


async def get(call: Call) -> Reply:
    """A request by a link or redirect."""
    asked = await _asked(call, _once(call.query()))
    signed_in = await _signed_in(call)
    if signed_in is None:
        return await _done(call, asked)
    session, user = signed_in
    if asked.hint is not None and _is_of(asked.hint, session, user):
        await _sign_out(call, asked.app_id, session, user)
        return await _done(call, asked)
    kept = {**asked.sent, "csrf": _proof(session_token(call))}  # what was sent is checked again when it comes back
    return await ask_to_sign_out(call, CONFIRM, kept, asked.locales)


async def post(call: Call) -> Reply:
    """A request by a form of the application's site, which the browser is made to repeat as a GET: see `authorize.post`."""
    path = call.raw_path.decode("ascii", "replace")
    return redirect(f"{path}?{urlencode(_form(call), doseq=True)}")


async def confirm(call: Call) -> Reply:
    """The person's answer to our question."""
    refuse_foreign(call)
    form = _form(call)
    given = (form.get("csrf") or [""])[0]
    if not hmac.compare_digest(given.encode(), _proof(session_token(call)).encode()):
        raise Forbidden("csrf")
    asked = await _asked(call, _once(form))
    signed_in = await _signed_in(call)
    if signed_in is not None and form.get("decision") != ["sign_out"]:
        return await told(call, "stayed", locales=asked.locales)
    if signed_in is not None:
        await _sign_out(call, asked.app_id, *signed_in)
    return await _done(call, asked)


async def v2_logout(call: Call) -> Reply:
    """Sign out at once and go to `returnTo`, which must be one of the application's; without an application nowhere.

    Like every such link it can be followed from anywhere; all that comes of it is that somebody must sign in again.
    """
    sent = call.query()
    app_id, target = _single(sent, "client_id"), _single(sent, "returnTo")
    app = await call.store.get(call.tenant_id, Application, app_id) if app_id else None
    if target and (app is None or target not in app.post_logout_uris):
        raise Misdirected("logout_uri")
    signed_in = await _signed_in(call)
    if signed_in is not None:
        await _sign_out(call, app_id if app is not None else "", *signed_in)
    return await _done(call, SignOut(app_id, target, None, {}))


async def _asked(call: Call, sent: Mapping[str, str]) -> SignOut:
    """What is wanted. `Misdirected` for an address that is not registered, and where hint and `client_id` name two applications."""
    services: Services = call.services
    app_id, target, token = (
        sent.get("client_id", ""),
        sent.get("post_logout_redirect_uri", ""),
        sent.get("id_token_hint", ""),
    )
    hint = hinted(services, call.site, None, token)
    meant = _audience(hint)
    if app_id and meant and app_id != meant:
        raise Misdirected("logout_mismatch")
    app = await call.store.get(call.tenant_id, Application, app_id or meant) if app_id or meant else None
    if app_id and app is None:
        raise Misdirected("unknown_client")
    if target and (app is None or target not in app.post_logout_uris):
        raise Misdirected("logout_uri")
    if target and sent.get("state"):
        joint = "&" if "?" in target else "?"
        target = f"{target}{joint}{urlencode({'state': sent['state']})}"
    return SignOut(app.id if app is not None else "", target, hint, sent)


def _audience(hint: Mapping[str, Any] | None) -> str:
    named = hint.get("aud", "") if hint is not None else ""
    return named[0] if isinstance(named, list) else str(named)


def _is_of(hint: Mapping[str, Any], session: Session, user: User) -> bool:
    """Whether the hint is about this session; a token that names none must at least be the user's."""
    return bool(hint["sub"] == subject_of(user) and hint.get("sid", session.id) == session.id)


async def _signed_in(call: Call) -> tuple[Session, User] | None:
    services: Services = call.services
    return await services.sign_in.signed_in(call.tenant_id, session_token(call))


async def _sign_out(call: Call, app_id: str, session: Session, user: User) -> None:
    await act_as(call, user, app_id, frozenset({May.SELF_SESSIONS}), end_session, session.id, "ended")


async def _done(call: Call, asked: SignOut) -> Reply:
    gone = [drop_session(call.site)]
    return redirect(asked.target, gone) if asked.target else await told(call, "signed_out", gone, asked.locales)


def _proof(token: str) -> str:
    """What only our own question to this session's browser holds."""
    return hmac.new(token.encode(), b"sign out", hashlib.sha256).hexdigest()


def _form(call: Call) -> dict[str, list[str]]:
    media = (call.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if media != b"application/x-www-form-urlencoded":
        raise BadRequest("media_type")
    if len(call.body) > LONGEST_FORM:
        raise BadRequest("too_large", limit=LONGEST_FORM)
    return dict(parse_query(call.body))


def _once(sent: Mapping[str, list[str]]) -> dict[str, str]:
    """The parameters that mean something; one that was sent twice is refused."""
    return {name: value for name in _PARAMETERS if (value := _single(sent, name))}


def _single(sent: Mapping[str, list[str]], name: str) -> str:
    values = sent.get(name, [""])
    if len(values) != 1:
        raise Misdirected("duplicate_parameter")
    return values[0]


_ENDPOINTS: Final = ("/oidc/logout", "/connect/endsession")

ROUTES = [
    *(page_route("GET", path, get, "Sign out") for path in _ENDPOINTS),
    *(page_route("POST", path, post, "Sign out") for path in _ENDPOINTS),
    page_route("POST", CONFIRM, confirm, "Sign out, having been asked"),
    page_route("GET", "/v2/logout", v2_logout, "Sign out and go on"),
]
