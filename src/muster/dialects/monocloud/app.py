"""The table of contents of MonoCloud's dialect: every route, in the order of the topics."""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.transaction import TransactionRunner
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header
from muster.dialects.kit.routes import Route, Routes
from muster.dialects.monocloud import access, errors
from muster.dialects.monocloud.describe import description
from muster.dialects.monocloud.resources import (
    groups,
    identifiers,
    links,
    options,
    passwords,
    profile,
    sessions,
    sign_in_state,
    users,
    ways_in,
)
from muster.dialects.monocloud.services import Services

NAME = "monocloud"

BASE = "/api"

ROOTS = (b"/api/users", b"/api/groups", b"/api/options", b"/ui")
"""The paths that lead here on a host that is bound to no dialect."""

MANAGEMENT = [
    *users.ROUTES,
    *identifiers.ROUTES,
    *passwords.ROUTES,
    *profile.ROUTES,
    *sign_in_state.ROUTES,
    *ways_in.ROUTES,
    *groups.ROUTES,
    *sessions.ROUTES,
    *options.ROUTES,
]
"""The operations; their paths are relative to `BASE`."""


def routes() -> Routes:
    """The compiled table."""
    described = Route("GET", "/openapi.json", description(MANAGEMENT), needs=None, title="Describe this API")
    operations = (replace(route, path=BASE + route.path) for route in MANAGEMENT)
    return Routes([*operations, *links.ROUTES, described])


def no_headers(_: Call) -> Sequence[Header]:
    """This vendor tells nobody how many calls are left."""
    return ()


def build(runner: TransactionRunner, services: Services) -> Api:
    """The dialect, running on these services."""
    dialect = Dialect(
        name=NAME,
        routes=routes(),
        authenticate=access.authenticate,
        permit=access.permit,
        refuse=errors.refuse,
        headers=no_headers,
        limit=services.limit,
        services=services,
    )
    return Api(dialect, runner)
