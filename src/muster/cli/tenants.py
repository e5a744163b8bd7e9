"""What commands about one tenant begin with: a database that was started, and the tenant in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from muster.cli.failures import NOT_STARTED
from muster.core.store import Store, Tenant
from muster.settings import Settings
from muster.storage.migrator import state
from muster.wiring import Opened, opened


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Opened]:
    """The database of a server that was started at least once, at today's schema; never made by looking."""
    schema = await state(settings.database)
    if schema.applied == 0:
        raise click.ClickException(NOT_STARTED)
    if schema.pending:
        raise click.ClickException(f"the database lacks {', '.join(schema.pending)}; run muster migrate")
    async with opened(settings) as database:
        yield database


async def tenant_named(store: Store, name: str) -> Tenant:
    """The tenant of that name, or a refusal that lists those there are."""
    found = await store.tenant(name)
    if found is None:
        names = ", ".join(tenant.name for tenant in await store.tenants())
        raise click.ClickException(f"there is no tenant {name}; there are: {names}" if names else NOT_STARTED)
    return found
