"""A tenant with one user who has a password, and everything that checks it: real hashes, real sealing, real engines."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import bcrypt
import pyotp
from msgspec.structs import replace

from muster.core.actor import SYSTEM, Actor
from muster.core.clock import TurnedClock
from muster.core.credentials.attempts import Attempt, stranger
from muster.core.credentials.checks import CredentialChecks
from muster.core.credentials.lockout import LockPolicy
from muster.core.events import Context
from muster.core.ids import UserId, new_user_id
from muster.core.records import Key
from muster.core.store import Change, Unit
from muster.core.transaction import TransactionRunner
from muster.core.users.model import Activity, Address, Origin, Password, User
from muster.crypto.hashing_pool import HashingPool
from muster.crypto.sealing import Sealer
from muster.crypto.totp import TimeBasedCodes
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

NOW = 1_800_000_000_000
REALM = "realm"
EMAIL = Key(REALM, "email", "ann@example.org")
RIGHT = "correct horse"
QUICK_HASH = bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(4)).decode()


class World:
    def __init__(self, engine: Engine, tenant_id: int) -> None:
        self.engine = engine
        self.store = SqlStore(engine)
        self.tenant_id = tenant_id
        self.clock = TurnedClock(NOW)
        self.runner = TransactionRunner(self.store, self.clock)
        self.passwords = HashingPool(2, 1000)
        self.secrets = Sealer.of(b"k" * 32)
        self.codes = TimeBasedCodes()
        self.checks = CredentialChecks(self.runner, self.passwords, self.secrets, self.codes, answer_failures_after=0)
        self.ann = UserId("")

    async def add(self, email: str = "ann@example.org", **members: Any) -> UserId:
        """A user with `RIGHT` as the password, unless told otherwise."""
        address = Address(id="e", value=email, primary=True, created_at=NOW, updated_at=NOW)
        password = Password(hash=QUICK_HASH, scheme="bcrypt", set_at=NOW)
        user = User(
            id=new_user_id(NOW),
            version=1,
            created_at=NOW,
            updated_at=NOW,
            realm=REALM,
            origin=Origin(door="muster"),
            emails=[address],
            password=password,
        )
        user = replace(user, **members)
        await self.store.commit(Unit(self.tenant_id, [Change(None, user)]))
        return user.id

    async def user(self, id_: UserId | None = None) -> User:
        user = await self.store.get(self.tenant_id, User, id_ or self.ann)
        assert user is not None
        return user

    async def activity(self) -> Activity:
        return (await self.user()).activity or Activity()

    async def act(self, act: Any, *args: Any, actor: Actor = SYSTEM, ip: str = "", **kwargs: Any) -> Any:
        """Run an act as it is."""
        return await self.runner.run_from(Context(ip=ip), self.tenant_id, actor, act, *args, **kwargs)

    async def on_ann(self, act: Any, *args: Any, actor: Actor = SYSTEM, ip: str = "", **kwargs: Any) -> Any:
        """Run an act that is about the user."""

        async def acting(tx: Any) -> Any:
            return await act(tx, await tx.need(User, self.ann), *args, **kwargs)

        return await self.act(acting, actor=actor, ip=ip)

    def attempt(
        self,
        ip: str = "192.0.2.1",
        *,
        who: UserId | Key = EMAIL,
        policy: LockPolicy | None = None,
        actor: Actor | None = None,
        internal: bool = False,
    ) -> Attempt:
        return Attempt(
            tenant_id=self.tenant_id,
            actor=actor or stranger("muster"),
            who=who,
            policy=policy or LockPolicy(),
            context=Context(ip=ip),
            internal=internal,
        )

    async def events(self) -> list[str]:
        """What happened to the user, oldest first."""
        events = await self.store.events.of_user(self.tenant_id, self.ann, limit=500)
        return sorted(event.kind for event in events)

    def code(self, secret: str, *, seconds: int = 0) -> str:
        """What the user's authenticator app shows, or showed so long ago."""
        return str(pyotp.TOTP(secret).at(self.clock.now() // 1000 + seconds))


@contextlib.asynccontextmanager
async def opened_world(url: str) -> AsyncIterator[World]:
    engine = open_engine(url)
    await engine.start()
    tenant = await SqlStore(engine).create_tenant("default", NOW)
    world = World(engine, tenant.number)
    world.ann = await world.add()
    yield world
    world.passwords.close()
    await engine.stop()
