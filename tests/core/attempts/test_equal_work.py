"""Nothing tells a user who exists from one who does not: the same answers, the same hashes, the same statements, the same locks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.clock import TurnedClock
from muster.core.credentials.checks import CredentialChecks
from muster.core.credentials.locking import lock
from muster.core.errors import Refusal
from muster.core.store import Unit
from muster.core.transaction import TransactionRunner
from muster.storage.store import SqlStore
from tests.core.sign_in import RIGHT, World
from tests.core.sign_in_engine import Browser, Engine, opened_engine

KNOWN = "ann@example.org"
NOBODY = "abe@example.org"


class WatchedStore:
    """The store, noting every statement."""

    def __init__(self, store: SqlStore, done: list[str]) -> None:
        self._store = store
        self._done = done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def get(self, tenant_id: int, kind: Any, *args: Any, **kwargs: Any) -> Any:
        self._done.append(f"get {kind.__name__}")
        return await self._store.get(tenant_id, kind, *args, **kwargs)

    async def find(self, tenant_id: int, kind: Any, *args: Any, **kwargs: Any) -> Any:
        self._done.append(f"find {kind.__name__}")
        return await self._store.find(tenant_id, kind, *args, **kwargs)

    async def records(self, tenant_id: int, kind: Any) -> Any:
        self._done.append(f"records {kind.__name__}")
        return await self._store.records(tenant_id, kind)

    async def owned(self, tenant_id: int, kind: Any, *args: Any, **kwargs: Any) -> Any:
        self._done.append(f"owned {kind.__name__}")
        return await self._store.owned(tenant_id, kind, *args, **kwargs)

    async def commit(self, unit: Unit) -> None:
        # Whether somebody's failures or nobody's are written differs; how many rows are written does not.
        self._done.append(f"commit of {sum(_rows(write) for write in SqlStore.prepare(unit))} rows")
        await self._store.commit(unit)


def _rows(write: Any) -> int:
    if write.sql.startswith("SELECT"):
        return 0  # holds the user's row when the very first attempt of somebody is noted
    return len(write.params) if write.many else 1


class WatchedPasswords:
    """The hashing pool, noting what is asked of it: to check and to burn are one hash each."""

    def __init__(self, passwords: Any, done: list[str]) -> None:
        self._passwords = passwords
        self._done = done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._passwords, name)

    async def verify(self, hash_: str, password: str) -> bool:
        self._done.append("hash")
        return bool(await self._passwords.verify(hash_, password))

    async def burn(self, password: str) -> None:
        self._done.append("hash")
        await self._passwords.burn(password)


@pytest.fixture
async def watched(migrated_url: str) -> AsyncIterator[tuple[Engine, list[str]]]:
    """The engine on a store and a pool that are watched, and the list of what was done."""
    async with opened_engine(migrated_url) as engine:
        await engine.verify()
        done: list[str] = []
        world: World = engine.world
        store: Any = WatchedStore(world.store, done)
        runner = TransactionRunner(store, world.clock)
        passwords: Any = WatchedPasswords(world.passwords, done)
        plain_runner, plain_passwords = world.runner, world.passwords
        world.runner, world.passwords = runner, passwords
        world.checks = CredentialChecks(runner, passwords, world.secrets, world.codes, answer_failures_after=0)
        engine.sign_in = engine.another(world)
        world.runner, world.passwords = plain_runner, plain_passwords
        yield engine, done


async def story(engine: Engine, done: list[str], identifier: str, ip: str) -> list[tuple[str, object, list[str]]]:
    """What a stranger sees at every turn of trying to be this one, and what the server did."""
    clock: TurnedClock = engine.world.clock
    browser: Browser = engine.browser(ip)
    told: list[tuple[str, object, list[str]]] = []

    async def turn(action: str, **given: str) -> None:
        done.clear()
        try:
            view = await browser.take(action, **given)
            answer: object = _shown(view)
        except Refusal as refused:
            answer = (type(refused).__name__, refused.code, refused.detail)
        told.append((action, answer, [*done]))

    for _ in range(2):
        await browser.begin()
        await turn("identify", identifier=identifier)
        await turn("password", password="wrong")
        await turn("send_code", channel="email")
        await turn("send_code", channel="email")
        for _ in range(6):
            await turn("code", code="none")
        await turn("link", link="none")
        await turn("password", password="wrong")
        clock.turn(seconds=31)
    done.clear()
    return told


def _shown(view: Any) -> object:
    """The page, less what differs between any two attempts."""
    return replace(
        view,
        attempt=replace(
            view.attempt,
            id="",
            browser="",
            sent=None,
            created_at=0,
            updated_at=0,
            expires_at=0,
            identifier="",
            request={},
        ),
        resend_at=view.resend_at and 1,
        hint="",
    )


async def test_a_stranger_cannot_tell_who_exists(watched: tuple[Engine, list[str]]) -> None:
    engine, done = watched
    known = await story(engine, done, KNOWN, "192.0.2.1")
    nobody = await story(engine, done, NOBODY, "192.0.2.2")
    shifted = [(action, _without_time(answer), work) for action, answer, work in nobody]
    for mine, theirs in zip([(a, _without_time(b), c) for a, b, c in known], shifted, strict=True):
        assert mine == theirs
    assert len([work for _, _, done_ in known for work in done_ if work == "hash"]) == 4
    answers = [answer[1] for _, answer, _ in known if isinstance(answer, tuple)]
    assert "address_blocked" in answers  # so far the story goes, and is the same for both


@pytest.mark.parametrize("change", ["no password", "locked by hand", "never proved", "operator"])
async def test_nor_what_an_account_is_like(watched: tuple[Engine, list[str]], change: str) -> None:
    """One without a password, locked, unproved or of the operators' realm looks like nobody, too."""
    engine, done = watched
    user = await engine.world.user()
    if change == "no password":
        await engine.change(password=None)
    elif change == "locked by hand":
        await engine.world.on_ann(lock, until=None)
    elif change == "never proved":
        await engine.change(emails=[replace(user.emails[0], verified=False)])
    else:
        await engine.change(internal=True)
    known = await story(engine, done, KNOWN, "192.0.2.1")
    nobody = await story(engine, done, NOBODY, "192.0.2.2")
    assert [(a, _without_time(b), c) for a, b, c in known] == [(a, _without_time(b), c) for a, b, c in nobody]


async def test_the_right_password_of_a_locked_account_is_a_wrong_one(watched: tuple[Engine, list[str]]) -> None:
    engine, done = watched
    browsers = [engine.browser(), engine.browser()]
    work: list[list[str]] = []
    told: list[str] = []
    for _ in range(10):
        await browsers[0].begin()
        await browsers[0].take("identify", identifier=KNOWN)
        await browsers[0].refused("password", password="wrong")
    for browser, password in zip(browsers, ("wrong", RIGHT), strict=True):
        await browser.begin()
        await browser.take("identify", identifier=KNOWN)
        done.clear()
        told.append(await browser.refused("password", password=password))
        work.append([*done])
    assert told == ["address_blocked"] * 2
    assert work[0] == work[1]


def _without_time(answer: object) -> object:
    """An answer whose times are those of its own story."""
    if isinstance(answer, tuple):
        kind, code, detail = answer
        return kind, code, sorted(detail)
    return answer
