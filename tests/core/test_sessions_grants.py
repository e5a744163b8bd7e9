from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import NotAllowed, NotFound
from muster.core.query import Page
from muster.core.sessions import actions as sessions
from muster.core.sessions import grants
from muster.core.sessions.actions import NewSession
from muster.core.sessions.grants import MOST_PER_APP, Which
from muster.core.sessions.model import Grant
from muster.core.sessions.tokens import hash_of
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.model import User
from tests.core.sign_in import NOW, World, opened_world


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    async with opened_world(migrated_url) as world:
        yield world


async def issue(world: World, **members: Any) -> tuple[Grant, str]:
    wanted = Grant(**{"user_id": "", "kind": "refresh_token", "app_id": "a", **members})
    issued: tuple[Grant, str] = await world.on_ann(grants.issue_grant, wanted)
    return issued


async def listed(world: World, **how: Any) -> list[Grant]:
    return await grants.list_grants(world.store, world.tenant_id, SYSTEM, world.ann, world.clock.now(), **how)


async def test_a_token_opens_its_grant_of_its_kind_until_it_is_over(world: World) -> None:
    grant, token = await issue(world, expires_at=NOW + 1000, scopes=["a"], audiences=["api"])
    assert grant == Grant(
        id=grant.id,
        user_id=world.ann,
        version=1,
        created_at=NOW,
        updated_at=NOW,
        kind="refresh_token",
        app_id="a",
        scopes=["a"],
        audiences=["api"],
        expires_at=NOW + 1000,
        token_hash=hash_of(token),
    )
    opened, user = await grants.grant_of_token(world.store, world.tenant_id, "refresh_token", token, NOW)
    assert (opened, user.id) == (grant, world.ann)
    for kind, text, now in (("code", token, NOW), ("refresh_token", token, NOW + 1000), ("refresh_token", "x", NOW)):
        with pytest.raises(CredentialRefused, match="grant_over"):
            await grants.grant_of_token(world.store, world.tenant_id, kind, text, now)  # type: ignore[arg-type]
    await world.on_ann(actions.suspend, door="muster")
    with pytest.raises(CredentialRefused, match="suspended"):
        await grants.grant_of_token(world.store, world.tenant_id, "refresh_token", token, NOW)


async def test_grants_are_listed_and_revoked_by_what_they_are(world: World) -> None:
    wanted: dict[str, dict[str, Any]] = {
        "refresh": {},
        "other app": {"app_id": "b", "audiences": ["api"]},
        "reference": {"kind": "reference_token", "session_id": "s"},
        "consent": {"kind": "consent"},
        "spent": {"kind": "code", "spent_at": NOW},
    }
    made: dict[str, Grant] = {}
    for name, members in wanted.items():
        world.clock.turn(ms=1)
        made[name], _ = await issue(world, **members)
    names = {grant.id: name for name, grant in made.items()}

    async def named(**how: Any) -> list[str]:
        return [names[grant.id] for grant in await listed(world, **how)]

    assert await named() == ["refresh", "other app", "reference", "consent"]
    assert await named(newest_first=True, page=Page(1, 2)) == ["reference", "other app"]
    assert await named(which=Which(app_id="a", kinds={"consent", "refresh_token"})) == ["refresh", "consent"]
    assert await named(which=Which(session_id="s")) == ["reference"]
    await world.on_ann(grants.revoke_grants, Which(audience="api"))
    assert await named() == ["refresh", "reference", "consent"]
    revoked: Grant = await world.act(grants.revoke_grant, made["refresh"].id)
    assert revoked == made["refresh"]
    with pytest.raises(NotFound, match="grant"):
        await world.act(grants.revoke_grant, made["refresh"].id)
    await world.on_ann(grants.revoke_grants)
    assert await named() == []
    events = ["consent.granted", "consent.revoked", "grants.revoked", *["token.revoked"] * 4]
    assert [kind for kind in await world.events() if kind != "user.created"] == sorted([*events, "grants.revoked"])


async def test_bound_grants_die_with_their_session_and_others_when_asked(world: World) -> None:
    for with_grants in (False, True):
        started = await world.on_ann(sessions.start_session, NewSession())
        of_session = {"session_id": started.session.id}
        await issue(world, **of_session, session_bound=True)
        free, _ = await issue(world, **of_session)
        elsewhere, _ = await issue(world, session_id="another")
        await world.act(sessions.end_session, started.session.id, "revoked", with_grants=with_grants)
        left = {grant.id for grant in await listed(world)}
        assert left == ({elsewhere.id} if with_grants else {free.id, elsewhere.id})
        await world.on_ann(grants.revoke_grants)


async def test_a_bound_grant_is_good_for_as_long_as_its_session(world: World) -> None:
    started = await world.on_ann(sessions.start_session, NewSession(lifetime=1000))
    bound, token = await issue(world, session_id=started.session.id, session_bound=True)
    opened, _ = await grants.grant_of_token(world.store, world.tenant_id, "refresh_token", token, NOW + 999)
    assert (opened, await listed(world)) == (bound, [bound])
    world.clock.turn(ms=1000)
    assert await listed(world) == []
    with pytest.raises(CredentialRefused, match="grant_over"):
        await grants.grant_of_token(world.store, world.tenant_id, "refresh_token", token, world.clock.now())


async def test_the_oldest_goes_when_there_are_too_many(world: World) -> None:
    first, _ = await issue(world)
    other, _ = await issue(world, app_id="b")
    dead, _ = await issue(world, expires_at=NOW)

    async def many(tx: Transaction, user: User) -> None:
        for n in range(MOST_PER_APP + 3):
            tx.insert(Grant(id=f"{n:032x}", user_id=user.id, kind="refresh_token", app_id="a", created_at=NOW + 1))

    await world.on_ann(many)
    await issue(world)
    left = {grant.id for grant in await listed(world)}
    assert len(left) == MOST_PER_APP + 1
    assert other.id in left
    assert left.isdisjoint({first.id, dead.id})


async def test_nobody_may_without_permission(world: World) -> None:
    grant, _ = await issue(world)
    nobody = replace(SYSTEM, permissions=frozenset({"sessions:revoke"}))
    with pytest.raises(NotAllowed):
        await world.act(grants.revoke_grant, grant.id, actor=nobody)
    with pytest.raises(NotAllowed):
        await world.on_ann(grants.revoke_grants, actor=nobody)
    with pytest.raises(NotAllowed):
        await grants.list_grants(world.store, world.tenant_id, nobody, world.ann, NOW)
