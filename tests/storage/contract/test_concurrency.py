"""Writers that meet. Every one of them goes through the core's own runner, as requests do."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.errors import Conflict, Lost, NotFound, Taken
from muster.core.query import Everyone
from muster.core.store import Change, Tenant, Unit
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import Activity, Metadata, Seen, User
from muster.storage.store import SqlStore
from tests.storage.contract.people import changed, email_key, insert, inserted, person


async def test_64_writers_of_one_user_all_win(store: SqlStore, runner: TransactionRunner, tenant: Tenant) -> None:
    user = await inserted(store, tenant.number, person("ann@example.org"))

    async def add(tx: Transaction, name: str) -> None:
        seen = await tx.need(User, user.id)
        private = {**(seen.metadata.private or {}), name: name}
        tx.save(replace(seen, metadata=Metadata.of(private=private)))
        tx.note("user.updated", user_id=user.id, name=name)

    names = [f"n{n}" for n in range(64)]
    await asyncio.gather(*(runner.run(tenant.number, SYSTEM, add, name) for name in names))
    after = await store.get(tenant.number, User, user.id)
    assert after is not None
    assert after.metadata.private == {name: name for name in names}
    assert after.version == 65
    events = await store.events.of_user(tenant.number, user.id, limit=100)
    assert Counter(event.data["name"] for event in events) == Counter(names)


async def test_64_sign_ins_of_one_user_are_all_counted(
    store: SqlStore, runner: TransactionRunner, tenant: Tenant
) -> None:
    user = await inserted(store, tenant.number, person("ann@example.org"))

    async def sign_in(tx: Transaction) -> None:
        seen = await tx.need(User, user.id)
        activity = seen.activity or Activity()
        tx.save(replace(seen, activity=replace(activity, logins=activity.logins + 1, last_login=Seen(at=tx.now))))

    await asyncio.gather(*(runner.run(tenant.number, SYSTEM, sign_in) for _ in range(64)))
    after = await store.get(tenant.number, User, user.id)
    assert after is not None
    assert after.activity is not None
    assert (after.version, after.activity.logins, after.activity.version) == (1, 64, 64)


async def test_of_50_who_create_the_same_address_one_wins(
    store: SqlStore, runner: TransactionRunner, tenant: Tenant
) -> None:
    async def create(tx: Transaction, n: int) -> None:
        tx.insert(person("ann@example.org", name=f"name{n}", version=0))

    results = await asyncio.gather(
        *(runner.run(tenant.number, SYSTEM, create, n) for n in range(50)), return_exceptions=True
    )
    assert Counter(type(result) for result in results) == {type(None): 1, Taken: 49}
    assert {(r.kind, r.value) for r in results if isinstance(r, Taken)} == {("email", "ann@example.org")}
    assert await store.count_users(tenant.number, Everyone()) == 1


async def test_the_last_of_two_cannot_go(store: SqlStore, runner: TransactionRunner, tenant: Tenant) -> None:
    """Each goes only as long as the other stays, and both decide at the same moment."""
    for _ in range(5):
        pair = [await inserted(store, tenant.number, person()) for _ in range(2)]
        to_decide: set[str] = {user.id for user in pair}
        both_have_read = asyncio.Event()

        async def leave(
            tx: Transaction, me: User, other: User, to_decide: set[str] = to_decide, go: asyncio.Event = both_have_read
        ) -> None:
            mine, stays = await tx.need(User, me.id), await tx.get(User, other.id)
            if stays is None:
                raise Conflict("last")
            tx.expect(stays)
            tx.delete(mine)
            to_decide.discard(me.id)
            if not to_decide:
                go.set()
            await go.wait()

        results = await asyncio.gather(
            runner.run(tenant.number, SYSTEM, leave, pair[0], pair[1]),
            runner.run(tenant.number, SYSTEM, leave, pair[1], pair[0]),
            return_exceptions=True,
        )
        assert Counter(type(result) for result in results) == {type(None): 1, Conflict: 1}


async def test_neighbours_of_a_refused_unit_are_kept(store: SqlStore, tenant: Tenant) -> None:
    ann = await inserted(store, tenant.number, person("ann@example.org"))
    units = [Unit(tenant.number, [Change(None, person(f"{n}@example.org"))]) for n in range(40)]
    units[10] = Unit(tenant.number, [Change(None, person("ann@example.org"))])
    units[20] = Unit(tenant.number, [Change(None, person("x@example.org")), changed(replace(ann, version=9))])
    results = await asyncio.gather(*(store.commit(unit) for unit in units), return_exceptions=True)
    refused = {n: type(result) for n, result in enumerate(results) if result is not None}
    assert refused == {10: Taken, 20: Lost}
    assert await store.count_users(tenant.number, Everyone()) == 39
    assert await store.find(tenant.number, User, email_key("x@example.org")) is None


async def test_deleting_and_signing_in_at_once_leaves_nothing_behind(
    store: SqlStore, runner: TransactionRunner, tenant: Tenant
) -> None:
    """The database's invariants, checked after every test, say that no activity is without its user."""

    async def sign_in(tx: Transaction, id_: str) -> None:
        seen = await tx.need(User, id_)
        tx.save(replace(seen, activity=Activity(logins=1)))

    async def remove(tx: Transaction, id_: str) -> None:
        tx.delete(await tx.need(User, id_))

    people = [person(f"{n}@example.org") for n in range(30)]
    await insert(store, tenant.number, *people)
    acts: list[Any] = [runner.run(tenant.number, SYSTEM, act, p.id) for p in people for act in (sign_in, remove)]
    results = await asyncio.gather(*acts, return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), NotFound}
    assert results[1::2] == [None] * 30
    assert await store.count_users(tenant.number, Everyone()) == 0


async def test_writers_of_two_users_in_opposite_order_do_not_block_each_other(
    store: SqlStore, runner: TransactionRunner, tenant: Tenant
) -> None:
    pair = [await inserted(store, tenant.number, person(f"{n}@example.org")) for n in range(2)]

    async def both(tx: Transaction, first: User, second: User, name: str) -> None:
        for user in (first, second):
            seen = await tx.need(User, user.id)
            tx.save(replace(seen, hub_roles=[*seen.hub_roles, name]))

    orders = [(pair[n % 2], pair[1 - n % 2]) for n in range(16)]
    acts = [runner.run(tenant.number, SYSTEM, both, *order, f"n{n}") for n, order in enumerate(orders)]
    await asyncio.gather(*acts)
    for user in pair:
        after = await store.get(tenant.number, User, user.id)
        assert after is not None
        assert sorted(after.hub_roles) == sorted(f"n{n}" for n in range(16))
