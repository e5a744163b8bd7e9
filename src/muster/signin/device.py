"""The pages where somebody allows a device that shows a code (RFC 8628 section 3.3): type the code, see who asks for what, decide.

The device and its code stand beside the question, so that nobody allows a device that is not before them (section 5.4).
"""

from urllib.parse import quote

from muster.core.apps.model import Application
from muster.core.credentials.attempts import CredentialRefused, stranger
from muster.core.errors import Refusal
from muster.core.oauth import device
from muster.core.sessions.model import Session
from muster.core.users.model import User
from muster.core.users.shown import shown_name
from muster.dialects.kit.browser import session_token
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.signin import sign_in
from muster.signin.csrf import own_form
from muster.signin.errors import Fault, fault_of
from muster.signin.pages import NOWHERE, Place, page
from muster.signin.services import Services

MOST_LETTERS = 32


async def show(call: Call) -> Reply:
    """Ask for the code, or whether to allow the device that has it; of somebody who is signed in."""
    typed = (call.query().get("user_code") or [""])[-1][:MOST_LETTERS]
    person = await _signed_in(call)
    if person is None:
        return await sign_in.begin(call, return_to=address(typed))
    if not typed:
        return _ask(call, typed)
    try:
        request = await device.look_up(call.runner, call.context, call.tenant_id, typed)
    except Refusal as refused:
        return _ask(call, typed, fault_of(refused))
    app = await call.store.get(call.tenant_id, Application, request.app_id)
    if app is None:
        raise CredentialRefused("user_code_wrong")
    return page(
        call,
        "device/confirm.html",
        place=Place(address(typed)),
        app_name=app.name,
        user_code=typed.upper(),
        scopes=request.scopes,
        who=shown_name(person[1]),
    )


async def decide(call: Call) -> Reply:
    """What the person decided."""
    form = own_form(call)
    typed = form.get("user_code", "")[:MOST_LETTERS]
    person = await _signed_in(call)
    if person is None:
        return await sign_in.begin(call, return_to=address(typed))
    session, user = person
    allow = form.get("decision") == "allow"
    try:
        await device.look_up(call.runner, call.context, call.tenant_id, typed)  # which counts guesses
        await call.runner.run_from(
            call.context, call.tenant_id, stranger("oidc"), device.decide, typed, user, session.id, allow=allow
        )
    except Refusal as refused:
        return _ask(call, typed, fault_of(refused))
    return page(call, "device/done.html", place=NOWHERE, allowed=allow)


def address(user_code: str = "") -> str:
    """Where a code is typed, or where it is typed already."""
    return f"/device?user_code={quote(user_code, safe='')}" if user_code else "/device"


async def _signed_in(call: Call) -> tuple[Session, User] | None:
    services: Services = call.services
    return await services.sign_in.signed_in(call.tenant_id, session_token(call))


def _ask(call: Call, typed: str, fault: Fault | None = None) -> Reply:
    return page(call, "device/ask.html", fault=fault, typed={"user_code": typed}, place=Place(address()))


ROUTES = [
    Route("GET", "/device", show, needs=None, title="Ask for a device's code, or whether to allow it"),
    Route("POST", "/device", decide, needs=None, title="Allow or refuse a device"),
]
