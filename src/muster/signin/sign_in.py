"""The pages of a sign-in: one address that shows whatever the attempt waits for, and one that takes what the person does there.

What was done answers 303 to the next page; what was refused shows the same page again, saying why.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from muster.core.apps.model import Application
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Refusal, TooMany
from muster.core.sessions.model import Session
from muster.core.sign_in.engine import Beginning
from muster.core.sign_in.steps.codes import attempt_of_link
from muster.core.sign_in.view import Offer, View
from muster.dialects.kit.browser import keep_session, session_token
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.signin.csrf import Form, own_form
from muster.signin.errors import Fault, fault_of
from muster.signin.pages import NOWHERE, Place, page, redirect, visit_of
from muster.signin.services import Services

SHOWN_AGAIN: Final = ("identifier", "kind", "remember")
"""What of a form is filled in again after a refusal. Never a password or a code."""

WAY: Final = "with"
"""The query's name for the way that the person chose among several."""


async def show(call: Call) -> Reply:
    """What the attempt waits for; without an attempt a new one, that ends at the account."""
    attempt_id = (call.query().get("attempt") or [""])[-1]
    if not attempt_id:
        return await begin(call)
    services: Services = call.services
    view = await services.sign_in.view(call.tenant_id, attempt_id, visit_of(call).secret, call.context)
    return await answer(call, view)


async def take(call: Call) -> Reply:
    """What the person did, and on to the next page."""
    action = call.path.get("action") or call.raw_path.rpartition(b"/")[2].decode("ascii")
    form = own_form(call)
    services: Services = call.services
    attempt_id, secret = form.get("attempt", ""), visit_of(call).secret
    given = {name: value for name, value in form.items() if name not in ("csrf", "attempt")}
    try:
        view = await services.sign_in.take(call.tenant_id, attempt_id, secret, action, given, call.context)
    except Refusal as refused:
        fault = fault_of(refused)
        view = await services.sign_in.view(call.tenant_id, attempt_id, secret, call.context)
        return await answer(call, view, fault, form)
    return await onward(call, view)


async def follow(call: Call) -> Reply:
    """The link of a mail. It opens nothing in another browser than that which asked for it, so that looking at it may use it."""
    link = (call.query().get("ticket") or [""])[-1]
    services: Services = call.services
    secret, attempt_id = visit_of(call).secret, attempt_of_link(link)
    try:
        view = await services.sign_in.take(call.tenant_id, attempt_id, secret, "link", {"link": link}, call.context)
    except CredentialRefused as refused:
        raise CredentialRefused("wrong_link") if refused.code == "attempt_over" else refused from None
    return await onward(call, view)


async def show_ticket(call: Call) -> Reply:
    """The page behind a link that a program made for somebody. The person presses a button: mail programs look at links too."""
    query = {name: values[-1] for name, values in call.query().items()}
    attempt_id = query.get("attempt") or await new_attempt(call)
    return page(call, "sign_in/ticket.html", attempt_id=attempt_id, ticket=query.get("ticket", ""), place=NOWHERE)


async def begin(call: Call, *, return_to: str = "/account", at: Callable[[str], str] | None = None) -> Reply:
    """A new attempt of this browser that belongs to no application, and on to its page.

    With a page of its own (`at`) it is for somebody who cannot sign in yet, whoever else is signed in here.
    """
    services: Services = call.services
    signed_in = None if at else await services.sign_in.signed_in(call.tenant_id, session_token(call))
    attempt_id = await new_attempt(call, return_to, signed_in[0] if signed_in else None)
    return redirect(call, (at or address)(attempt_id))


async def new_attempt(call: Call, return_to: str = "/account", session: Session | None = None) -> str:
    """The id of such an attempt; a session that the browser has already does for it."""
    services: Services = call.services
    visit = visit_of(call)
    beginning = Beginning(return_to=return_to, session=session, origin=origin(call))
    begun = await services.sign_in.begin(call.tenant_id, beginning, visit.secret, call.context)
    if begun.browser != visit.secret:
        call.more = visit._replace(secret=begun.browser, new_browser=True)
    return begun.attempt.id


async def onward(call: Call, view: View) -> Reply:
    """To the next page of the attempt, or to where it was to end."""
    if view.step == "done":
        return await finish(call, view.attempt.id)
    return redirect(call, address(view.attempt.id))


async def answer(call: Call, view: View, fault: Fault | None = None, form: Form | None = None) -> Reply:
    """The page of the step that the attempt is at."""
    if view.step == "done":
        return await finish(call, view.attempt.id)
    typed: dict[str, str] = {name: form[name] for name in SHOWN_AGAIN if form and name in form}
    more = await _more(call, view, typed)
    return page(
        call, f"sign_in/{view.step}.html", fault=fault, typed=typed, place=await place_of(call, view), view=view, **more
    )


async def finish(call: Call, attempt_id: str) -> Reply:
    """Sign the browser in and send it to where the attempt was to end."""
    services: Services = call.services
    done = await services.sign_in.finish(call.tenant_id, attempt_id, visit_of(call).secret, call.context)
    cookies = [] if done.token is None else [keep_session(call.site, done.token, done.seconds)]
    return redirect(call, done.path, cookies)


def address(attempt_id: str) -> str:
    """Where an attempt goes on."""
    return f"/sign-in?attempt={attempt_id}"


async def place_of(call: Call, view: View) -> Place:
    """Where the pages of an attempt stand. Their forms may end at the application, and where it sends people on from there."""
    attempt = view.attempt
    here, app_uri = address(attempt.id), attempt.request.get("redirect_uri")
    if not isinstance(app_uri, str):
        return Place(here, attempt.asked.locales)
    app = await call.store.get(call.tenant_id, Application, attempt.app_id)
    return Place(here, attempt.asked.locales, (app_uri, *(app.web_origins if app else ())))


def origin(call: Call) -> str:
    """The site's origin, which passkeys are bound to."""
    parts = urlsplit(call.site.public_url)
    return f"{parts.scheme}://{parts.netloc}"


# ------------------------------------------------------------------------------------------- what single pages need besides


async def _more(call: Call, view: View, typed: Mapping[str, str]) -> dict[str, Any]:
    """What the template of the step shows besides the view."""
    chosen = (call.query().get(WAY) or [typed.get("kind", "")])[-1]
    match view.step:
        case "identify" | "first_factor":
            return {"passkey": await _passkey(call, view), "way": _first_way(view, chosen)}
        case "second_factor":
            return {"offer": _second_way(view, chosen)}
        case "enrol_factor" if view.enrolment is not None:
            from muster.signin.qr import picture

            return {"qr": picture(view.enrolment.uri)}
        case _:
            return {}


async def _passkey(call: Call, view: View) -> str:
    """The options of a passkey prompt as JSON, for the page to hold; empty where passkeys are no way in."""
    if "passkey" not in view.first_factors:
        return ""
    services: Services = call.services
    try:
        options = await services.sign_in.passkey_options(call.tenant_id, view.attempt.id, visit_of(call).secret)
    except TooMany:
        return ""
    return msgspec.json.encode(options).decode()


def _first_way(view: View, chosen: str) -> str:
    """Which first factor the page asks for: the chosen one, else the code that is on its way, else the tenant's first."""
    ways = [way for way in ("password", "email_code", "email_link", "sms_code") if way in view.first_factors]
    if chosen in ways:
        return chosen
    if view.sent is not None and view.attempt.sent is not None:
        of_channel = ("email_code", "email_link") if view.attempt.sent.channel == "email" else ("sms_code",)
        return next((way for way in of_channel if way in ways), "")
    return ways[0] if ways else ""


def _second_way(view: View, chosen: str) -> Offer | None:
    """Which second factor the page asks for, alike. `chosen` is a factor's id or its kind."""
    offers = view.second_factors
    for offer in offers:
        if chosen and chosen in (offer.factor_id, offer.kind):
            return offer
    sent = view.attempt.sent
    if view.sent is not None and sent is not None:
        kind = "email" if sent.channel == "email" else "phone"
        for offer in offers:
            if offer.kind == kind and sent.address_id in (None, offer.factor_id):
                return offer
    return offers[0] if offers else None


ROUTES = [
    Route("GET", "/sign-in", show, needs=None, title="Show what a sign-in waits for"),
    Route("GET", "/sign-in/link", follow, needs=None, title="Follow the link of a mail"),
    Route("POST", "/sign-in/link", take, needs=None, title="Take the link of a mail"),
    Route("GET", "/sign-in/ticket", show_ticket, needs=None, title="Ask to sign in with a link"),
    Route("POST", "/sign-in/ticket", take, needs=None, title="Sign in with a link"),
    Route("POST", "/sign-in/verify", take, needs=None, title="Take the code for an address"),
    Route("POST", "/sign-in/{action}", take, needs=None, title="Take what the person did"),
]
