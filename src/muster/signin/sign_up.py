"""The pages of a sign-up: what the tenant asks for, the code that proves an address, and what becomes of an address that an
account has without proof. A sign-up has the id of the sign-in attempt that it belongs to, which goes on when it is complete.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from muster.core.errors import Invalid, Refusal
from muster.core.sign_up.view import Kind, SignUpView
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import NoRoute
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.signin import sign_in
from muster.signin.csrf import Form, own_form
from muster.signin.errors import Fault, fault_of
from muster.signin.pages import page, redirect, visit_of
from muster.signin.services import Services

EDIT: Final = "edit"
"""The query's name for wanting to change what was told already."""


async def show(call: Call) -> Reply:
    """What the sign-up asks for now; without an attempt one is begun."""
    query = call.query()
    attempt_id = (query.get("attempt") or [""])[-1]
    if not attempt_id:
        return await sign_in.begin(call, at=address)
    services: Services = call.services
    view = await services.sign_ups.start(call.tenant_id, attempt_id, visit_of(call).secret, call.context)
    return await answer(call, view, edit=EDIT in query)


async def take(call: Call) -> Reply:
    """What the person did, and on to the next page."""
    act = ACTIONS.get(call.path["action"])
    if act is None:
        raise NoRoute("path")
    form = own_form(call)
    services: Services = call.services
    attempt_id, secret = form.get("attempt", ""), visit_of(call).secret
    try:
        return await act(call, attempt_id, form)
    except Refusal as refused:
        fault = fault_of(refused)
        view = await services.sign_ups.view(call.tenant_id, attempt_id, secret)
        return await answer(call, view, fault=fault, form=form, edit=act is tell)


async def tell(call: Call, attempt_id: str, form: Form) -> Reply:
    """The form, first or once more."""
    services: Services = call.services
    given = {name: value for name, value in form.items() if name not in ("csrf", "attempt")}
    secret = visit_of(call).secret
    view = await services.sign_ups.update(call.tenant_id, attempt_id, secret, given, call.context)
    return await onward(call, view)


async def send_code(call: Call, attempt_id: str, form: Form) -> Reply:
    """Another code."""
    services: Services = call.services
    secret = visit_of(call).secret
    view = await services.sign_ups.send_code(call.tenant_id, attempt_id, secret, _kind(form), call.context)
    return await onward(call, view)


async def verify(call: Call, attempt_id: str, form: Form) -> Reply:
    """The code that came."""
    services: Services = call.services
    view = await services.sign_ups.verify(
        call.tenant_id, attempt_id, visit_of(call).secret, _kind(form), form.get("code", ""), call.context
    )
    return await onward(call, view)


async def release(call: Call, attempt_id: str, _: Form) -> Reply:
    """A new account, with an address that another one had without proof."""
    return await _complete(call, attempt_id, release=True)


async def take_over(call: Call, attempt_id: str, _: Form) -> Reply:
    """The account that has the proved address, with a new password."""
    services: Services = call.services
    ticket = await services.sign_ups.take_over(call.tenant_id, attempt_id, visit_of(call).secret, call.context)
    return redirect(call, f"/sign-in/reset?ticket={ticket}&attempt={attempt_id}")


Act = Callable[[Call, str, Form], Awaitable[Reply]]

ACTIONS: Final[dict[str, Act]] = {
    "tell": tell,
    "send_code": send_code,
    "verify": verify,
    "release": release,
    "take_over": take_over,
}
"""What a person can do, by the last part of the address that does it."""


async def onward(call: Call, view: SignUpView) -> Reply:
    """To what is still asked, or with the new user on in the sign-in."""
    if view.state in ("ready", "complete"):
        return await _complete(call, view.id)
    return redirect(call, address(view.id))


async def answer(
    call: Call, view: SignUpView, *, fault: Fault | None = None, form: Form | None = None, edit: bool = False
) -> Reply:
    """The page that the sign-up is at."""
    if view.state in ("ready", "complete") and fault is None:
        return await _complete(call, view.id)
    services: Services = call.services
    attempt = await services.sign_in.view(call.tenant_id, view.id, visit_of(call).secret, call.context)
    state = "missing" if edit or view.state in ("ready", "complete") else view.state
    secret = {field.name for field in view.fields if field.type == "password"} | {"csrf", "code"}
    typed = {name: value for name, value in (form or {}).items() if name not in secret}
    place = (await sign_in.place_of(call, attempt))._replace(here=address(view.id))
    return page(call, f"sign_up/{state}.html", fault=fault, typed=typed, place=place, view=view, attempt=attempt)


def address(attempt_id: str) -> str:
    """Where a sign-up goes on."""
    return f"/sign-up?attempt={attempt_id}"


async def _complete(call: Call, attempt_id: str, *, release: bool = False) -> Reply:
    services: Services = call.services
    secret = visit_of(call).secret
    await services.sign_ups.complete(call.tenant_id, attempt_id, secret, call.context, release_held=release)
    return await sign_in.onward(call, await services.sign_in.view(call.tenant_id, attempt_id, secret, call.context))


def _kind(form: Form) -> Kind:
    kind = form.get("kind", "")
    if kind == "email":
        return "email"
    if kind == "phone":
        return "phone"
    raise Invalid("kind")


ROUTES = [
    Route("GET", "/sign-up", show, needs=None, title="Show what a sign-up asks for"),
    Route("POST", "/sign-up/{action}", take, needs=None, title="Take what the person did"),
]
