"""Everything as one ASGI application: finds the site and the dialect of a request, and answers for the server itself."""

import contextlib
import hmac
import itertools
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.types import Receive, Scope, Send

from muster.apis import Shared, every_api
from muster.core.clock import Clock, SystemClock
from muster.core.errors import Unavailable
from muster.core.event_buffer import EventBuffer
from muster.crypto.hashing_pool import HashingPool
from muster.dialects.kit.api import Api
from muster.dialects.kit.call import Call
from muster.jobs.watch import Watch
from muster.outside.http import Outside
from muster.people import Errand, every_errand, every_page
from muster.server.logs import AccessLog
from muster.server.metrics import Metrics
from muster.server.proxies import Proxies
from muster.settings import Settings
from muster.sites import Sites
from muster.storage.epochs import Epochs
from muster.token_endpoint import TOKEN_PATH, TokenEndpoint
from muster.wiring import Opened, Rings, job_runner, opened, sealer, signing_keys, sites

log = logging.getLogger("muster.web")

SEAL_SECONDS = 0.2
JSON = (b"content-type", b"application/json; charset=utf-8")


class Web:
    """The application that a worker serves; `start` and `stop` belong to the worker's event loop."""

    def __init__(
        self, settings: Settings, port: int, tls_port: int, clock: Clock | None = None, metrics: Metrics | None = None
    ) -> None:
        self._settings = settings
        self._ports = port, tls_port
        self._clock = clock or SystemClock()
        self._metrics = metrics or Metrics()
        self._proxies = Proxies(settings.trusted_proxies)
        self._access_log = AccessLog() if settings.access_log == "on" else None
        self._request_ids = itertools.count()
        self._prefix = secrets.token_hex(6)
        self._open = contextlib.AsyncExitStack()
        self._apis: dict[bytes, Api] = {}
        self._roots: list[tuple[bytes, Api]] = []
        self._pages: dict[bytes, tuple[bytes, Api]] = {}
        self._own: Mapping[bytes, Callable[[Scope], Awaitable[tuple[int, bytes, bytes]]]] = {
            b"/healthz": self._healthz,
            b"/readyz": self._readyz,
            b"/metrics": self._metrics_page,
        }

    async def start(self) -> None:
        """Open the database and build the dialects."""
        async with contextlib.AsyncExitStack() as stack:
            self._opened: Opened = await stack.enter_async_context(opened(self._settings, self._clock))
            store = self._opened.store
            secret_box = sealer(self._settings)
            self._sites: Sites = await sites(self._settings, store, *self._ports)
            epochs = Epochs(store, self._opened.engine)
            await epochs.start()
            stack.push_async_callback(epochs.stop)
            passwords = HashingPool()
            stack.callback(passwords.close)
            self._metrics.watch(
                "muster_hashing_waiting", "Callers that wait for a hashing thread.", lambda: passwords.waiting
            )
            rings = Rings(await signing_keys(store), secret_box, self._clock)
            jobs, reads = job_runner(self._opened, secret_box), EventBuffer(store)
            shared = Shared(
                self._opened, self._clock, secret_box, rings, epochs, passwords, jobs, reads, self._settings
            )
            outside = Outside(self._settings.outbound_allow)
            served, pages = every_api(shared), every_page(shared, outside, self._sites)
            self._apis = {dialect.name.encode(): dialect.api for dialect in served}
            self._roots = [(root, dialect.api) for dialect in served for root in dialect.roots]
            self._pages = {root[1:].partition(b"/")[0]: (root, page.api) for page in pages for root in page.roots}
            self._tokens = TokenEndpoint(self._apis, pages[0].api, store)
            errands: list[Errand] = [
                jobs,
                reads,
                *every_errand(shared, outside, self._sites),
                Watch("events without a position", self._seal_events, every=SEAL_SECONDS, at_once=False),
                Watch("signing keys", partial(rings.refresh, store), every=rings.REFRESH_SECONDS, at_once=False),
            ]
            for errand in errands:
                errand.start()
                stack.push_async_callback(errand.stop)
            self._open = stack.pop_all()

    async def stop(self) -> None:
        """Finish what runs in the background and close."""
        if self._access_log is not None:
            self._access_log.flush()
        self._metrics.save()
        await self._open.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = scope["muster.request_id"] = f"{self._prefix}{next(self._request_ids):08x}"
        scope["muster.client"] = self._proxies.client(scope)
        site = scope["muster.site"] = self._sites.find(scope["headers"])
        method, path = scope["method"], scope["raw_path"]
        dialect, route, actor = "server", "-", None
        api = self._api(site.dialect, path, scope)
        if api is None:
            status = await self._answer(scope, path, send)
        else:
            await api(scope, receive, send)
            call: Call = scope["muster.call"]
            dialect, status = scope["muster.dialect"], call.status
            if call.route is not None:
                route = call.route.path
            if call.actor is not None:
                actor = call.actor.id
        seconds = time.perf_counter() - started
        self._metrics.answered(dialect, method, route, status, seconds)
        if self._access_log is not None:
            self._access_log.write(method, path.decode("latin-1"), status, seconds * 1000, request_id, actor)

    def _api(self, bound: str | None, path: bytes, scope: Scope) -> Api | TokenEndpoint | None:
        """Who answers a request: by its prefix, one of the roots for people, its host, or a native root that no other has."""
        first, slash, _ = path[1:].partition(b"/")
        api = self._apis.get(first) if slash else None
        if api is not None:
            scope["raw_path"] = path[1 + len(first) :]
            scope["muster.prefix"] = f"{first.decode()}/"
            return api
        if path == TOKEN_PATH:
            return self._tokens
        page = self._pages.get(first)
        if page is not None and (path.startswith(page[0]) and path[len(page[0]) : len(page[0]) + 1] in (b"", b"/")):
            return page[1]
        if bound is not None and path not in self._own:
            return self._apis[bound.encode()]
        for root, rooted in self._roots:
            if path.startswith(root) and path[len(root) : len(root) + 1] in (b"", b"/"):
                return rooted
        return None

    async def _answer(self, scope: Scope, path: bytes, send: Send) -> int:
        """The server's own few pages; the status that was answered."""
        page = self._own.get(path)
        if page is None:
            status, media, body = 404, JSON[1], b'{"error":"not_found"}'
        elif scope["method"] not in ("GET", "HEAD"):
            status, media, body = 405, JSON[1], b'{"error":"method_not_allowed"}'
        else:
            status, media, body = await page(scope)
        length = (b"content-length", b"%d" % len(body))
        request_id = (b"x-request-id", scope["muster.request_id"].encode())
        headers = [(b"content-type", media), length, (b"cache-control", b"no-store"), request_id]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return status

    async def _healthz(self, _: Scope) -> tuple[int, bytes, bytes]:
        return 200, JSON[1], b'{"status":"ok"}'

    async def _readyz(self, _: Scope) -> tuple[int, bytes, bytes]:
        if not await self._ready():
            return 503, JSON[1], b'{"status":"unavailable"}'
        return 200, JSON[1], b'{"status":"ok"}'

    async def _ready(self) -> bool:
        try:
            await self._opened.engine.ping()
        except Unavailable:
            return False
        return True

    async def _metrics_page(self, scope: Scope) -> tuple[int, bytes, bytes]:
        """Prometheus text; from another machine only with the token, and never when no token is set."""
        if not self._proxies.is_local(scope):
            token = self._settings.metrics_token.encode()
            given = next((v for name, v in scope["headers"] if name == b"authorization"), b"")
            if not token or not hmac.compare_digest(given, b"Bearer " + token):
                return 401, JSON[1], b'{"error":"unauthorized"}'
        body, media = self._metrics.page(ready=await self._ready())
        return 200, media, body

    async def _seal_events(self) -> None:
        """Give committed events their positions; followers read nothing else."""
        while await self._opened.store.events.seal():
            pass
