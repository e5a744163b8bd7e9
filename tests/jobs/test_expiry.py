"""What sign-ins leave behind is forgotten for every tenant; two processes at it at once do no harm."""

from __future__ import annotations

import asyncio

from muster.core.sign_in.model import UsedOnce
from muster.core.store import Change, Unit
from muster.core.transaction import TransactionRunner
from muster.jobs.expiry import Expiry
from tests.core.sign_in import NOW, opened_world


async def test_every_tenants_goes_and_two_at_once_do_no_harm(migrated_url: str) -> None:
    async with opened_world(migrated_url) as world:
        other = await world.store.create_tenant("other", NOW)
        for tenant_id in (world.tenant_id, other.number):
            used = [UsedOnce(id=f"{n}", created_at=NOW, expires_at=NOW, version=1) for n in range(150)]
            await world.store.commit(Unit(tenant_id, [Change(None, each) for each in used]))
        jobs = [Expiry(TransactionRunner(world.store, world.clock)) for _ in range(2)]
        world.clock.turn(days=2)
        done = await asyncio.gather(*(job.forget() for job in jobs))
        assert sum(done) == 300
        for tenant_id in (world.tenant_id, other.number):
            assert await world.store.older(tenant_id, UsedOnce, world.clock.now(), 10) == []
        assert await jobs[0].forget() == 0
        jobs[0].start()
        await jobs[0].stop()
