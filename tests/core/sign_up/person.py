"""Somebody with a browser, making an account."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from muster.core.settings.model import (
    SETTINGS_ID,
    SignInSettings,
)
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_up.actions import SignUps
from muster.core.sign_up.model import SignUp
from muster.core.sign_up.view import SignUpView
from muster.core.store import Change, Unit
from muster.core.users.model import User
from tests.core.people import (
    BROWSER,
    CONTEXT,
    GOOD,
    begin_attempt,
    last_code,
    new_passwords,
)
from tests.core.sign_in import World

BOB = "bob@example.org"


class Person:
    """Somebody with a browser, making an account."""

    def __init__(self, world: World, attempt: SignInAttempt, browser: str = BROWSER) -> None:
        self.world = world
        self.attempt = attempt
        self.browser = browser
        self.sign_ups = SignUps(world.runner, new_passwords(world))

    @property
    def _who(self) -> tuple[int, str, str]:
        return self.world.tenant_id, self.attempt.id, self.browser

    async def start(self) -> SignUpView:
        return await self.sign_ups.start(*self._who, CONTEXT)

    async def view(self) -> SignUpView:
        return await self.sign_ups.view(*self._who)

    async def tell(self, **given: str) -> SignUpView:
        return await self.sign_ups.update(*self._who, given, CONTEXT)

    async def faults(self, **given: str) -> Any:
        try:
            await self.tell(**given)
        except Exception as refusal:  # noqa: BLE001 - looked into
            return getattr(refusal, "detail", {}).get("fields", refusal)
        return {}

    async def again(self, kind: Any = "email") -> SignUpView:
        return await self.sign_ups.send_code(*self._who, kind, CONTEXT)

    async def verify(self, code: str, kind: Any = "email") -> SignUpView:
        return await self.sign_ups.verify(*self._who, kind, code, CONTEXT)

    async def complete(self, **how: Any) -> User:
        return await self.sign_ups.complete(*self._who, CONTEXT, **how)

    async def take_over(self) -> str:
        return await self.sign_ups.take_over(*self._who, CONTEXT)


async def person(world: World, browser: str = BROWSER, **attempt: Any) -> Person:
    somebody = Person(world, await begin_attempt(world, browser, **attempt), browser)
    await somebody.start()
    return somebody


async def proved_person(world: World, email: str = BOB) -> Person:
    somebody = await person(world)
    await somebody.tell(email=email, password=GOOD)
    await somebody.verify(await last_code(world, email))
    return somebody


async def change(world: World, **members: Any) -> None:
    before = await world.store.get(world.tenant_id, SignInSettings, SETTINGS_ID)
    assert before is not None
    after = replace(before, version=before.version + 1, **members)
    await world.store.commit(Unit(world.tenant_id, [Change(before, after)]))


async def stored(world: World, somebody: Person) -> SignUp:
    found = await world.store.get(world.tenant_id, SignUp, somebody.attempt.id)
    assert found is not None
    return found
