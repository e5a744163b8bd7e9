"""What of the provider people see: routes whose refusals are pages, and the pages that the protocol itself needs."""

from collections.abc import Mapping, Sequence
from typing import Final

from muster.core.errors import Refusal
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Handler, Route
from muster.oidc.services import Services

PAGE: Final = "page"
"""`Route.about` of an endpoint that people see."""

ANYWHERE: Final = ("https:", "http:")
"""Where an application sends the browser after our form is its own business, and browsers hold every redirect after a form
against the page that the form was on. The addresses of these forms were checked, and nothing else can be put into the pages."""


def page_route(method: str, path: str, handler: Handler, title: str) -> Route:
    """A route that people follow."""
    return Route(method, path, _for_people(handler), needs=None, title=title, about=PAGE)


def _for_people(handler: Handler) -> Handler:
    async def answer(call: Call) -> Reply:
        try:
            return await handler(call)
        except Refusal:
            services: Services = call.services
            await services.pages.enter(call)
            raise

    return answer


def refused(call: Call, status: int, text: str, headers: Sequence[Header]) -> Reply:
    """What went wrong, for the person; nothing of what was sent is repeated."""
    services: Services = call.services
    return services.pages.show(call, "refused.html", status=status, headers=headers, text=text, onward="")


async def told(call: Call, text: str, headers: Sequence[Header] = (), locales: Sequence[str] = ()) -> Reply:
    """That something was done: `signed_out` or `stayed`."""
    services: Services = call.services
    await services.pages.enter(call)
    return services.pages.show(call, "provider/told.html", headers=headers, locales=locales, text=text)


async def ask_to_sign_out(call: Call, action: str, fields: Mapping[str, str], locales: Sequence[str]) -> Reply:
    """The question before a sign-out that anybody may have asked for."""
    services: Services = call.services
    await services.pages.enter(call)
    return services.pages.show(
        call, "provider/sign_out.html", locales=locales, leads_to=ANYWHERE, action=action, fields=fields
    )


async def posted(call: Call, address: str, fields: Mapping[str, str], headers: Sequence[Header]) -> Reply:
    """A form that posts itself to an application."""
    services: Services = call.services
    await services.pages.enter(call)
    return services.pages.show(
        call, "provider/form_post.html", headers=headers, leads_to=ANYWHERE, address=address, fields=fields
    )
