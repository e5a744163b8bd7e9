"""The table of contents of the OpenID provider: every route, in the order of the topics."""

from muster.core.transaction import TransactionRunner
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.call import Call, Caller
from muster.dialects.kit.errors import Unauthorized
from muster.dialects.kit.routes import Route, Routes
from muster.oidc import authorize, errors, logout, programs, resume
from muster.oidc.services import Services

NAME = "openid"

ROOTS = (
    b"/authorize",
    b"/oauth",
    b"/userinfo",
    b"/.well-known",
    b"/v2/logout",
    b"/oidc",
    b"/connect",
    b"/passwordless",
    b"/dbconnections",
)
"""The paths that lead here on a host that is bound to no dialect."""

ROUTES: list[Route] = [
    # asked for by a browser
    *authorize.ROUTES,
    *resume.ROUTES,
    *logout.ROUTES,
    # asked for by a program
    *programs.ROUTES,
]


async def nobody(_: Call) -> Caller[None]:
    """Every endpoint here checks its caller by itself, as its own RFC says."""
    raise Unauthorized("missing")


def permit(_: Call) -> None:
    """Nothing is asked for beyond what the endpoint checks."""


def build(runner: TransactionRunner, services: Services) -> Api:
    """The provider, running on these services."""
    dialect = Dialect(
        name=NAME,
        routes=Routes(ROUTES),
        authenticate=nobody,
        permit=permit,
        refuse=errors.refuse,
        headers=programs.headers,
        limit=services.limit,
        services=services,
    )
    return Api(dialect, runner)
