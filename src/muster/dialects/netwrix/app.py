"""The table of contents of Netwrix Change Tracker's users: every route, in the order of the topics."""

from collections.abc import Iterable

from msgspec.structs import replace

from muster.core.transaction import TransactionRunner
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.routes import Route, Routes, decode_percent
from muster.dialects.netwrix import access, errors
from muster.dialects.netwrix.describe import description
from muster.dialects.netwrix.resources import hub, passwords, roles, sessions, two_factor, updates, users
from muster.dialects.netwrix.services import Services

NAME = "netwrix"

BASE = "/api"

ROOTS = ()
"""On a host that is bound to no dialect only the prefix leads here: `/api/users` is another vendor's."""

OPERATIONS = [
    *users.ROUTES,
    *updates.ROUTES,
    *passwords.ROUTES,
    *two_factor.ROUTES,
    *sessions.ROUTES,
    *roles.ROUTES,
    *hub.ROUTES,
]
"""Their paths are relative to `BASE`. The framework matches literal parts without regard to case, with a last slash or without."""


class CaselessRoutes(Routes):
    """Routes whose literal segments match whatever their case; what stands for a `{name}` is taken as it was written."""

    def __init__(self, routes: Iterable[Route]) -> None:
        super().__init__(replace(route, path=_lowered(route.path)) for route in routes)

    def find(self, method: str, raw_path: bytes) -> tuple[Route, dict[str, str]]:
        route, _ = super().find(method, raw_path.lower())
        given = raw_path.strip(b"/").split(b"/")
        places = enumerate(route.path.strip("/").split("/"))
        return route, {
            segment[1:-1]: decode_percent(given[place], "path_encoding")
            for place, segment in places
            if segment.startswith("{")
        }


def _lowered(path: str) -> str:
    return "/".join(segment if segment.startswith("{") else segment.lower() for segment in path.split("/"))


def routes() -> Routes:
    """The compiled table."""
    described = Route("GET", "/openapi.json", description(OPERATIONS), needs=None, title="Describe this API")
    return CaselessRoutes([*(replace(route, path=BASE + route.path) for route in OPERATIONS), described])


def build(runner: TransactionRunner, services: Services) -> Api:
    """The dialect, running on these services."""
    dialect = Dialect(
        name=NAME,
        routes=routes(),
        authenticate=access.authenticate,
        permit=access.permit,
        refuse=errors.refuse,
        headers=lambda _: (NO_STORE,),
        limit=services.limit,
        services=services,
    )
    return Api(dialect, runner)


NO_STORE = (b"cache-control", b"no-store")
"""Answers hold people's data and tokens, and the GET twins change things."""
