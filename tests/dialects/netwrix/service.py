"""Netwrix's dialect in this process, over a real store: for tests that look at whole requests and whole answers."""

import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
from pyotp import TOTP

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.credentials.checks import NEW_SCHEME, CredentialChecks
from muster.core.records import Key
from muster.core.signing.model import Credential
from muster.core.store import Tenant
from muster.core.tenants.actions import create_operator, furnish
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.core.users.shapes import username_key
from muster.crypto.sealing import Sealer
from muster.crypto.totp import TimeBasedCodes
from muster.dialects.kit.call import Site
from muster.dialects.kit.limits import Unlimited
from muster.dialects.netwrix import app
from muster.dialects.netwrix.services import HubSettings, Services
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

PUBLIC_URL = "https://users.example.com/"
ADMIN_PASSWORD = "first password 1"
PASSWORD = "a good password 1"
SECRETS = Sealer.of(b"m" * 32)

Answer = httpx.Response


class QuickPasswords:
    """Hashes that cost nothing, so that a test of rules does not wait for them: the text itself behind a mark."""

    async def hash(self, password: str) -> str:
        return f"quick:{password}"

    async def verify(self, hash_: str, password: str) -> bool:
        return hash_ == f"quick:{password}"

    async def burn(self, password: str) -> None:
        return None

    def needs_rehash(self, hash_: str) -> bool:
        return False


class Netwrix:
    """One tenant's API, with an administrator, and the clock it goes by."""

    def __init__(self, engine: Engine, settings: HubSettings) -> None:
        self.clock = TurnedClock()
        self.store = SqlStore(engine)
        self.runner = TransactionRunner(self.store, self.clock)
        self.passwords = QuickPasswords()
        self.settings = settings
        self.address = "192.0.2.1"
        self._requests = itertools.count()
        self.tenant: Tenant
        self.site: Site
        self.api: Any

    async def prepare(self, name: str = "default") -> None:
        """Everything that the first start makes."""
        self.tenant = await self.store.create_tenant(name, self.clock.now())
        self.site = Site(self.tenant.number, PUBLIC_URL)
        self.default, self.internal = await self.act(furnish)
        hashed = HashedPassword(await self.passwords.hash(ADMIN_PASSWORD), NEW_SCHEME)
        await self.act(create_operator, self.internal, "admin@localhost", "admin", hashed)
        await self.act(self._remember_password)
        codes = TimeBasedCodes()
        services = Services(
            clock=self.clock,
            passwords=self.passwords,
            secrets=SECRETS,
            codes=codes,
            checks=CredentialChecks(self.runner, self.passwords, SECRETS, codes, answer_failures_after=0),
            limit=Unlimited(self.clock),
            settings=self.settings,
        )
        self.api = app.build(self.runner, services)

    @staticmethod
    async def _remember_password(tx: Transaction) -> None:
        sealed = SECRETS.seal(ADMIN_PASSWORD.encode(), purpose="credential:admin")
        tx.insert(Credential(id="admin", secret=sealed, created_at=tx.now))

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.runner.run(self.tenant.number, SYSTEM, act, *args, **kwargs)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as the server calls it, below its own middle."""
        scope["muster.request_id"] = f"request-{next(self._requests)}"
        scope["muster.client"] = self.address
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """An HTTP client that nobody has signed in with."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self, raise_app_exceptions=True),
            base_url=f"{PUBLIC_URL}api",
            headers={name.encode(): value.encode("latin-1") for name, value in headers.items()},
        )

    async def signed_in(self, name: str = "admin", password: str = ADMIN_PASSWORD) -> httpx.AsyncClient:
        """A client that keeps the cookies of a sign-in, as the vendor's own does."""
        client = self.client()
        answer = await sign_in(client, name, password)
        assert answer.status_code == 200, answer.text
        return client

    async def add(self, admin: httpx.AsyncClient, name: str, **details: Any) -> dict[str, Any]:
        """A new user with `PASSWORD`."""
        body = {"UserDetails": {"UserName": name, **details}, "Password": PASSWORD}
        answer = await admin.post("/users/add", json=body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def user(self, name: str, *, internal: bool = False) -> User:
        """The stored user of that user name."""
        realm = self.internal if internal else self.default
        user = await self.store.find(self.tenant.number, User, Key(realm.id, "username", username_key(name)))
        assert user is not None
        return user

    def code(self, secret: str) -> str:
        """What an authenticator app shows at the moment."""
        return TOTP(secret).at(self.clock.now() // 1000)


async def sign_in(client: httpx.AsyncClient, name: str, password: str) -> Answer:
    return await client.post("/auth/credentials", json={"UserName": name, "Password": password})


def refusal(code: str, message: str, *errors: dict[str, str]) -> dict[str, Any]:
    """The one shape of every refusal."""
    return {"ResponseStatus": {"ErrorCode": code, "Message": message, "Errors": list(errors)}}


def jsv(value: Any) -> str:
    """A value as the framework writes it in a query: for tests that send what its clients send."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}:{jsv(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(jsv(item) for item in value) + "]"
    text = value if isinstance(value, str) else json.dumps(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in '[]{},"') else text


@contextlib.asynccontextmanager
async def running(database_url: str, settings: HubSettings | None = None) -> AsyncIterator[Netwrix]:
    """The dialect on a migrated database."""
    engine = open_engine(database_url)
    await engine.start()
    netwrix = Netwrix(engine, settings or HubSettings())
    try:
        await netwrix.prepare()
        yield netwrix
    finally:
        await engine.stop()
