"""The one place that builds things and hands them out: from settings to a running application."""

import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, NamedTuple, cast

from muster.core.clock import Clock, SystemClock
from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.jobs.model import Job
from muster.core.jobs.work import Work
from muster.core.security import SecretBox
from muster.core.signing.model import Purpose
from muster.core.signing.model import SigningKey as StoredKey
from muster.core.signing.rotation import in_order, next_change
from muster.core.store import Store
from muster.core.transaction import TransactionRunner
from muster.crypto import tokens
from muster.crypto.passwords import scheme_of
from muster.crypto.sealing import Sealer, load_master_key
from muster.dialects.auth0 import app as auth0
from muster.dialects.auth0.wire.exports import sheet_of
from muster.dialects.kit.call import Site
from muster.importers.job import JobImporter
from muster.importers.record import Vendor
from muster.jobs.exports import Exporter
from muster.jobs.runner import JobRunner
from muster.jobs.verification import send_verification
from muster.settings import Settings
from muster.sites import Sites, default_public_url
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

DEFAULT_TENANT = "default"


class Opened(NamedTuple):
    """A database that is at hand."""

    engine: Engine
    store: SqlStore
    runner: TransactionRunner


@contextlib.asynccontextmanager
async def opened(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Opened]:
    """The database of these settings, open for as long as the block lasts."""
    engine = open_engine(settings.database)
    await engine.start()
    try:
        store = SqlStore(engine)
        yield Opened(engine, store, TransactionRunner(store, clock or SystemClock()))
    finally:
        await engine.stop()


def sealer(settings: Settings, *, may_create: bool = False) -> Sealer:
    """Encryption at rest with this server's master key; made only for a database in a file of its own."""
    return Sealer.of(load_master_key(os.environ.get("MUSTER_MASTER_KEY"), settings.key_file, may_create=may_create))


class Rings:
    """The key rings that sign and check, each for one tenant, purpose and issuer; keys are unsealed when first used.

    `refresh` takes up the keys that were rotated meanwhile; call it every `REFRESH_SECONDS`.
    """

    REFRESH_SECONDS: ClassVar[float] = 2.0

    def __init__(
        self, stored: Mapping[int, Sequence[StoredKey]], secrets: SecretBox, clock: Clock | None = None
    ) -> None:
        self._stored = dict(stored)
        self._secrets = secrets
        self._clock = clock or SystemClock()
        self._rings: dict[tuple[Site, str], tokens.KeyRing] = {}
        self._epochs: dict[int, int] = {}
        self._changes_at: dict[int, int] = {}

    def management(self, site: Site) -> tokens.KeyRing:
        """The ring of a tenant's management tokens, whose issuer is the address that the tenant is reached by."""
        return self.ring(site, "management")

    def ring(self, site: Site, purpose: str) -> tokens.KeyRing:
        """The ring of a purpose (`core.signing.model.Purpose`) at a tenant's address."""
        ring = self._rings.get((site, purpose))
        if ring is None:
            now = self._clock.now()
            keys = in_order(self._stored[site.tenant_id], cast("Purpose", purpose), now)
            ring = tokens.KeyRing(purpose, site.public_url, [signing_key(key, self._secrets) for key in keys])
            self._rings[site, purpose] = ring
            change = next_change(self._stored[site.tenant_id], now)
            if change is not None:
                self._changes_at[site.tenant_id] = change
        return ring

    async def refresh(self, store: Store) -> None:
        """Take up what a rotation changed: its tenant's access epoch has grown, or its moment has come."""
        now = self._clock.now()
        for tenant in await store.tenants():
            number = tenant.number
            if self._epochs.get(number) != tenant.access_epoch:
                self._stored[number] = await store.records(number, StoredKey)
                self._epochs[number] = tenant.access_epoch
            elif self._changes_at.get(number, now + 1) > now:
                continue
            self._changes_at.pop(number, None)
            for known in [known for known in self._rings if known[0].tenant_id == number]:
                del self._rings[known]


def signing_key(stored: StoredKey, secrets: SecretBox) -> tokens.SigningKey:
    """A stored key, ready to sign and verify; its private half is unsealed when it first signs."""
    alg = cast("tokens.Algorithm", stored.algorithm)
    purpose = f"signing_key:{stored.id}"
    return tokens.SigningKey.sealed(
        alg, stored.id, stored.public, lambda: secrets.open(stored.private, purpose=purpose)
    )


async def signing_keys(store: Store) -> dict[int, Sequence[StoredKey]]:
    """Every tenant's signing keys."""
    return {tenant.number: await store.records(tenant.number, StoredKey) for tenant in await store.tenants()}


async def sites(settings: Settings, store: Store, port: int, tls_port: int) -> Sites:
    """Which tenant, dialect and public address a request's host stands for.

    Without a public address of its own the server is there for this machine alone, whose clients may name it by either port.
    """
    numbers = {tenant.name: tenant.number for tenant in await store.tenants()}
    if DEFAULT_TENANT not in numbers:
        raise Invalid("not_started_yet")
    tenant_id = numbers[DEFAULT_TENANT]
    if settings.public_url:
        default = Site(tenant_id, settings.public_url)
    else:
        also = tuple(f"https://{name}:{each}/" for name in ("127.0.0.1", "localhost") for each in (port, tls_port))
        default = Site(tenant_id, default_public_url(tls_port), also=also)
    return Sites.parse(settings.hosts, numbers, default)


def job_runner(opened: Opened, secrets: SecretBox) -> JobRunner:
    """Whoever does the jobs of this process, of every kind there is."""

    def rows(_: Job, realm: Connection) -> Vendor:
        # The formats of files cost memory that a server which imports nothing should not pay.
        from muster.importers.auth0 import Auth0Rows

        return Auth0Rows(realm, scheme_of, secrets)

    works: dict[str, Work] = {
        "users_import": JobImporter(rows),
        "users_export": Exporter({auth0.NAME: sheet_of}),
        "verification_email": send_verification,
    }
    return JobRunner(opened.runner, opened.store.jobs, works)
