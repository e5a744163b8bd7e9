"""The whole server in this process, two tenants of it, and for every dialect a client with the key its programs would hold.

It is `muster.web.Web` itself on what a first start makes, reached without a socket: for tests about several dialects at
once. Tenant `default` answers under the prefixes and native roots, tenant `other` at the host `other.example.com`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final, Self
from unittest import mock

import httpx

from muster.cli.credentials import find_credentials
from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.first_start import Addresses, create_tenant, prepare
from muster.settings import Settings
from muster.web import Web
from muster.wiring import opened

NOW: Final = 1_800_000_000_000
DIALECTS: Final = ("auth0", "clerk", "monocloud", "mattr", "netwrix")
BASES: Final = {
    "auth0": "/auth0/api/v2",
    "clerk": "/clerk/v1",
    "monocloud": "/monocloud/api",
    "mattr": "/mattr/v1",
    "netwrix": "/netwrix/api",
}
OTHER: Final = "other"
HOSTS: Final = {"default": "localhost:8443", OTHER: "other.example.com"}
MASTER_KEY: Final = bytes(range(32)).hex()


class House:
    """One running server. `clock` stands still until it is turned; `web` is the application."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = TurnedClock(NOW)
        self.web = Web(settings, settings.port, settings.tls_port, self.clock)
        self.credentials: dict[str, dict[str, Any]] = {}
        self._tokens: dict[tuple[str, str], str] = {}

    async def start(self) -> Self:
        await prepare(self.settings, Addresses("127.0.0.1", 8400, 8443, "", os.getpid()), self.clock)
        await self.web.start()
        for tenant in HOSTS:
            self.credentials[tenant] = await find_credentials(self.settings, tenant)
        return self

    def anonymous(self, tenant: str = "default", **headers: str) -> httpx.AsyncClient:
        """A client without any key, at the server's root."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.web, client=("192.0.2.1", 1234)),
            base_url=f"https://{HOSTS[tenant]}",
            headers=headers,
        )

    async def client(self, dialect: str, tenant: str = "default") -> httpx.AsyncClient:
        """A client at the dialect's root (`BASES`) that may do everything its API can."""
        client = self.anonymous(tenant, authorization=f"Bearer {await self.bearer(dialect, tenant)}")
        client.base_url = client.base_url.join(BASES[dialect])
        if dialect == "monocloud":
            client.headers["x-api-key"] = await self.bearer(dialect, tenant)
            del client.headers["authorization"]
        if dialect == "netwrix":
            client.headers["accept"] = "application/json"
        return client

    async def bearer(self, dialect: str, tenant: str = "default") -> str:
        """What proves a program in this dialect: a token, a key, or the administrator's session."""
        found = self._tokens.get((dialect, tenant))
        if found is None:
            found = self._tokens[dialect, tenant] = await self._proof(dialect, tenant)
        return found

    async def act(self, tenant: str, act: Any, *args: Any, **kwargs: Any) -> Any:
        """Carry out a core act as the system itself: for what only a sign-in could bring about."""
        async with opened(self.settings, self.clock) as database:
            found = await database.store.tenant(tenant)
            assert found is not None, f"there is no tenant {tenant}"
            return await database.runner.run(found.number, SYSTEM, act, *args, **kwargs)

    async def _proof(self, dialect: str, tenant: str) -> str:
        known = self.credentials[tenant][dialect]
        if dialect == "clerk":
            return str(known["secret_key"])
        if dialect == "monocloud":
            return str(known["api_key"])
        async with self.anonymous(tenant, accept="application/json") as client:
            if dialect == "netwrix":
                names = {"UserName": known["username"], "Password": known["password"], "provider": "credentials"}
                answer = await client.post(f"{BASES['netwrix']}/auth/credentials", json=names)
                assert answer.status_code == 200, answer.text
                return str(answer.json()["BearerToken"])
            asked = {name: known[name] for name in ("client_id", "client_secret", "audience")}
            answer = await client.post("/oauth/token", json={**asked, "grant_type": "client_credentials"})
            assert answer.status_code == 200, answer.text
            return str(answer.json()["access_token"])


@contextlib.asynccontextmanager
async def open_house(database_url: str, folder: Path, hosts: Sequence[str] = (), **more: Any) -> AsyncIterator[House]:
    """A server with both tenants on a migrated database; its files are in `folder`. More `hosts` and others as in the settings."""
    settings = Settings(
        data_dir=folder / "data",
        database_url=database_url,
        hosts=(f"{HOSTS[OTHER]}={OTHER}", *hosts),
        access_log="off",
        **more,
    )
    settings.data_dir.mkdir(0o700, exist_ok=True)
    with mock.patch.dict(os.environ, {"MUSTER_MASTER_KEY": MASTER_KEY}):
        first = Settings(data_dir=settings.data_dir, database_url=database_url)
        await prepare(first, Addresses("127.0.0.1", 8400, 8443, "", os.getpid()), TurnedClock(NOW))
        await create_tenant(first, OTHER, TurnedClock(NOW))
        house = await House(settings).start()
    # The key is read at the start alone: a house that stands for long does not change what other tests see.
    try:
        yield house
    finally:
        await house.web.stop()
