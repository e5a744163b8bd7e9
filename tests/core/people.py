"""People at the pages: a realm, a user who is signed in, a browser on its way in, and the messages that were sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from muster.core.account.access import account_actor
from muster.core.connections.model import Connection, UsernameRule
from muster.core.errors import Refusal
from muster.core.events import Context
from muster.core.ids import new_id
from muster.core.passwords.choosing import NewPasswords
from muster.core.records import Record
from muster.core.sessions.actions import NewSession, Started, start_session
from muster.core.sessions.model import Method
from muster.core.sessions.tokens import hash_of
from muster.core.settings.model import SignInSettings
from muster.core.sign_in.model import SignInAttempt
from muster.core.store import Change, Unit
from muster.core.users.model import Address, User
from tests.core.sign_in import NOW, REALM, World, opened_world

BROWSER = "b" * 43
IP = "192.0.2.7"
CONTEXT = Context(ip=IP, user_agent="Firefox")
GOOD = "plenty of room to think"
KNOWN = "password1234"


def new_passwords(world: World) -> NewPasswords:
    return NewPasswords(world.store, world.passwords, {KNOWN}.__contains__)


async def keep(world: World, *records: Record) -> None:
    await world.store.commit(Unit(world.tenant_id, [Change(None, replace(each, version=1)) for each in records]))


async def open_realm(world: World, settings: SignInSettings | None = None, **members: Any) -> None:
    """The realm of the world's users, and the tenant's settings."""
    realm = Connection(
        id=REALM, name="people", default=True, requires_username=True, username_rule=UsernameRule(1, 30), created_at=NOW
    )
    await keep(world, replace(realm, **members), settings or SignInSettings(created_at=NOW))


def proved(value: str, **members: Any) -> Address:
    address = Address(
        id=new_id(NOW), value=value, primary=True, verified=True, verified_at=NOW, created_at=NOW, updated_at=NOW
    )
    return replace(address, **members)


@contextlib.asynccontextmanager
async def opened_people(url: str, settings: SignInSettings | None = None, **realm: Any) -> AsyncIterator[World]:
    async with opened_world(url) as world:
        await open_realm(world, settings, **realm)
        yield world


async def sign_in(world: World, user_id: Any, **members: Any) -> Started:
    """A session of the user, just proved by password."""

    async def act(tx: Any) -> Started:
        method = Method(name="password", at=tx.now)
        return await start_session(tx, await tx.need(User, user_id), NewSession(methods=[method], **members))

    started: Started = await world.act(act)
    return started


async def begin_attempt(world: World, browser: str = BROWSER, **members: Any) -> SignInAttempt:
    attempt = SignInAttempt(
        id=new_id(world.clock.now()),
        version=1,
        browser=hash_of(browser),
        realm=REALM,
        origin="https://id.example.org",
        expires_at=world.clock.now() + 1_800_000,
        created_at=world.clock.now(),
    )
    attempt = replace(attempt, **members)
    await keep(world, attempt)
    return attempt


async def attempt_now(world: World, attempt: SignInAttempt) -> SignInAttempt:
    found = await world.store.get(world.tenant_id, SignInAttempt, attempt.id)
    assert found is not None
    return found


async def own(world: World, session: Started, act: Any, *args: Any, **kwargs: Any) -> Any:
    """One act of the signed-in person on their own account."""
    user = await world.user(session.session.user_id)  # type: ignore[arg-type]
    return await world.runner.run_from(
        CONTEXT, world.tenant_id, account_actor(user), act, session.session.id, *args, **kwargs
    )


async def sent(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """Every message so far, oldest first (of one moment in any order): kind, to whom, and what is in it."""
    waiting = await world.store.outbox.waiting(1000, world.tenant_id)
    return [(due.message.kind, due.message.to, due.message.data) for due in waiting]


async def kinds_sent(world: World) -> list[tuple[str, str]]:
    return sorted((kind, to) for kind, to, _ in await sent(world))


async def last_code(world: World, to: str) -> str:
    return next(str(data["code"]) for _, whom, data in reversed(await sent(world)) if whom == to and "code" in data)


async def refused(acting: Any) -> str:
    """Why it is refused; `done` when it is not."""
    try:
        await acting
    except Refusal as refusal:
        return refusal.code
    return "done"
