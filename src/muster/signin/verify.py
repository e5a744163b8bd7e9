"""The page behind the link that proves an e-mail address. Looking at it proves nothing, for mail programs look at links too: the
person presses a button.
"""

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.signin.csrf import own_form
from muster.signin.pages import NOWHERE, page
from muster.signin.services import Services


async def show(call: Call) -> Reply:
    """The button."""
    ticket = (call.query().get("ticket") or [""])[-1]
    return page(call, "verify/ask.html", ticket=ticket)


async def verify(call: Call) -> Reply:
    """The address is proved."""
    form = own_form(call)
    services: Services = call.services
    await services.recovery.verify_address(call.tenant_id, form.get("ticket", ""), call.context)
    return page(call, "verify/done.html", place=NOWHERE)


ROUTES = [
    Route("GET", "/sign-in/verify", show, needs=None, title="Ask to confirm an e-mail address"),
    Route("POST", "/sign-in/verify/ticket", verify, needs=None, title="Confirm an e-mail address"),
]
