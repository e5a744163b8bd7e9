"""The pages of a forgotten password: asking for a link by mail, and choosing a new password with it. The answer to the first is
the same for everybody; the second one goes on as a sign-in, whose second factor stays due.
"""

from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Refusal
from muster.core.settings.model import PasswordRules
from muster.core.sign_in.view import View
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.signin import sign_in
from muster.signin.csrf import own_form
from muster.signin.errors import Fault, fault_of
from muster.signin.pages import Place, page, redirect, visit_of
from muster.signin.services import Services


async def show_forgotten(call: Call) -> Reply:
    """Ask whose password it is, or say that a mail is on its way if there is anybody to write to."""
    query = call.query()
    attempt_id = (query.get("attempt") or [""])[-1]
    if not attempt_id:
        return await sign_in.begin(call, at=address)
    return await _forgotten(call, attempt_id, sent="sent" in query)


async def forgotten(call: Call) -> Reply:
    """Write to whoever it is."""
    form = own_form(call)
    services: Services = call.services
    attempt_id, secret = form.get("attempt", ""), visit_of(call).secret
    view = await services.sign_in.view(call.tenant_id, attempt_id, secret, call.context)
    identifier = form.get("identifier", "")
    try:
        await services.recovery.request_reset(
            call.tenant_id, view.attempt.realm, identifier, call.context, attempt_id=view.attempt.id
        )
    except Refusal as refused:
        return await _forgotten(call, attempt_id, fault_of(refused), identifier)
    return redirect(call, f"{address(attempt_id)}&sent")


async def show_reset(call: Call) -> Reply:
    """The page behind the link. It uses nothing up: mail programs look at links too."""
    query = call.query()
    ticket = (query.get("ticket") or [""])[-1]
    services: Services = call.services
    rules = await services.recovery.rules(call.tenant_id, ticket)
    return await _reset(call, ticket, rules, (query.get("attempt") or [""])[-1])


async def reset(call: Call) -> Reply:
    """The new password, and on in a sign-in with the link as its first factor."""
    form = own_form(call)
    services: Services = call.services
    ticket = form.get("ticket", "")
    rules = await services.recovery.rules(call.tenant_id, ticket)
    attempt_id = await _going_on(call, form.get("attempt", ""))
    secret = visit_of(call).secret
    try:
        await services.recovery.reset(
            call.tenant_id, ticket, form.get("password", ""), call.context, attempt_id=attempt_id, browser=secret
        )
    except Refusal as refused:
        if isinstance(refused, CredentialRefused):
            raise
        return await _reset(call, ticket, rules, attempt_id, fault_of(refused))
    return await sign_in.onward(call, await services.sign_in.view(call.tenant_id, attempt_id, secret, call.context))


def address(attempt_id: str) -> str:
    """Where a forgotten password is told of."""
    return f"/sign-in/forgotten?attempt={attempt_id}"


async def _going_on(call: Call, attempt_id: str) -> str:
    """The attempt that the password was forgotten in, if it was in this browser; else a new one."""
    view = await _attempt(call, attempt_id)
    return view.attempt.id if view is not None else await sign_in.new_attempt(call)


async def _attempt(call: Call, attempt_id: str) -> View | None:
    services: Services = call.services
    if not attempt_id:
        return None
    try:
        return await services.sign_in.view(call.tenant_id, attempt_id, visit_of(call).secret, call.context)
    except CredentialRefused:
        return None


async def _forgotten(
    call: Call, attempt_id: str, fault: Fault | None = None, identifier: str | None = None, *, sent: bool = False
) -> Reply:
    services: Services = call.services
    view = await services.sign_in.view(call.tenant_id, attempt_id, visit_of(call).secret, call.context)
    place = (await sign_in.place_of(call, view))._replace(here=f"{address(attempt_id)}{'&sent' * sent}")
    typed = {"identifier": view.attempt.identifier if identifier is None else identifier}
    template = "recovery/sent.html" if sent else "recovery/forgotten.html"
    return page(call, template, fault=fault, typed=typed, place=place, view=view)


async def _reset(call: Call, ticket: str, rules: PasswordRules, attempt_id: str, fault: Fault | None = None) -> Reply:
    view = await _attempt(call, attempt_id)
    place = Place() if view is None else await sign_in.place_of(call, view)
    place = place._replace(here=f"/sign-in/reset?ticket={ticket}" + (f"&attempt={attempt_id}" if view else ""))
    going_on = attempt_id if view else ""
    return page(call, "recovery/reset.html", fault=fault, place=place, ticket=ticket, rules=rules, attempt_id=going_on)


ROUTES = [
    Route("GET", "/sign-in/forgotten", show_forgotten, needs=None, title="Ask whose password was forgotten"),
    Route("POST", "/sign-in/forgotten", forgotten, needs=None, title="Send a link for a new password"),
    Route("GET", "/sign-in/reset", show_reset, needs=None, title="Show the form for a new password"),
    Route("POST", "/sign-in/reset", reset, needs=None, title="Choose a new password"),
]
