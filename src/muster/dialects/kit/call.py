"""One call of an API, as a handler sees it: parsed on demand, with the ways to read and to act that its caller has."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from starlette.types import Receive

from muster.core.actor import Actor
from muster.core.events import Context
from muster.core.store import Store
from muster.core.transaction import Transaction, TransactionRunner
from muster.dialects.kit.body import parse_json
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.limits import Allowance
from muster.dialects.kit.routes import Route, decode_percent

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")

Query = Mapping[str, list[str]]

LONGEST_USER_AGENT = 500


class Caller(Generic[T]):
    """Who a credential stands for: the tenant it belongs to, the actor, and what else the dialect wants to remember."""

    __slots__ = ("actor", "more", "tenant_id")

    def __init__(self, tenant_id: int, actor: Actor, more: T) -> None:
        self.tenant_id = tenant_id
        self.actor = actor
        self.more = more


class Site(NamedTuple):
    """Where a request was addressed to: the tenant, and the public address (ending in a slash) that links and issuers bear.

    `also` are further addresses that clients know the same site by; an audience may be spelled with one of them.
    """

    tenant_id: int
    public_url: str
    dialect: str | None = None
    also: tuple[str, ...] = ()


class Call:
    """`path` holds the decoded segments; `services` is what the dialect was built with."""

    __slots__ = (
        "_prefix",
        "_query",
        "actor",
        "allowance",
        "body",
        "client",
        "headers",
        "method",
        "more",
        "path",
        "raw_path",
        "raw_query",
        "receive",
        "request_id",
        "route",
        "runner",
        "scheme",
        "services",
        "site",
        "status",
        "tenant_id",
    )

    receive: Receive

    def __init__(self, scope: Mapping[str, Any], runner: TransactionRunner, services: Any) -> None:
        self.method: str = scope["method"]
        self.scheme: str = scope.get("scheme", "http")
        self.raw_path: bytes = scope["raw_path"]
        self.raw_query: bytes = scope["query_string"]
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.runner = runner
        self.services = services
        self.request_id: str = scope["muster.request_id"]
        self.client: str = scope["muster.client"]
        self.status = 0
        self.body = b""
        self.path: Mapping[str, str] = {}
        self.route: Route | None = None
        self.site: Site = scope["muster.site"]
        self._prefix: str = scope.get("muster.prefix", "")
        self.tenant_id = self.site.tenant_id
        self.actor: Actor | None = None
        self.more: Any = None
        self.allowance: Allowance | None = None
        self._query: Query | None = None

    @property
    def address(self) -> str:
        """The public address that the dialect was called at, ending in a slash: the site's, with the dialect's prefix if used."""
        return self.site.public_url + self._prefix

    @property
    def store(self) -> Store:
        """For reads, which need no act."""
        return self.runner.store

    @property
    def caller(self) -> Actor:
        """The checked caller; a route without authentication has none and must not ask."""
        if self.actor is None:
            raise LookupError("this route authenticates nobody")
        return self.actor

    @property
    def context(self) -> Context:
        """Where the call comes from, as events tell it."""
        agent = (self.header(b"user-agent") or b"")[:LONGEST_USER_AGENT]
        return Context(self.request_id, self.client, agent.decode("latin-1"))

    def header(self, name: bytes) -> bytes | None:
        """The first header of that lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def query(self) -> Query:
        """The decoded query: every value of every name, in order. Refuses broken percent-encoding, UTF-8 and NUL."""
        if self._query is None:
            self._query = parse_query(self.raw_query)
        return self._query

    def json(self) -> Any:
        """The body as JSON (`body.parse_json`); the media type must allow it when one is given."""
        media = (self.header(b"content-type") or b"application/json").partition(b";")[0].strip().lower()
        if media != b"application/json" and not media.endswith(b"+json"):
            raise BadRequest("media_type", media=media.decode("latin-1"))
        return parse_json(self.body)

    async def act(
        self, act: Callable[Concatenate[Transaction, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act as this caller and commit it; see `TransactionRunner.run_from`."""
        return await self.runner.run_from(self.context, self.tenant_id, self.caller, act, *args, **kwargs)


def parse_query(raw: bytes) -> Query:
    """The values of a query or form body (application/x-www-form-urlencoded), in order."""
    values: dict[str, list[str]] = {}
    for pair in raw.split(b"&"):
        if pair:
            name, _, value = pair.replace(b"+", b" ").partition(b"=")
            values.setdefault(decode_percent(name, "query_encoding"), []).append(
                decode_percent(value, "query_encoding")
            )
    return values
