"""The table of contents of Clerk's dialect: every route, in the order of the topics."""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.transaction import TransactionRunner
from muster.dialects.clerk import access, errors
from muster.dialects.clerk.describe import description
from muster.dialects.clerk.resources import (
    addresses,
    images,
    invitations,
    memberships,
    oauth_tokens,
    organization_invitations,
    organizations,
    redirect_urls,
    sessions,
    user_state,
    users,
)
from muster.dialects.clerk.services import Services
from muster.dialects.clerk.versions import DEFAULT, HEADER
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import NoRoute
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Route, Routes

NAME = "clerk"

BASE = "/v1"

ROOTS = (b"/v1",)
"""The paths that lead here on a host that is bound to no dialect."""

BACKEND = [
    *users.ROUTES,
    *user_state.ROUTES,
    *addresses.ROUTES,
    *images.ROUTES,
    *oauth_tokens.ROUTES,
    *organizations.ROUTES,
    *memberships.ROUTES,
    *invitations.ROUTES,
    *organization_invitations.ROUTES,
    *redirect_urls.ROUTES,
    *sessions.ROUTES,
]
"""The operations of the API; their paths are relative to `BASE`."""


async def _nowhere(_: Call) -> Reply:
    raise NoRoute("path")


NOWHERE = Route("GET", "/{anywhere}", _nowhere, needs=(), title="No such path")


class GuardedRoutes(Routes):
    """A table whose every path asks for a key before it says whether there is such a path."""

    def find(self, method: str, raw_path: bytes) -> tuple[Route, dict[str, str]]:
        try:
            return super().find(method, raw_path)
        except NoRoute:
            return NOWHERE, {}


def routes() -> Routes:
    """The compiled table."""
    backend = [replace(route, path=BASE + route.path) for route in BACKEND]
    described = Route("GET", "/openapi.json", description(BACKEND), needs=None, title="Describe this API")
    return GuardedRoutes([*backend, images.SERVE, described])


def version(call: Call) -> Sequence[Header]:
    """Every answer says which version it follows."""
    used: str = call.more.version if call.more is not None else DEFAULT
    return ((HEADER, used.encode()),)


def build(runner: TransactionRunner, services: Services) -> Api:
    """The dialect, running on these services."""
    dialect = Dialect(
        name=NAME,
        routes=routes(),
        authenticate=access.authenticate,
        permit=access.permit,
        refuse=errors.refuse,
        headers=version,
        limit=services.limit,
        services=services,
    )
    return Api(dialect, runner)
