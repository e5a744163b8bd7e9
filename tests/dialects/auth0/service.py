"""Auth0's dialect in this process, over a real store: for tests that look at whole requests and whole answers."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx

from muster.core.actor import SYSTEM
from muster.core.apps.model import ClientGrant
from muster.core.clock import TurnedClock
from muster.core.signing.model import SigningKey
from muster.core.store import Tenant
from muster.core.tenants.actions import furnish
from muster.core.transaction import Transaction, TransactionRunner
from muster.crypto import tokens
from muster.crypto.breached import known_passwords
from muster.crypto.hashing_pool import HashingPool
from muster.crypto.sealing import Sealer
from muster.dialects.auth0 import app
from muster.dialects.auth0 import furnish as auth0_furnish
from muster.dialects.auth0.access import SCOPES
from muster.dialects.auth0.services import Realms, Services
from muster.dialects.kit.api import Api
from muster.dialects.kit.call import Site
from muster.dialects.kit.checked import CheckedCredentials
from muster.dialects.kit.limits import RateLimit, Unlimited
from muster.storage.engine import Engine
from muster.storage.epochs import Epochs
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore
from muster.wiring import Rings

PUBLIC_URL = "https://users.example.com/"

SIGNING_KEY = tokens.SigningKey.generate("ES256", "test-key")
SECRETS = Sealer.of(b"m" * 32)

REALM = "Username-Password-Authentication"


class Auth0:
    """One tenant's API, a client of it with every scope, and the clock it goes by."""

    def __init__(self, engine: Engine, *, limit: RateLimit | None = None, most_results: int | None = None) -> None:
        self.clock = TurnedClock()
        self.engine = engine
        self.store = SqlStore(engine)
        self.runner = TransactionRunner(self.store, self.clock)
        self.passwords = HashingPool()
        self._limit = limit or Unlimited(self.clock)
        self._most_results = most_results
        self._requests = itertools.count()
        self.tenant: Tenant
        self.site: Site
        self.api: Api
        self.client_id = ""
        self.client_secret = ""

    async def prepare(self, name: str = "default") -> None:
        """Everything that the first start makes."""
        self.tenant = await self.store.create_tenant(name, self.clock.now())
        self.site = Site(self.tenant.number, PUBLIC_URL)
        await self.act(furnish)
        await self.act(self._furnish)
        client = await self.act(auth0_furnish.management_client, SECRETS)
        self.client_id, self.client_secret = client
        rings = Rings({self.tenant.number: [stored_key()]}, SECRETS)
        self.epochs = Epochs(self.store, self.engine)
        await self.epochs.start()
        services = Services(
            clock=self.clock,
            passwords=self.passwords,
            secrets=SECRETS,
            tokens=rings.management,
            realms=Realms(self.store),
            limit=self._limit,
            epochs=self.epochs,
            checked=CheckedCredentials(),
            most_results=self._most_results,
            is_known_password=known_passwords(),
        )
        self.ring = rings.management(self.site)
        self.api = app.build(self.runner, services)

    async def _furnish(self, tx: Transaction) -> None:
        await auth0_furnish.furnish(tx, self.site, SECRETS)

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.runner.run(self.tenant.number, SYSTEM, act, *args, **kwargs)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as the server calls it, below its own middle."""
        scope["muster.request_id"] = f"request-{next(self._requests)}"
        scope["muster.client"] = "192.0.2.1"
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    def token(self, scopes: Iterable[str] | None = None, **claims: Any) -> str:
        """A management token as the token endpoint gives it, with these scopes (all of them when None)."""
        now = self.clock.now() // 1000
        usual = {
            "sub": f"{self.client_id}@clients",
            "aud": f"{PUBLIC_URL}api/v2/",
            "iat": now,
            "exp": now + 86_400,
            "azp": self.client_id,
            "scope": " ".join(SCOPES if scopes is None else scopes),
        }
        return self.ring.sign({**usual, **claims})

    def client(self, scopes: Iterable[str] | None = None, **claims: Any) -> httpx.AsyncClient:
        """An HTTP client that carries such a token."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self, raise_app_exceptions=True),
            base_url=f"{PUBLIC_URL}api/v2",
            headers={"authorization": f"Bearer {self.token(scopes, **claims)}"},
        )


def stored_key() -> SigningKey:
    """The signing key as it lies in the database."""
    sealed = SECRETS.seal(SIGNING_KEY.to_pkcs8(), purpose=f"signing_key:{SIGNING_KEY.kid}")
    return SigningKey(id=SIGNING_KEY.kid, purpose="management", algorithm="ES256", private=sealed)


@contextlib.asynccontextmanager
async def running(database_url: str, **options: Any) -> AsyncIterator[Auth0]:
    """The dialect on a migrated database."""
    engine = open_engine(database_url)
    await engine.start()
    auth0 = Auth0(engine, **options)
    try:
        await auth0.prepare()
        yield auth0
    finally:
        await auth0.epochs.stop()
        auth0.passwords.close()
        await engine.stop()


async def revoke_grant(auth0: Auth0) -> None:
    """Take the client's grant away, as a deletion through the API does."""

    async def act(tx: Transaction) -> None:
        for grant in await tx.records(ClientGrant):
            tx.delete(grant)
        tx.revoke_cached_access()

    await auth0.act(act)
