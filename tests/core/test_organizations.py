"""Organizations below any dialect: what is refused, what goes together, and what the directory counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM, Actor
from muster.core.actor import Permissions as May
from muster.core.clock import TurnedClock
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound, Taken
from muster.core.organizations.actions import (
    add_member,
    create_organization,
    delete_organization,
    find_organization,
    membership_of,
    remove_member,
    save_organization,
    set_role,
)
from muster.core.organizations.invitations import invite, revoke_invitation, within_quota
from muster.core.organizations.model import Invitation, Membership, Organization
from muster.core.query import Is
from muster.core.tenants.actions import furnish
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.actions import NewAddress, NewUser, create_user, delete_user, find_user
from muster.core.users.model import Origin, User
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore


class World:
    def __init__(self, store: SqlStore, tenant_id: int) -> None:
        self.store = store
        self.tenant_id = tenant_id
        self.clock = TurnedClock()
        self.runner = TransactionRunner(store, self.clock)
        self.directory = store.organizations

    async def act(self, act: Any, *args: Any, actor: Actor = SYSTEM, **kwargs: Any) -> Any:
        return await self.runner.run(self.tenant_id, actor, act, *args, **kwargs)

    async def person(self, email: str) -> User:
        async def act(tx: Transaction) -> User:
            realm, _ = await furnish(tx)
            return await create_user(
                tx, realm, NewUser(origin=Origin(door="muster"), emails=[NewAddress(email, verified=True)])
            )

        made: User = await self.act(act)
        return made

    async def acme(self, *members: User, **about: Any) -> Organization:
        made = await self.act(create_organization, Organization(slug="acme", **about))
        for member in members:
            await self.join(made.id, member)
        found = await self.store.get(self.tenant_id, Organization, made.id)
        assert found is not None
        return found

    async def join(self, id_: str, user: User, role: str = "chief", **options: Any) -> Membership:
        async def act(tx: Transaction) -> Membership:
            organization = await find_organization(tx, id_)
            return (await add_member(tx, self.directory, organization, user.id, role, **options))[0]

        made: Membership = await self.act(act)
        return made

    async def of(self, id_: str) -> list[str]:
        return sorted(member.user.id for member in await self.directory.members(self.tenant_id, [id_]))

    async def found_by(self, id_: str) -> int:
        return await self.store.count_users(self.tenant_id, Is("organization", id_))


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    engine = open_engine(migrated_url)
    await engine.start()
    store = SqlStore(engine)
    tenant = await store.create_tenant("default", 1)
    await TransactionRunner(store, TurnedClock()).run(tenant.number, SYSTEM, furnish)
    yield World(store, tenant.number)
    await engine.stop()


async def test_joining_is_seen_at_once_and_changes_nothing_that_is_shown(world: World) -> None:
    ann = await world.person("ann@example.org")
    acme = await world.acme()
    world.clock.turn(seconds=1)
    await world.join(acme.id, ann)
    assert (await world.of(acme.id), await world.found_by(acme.id)) == ([ann.id], 1)
    after = await world.store.get(world.tenant_id, User, ann.id)
    assert after is not None
    assert (after.updated_at, after.organizations) == (ann.updated_at, [acme.id])
    with pytest.raises(Conflict, match="already_member"):
        await world.join(acme.id, ann)


async def test_an_organization_goes_with_its_members_and_invitations(world: World) -> None:
    ann = await world.person("ann@example.org")
    acme = await world.acme(ann)
    asked = [Invitation(email="bob@example.org", organization_id=acme.id, role="chief")]
    (invitation,) = await world.act(invite, asked, mail=[True])

    async def delete(tx: Transaction) -> None:
        await delete_organization(tx, world.directory, await find_organization(tx, acme.id))

    await world.act(delete)
    assert (await world.of(acme.id), await world.found_by(acme.id)) == ([], 0)
    assert await world.store.get(world.tenant_id, Invitation, invitation.id) is None
    await world.acme(ann)  # the slug is free, and so is the place of the member
    await world.act(invite, asked, mail=[False])


async def test_a_member_who_is_deleted_leaves(world: World) -> None:
    ann, bob = await world.person("ann@example.org"), await world.person("bob@example.org")
    acme = await world.acme(ann, bob)

    async def delete(tx: Transaction) -> None:
        await delete_user(tx, await find_user(tx, ann.id))

    await world.act(delete)
    assert await world.of(acme.id) == [bob.id]
    assert await world.directory.member_counts(world.tenant_id, [acme.id]) == {acme.id: 1}


async def test_somebody_must_hold_a_role(world: World) -> None:
    ann, bob = await world.person("ann@example.org"), await world.person("bob@example.org")
    acme = await world.acme(ann)
    await world.join(acme.id, bob, role="member")

    async def demote(tx: Transaction) -> None:
        organization = await find_organization(tx, acme.id)
        membership, _ = await membership_of(tx, organization, ann.id)
        await set_role(tx, world.directory, organization, membership, "member", someone_must_hold=["chief"])

    async def leave(tx: Transaction) -> None:
        organization = await find_organization(tx, acme.id)
        membership, _ = await membership_of(tx, organization, ann.id)
        await remove_member(tx, world.directory, organization, membership, someone_must_hold=["chief"])

    for act in (demote, leave):
        with pytest.raises(Conflict, match="last_of_role"):
            await world.act(act)


async def test_invitations_count_and_expire(world: World) -> None:
    acme = await world.acme(max_members=1)
    end = world.clock.now() + 1000
    asked = [Invitation(email="bob@example.org", organization_id=acme.id, expires_at=end)]
    (first,) = await world.act(invite, asked, mail=[False])
    with pytest.raises(Conflict, match="already_invited"):
        await world.act(invite, asked, mail=[False])
    ann = await world.person("ann@example.org")
    with pytest.raises(Conflict, match="organization_full"):
        await world.join(acme.id, ann, within_quota=True)

    async def room(tx: Transaction) -> None:
        await within_quota(tx, world.directory, await find_organization(tx, acme.id), 1)

    with pytest.raises(Conflict, match="organization_full"):
        await world.act(room)
    world.clock.turn(seconds=1)
    await world.act(room)
    with pytest.raises(Conflict, match="invitation_over"):
        await world.act(revoke_invitation, first.id, acme.id)
    (second,) = await world.act(invite, [replace(asked[0], expires_at=None)], mail=[False])
    with pytest.raises(NotFound, match="invitation"):
        await world.act(revoke_invitation, second.id, "")
    assert (await world.act(revoke_invitation, second.id, acme.id)).state == "revoked"


async def test_what_is_refused(world: World) -> None:
    acme = await world.acme()
    with pytest.raises(Taken):
        await world.acme()
    for wrong in (replace(acme, slug=""), replace(acme, max_members=-1)):

        async def save(tx: Transaction, wrong: Organization = wrong) -> None:
            await find_organization(tx, acme.id)
            save_organization(tx, wrong)

        with pytest.raises(Invalid):
            await world.act(save)
    nobody = Actor(kind="client", id="x", door="test", permissions=frozenset({May.ORGS_READ}))
    with pytest.raises(NotAllowed):
        await world.act(create_organization, Organization(slug="other"), actor=nobody)
    with pytest.raises(NotAllowed):
        await world.act(invite, [Invitation(email="x@example.org")], mail=[True], actor=nobody)
    with pytest.raises(NotFound, match="organization"):
        await world.act(find_organization, "unknown")
