"""What must be there before the first request: folder, schema, master key, and in each tenant its realms, keys and operator.

Every step looks first and makes only what is missing, so a start that was killed is finished by the next one, and each later
start follows a changed public address. All of it runs in the parent process, under the database's lock: of two servers
that start on one PostgreSQL, the second finds everything made.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.clock import Clock, SystemClock
from muster.core.connections.model import Connection
from muster.core.errors import Taken
from muster.core.facts import ADDRESSES, EVERYBODY, KEY_CHECK, Fact
from muster.core.ids import random_text
from muster.core.records import Key
from muster.core.security import SecretBox
from muster.core.signing.model import Credential, Purpose
from muster.core.signing.model import SigningKey as StoredKey
from muster.core.signing.rotation import BY_ALGORITHM
from muster.core.store import Store, Tenant
from muster.core.tenants.actions import create_operator
from muster.core.tenants.actions import furnish as furnish_realms
from muster.core.tenants.first_password import FIRST_OPERATOR
from muster.core.transaction import Transaction
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.crypto import passwords, tokens
from muster.crypto.sealing import Sealer, key_check_text, verify_key_check
from muster.dialects.auth0 import app as auth0_app
from muster.dialects.auth0 import furnish as auth0
from muster.dialects.clerk import furnish as clerk
from muster.dialects.kit.call import Site
from muster.dialects.mattr import furnish as mattr
from muster.dialects.monocloud import furnish as monocloud
from muster.settings import Settings
from muster.sites import Sites, default_public_url
from muster.storage.address import local_file
from muster.storage.migrator import migrate
from muster.storage.opening import open_session
from muster.wiring import DEFAULT_TENANT, Opened, opened, sealer, sites

log = logging.getLogger("muster.start")

ADMIN_EMAIL: Final = "admin@localhost"
KEY_ID_LENGTH: Final = 22

KEYS: Final[tuple[tuple[Purpose, tokens.Algorithm], ...]] = (
    ("management", "RS256"),
    ("identity", "ES256"),
    ("identity", "EdDSA"),
    ("access", "RS256"),
    ("access", "ES256"),
    ("access", "EdDSA"),
)
"""The keys of every tenant, besides the one for RS256 that the dialect makes whose JWKS shows nothing else."""


class Addresses(NamedTuple):
    """Where a server listens; `ca_file` is what its clients must trust, "" with an operator's own certificate."""

    host: str
    port: int
    tls_port: int
    ca_file: str
    pid: int


class Prepared(NamedTuple):
    """`first` says that the database was empty of tenants before."""

    first: bool
    sites: Sites


async def prepare(settings: Settings, addresses: Addresses, clock: Clock | None = None) -> Prepared:
    """Make everything that serving at these addresses needs, and remember them for `muster credentials`.

    Raises `MasterKeyError`, `SchemaRefused` or `UnknownSite`, whose texts are for the operator, and `Unavailable` when the
    database cannot be reached.
    """
    async with _alone(settings, clock or SystemClock()) as database:
        box = await master_key(settings, database)
        first = await _default_tenant(database)
        found = await sites(settings, database.store, addresses.port, addresses.tls_port)
        urls = {}
        for tenant in await database.store.tenants():
            site = site_of(tenant, found)
            await _furnish(database, site or Site(tenant.number, found.default.public_url), box)
            if site is not None:
                urls[tenant.name] = site.public_url
        known = {**addresses._asdict(), "public_url": found.default.public_url, "tenants": urls}
        await database.runner.run(EVERYBODY, SYSTEM, remember, ADDRESSES, known)
    return Prepared(first, found)


async def create_tenant(settings: Settings, name: str, clock: Clock | None = None) -> Tenant:
    """A new tenant with all that it needs; `Taken("tenant", name)` when there is one of that name."""
    async with _alone(settings, clock or SystemClock()) as database:
        box = await master_key(settings, database)
        await _default_tenant(database)
        tenant = await database.store.create_tenant(name, database.runner.clock.now())
        addresses = await recall(database.store, ADDRESSES)
        public_url = settings.public_url or addresses.get("public_url") or default_public_url(settings.tls_port)
        await _furnish(database, Site(tenant.number, public_url), box)
        return tenant


def make_private_folders(settings: Settings) -> None:
    """The folders of the data and of the database file, for this account alone; one that exists stays as it is."""
    file = local_file(settings.database)
    for folder in (settings.data_dir, *([file.parent] if file is not None else [])):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            log.warning("%s is open to other accounts of this machine; chmod 700 it", folder)


def site_of(tenant: Tenant, found: Sites) -> Site | None:
    """Where a tenant is reached: at the default address, else at the first host bound to it; None for nowhere yet."""
    own = (site for site in found.all() if site.tenant_id == tenant.number)
    return next((site for site in own if site.dialect in (None, auth0_app.NAME)), None)


async def master_key(settings: Settings, database: Opened) -> Sealer:
    """The sealer that this database's secrets were sealed with, or the first one of an empty database.

    A key is made only for a database in a file that has none yet: one on a server may be used from several machines, whose
    keys must be the same.
    """
    seal = (await recall(database.store, KEY_CHECK)).get("seal")
    box = sealer(settings, may_create=seal is None and local_file(settings.database) is not None)
    if seal is None:
        seal = key_check_text(box)
        await database.runner.run(EVERYBODY, SYSTEM, remember, KEY_CHECK, {"seal": seal})
    verify_key_check(box, seal)
    return box


async def recall(store: Store, name: str) -> dict[str, Any]:
    """What is remembered under a name; nothing before the first time."""
    fact = await store.get(EVERYBODY, Fact, name)
    return fact.value if fact is not None else {}


async def remember(tx: Transaction, name: str, value: dict[str, Any]) -> None:
    """Keep a fact in the place of what was remembered under its name."""
    fact = await tx.get(Fact, name)
    if fact is None:
        tx.insert(Fact(id=name, value=value, created_at=tx.now))
    else:
        tx.save(replace(fact, value=value))


@asynccontextmanager
async def _alone(settings: Settings, clock: Clock) -> AsyncIterator[Opened]:
    """The database with today's schema, while nobody else migrates, restores or furnishes it."""
    make_private_folders(settings)
    await migrate(settings.database, now=clock.now())
    session = await open_session(settings.database)
    try:
        async with session.schema_lock(), opened(settings, clock) as database:
            yield database
    finally:
        await session.close()


async def _default_tenant(database: Opened) -> bool:
    """Whether the default tenant had to be made."""
    if await database.store.tenant(DEFAULT_TENANT) is not None:
        return False
    try:
        await database.store.create_tenant(DEFAULT_TENANT, database.runner.clock.now())
    except Taken:
        return False
    return True


class _FirstPassword(NamedTuple):
    sealed: str
    hashed: HashedPassword


class _New(NamedTuple):
    """What a tenant lacks and takes time to make (an RSA key, a password's hash), so that it is made before the acts."""

    keys: list[StoredKey]
    identity_key: StoredKey | None
    password: "_FirstPassword | None"
    clerk_instance: str


async def _furnish(database: Opened, site: Site, box: SecretBox) -> None:
    """All that a tenant lacks."""
    store, tenant_id, now = database.store, site.tenant_id, database.runner.clock.now()
    there_are = {(key.purpose, key.algorithm) for key in await store.records(tenant_id, StoredKey)}
    # Whoever rotated a purpose's only key to another algorithm is not given the first one again.
    purposes = {purpose for purpose, _ in there_are}
    lacking = [
        (purpose, algorithm)
        for purpose, algorithm in KEYS
        if (purpose, algorithm) not in there_are and (purpose in BY_ALGORITHM or purpose not in purposes)
    ]
    has_admin = await store.get(tenant_id, Credential, FIRST_OPERATOR) is not None
    instance = await clerk.instance_of(store, tenant_id, now)
    wants_key = await clerk.wants_signing_key(store, tenant_id)
    each = (asyncio.to_thread(new_key, box, *wanted, random_text(KEY_ID_LENGTH), now) for wanted in lacking)
    keys, identity_key, password = await asyncio.gather(
        asyncio.gather(*each),
        asyncio.to_thread(new_key, box, clerk.SIGNING, "RS256", instance, now) if wants_key else _nothing(),
        _nothing() if has_admin else asyncio.to_thread(_new_password, box),
    )
    _, internal = await database.runner.run(tenant_id, SYSTEM, furnish_realms)
    new = _New(keys, identity_key, password, instance)
    await database.runner.run(tenant_id, SYSTEM, _complete, internal, site, box, new)


async def _complete(tx: Transaction, internal: Connection, site: Site, box: SecretBox, new: _New) -> None:
    for key in new.keys:
        tx.insert(key)
    # The record outlives the password in it: an operator who was renamed or deleted does not come back.
    if new.password is not None and await tx.find(User, Key(internal.id, "username", FIRST_OPERATOR)) is None:
        await create_operator(tx, internal, ADMIN_EMAIL, FIRST_OPERATOR, new.password.hashed)
        tx.insert(Credential(id=FIRST_OPERATOR, secret=new.password.sealed, created_at=tx.now))
    await auth0.furnish(tx, site, box)
    await clerk.furnish(tx, box, instance_id=new.clerk_instance, signing_key=new.identity_key)
    await monocloud.furnish(tx, box)
    await mattr.furnish(tx, box)


async def _nothing() -> None:
    return None


def new_key(box: SecretBox, purpose: Purpose, algorithm: tokens.Algorithm, key_id: str, now: int) -> StoredKey:
    """A new signing key as it is stored; one for RS256 takes up to a third of a second."""
    key = tokens.SigningKey.generate(algorithm, key_id)
    sealed = box.seal(key.to_pkcs8(), purpose=f"signing_key:{key.kid}")
    return StoredKey(
        id=key.kid, purpose=purpose, algorithm=key.alg, private=sealed, public=key.public_jwk(), created_at=now
    )


def _new_password(box: SecretBox) -> _FirstPassword:
    password = secrets.token_urlsafe(15)
    hash_ = passwords.hash_password(password)
    sealed = box.seal(password.encode(), purpose=f"credential:{FIRST_OPERATOR}")
    return _FirstPassword(sealed, HashedPassword(hash_, passwords.check_hash(hash_)))


async def first_password(store: Store, tenant_id: int, box: SecretBox) -> str | None:
    """The first operator's password as it was made; None once it was changed."""
    credential = await store.get(tenant_id, Credential, FIRST_OPERATOR)
    if credential is None or not credential.secret:
        return None
    return box.open(credential.secret, purpose=f"credential:{FIRST_OPERATOR}").decode()
