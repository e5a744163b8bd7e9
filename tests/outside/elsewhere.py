"""A tenant whose people may come from elsewhere: the core's part, our side of every protocol, and a real network to this machine."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from muster.core.clock import TurnedClock
from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.events import Context
from muster.core.external.config import Provider, secret_purpose
from muster.core.external.engine import ExternalSignIn, Returned
from muster.core.external.providers import Departure, ExternalProviders
from muster.core.external.tokens import UpstreamTokens
from muster.core.ids import new_id
from muster.core.sessions.model import Session
from muster.core.sessions.tokens import hash_of
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.sign_in.model import LIFETIME, SignInAttempt
from muster.core.store import Change, Unit
from muster.core.transaction import TransactionRunner
from muster.core.users.model import Address, Origin, User
from muster.crypto.sealing import Sealer
from muster.dialects.auth0.wire.births import birth_ids
from muster.outside.http import Outside
from muster.outside.providers import Providers
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

NOW: Final = 1_800_000_000_000
SITE: Final = "https://id.example.com/"
REALM: Final = "realm000000realm"
BROWSER: Final = "the secret of a browser"


class Elsewhere:
    def __init__(self, store: SqlStore, tenant_id: int, now: int, providers: ExternalProviders | None = None) -> None:
        self.store = store
        self.tenant_id = tenant_id
        self.clock = TurnedClock(now)
        self.runner = TransactionRunner(store, self.clock)
        self.secrets = Sealer.of(b"k" * 32)
        self.providers = providers or Providers(Outside(["127.0.0.0/8"]), self.clock, self.secrets)
        self.external = ExternalSignIn(self.runner, self.providers, self.secrets, birth_ids)
        self.tokens = UpstreamTokens(self.runner, self.providers, self.secrets)

    async def keep(self, *records: Any) -> None:
        await self.store.commit(Unit(self.tenant_id, [Change(None, record) for record in records]))

    async def connect(self, provider: Provider, id_: str = "elsewhere0000001", **members: Any) -> Connection:
        """A connection to a provider, open to every application."""
        made: dict[str, Any] = {"name": f"to-{id_}", "kind": "social", "strategy": provider.provider, **members}
        connection = Connection(id=id_, version=1, created_at=1, provider=replace(provider, every_app=True), **made)
        await self.keep(connection)
        return connection

    async def change(self, connection: Connection, **members: Any) -> Connection:
        before = await self.store.get(self.tenant_id, Connection, connection.id)
        assert before is not None
        assert before.provider is not None
        after = replace(before, version=before.version + 1, provider=replace(before.provider, **members))
        await self.store.commit(Unit(self.tenant_id, [Change(before, after)]))
        return after

    async def settings(self, **members: Any) -> None:
        before = await self.store.get(self.tenant_id, SignInSettings, SETTINGS_ID)
        version = 1 if before is None else before.version + 1
        after = SignInSettings(version=version, created_at=1, **members)
        await self.store.commit(Unit(self.tenant_id, [Change(before, after)]))

    async def attempt(self, browser: str = BROWSER, **members: Any) -> str:
        """A sign-in that this browser has begun."""
        id_ = new_id(self.clock.now())
        expires = self.clock.now() + LIFETIME
        made = {"browser": hash_of(browser), "realm": REALM, "expires_at": expires, **members}
        await self.keep(SignInAttempt(id=id_, version=1, created_at=self.clock.now(), **made))
        return id_

    async def attempt_now(self, attempt_id: str) -> SignInAttempt:
        attempt = await self.store.get(self.tenant_id, SignInAttempt, attempt_id)
        assert attempt is not None
        return attempt

    async def leave(self, connection: Connection, attempt_id: str, browser: str = BROWSER) -> Departure:
        return await self.external.begin(self.tenant_id, attempt_id, browser, connection.id, SITE, Context())

    async def return_(self, connection: Connection, answer: Mapping[str, str], browser: str = BROWSER) -> Returned:
        return await self.external.come_back(
            self.tenant_id, connection.id, browser, answer, SITE, Context(ip="192.0.2.7")
        )

    async def add_user(self, email: str = "", *, verified: bool = True, **members: Any) -> User:
        id_ = new_id(self.clock.now())
        address = Address(id=f"e{id_}", value=email, primary=True, verified=verified, created_at=1, updated_at=1)
        made = {"emails": [address] if email else [], **members}
        user = User(id=id_, version=1, created_at=1, realm=REALM, origin=Origin(door="muster"), **made)  # type: ignore[arg-type]
        await self.keep(user)
        return user

    async def user(self, user_id: str | None) -> User:
        user = await self.store.get(self.tenant_id, User, user_id or "")
        assert user is not None
        return user

    async def session(self, user: User) -> Session:
        """A session of somebody who has just signed in."""
        now = self.clock.now()
        session = Session(
            id=new_id(now), version=1, created_at=now, user_id=user.id, authenticated_at=now, last_active_at=now
        )
        await self.keep(session)
        return session

    def sealed(self, connection_id: str, secret: str) -> str:
        return self.secrets.seal(secret.encode(), purpose=secret_purpose(connection_id))

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        found = await self.store.engine.rows("SELECT doc FROM events ORDER BY id")
        return [(event["kind"], event.get("data", {})) for (doc,) in found for event in [json.loads(doc)]]


@contextlib.asynccontextmanager
async def opened_elsewhere(
    url: str, now: int = NOW, providers: ExternalProviders | None = None
) -> AsyncIterator[Elsewhere]:
    engine = open_engine(url)
    await engine.start()
    try:
        tenant = await SqlStore(engine).create_tenant("default", now)
        world = Elsewhere(SqlStore(engine), tenant.number, now, providers)
        await world.keep(Connection(id=REALM, version=1, name=DEFAULT_NAME, default=True, created_at=1))
        yield world
    finally:
        await engine.stop()
