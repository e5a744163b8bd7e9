"""The table of contents of MATTR VII's dialect: every route, under every path that the vendor has given it."""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.transaction import TransactionRunner
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header
from muster.dialects.kit.routes import Route, Routes
from muster.dialects.mattr import access, errors
from muster.dialects.mattr.describe import description
from muster.dialects.mattr.resources import events, oauth, providers, users
from muster.dialects.mattr.services import Services
from muster.dialects.mattr.wire.ids import DOOR
from muster.dialects.mattr.wire.providers import CALLBACK

NAME = DOOR

ROOTS = (b"/core/v1",)
"""The paths that lead here on a host that is bound to no dialect."""

USERS = ("/core/v1", "/v1")
PROVIDERS = (
    "/core/v1/users/authentication-providers",
    "/core/v1/users/authenticationproviders",
    "/v1/users/authentication-providers",
)
EVENTS = ("/core/v1/analytics/events", "/v1/analytics/events", "/v1/events")


def operations() -> list[Route]:
    """Every operation at each of its paths."""
    return [
        *_below(USERS, users.ROUTES),
        *_below(PROVIDERS, providers.ROUTES),
        *_below(EVENTS, [events.EVENTS]),
        *oauth.ROUTES,
    ]


def routes() -> Routes:
    """The compiled table."""
    every = operations()
    return Routes(
        [
            *every,
            Route("GET", f"/{CALLBACK}", providers.come_back, needs=None, title="Come back from the provider"),
            Route("GET", "/openapi.json", description(every), needs=None, title="Describe this API"),
        ]
    )


def _below(places: Sequence[str], relative: Sequence[Route]) -> list[Route]:
    return [replace(route, path=place + route.path) for place in places for route in relative]


def _no_headers(_: Call) -> Sequence[Header]:
    return ()


def build(runner: TransactionRunner, services: Services) -> Api:
    """The dialect, running on these services."""
    dialect = Dialect(
        name=NAME,
        routes=routes(),
        authenticate=access.authenticate,
        permit=access.permit,
        refuse=errors.refuse,
        headers=_no_headers,
        limit=services.limit,
        services=services,
    )
    return Api(dialect, runner)
