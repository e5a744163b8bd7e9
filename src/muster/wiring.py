"""The one place that builds things and hands them out: from settings to a running application."""

import contextlib
import os
from collections.abc import AsyncIterator
from typing import NamedTuple

from muster.core.clock import Clock, SystemClock
from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.jobs.model import Job
from muster.core.jobs.work import Work
from muster.core.security import SecretBox
from muster.core.signing.model import SigningKey as StoredKey
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
    """The key rings that sign and check, each for one tenant, purpose and issuer; keys are unsealed when first asked for."""

    def __init__(self, stored: dict[int, list[StoredKey]], secrets: SecretBox) -> None:
        self._stored = stored
        self._secrets = secrets
        self._rings: dict[Site, tokens.KeyRing] = {}

    def management(self, site: Site) -> tokens.KeyRing:
        """The ring of a tenant's management tokens, whose issuer is the address that the tenant is reached by."""
        ring = self._rings.get(site)
        if ring is None:
            keys = [unsealed(key, self._secrets) for key in self._stored[site.tenant_id] if key.purpose == "management"]
            ring = self._rings[site] = tokens.KeyRing("management", site.public_url, keys)
        return ring


def unsealed(stored: StoredKey, secrets: SecretBox) -> tokens.SigningKey:
    """A stored key, ready to sign."""
    der = secrets.open(stored.private, purpose=f"signing_key:{stored.id}")
    return tokens.SigningKey.from_pkcs8(der, "ES256" if stored.algorithm == "ES256" else "RS256", stored.id)


async def signing_keys(store: Store) -> dict[int, list[StoredKey]]:
    """Every tenant's signing keys, newest first, so that the newest signs and the older ones still verify."""
    return {
        tenant.number: list(reversed(await store.records(tenant.number, StoredKey))) for tenant in await store.tenants()
    }


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
