"""/dev/outbox: the messages that wait, for an operator and nobody else, and only where the setting is on."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from muster.core.connections.model import Connection
from muster.core.events import Message
from muster.core.ids import UserId
from muster.core.messages.composing import Composer
from muster.core.store import Unit
from muster.signin.outbox_page import DevOutbox
from tests.core.people import keep, open_realm, proved, sign_in
from tests.core.sign_in import NOW, RIGHT, World, opened_world
from tests.databases import Databases
from tests.signin.account_house import AccountHouse, Seen

OPERATORS = "operators"
NASTY = "<script>alert(1)</script>@example.org"


@contextlib.asynccontextmanager
async def opened(url: str, *, on: bool = True) -> AsyncIterator[AccountHouse]:
    async with opened_world(url) as world:
        await open_realm(world)
        await keep(world, Connection(id=OPERATORS, name="operators", internal=True, created_at=NOW))
        outbox = DevOutbox(
            waiting=lambda tenant_id, most: world.store.outbox.waiting(most, tenant_id),
            compose=Composer(world.store, world.clock, lambda _: "https://id.example.org/"),
        )
        yield AccountHouse(world, dev_outbox=outbox if on else None)


@pytest.fixture
async def house(sqlite_databases: Databases) -> AsyncIterator[AccountHouse]:
    async with opened(sqlite_databases.migrated()) as made:
        yield made


EMAIL = "operator@example.org"


async def operator(world: World, *roles: str) -> UserId:
    return await world.add(EMAIL, realm=OPERATORS, internal=True, hub_roles=list(roles), emails=[proved(EMAIL)])


async def send(world: World, *messages: Message) -> None:
    await world.store.commit(Unit(world.tenant_id, messages=list(messages)))


async def test_an_operator_signs_in_and_sees_what_waits(house: AccountHouse) -> None:
    world = house.world
    await send(
        world,
        Message(
            "m1", "sign_in_code", "ann@example.org", NOW, data={"code": "123456", "path": "/sign-in/link?ticket=t1"}
        ),
        Message("m2", "sign_in_code", "+4930777777", NOW + 1, data={"code": "654321"}),
        Message("m3", "sign_in_code", "", NOW + 2, data={"channel": "email"}),
        Message("m4", "password_reset", NASTY, NOW + 3, data={"link": "javascript:alert(1)"}),
        Message("m5", "verification_email", "old@example.org", NOW, data={"path": "/x", "expires_at": NOW}),
    )
    browser = house.browser()
    page = await browser.open("/dev/outbox")
    assert page.path.startswith("/sign-in?attempt=")
    await operator(world, "admin")
    page = await browser.send(page.form("/sign-in/identify"), identifier=EMAIL)
    page = await browser.send(page.form("/sign-in/password"), password=RIGHT)
    assert (page.status, page.path) == (200, "/dev/outbox")
    text = page.answer.text
    for shown in ("123456", "654321 is your code", "Your code to sign in to Muster"):
        assert shown in text
    assert '<a href="https://id.example.org/sign-in/link?ticket=t1"' in text
    assert "<script>alert" not in text
    assert 'href="javascript' not in text
    assert "What this message brings is over" in text
    assert text.count("<article") == 4
    assert text.index("654321") < text.index("123456")
    german = await browser.open("/dev/outbox?lang=de")
    assert "Wartende Nachrichten" in german.answer.text
    assert page.answer.headers["cache-control"] == "no-store"


async def test_for_everybody_else_there_is_no_such_page(house: AccountHouse) -> None:
    world = house.world
    ordinary, _ = await house.somebody()
    admin_outside, _ = await house.somebody("boss@example.org", hub_roles=["admin"])
    weak = house.signed_in(await sign_in(world, await operator(world, "reportadmin")))
    seen: list[Seen] = [await browser.open("/dev/outbox") for browser in (ordinary, admin_outside, weak)]
    assert [(page.status, page.path) for page in seen] == [(404, "/dev/outbox")] * 3
    assert len({page.answer.text for page in seen}) == 1
    nowhere = await ordinary.open("/dev/nothing")
    assert nowhere.status == 404


async def test_another_tenant_s_messages_are_not_shown(house: AccountHouse) -> None:
    world = house.world
    other = await world.store.create_tenant("other", NOW)
    await world.store.commit(
        Unit(other.number, messages=[Message("m1", "password_changed", "theirs@example.org", NOW)])
    )
    page = await house.signed_in(await sign_in(world, await operator(world, "admin"))).open("/dev/outbox")
    assert page.status == 200
    assert "theirs@example.org" not in page.answer.text
    assert "Nothing waits." in page.answer.text


async def test_without_the_setting_there_is_no_such_page(sqlite_databases: Databases) -> None:
    async with opened(sqlite_databases.migrated(), on=False) as house:
        signed_in = house.signed_in(await sign_in(house.world, await operator(house.world, "admin")))
        for browser in (house.browser(), signed_in):
            assert (await browser.open("/dev/outbox")).status == 404
