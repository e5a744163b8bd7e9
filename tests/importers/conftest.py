"""A tenant with its default connection on each engine, and the shortest way to import bytes into it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from muster.core.actor import operator
from muster.core.clock import TurnedClock
from muster.core.connections.model import Connection, UsernameRule
from muster.core.errors import Invalid
from muster.core.tenants.actions import furnish
from muster.core.transaction import TransactionRunner
from muster.core.users.model import User
from muster.crypto.passwords import HashRefused, check_hash
from muster.crypto.sealing import Sealer
from muster.importers.auth0 import Auth0Rows
from muster.importers.reading import Source
from muster.importers.report import RejectedFile, Report
from muster.importers.run import Importer, Target
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

PASSWORD = "correct horse"
NOW = 1_800_000_000_000
BCRYPT = "$2b$04$QLG7iw9nRRYs2WMXRMjv/.WZCDaT3.otv4K96wzv.jylhMJy.OQR6"
ARGON2 = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQwMDAwMDAwMA$4cxpNV1yvPq5uKg2VJ1voFjh5IowcTwGf/nPE/+O61o"


def scheme_of(hash_: str) -> str:
    try:
        return check_hash(hash_)
    except HashRefused as refused:
        raise Invalid("hash_refused", reason=refused.reason) from None


@pytest.fixture
def box() -> Sealer:
    return Sealer.of(bytes(range(32)))


@pytest.fixture
def rows(box: Sealer) -> Auth0Rows:
    realm = Connection(id="realm", name="Customers", requires_username=True, username_rule=UsernameRule(2, 15))
    return Auth0Rows(realm, scheme_of, box)


class Place(NamedTuple):
    """Where imports go, and what they leave behind."""

    store: SqlStore
    into: Target
    vendor: Auth0Rows
    clock: TurnedClock
    rejected: Path

    async def users(self) -> dict[str, User]:
        """Every user by the first address."""
        found = [user async for user in self.store.export_users(self.into.tenant_id)]
        return {user.emails[0].value: user for user in found}

    async def events(self) -> list[tuple[str, str]]:
        """What was noted about the users there are, as (kind, first address)."""
        return [
            (event.kind, address)
            for address, user in (await self.users()).items()
            for event in await self.store.events.of_user(self.into.tenant_id, user.id)
        ]

    def importer(self, **options: Any) -> Importer:
        return Importer(self.into, self.vendor, Report(), **options)

    def left(self) -> list[Any]:
        """The rejected rows."""
        return [msgspec.json.decode(line) for line in self.rejected.read_bytes().splitlines()]


@pytest.fixture
async def place(migrated_url: str, tmp_path: Path, box: Sealer) -> AsyncIterator[Place]:
    engine = open_engine(migrated_url)
    await engine.start()
    store, clock = SqlStore(engine), TurnedClock(NOW)
    tenant = await store.create_tenant("default", NOW)
    runner = TransactionRunner(store, clock)
    realm, _ = await runner.run(tenant.number, operator(), furnish)
    into = Target(runner, tenant.number, operator(), realm)
    yield Place(store, into, Auth0Rows(realm, scheme_of, box), clock, tmp_path / "users.rejected.ndjson")
    await engine.stop()


Import = Callable[..., Awaitable[Report]]


@pytest.fixture
def import_(place: Place) -> Import:
    async def run(*people: Any, **options: Any) -> Report:
        content = b"".join(row if isinstance(row, bytes) else msgspec.json.encode(row) + b"\n" for row in people)
        rejects = RejectedFile(place.rejected)
        try:
            return await place.importer(**options).run(Source(io.BytesIO(content)), rejects)
        finally:
            rejects.close()

    return run
