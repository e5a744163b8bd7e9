from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.credentials import locking
from muster.core.credentials.attempts import CredentialRefused, stranger
from muster.core.errors import NotAllowed, NotFound
from muster.core.ids import new_user_id
from muster.core.query import Page
from muster.core.sessions import actions as sessions
from muster.core.sessions import grants
from muster.core.sessions.actions import KEPT_FOR, MOST_SESSIONS, NewSession, Started
from muster.core.sessions.model import Device, Grant, Method, Session
from muster.core.sessions.tokens import hash_of
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.model import Activity, Seen, User
from tests.core.sign_in import NOW, World, opened_world

IP = "192.0.2.1"
READING = frozenset({"sessions:read"})


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    async with opened_world(migrated_url) as world:
        yield world


async def start(world: World, **members: Any) -> Started:
    started: Started = await world.on_ann(sessions.start_session, NewSession(**members), ip=IP)
    return started


async def open_with(world: World, token: str) -> str:
    """`active`, or why the token opens nothing."""
    try:
        session, user = await sessions.session_of_token(world.store, world.tenant_id, token, world.clock.now())
    except CredentialRefused as refused:
        return refused.code
    assert user.id == session.user_id
    return session.status(world.clock.now())


async def stored(world: World) -> list[Session]:
    return list(await world.store.owned(world.tenant_id, Session, world.ann))


async def test_a_sign_in_leaves_a_session_and_is_counted(world: World) -> None:
    await world.on_ann(sessions.start_session, NewSession(is_sign_in=False))
    method = Method(name="password", at=NOW)
    started = await start(world, methods=[method], lifetime=10_000, idle=5_000, apps=["a"], place={"city": "Bern"})
    assert started.session == Session(
        id=started.session.id,
        user_id=world.ann,
        version=1,
        created_at=NOW,
        updated_at=NOW,
        authenticated_at=NOW,
        last_active_at=NOW,
        idle_ms=5_000,
        expires_at=NOW + 10_000,
        device=Device(first_ip=IP, last_ip=IP, place={"city": "Bern"}),
        apps=["a"],
        methods=[method],
        token_hash=hash_of(started.token),
    )
    seen = Seen(at=NOW, ip=IP)
    assert await world.activity() == Activity(
        id=world.ann,
        version=2,
        successes=1,
        logins=1,
        last_login=seen,
        last_success=seen,
        last_active_at=NOW,
        place={"city": "Bern"},
        sessions=2,
    )
    assert (await world.user()).version == 1
    assert await world.events() == ["session.started", "session.started", "sign_in.succeeded"]
    assert started.token not in f"{await stored(world)} {started}"


async def test_a_token_opens_its_session_until_it_is_over(world: World) -> None:
    started = await start(world, lifetime=10_000, idle=5_000)
    assert await open_with(world, started.token) == "active"
    for wrong in (
        "",
        "x",
        started.token[:-1],
        started.token[:-4] + "AAAA",
        started.token + "A",
        "é" * 64,
        "\ud800" * 64,
    ):
        assert await open_with(world, wrong) == "session_over"
    world.clock.turn(ms=4_999)
    assert await open_with(world, started.token) == "active"
    world.clock.turn(ms=1)
    assert await open_with(world, started.token) == "session_over"
    (session,) = await stored(world)
    assert (session.status(NOW + 5_000), session.over_at(NOW + 9_999)) == ("expired", NOW + 5_000)


async def test_tokens_are_of_one_tenant(world: World) -> None:
    started = await start(world)
    other = await world.store.create_tenant("other", NOW)
    with pytest.raises(CredentialRefused):
        await sessions.session_of_token(world.store, other.number, started.token, NOW)


async def test_use_is_noted_once_a_minute(world: World) -> None:
    started = await start(world)
    world.clock.turn(seconds=59)
    assert (await world.act(sessions.touch, started.session.id, ip="198.51.100.1")) == started.session
    world.clock.turn(seconds=1)
    touched = await world.act(sessions.touch, started.session.id, ip="198.51.100.1")
    assert (touched.last_active_at, touched.device) == (NOW + 60_000, Device(first_ip=IP, last_ip="198.51.100.1"))
    assert (await world.activity()).last_active_at == NOW + 60_000
    used = await world.act(sessions.touch, started.session.id, app_id="app")
    assert used.apps == ["app"]
    await world.act(sessions.end_session, started.session.id)
    with pytest.raises(CredentialRefused, match="session_over"):
        await world.act(sessions.touch, started.session.id)


async def test_a_second_factor_elevates_the_session(world: World) -> None:
    started = await start(world)
    method = Method(name="totp", at=NOW, second=True)
    elevated = await world.act(sessions.elevate, started.session.id, method)
    assert (elevated.elevated_at, elevated.methods) == (NOW, [method])


async def test_ending_a_session_twice_changes_nothing(world: World) -> None:
    started = await start(world)
    ended = await world.act(sessions.end_session, started.session.id, "ended")
    assert (ended.status(NOW), ended.ended_at) == ("ended", NOW)
    assert await world.act(sessions.end_session, started.session.id, "revoked") == ended
    assert await open_with(world, started.token) == "session_over"
    assert Counter(await world.events())["session.ended"] == 1
    with pytest.raises(NotFound):
        await world.act(sessions.end_session, "0" * 32)


async def test_a_suspended_users_sessions_rest_and_live_again(world: World) -> None:
    started = await start(world)
    await world.on_ann(actions.suspend, door="muster")
    assert await open_with(world, started.token) == "suspended"
    with pytest.raises(CredentialRefused, match="suspended"):
        await start(world)
    await world.on_ann(actions.unsuspend)
    assert await open_with(world, started.token) == "active"
    await world.on_ann(locking.lock, until=None)
    assert await open_with(world, started.token) == "active"
    with pytest.raises(CredentialRefused, match="locked"):
        await start(world)


async def test_a_ban_ends_them_for_good(world: World) -> None:
    started = await start(world)

    async def ban(tx: Transaction, user: User) -> None:
        await sessions.end_sessions_of(tx, await actions.suspend(tx, user, door="muster"))

    await world.on_ann(ban)
    await world.on_ann(actions.unsuspend)
    assert await open_with(world, started.token) == "session_over"


@pytest.mark.parametrize("first_ever", [True, False])
async def test_two_are_ended_while_one_is_made(world: World, first_ever: bool) -> None:
    """Both have decided before either commits. One made at that moment was made after the end, or is ended with it."""
    for _ in range(5):
        bob = await world.add(f"{new_user_id(NOW)}@example.org")
        if not first_ever:
            for _ in range(2):
                await world.act(_start_for, bob)
        meeting = asyncio.Barrier(2)
        met: set[str] = set()

        async def meet(name: str, meeting: asyncio.Barrier = meeting, met: set[str] = met) -> None:
            if name not in met:
                met.add(name)
                await meeting.wait()

        async def end(tx: Transaction, bob: str = bob) -> list[Session]:
            ended = await sessions.end_sessions_of(tx, await tx.need(User, bob))
            await meet("end")
            return ended

        async def make(tx: Transaction, bob: str = bob) -> Started:
            started = await _start_for(tx, bob)
            await meet("make")
            return started

        ended, made = await asyncio.gather(world.act(end), world.act(make))
        left = await world.store.owned(world.tenant_id, Session, bob)
        states = {session.id: session.status(NOW) for session in left}
        was_made_first = made.session.id in {session.id for session in ended}
        assert states.pop(made.session.id) == ("revoked" if was_made_first else "active")
        assert list(states.values()) == ([] if first_ever else ["revoked"] * 2)
        first_to_commit = (await world.user(bob)).activity
        assert first_to_commit is not None
        assert first_to_commit.sessions == len(left)


async def test_nobody_comes_in_beside_a_ban(world: World) -> None:
    async def ban(tx: Transaction, user: User) -> None:
        await sessions.end_sessions_of(tx, await actions.suspend(tx, user, door="muster"))

    starts = [asyncio.ensure_future(start(world)) for _ in range(24)]
    await world.on_ann(ban)
    results = await asyncio.gather(*starts, return_exceptions=True)
    assert {type(result) for result in results} <= {Started, CredentialRefused}
    assert {session.status(NOW) for session in await stored(world)} <= {"revoked"}


async def test_a_user_goes_with_all_sessions_even_one_that_is_just_made(world: World) -> None:
    started = await start(world)
    await world.on_ann(grants.issue_grant, Grant(user_id="", kind="refresh_token", app_id="a"))
    results = await asyncio.gather(
        *(start(world) for _ in range(8)),
        world.on_ann(actions.delete_user),
        *(start(world) for _ in range(8)),
        return_exceptions=True,
    )
    assert {type(result) for result in results} <= {Started, NotFound, type(None)}
    assert await open_with(world, started.token) == "session_over"
    for table in ("sessions", "grants", "locators", "activity"):
        assert list(await world.engine.rows(f"SELECT * FROM {table}")) == []


async def test_lists_are_by_creation_in_pages_and_of_the_active(world: World) -> None:
    made = []
    for _ in range(4):
        made.append((await start(world)).session.id)
        world.clock.turn(seconds=1)
    await world.act(sessions.end_session, made[1])
    bob = await world.add("bob@example.org")
    bobs = (await world.act(_start_for, bob)).session.id

    async def listed(user_id: Any = world.ann, actor: Any = SYSTEM, **how: Any) -> list[str]:
        now = world.clock.now()
        found = await sessions.list_sessions(world.store, world.tenant_id, actor, user_id, now, **how)
        return [session.id for session in found]

    assert await listed() == [made[0], made[2], made[3]]
    assert await listed(newest_first=True, page=Page(1, 1)) == [made[2]]
    assert await listed(only_active=False, page=Page(1, 2)) == made[1:3]
    assert await listed(None, only_active=False, newest_first=True, page=Page(0, 3)) == [bobs, made[3], made[2]]
    own = replace(SYSTEM, permissions=frozenset({"self:sessions"}), user_id=world.ann)
    assert await listed(actor=own) == [made[0], made[2], made[3]]
    for refused in (bob, None):
        with pytest.raises(NotAllowed):
            await listed(refused, own)


async def _start_for(tx: Transaction, user_id: str) -> Started:
    return await sessions.start_session(tx, await tx.need(User, user_id), NewSession())


async def test_old_ended_sessions_go_when_another_starts(world: World) -> None:
    old = await start(world)
    kept = await start(world)
    await world.act(sessions.end_session, old.session.id)
    world.clock.turn(ms=KEPT_FOR)
    new = await start(world)
    assert {session.id for session in await stored(world)} == {kept.session.id, new.session.id}


async def test_there_are_never_too_many(world: World) -> None:
    first = await start(world)

    async def many(tx: Transaction, user: User) -> None:
        for n in range(MOST_SESSIONS + 3):
            id_ = f"{n:032x}"
            tx.insert(Session(id=id_, user_id=user.id, created_at=NOW + 1, authenticated_at=NOW, last_active_at=NOW))

    await world.on_ann(many)
    await start(world)
    left = await stored(world)
    assert len(left) == MOST_SESSIONS
    assert first.session.id not in {session.id for session in left}


async def test_nobody_ends_what_is_not_theirs(world: World) -> None:
    started = await start(world)
    bob = await world.add("bob@example.org")
    with pytest.raises(NotAllowed):
        await world.on_ann(sessions.start_session, NewSession(is_sign_in=False), actor=stranger("muster"))
    for actor in (
        replace(SYSTEM, permissions=READING),
        replace(SYSTEM, permissions=frozenset({"self:sessions"}), user_id=bob),
        replace(SYSTEM, permissions=READING, user_id=world.ann),
    ):
        with pytest.raises(NotAllowed):
            await world.act(sessions.end_session, started.session.id, actor=actor)
        with pytest.raises(NotAllowed):
            await world.on_ann(sessions.end_sessions_of, actor=actor)
    own = replace(SYSTEM, permissions=frozenset({"self:sessions"}), user_id=world.ann)
    await world.act(sessions.end_session, started.session.id, "ended", actor=own)


def test_a_token_is_kept_as_its_sha_256() -> None:
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(hash_of("\ud800")) == 64
