"""A tenant with a realm, an application, a user and the sign-in engine on real hashes and real engines; and a browser at it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pyotp
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.apps.model import Application
from muster.core.connections.model import INTERNAL_NAME, Connection
from muster.core.credentials import second_factors
from muster.core.credentials.attempts import CredentialRefused
from muster.core.events import CHANNELS, Context, Message
from muster.core.ids import UserId
from muster.core.passkeys.actions import PasskeyChecks
from muster.core.passwords.choosing import NewPasswords
from muster.core.records import Record
from muster.core.sessions.model import Session
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.sign_in.engine import Beginning, Begun, Finished, SignIn
from muster.core.sign_in.model import Asked, SignInAttempt
from muster.core.sign_in.view import View
from muster.core.store import Change, Unit
from muster.core.users.model import Address, User
from muster.crypto.passkeys import WebAuthn
from tests.core.sign_in import NOW, REALM, RIGHT, World, opened_world

OPERATORS = "operators"
APP = "app"
ORIGIN = "https://id.example.org"


class Engine:
    """The world of `tests.core.sign_in` with the engine on it. `known` are passwords that are refused as widely known."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known: set[str] = set()
        self.sign_in = self.another(world)

    def another(self, world: World) -> SignIn:
        """An engine as another process has it, on the same database."""
        return SignIn(
            world.runner,
            world.checks,
            PasskeyChecks(world.runner, WebAuthn()),
            NewPasswords(world.runner.store, world.passwords, self.known.__contains__),
            world.secrets,
            world.codes,
        )

    async def add(self, record: Record) -> None:
        await self.world.store.commit(Unit(self.world.tenant_id, [Change(None, record)]))

    async def set_up(self, change: Any) -> None:
        """Change the tenant's settings, by a function of them."""

        async def act(tx: Any) -> None:
            tx.save(change(await tx.need(SignInSettings, SETTINGS_ID)))

        await self.world.act(act)

    async def change(self, user_id: UserId | None = None, **members: Any) -> None:
        """Make members of a user these, by nobody's leave."""

        async def act(tx: Any) -> None:
            tx.save(replace(await tx.need(User, user_id or self.world.ann), **members))

        await self.world.act(act)

    async def verify(self, user_id: UserId | None = None) -> None:
        """The user's first e-mail address counts as proved."""
        user = await self.world.user(user_id)
        await self.change(user_id, emails=[replace(user.emails[0], verified=True, verified_at=NOW), *user.emails[1:]])

    async def add_phone(self, number: str, *, verified: bool = True) -> None:
        user = await self.world.user()
        phone = Address(
            id="p", value=number, primary=not user.phones, verified=verified, created_at=NOW, updated_at=NOW
        )
        await self.change(phones=[*user.phones, phone])

    async def enrol(self) -> str:
        """The secret of a confirmed authenticator app of the user, whose last code lies behind."""
        user, secret = await self.world.on_ann(
            second_factors.begin_totp, self.world.secrets, self.world.codes, actor=SYSTEM
        )
        factor = replace(user.factors[0], confirmed=True, enrolled_at=NOW)
        await self.change(factors=[factor])
        return str(secret)

    async def messages(self) -> Sequence[Message]:
        """What waits to be sent, oldest first, those to nobody included."""
        channels = (*CHANNELS, "nobody")
        return [due.message for due in await self.world.store.outbox.due(self.world.clock.now(), 100, channels)]

    async def last_code(self) -> str:
        return str([m.data["code"] for m in await self.messages() if "code" in m.data][-1])

    async def attempt(self, id_: str) -> SignInAttempt | None:
        return await self.world.store.get(self.world.tenant_id, SignInAttempt, id_)

    async def sessions(self, user_id: UserId | None = None) -> list[Session]:
        return [*await self.world.store.owned(self.world.tenant_id, Session, user_id or self.world.ann)]

    def browser(self, ip: str = "192.0.2.1", sign_in: SignIn | None = None) -> Browser:
        return Browser(self, ip, sign_in or self.sign_in)


class Browser:
    """One person at one browser: what its cookies would hold, and the attempt it is at."""

    def __init__(self, engine: Engine, ip: str, sign_in: SignIn) -> None:
        self.engine = engine
        self.sign_in = sign_in
        self.tenant_id = engine.world.tenant_id
        self.context = Context(ip=ip, user_agent="browser")
        self.secret = ""
        self.token = ""
        self.attempt_id = ""

    async def begin(self, app_id: str = APP, **asked: Any) -> Begun:
        """A sign-in for the application, resting on whoever is signed in here."""
        signed = await self.sign_in.signed_in(self.tenant_id, self.token) if self.token else None
        beginning = Beginning(
            app_id,
            {"state": "s"},
            "/authorize/resume",
            Asked(**asked),
            None if signed is None else signed[0],
            ORIGIN,
        )
        begun = await self.sign_in.begin(self.tenant_id, beginning, self.secret, self.context)
        self.secret, self.attempt_id = begun.browser, begun.attempt.id
        return begun

    async def view(self) -> View:
        return await self.sign_in.view(self.tenant_id, self.attempt_id, self.secret, self.context)

    async def take(self, action: str, **given: str) -> View:
        return await self.sign_in.take(self.tenant_id, self.attempt_id, self.secret, action, given, self.context)

    async def refused(self, action: str, **given: str) -> str:
        """The code with which an action is refused as a wrong credential."""
        try:
            view = await self.take(action, **given)
        except CredentialRefused as refused:
            return refused.code
        raise AssertionError(f"{action} was taken, and leads to {view.step}")

    async def finish(self) -> Finished:
        finished = await self.sign_in.finish(self.tenant_id, self.attempt_id, self.secret, self.context)
        if finished.token is not None:
            self.token = finished.token
        return finished

    async def by_password(self, identifier: str = "ann@example.org", password: str = RIGHT, **asked: Any) -> View:
        """Begin, say who one is, and prove it by the password."""
        await self.begin(**asked)
        await self.take("identify", identifier=identifier)
        return await self.take("password", password=password)

    async def sign_in_whole(self, **asked: Any) -> Finished:
        """Signed in by password alone."""
        view = await self.by_password(**asked)
        assert view.step == "done", view.step
        return await self.finish()


def totp_at(secret: str, engine: Engine) -> str:
    """What the authenticator app shows now."""
    return str(pyotp.TOTP(secret).at(engine.world.clock.now() // 1000))


@contextlib.asynccontextmanager
async def opened_engine(url: str) -> AsyncIterator[Engine]:
    """The engine, on a realm that is the default, with operators' realm, application and settings beside it."""
    async with opened_world(url) as world:
        engine = Engine(world)
        records = [
            Connection(id=REALM, name="Users", default=True, created_at=NOW, updated_at=NOW, version=1),
            Connection(id=OPERATORS, name=INTERNAL_NAME, internal=True, created_at=NOW, updated_at=NOW, version=1),
            Application(id=APP, name="Shop", created_at=NOW, updated_at=NOW, version=1),
            SignInSettings(created_at=NOW, updated_at=NOW, version=1),
        ]
        await world.store.commit(Unit(world.tenant_id, [Change(None, record) for record in records]))
        yield engine
