"""The table of contents of Auth0's dialect: every route, in the order of the topics."""

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from muster.core.transaction import TransactionRunner
from muster.dialects.auth0 import access, errors
from muster.dialects.auth0.describe import description
from muster.dialects.auth0.resources import client_grants, clients, connections, jobs, oauth, resource_servers, users
from muster.dialects.auth0.services import Services
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.call import Call
from muster.dialects.kit.limits import Allowance
from muster.dialects.kit.reply import Header
from muster.dialects.kit.routes import Route, Routes

NAME = "auth0"

BASE = "/api/v2"

ROOTS = (b"/api/v2",)
"""The paths that lead here on a host that is bound to no dialect."""

MANAGEMENT = [
    *users.ROUTES,
    *connections.ROUTES,
    *clients.ROUTES,
    *resource_servers.ROUTES,
    *client_grants.ROUTES,
    *jobs.ROUTES,
]
"""The operations of the management API; their paths are relative to `BASE`."""


def routes() -> Routes:
    """The compiled table."""
    management = [replace(route, path=BASE + route.path) for route in (*MANAGEMENT, jobs.DOWNLOAD)]
    described = Route("GET", "/openapi.json", description(MANAGEMENT), needs=None, title="Describe this API")
    return Routes([*management, *oauth.ROUTES, described])


def limits(call: Call) -> Sequence[Header]:
    """The rate-limit headers of every answer."""
    return _limits(call.allowance) if call.allowance is not None else ()


@lru_cache(maxsize=16)
def _limits(allowance: Allowance) -> Sequence[Header]:
    return (
        (b"x-ratelimit-limit", b"%d" % allowance.limit),
        (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
        (b"x-ratelimit-reset", b"%d" % allowance.reset),
    )


def build(runner: TransactionRunner, services: Services) -> Api:
    """The dialect, running on these services."""
    dialect = Dialect(
        name=NAME,
        routes=routes(),
        authenticate=access.authenticate,
        permit=access.permit,
        refuse=errors.refuse,
        headers=limits,
        limit=services.limit,
        services=services,
    )
    return Api(dialect, runner)
