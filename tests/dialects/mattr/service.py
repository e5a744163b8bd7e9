"""MATTR VII's dialect in this process, over a real store: for tests that look at whole requests and whole answers."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.event_buffer import EventBuffer
from muster.core.signing.model import SigningKey
from muster.core.tenants.actions import furnish
from muster.core.transaction import TransactionRunner
from muster.crypto import tokens
from muster.crypto.sealing import Sealer
from muster.dialects.kit.call import Site
from muster.dialects.kit.checked import CheckedCredentials
from muster.dialects.kit.limits import RateLimit, Unlimited
from muster.dialects.mattr import app
from muster.dialects.mattr import furnish as mattr_furnish
from muster.dialects.mattr.services import Services
from muster.storage.engine import Engine
from muster.storage.epochs import Epochs
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore
from muster.wiring import Rings

PUBLIC_URL = "https://users.example.com/"
AUDIENCE = "https://users.example.com"

SIGNING_KEY = tokens.SigningKey.generate("ES256", "test-key")
SECRETS = Sealer.of(b"m" * 32)


class Mattr:
    """Tenants' APIs on one database; the first tenant is `default`. Requests go to `site`, which may be changed."""

    def __init__(self, engine: Engine, *, limit: RateLimit | None = None) -> None:
        self.clock = TurnedClock()
        self.engine = engine
        self.store = SqlStore(engine)
        self.runner = TransactionRunner(self.store, self.clock)
        self.read_events = EventBuffer(self.store)
        self._limit = limit or Unlimited(self.clock)
        self._requests = itertools.count()
        self._rings: dict[int, list[SigningKey]] = {}
        self.site: Site
        self.clients: dict[int, mattr_furnish.Client] = {}

    async def prepare(self) -> None:
        """Everything that the first start makes."""
        self.site = await self.tenant("default")
        self.epochs = Epochs(self.store, self.engine)
        await self.epochs.start()
        services = Services(
            clock=self.clock,
            secrets=SECRETS,
            tokens=lambda site: Rings(self._rings, SECRETS, self.clock).management(site),
            limit=self._limit,
            epochs=self.epochs,
            checked=CheckedCredentials(),
            events=self.store.events,
            read_events=self.read_events,
        )
        self.api = app.build(self.runner, services)

    async def tenant(self, name: str) -> Site:
        """One more tenant, with its first client."""
        tenant = await self.store.create_tenant(name, self.clock.now())
        site = Site(tenant.number, PUBLIC_URL)
        self._rings[tenant.number] = [stored_key()]
        await self.runner.run(tenant.number, SYSTEM, furnish)
        await self.runner.run(tenant.number, SYSTEM, mattr_furnish.furnish, SECRETS)
        client = await self.runner.run(tenant.number, SYSTEM, mattr_furnish.first_client, SECRETS)
        assert client is not None
        self.clients[tenant.number] = client
        return site

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.runner.run(self.site.tenant_id, SYSTEM, act, *args, **kwargs)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as the server calls it, below its own middle."""
        scope["muster.request_id"] = f"request-{next(self._requests)}"
        scope["muster.client"] = "192.0.2.1"
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    def bare(self) -> httpx.AsyncClient:
        """An HTTP client without any credential."""
        transport = httpx.ASGITransport(app=self, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=AUDIENCE)

    async def with_roles(self, roles: Sequence[str]) -> httpx.AsyncClient:
        """An HTTP client with a token of a client with these roles."""
        client = await self.act(mattr_furnish.create_client, "test", roles, SECRETS)
        return await self.client(client)

    async def client(self, client: mattr_furnish.Client | None = None) -> httpx.AsyncClient:
        """An HTTP client with a token of a client, the tenant's first one by default, asked for as the vendor's are."""
        found = client or self.clients[self.site.tenant_id]
        form = {"grant_type": "client_credentials", "audience": AUDIENCE, **found._asdict()}
        async with self.bare() as asking:
            answer = await asking.post("/oauth/token", json=form)
        assert answer.status_code == 200, answer.text
        http = self.bare()
        http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        return http


def stored_key() -> SigningKey:
    """The signing key as it lies in the database."""
    sealed = SECRETS.seal(SIGNING_KEY.to_pkcs8(), purpose=f"signing_key:{SIGNING_KEY.kid}")
    return SigningKey(id=SIGNING_KEY.kid, purpose="management", algorithm="ES256", private=sealed)


@contextlib.asynccontextmanager
async def running(database_url: str, **options: Any) -> AsyncIterator[Mattr]:
    """The dialect on a migrated database."""
    engine = open_engine(database_url)
    await engine.start()
    mattr = Mattr(engine, **options)
    try:
        await mattr.prepare()
        yield mattr
    finally:
        await mattr.epochs.stop()
        await engine.stop()
