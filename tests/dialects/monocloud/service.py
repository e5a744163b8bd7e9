"""MonoCloud's dialect in this process, over a real store: for tests that look at whole requests and whole answers."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.credentials.checks import CredentialChecks
from muster.core.events import Message
from muster.core.store import Tenant
from muster.core.tenants.actions import furnish as furnish_realms
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User
from muster.crypto.hashing_pool import HashingPool
from muster.crypto.passwords import scheme_of
from muster.crypto.sealing import Sealer
from muster.crypto.totp import TimeBasedCodes
from muster.dialects.kit.api import Api
from muster.dialects.kit.call import Site
from muster.dialects.kit.checked import CheckedCredentials
from muster.dialects.kit.limits import RateLimit, Unlimited
from muster.dialects.monocloud import app, furnish
from muster.dialects.monocloud.services import ConnectionNames, Services
from muster.dialects.monocloud.wire.ids import decode
from muster.storage.engine import Engine
from muster.storage.epochs import Epochs
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

PUBLIC_URL = "https://users.example.com/"

SECRETS = Sealer.of(b"m" * 32)

ON_ONE_ENGINE = pytest.mark.parametrize("engine_kind", ["sqlite"])
"""For what is decided before storage is asked, or after it has answered."""


class MonoCloud:
    """One tenant's API, its first key, and the clock it goes by."""

    def __init__(self, engine: Engine, *, limit: RateLimit | None = None) -> None:
        self.clock = TurnedClock()
        self.engine = engine
        self.store = SqlStore(engine)
        self.runner = TransactionRunner(self.store, self.clock)
        self.passwords = HashingPool()
        self._limit = limit or Unlimited(self.clock)
        self._requests = itertools.count()
        self.tenant: Tenant
        self.site: Site
        self.api: Api
        self.key = ""

    async def prepare(self, name: str = "default") -> None:
        """Everything that the first start makes."""
        self.tenant = await self.store.create_tenant(name, self.clock.now())
        self.site = Site(self.tenant.number, PUBLIC_URL)
        await self.act(furnish_realms)
        await self.act(furnish.furnish, SECRETS)
        self.key = await self.act(furnish.first_key, SECRETS)
        self.epochs = Epochs(self.store, self.engine)
        await self.epochs.start()
        checks = CredentialChecks(self.runner, self.passwords, SECRETS, TimeBasedCodes(), answer_failures_after=0)
        services = Services(
            clock=self.clock,
            passwords=self.passwords,
            checks=checks,
            scheme_of_hash=scheme_of,
            connections=ConnectionNames(self.store),
            limit=self._limit,
            epochs=self.epochs,
            checked=CheckedCredentials(),
        )
        self.api = app.build(self.runner, services)

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.runner.run(self.tenant.number, SYSTEM, act, *args, **kwargs)

    async def change(self, user_id: str, change: Any) -> None:
        """Make of a stored user what no operation of this API can."""

        async def act(tx: Transaction) -> None:
            tx.save(change(await tx.need(User, decode(user_id) or "")))

        await self.act(act)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as the server calls it, below its own middle."""
        scope["muster.request_id"] = f"{next(self._requests):020x}"
        scope["muster.client"] = "192.0.2.1"
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    def client(self, key: str | None = None) -> httpx.AsyncClient:
        """An HTTP client that sends what the vendor's does: a key, and the media type of JSON even without a body."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self, raise_app_exceptions=True),
            base_url=f"{PUBLIC_URL}api",
            headers={"x-api-key": self.key if key is None else key, "content-type": "application/json"},
        )

    async def limited_key(self, permissions: Sequence[str]) -> str:
        """A key that may do no more than this."""
        _, text = await self.act(furnish.create_key, "limited", permissions)
        return str(text)

    async def mails(self) -> list[Message]:
        """What waits to be sent, oldest first."""
        return [due.message for due in await self.store.outbox.due(self.clock.now(), 100)]

    async def created(self, **body: Any) -> dict[str, Any]:
        """A new user through the API."""
        async with self.client() as client:
            answer = await client.post("/users", json={"email": "jane@example.com", **body})
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()
        return user


@contextlib.asynccontextmanager
async def running(database_url: str, **options: Any) -> AsyncIterator[MonoCloud]:
    """The dialect on a migrated database."""
    engine = open_engine(database_url)
    await engine.start()
    monocloud = MonoCloud(engine, **options)
    try:
        await monocloud.prepare()
        yield monocloud
    finally:
        await monocloud.epochs.stop()
        monocloud.passwords.close()
        await engine.stop()
