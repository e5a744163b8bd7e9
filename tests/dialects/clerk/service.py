"""Clerk's dialect in this process, over a real store: for tests that look at whole requests and whole answers."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.credentials.checks import CredentialChecks
from muster.core.signing.model import SigningKey
from muster.core.store import Tenant
from muster.core.tenants.actions import furnish as furnish_realms
from muster.core.transaction import TransactionRunner
from muster.crypto import tokens
from muster.crypto.breached import known_passwords
from muster.crypto.hashing_pool import HashingPool
from muster.crypto.passwords import scheme_of as scheme_of_hash
from muster.crypto.sealing import Sealer
from muster.crypto.totp import TimeBasedCodes
from muster.dialects.clerk import app
from muster.dialects.clerk import furnish as clerk_furnish
from muster.dialects.clerk.services import Instances, Services
from muster.dialects.kit.api import Api
from muster.dialects.kit.call import Site
from muster.dialects.kit.checked import CheckedCredentials
from muster.dialects.kit.limits import Unlimited
from muster.storage.engine import Engine
from muster.storage.epochs import Epochs
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

PUBLIC_URL = "https://users.example.com/"
NOW = 1_800_000_000_000
SECRETS = Sealer.of(b"m" * 32)
RSA_KEY = tokens.SigningKey.generate("RS256", "placeholder")


class Clerk:
    """One tenant's API, its first secret key, and the clock it goes by."""

    def __init__(self, engine: Engine) -> None:
        self.clock = TurnedClock(NOW)
        self.engine = engine
        self.store = SqlStore(engine)
        self.runner = TransactionRunner(self.store, self.clock)
        self.passwords = HashingPool()
        self.codes = TimeBasedCodes()
        self._requests = itertools.count()
        self.tenant: Tenant
        self.site: Site
        self.api: Api
        self.secret_key = ""
        self.instance_id = ""

    async def prepare(self) -> None:
        """Everything that the first start makes."""
        self.tenant = await self.store.create_tenant("default", self.clock.now())
        self.site = Site(self.tenant.number, PUBLIC_URL)
        self.secret_key, self.instance_id = await self.furnish(self.tenant)
        self.epochs = Epochs(self.store, self.engine)
        await self.epochs.start()
        checks = CredentialChecks(self.runner, self.passwords, SECRETS, self.codes, answer_failures_after=0)
        services = Services(
            clock=self.clock,
            passwords=self.passwords,
            secrets=SECRETS,
            codes=self.codes,
            checks=checks,
            organizations=self.store.organizations,
            instances=Instances(self.store),
            limit=Unlimited(self.clock),
            epochs=self.epochs,
            checked=CheckedCredentials(),
            scheme_of_hash=scheme_of_hash,
            is_known_password=known_passwords(),
        )
        self.api = app.build(self.runner, services)

    async def furnish(self, tenant: Tenant) -> tuple[str, str]:
        """Make a tenant usable; its first secret key and instance id."""
        number = tenant.number
        await self.runner.run(number, SYSTEM, furnish_realms)
        instance_id = await clerk_furnish.instance_of(self.store, number, self.clock.now())
        key = None
        if await clerk_furnish.wants_signing_key(self.store, number):
            sealed = SECRETS.seal(RSA_KEY.to_pkcs8(), purpose=f"signing_key:{instance_id}")
            public = {**RSA_KEY.public_jwk(), "kid": instance_id}
            key = SigningKey(
                id=instance_id,
                purpose="identity",
                algorithm="RS256",
                private=sealed,
                public=public,
                created_at=self.clock.now(),
            )

        await self.runner.run(number, SYSTEM, clerk_furnish.furnish, SECRETS, instance_id=instance_id, signing_key=key)
        text = await self.runner.run(number, SYSTEM, clerk_furnish.first_key, SECRETS)
        assert text is not None
        return text, instance_id

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.runner.run(self.tenant.number, SYSTEM, act, *args, **kwargs)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as the server calls it, below its own middle."""
        scope["muster.request_id"] = f"{next(self._requests):020x}"
        scope["muster.client"] = "192.0.2.1"
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    def client(self, key: str | None = None, version: str | None = None) -> httpx.AsyncClient:
        """An HTTP client that carries the first secret key, or another."""
        headers = {"authorization": f"Bearer {self.secret_key if key is None else key}"}
        if version is not None:
            headers["clerk-api-version"] = version
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self, raise_app_exceptions=True),
            base_url=f"{PUBLIC_URL}v1",
            headers=headers,
        )


@contextlib.asynccontextmanager
async def running(database_url: str) -> AsyncIterator[Clerk]:
    """The dialect on a migrated database."""
    engine = open_engine(database_url)
    await engine.start()
    clerk = Clerk(engine)
    try:
        await clerk.prepare()
        yield clerk
    finally:
        await clerk.epochs.stop()
        clerk.passwords.close()
        await engine.stop()
