"""The table of contents of the hosted pages: every route, in the order of the topics."""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.transaction import TransactionRunner
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.call import Call, Caller
from muster.dialects.kit.errors import Unauthorized
from muster.dialects.kit.reply import Header
from muster.dialects.kit.routes import Route, Routes
from muster.signin import account, assets, device, errors, external, outbox_page, recovery, sign_in, sign_up, verify
from muster.signin.pages import visiting
from muster.signin.services import Services

NAME = "pages"

ROOTS = (b"/sign-in", b"/sign-up", b"/account", b"/device", b"/dev")
"""The paths that lead here on a host that is bound to no dialect."""

MOST_BYTES = 262_144
"""What a form may have: an answer of a SAML provider is the longest."""

PAGES: list[Route] = [
    *sign_in.ROUTES,
    *external.ROUTES,
    *account.ROUTES,
    *sign_up.ROUTES,
    *recovery.ROUTES,
    *verify.ROUTES,
    *device.ROUTES,
    *outbox_page.ROUTES,
]


def routes() -> Routes:
    """The compiled table."""
    return Routes([*assets.ROUTES, *(replace(route, handler=visiting(route.handler)) for route in PAGES)])


async def nobody(_: Call) -> Caller[None]:
    """Every page looks by itself for whom it needs: an attempt of this browser, or the session that it is signed in with."""
    raise Unauthorized("missing")


def permit(_: Call) -> None:
    """Nothing is asked for beyond what the page checks."""


def no_headers(_: Call) -> Sequence[Header]:
    """Every page brings its own."""
    return ()


def build(runner: TransactionRunner, services: Services) -> Api:
    """The pages, running on these services."""
    dialect = Dialect(
        name=NAME,
        routes=routes(),
        authenticate=nobody,
        permit=permit,
        refuse=errors.refuse,
        headers=no_headers,
        limit=services.limit,
        services=services,
        most_bytes=MOST_BYTES,
    )
    return Api(dialect, runner)
