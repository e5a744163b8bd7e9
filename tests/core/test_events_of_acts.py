"""What an administrator does to a user is told by its own name, beside that the user changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from muster.core.credentials.locking import lock
from muster.core.events import Context, EventSearch
from muster.core.sessions.actions import NewSession, start_session
from muster.core.sessions.model import Method
from muster.core.users.actions import HashedPassword, set_password
from muster.core.users.flags import drop_link, remove_passkey
from muster.core.users.model import Link, Passkey, User
from tests.core.sign_in import NOW, QUICK_HASH, World, opened_world


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    async with opened_world(migrated_url) as world:
        yield world


async def test_what_is_taken_away_and_lifted_is_told(world: World) -> None:
    passkey = Passkey(id="p", dev="d", credential_id="c", public_key="k", created_at=NOW)
    link = Link(id="l", kind="social", connection_id="con", provider="x", subject="7", created_at=NOW, updated_at=NOW)
    world.ann = await world.add("eve@example.org", passkeys=[passkey], links=[link])
    await world.on_ann(remove_passkey, "p")
    await world.on_ann(drop_link, "l")
    await world.on_ann(lock, until=None)
    new = HashedPassword(QUICK_HASH, "bcrypt")
    await world.on_ann(set_password, new, unlock=True)
    await world.on_ann(set_password, new, unlock=True)
    told = await world.events()
    told = [kind for kind in told if kind != "user.updated"]
    assert told == ["passkey.removed", "user.locked", "user.unlinked", "user.unlocked"]


async def test_a_sign_in_says_how_and_for_which_application(world: World) -> None:
    async def start(tx: Any) -> None:
        methods = [Method(name="password", at=NOW), Method(name="totp", at=NOW, second=True)]
        await start_session(tx, await tx.need(User, world.ann), NewSession(methods=methods))

    context = Context(request_id="r", ip="192.0.2.1", user_agent="Firefox", app_id="ledger")
    await world.runner.run_from(context, world.tenant_id, world.attempt().actor, start)
    (event,) = await world.store.events.search(world.tenant_id, EventSearch(kinds=("sign_in.succeeded",)), 10)
    assert event.context == context
    assert event.data["methods"] == ["password", "totp"]
