"""One-time codes for applications with a sign-in form of their own: `/passwordless/start` sends one, and the grant `GRANT_TYPE` takes
it at the token endpoint.

Both are an attempt of the sign-in engine, so that codes are sent, counted and refused here as at the pages. The attempt is found
again by who was named, for which application; what binds it to a browser is known to nobody but this server.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from muster.core.apps.model import Application
from muster.core.credentials.attempts import CredentialRefused, stranger
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from muster.core.security import NotSealed
from muster.core.sessions.model import Session
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.begin import Beginning, begin_attempt
from muster.core.sign_in.model import SignInAttempt
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.body import parse_json
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.oidc.acting import DOOR, act_for
from muster.oidc.authentication import acr_of, amr_of
from muster.oidc.client_auth import authenticated_client
from muster.oidc.errors import UNCACHED, OAuthError
from muster.oidc.form import JSON, Form, form_of, media_type, required, words
from muster.oidc.issuing import Entitled, api_named, issue, still_open
from muster.oidc.services import Services
from muster.oidc.tokens import Issued, SignedIn

GRANT_TYPE: Final = "http://auth0.com/oauth/grant-type/passwordless/otp"

PATHS: Final = ("/passwordless/start",)

CHANNELS: Final[Mapping[str, str]] = {"email": "email", "sms": "phone_number"}
"""By what a code goes out, and the parameter that names the address."""

_ID_DIGITS: Final = 32


class _Place(NamedTuple):
    """The attempt of an application for somebody, and the secret of the browser that it pretends to have."""

    attempt_id: str
    browser: str


async def start(call: Call) -> Reply:
    """Send a code to an address. The answer is the same whether or not anybody has it."""
    form = _flat(call)
    app = await authenticated_client(call, form)
    _must_be_registered(app)
    channel = required(form, "connection")
    if channel not in CHANNELS:
        raise OAuthError("bad.connection", "The connection is email or sms.")
    if channel == "email" and form.get("send", "code") != "code":
        # A link signs in the browser that asked for it, and here none has.
        raise OAuthError("bad.send", "Only codes can be sent this way.")
    address = required(form, CHANNELS[channel])
    services: Services = call.services
    context = replace(call.context, app_id=app.id)
    place = await _begin(call, app, channel, address)
    try:
        for action, given in (("identify", {"identifier": address}), ("send_code", {"channel": channel})):
            await services.sign_in.take(call.tenant_id, place.attempt_id, place.browser, action, given, context)
    except Invalid:
        raise OAuthError(f"bad.{CHANNELS[channel]}", "The address is not one.") from None
    except NotAllowed:
        raise OAuthError("bad.connection", "Codes are not sent this way here.") from None
    except TooMany as refused:
        raise OAuthError("too_many_requests", "A code was sent there just now.", status=429) from refused
    shown: dict[str, Any] = {"_id": secrets.token_hex(12), CHANNELS[channel]: address}
    return json_reply(200, shown | ({"email_verified": False} if channel == "email" else {}), UNCACHED)


async def exchange(call: Call, app: Application, form: Form) -> Issued:
    """The tokens of whoever was sent the code. An application of others has people sign in at the pages, where they are asked."""
    _must_be_registered(app)
    channel, address, code = required(form, "realm"), required(form, "username"), required(form, "otp")
    services: Services = call.services
    context = replace(call.context, app_id=app.id)
    place = await _place(call, app, channel, address)
    if place is None:
        raise _wrong()
    sign_in, given = services.sign_in, {"code": code}
    try:
        view = await sign_in.take(call.tenant_id, place.attempt_id, place.browser, "code", given, context)
        if view.step != "done":
            raise OAuthError("mfa_required", "More must be proved: sign in at the pages.", status=403)
        finished = await sign_in.finish(call.tenant_id, place.attempt_id, place.browser, context)
    except TooMany as refused:
        raise OAuthError("too_many_attempts", "There were too many failures.", status=429) from refused
    except (CredentialRefused, Conflict, NotFound):
        raise _wrong() from None
    return await act_for(call, app, GRANT_TYPE, _exchange, finished.session, form)


async def _exchange(tx: Transaction, app: Application, session: Session, form: Form) -> Issued:
    audience = form.get("resource") or form.get("audience")
    api = await api_named(tx, audience) if audience else None
    user = await tx.need(User, session.user_id)
    how = SignedIn(
        auth_time=session.authenticated_at // 1000,
        acr=acr_of(session),
        amr=amr_of(session.methods),
        session_id=session.id,
    )
    return await issue(tx, Entitled(app, user, still_open(words(form, "scope"), api), api, how))


def _must_be_registered(app: Application) -> None:
    if GRANT_TYPE not in app.grant_types or not app.first_party:
        raise OAuthError("unauthorized_client", "The application is not registered for one-time codes.")


def _wrong() -> OAuthError:
    return OAuthError("invalid_grant", "Wrong email, phone number or code.", status=403)


# ------------------------------------------------------------------------------------------------------ the attempt


async def _begin(call: Call, app: Application, channel: str, address: str) -> _Place:
    """The attempt that is still open, or a new one in its place."""
    place = await _place(call, app, channel, address)
    if place is not None:
        return place
    services: Services = call.services
    if app.authentication == "none":  # the name of such an application proves nobody
        services.sign_in.must_keep_pace(call.context)
    id_, browser = _id(app, channel, address), secrets.token_urlsafe(32)
    kept = {"browser": services.secrets.seal(browser.encode(), purpose=_purpose(id_))}
    beginning = Beginning(app_id=app.id, request=kept)

    async def forget(tx: Transaction) -> None:
        before = await tx.get(SignInAttempt, id_)
        if before is not None:
            tx.delete(before)

    context = replace(call.context, app_id=app.id)
    run, person = call.runner.run_from, stranger(DOOR)
    await run(context, call.tenant_id, person, forget)
    await run(context, call.tenant_id, person, begin_attempt, id_, hash_of(browser), beginning)
    return _Place(id_, browser)


async def _place(call: Call, app: Application, channel: str, address: str) -> _Place | None:
    """Where a code for the address is waited for, if it is."""
    services: Services = call.services
    id_ = _id(app, channel, address)
    attempt = await call.store.get(call.tenant_id, SignInAttempt, id_)
    if attempt is None or attempt.user_id is not None or services.clock.now() >= attempt.expires_at:
        return None
    try:
        browser = services.secrets.open(str(attempt.request.get("browser", "")), purpose=_purpose(id_))
    except NotSealed:
        return None
    return _Place(id_, browser.decode())


def _id(app: Application, channel: str, address: str) -> str:
    return hash_of(f"passwordless {app.id} {channel} {address.strip().lower()}")[:_ID_DIGITS]


def _purpose(attempt_id: str) -> str:
    return f"passwordless:{attempt_id}"


def _flat(call: Call) -> Form:
    """The parameters that are texts; programs also send what the answer of an older flow was to hold (`authParams`)."""
    if media_type(call.header(b"content-type")) != JSON:
        return form_of(call)
    value = parse_json(call.body)
    if not isinstance(value, dict):
        raise OAuthError("invalid_request", "The body must be a JSON object.")
    return {name: text for name, text in value.items() if isinstance(text, str) and text}


ROUTES: Final = [Route("POST", path, start, needs=None, title="Send a one-time code") for path in PATHS]
