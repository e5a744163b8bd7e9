"""One person of the cross-check: made and changed by the steps of a fact, and compared with what each dialect shows."""

import itertools
from collections.abc import Sequence
from typing import Any, Final, Self
from uuid import UUID

from muster.core.query import Order, Page, Range
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.model import User
from tests.house import DIALECTS, House
from tests.truth.drivers import Driver, Shown, driver
from tests.truth.fact import Act, Fact, Hidden, Step, Steps, agrees, filled, found_at
from tests.truth.steps import NEW

NUMBERS: Final = itertools.count(1)
USUAL: Final = "clerk"
"""Who makes the person where the writer is not a dialect but a sign-in."""

Known = dict[str, Any]


class Members:
    """One person, whom one dialect makes and all five show."""

    def __init__(self, house: House, writer: str, drivers: dict[str, Driver], provider: Known) -> None:
        self.house = house
        self.writer = writer
        self.drivers = drivers
        self.user: User
        self.known: Known = {"n": next(NUMBERS), "provider": provider}

    async def write(self, steps: Steps) -> None:
        """Carry out the steps of a fact. Where the first is not a creation, somebody new is made before."""
        maker = self.writer if self.writer in NEW else USUAL
        first, *others = steps
        if isinstance(first, Step) and first.path in ("/users", "/users/add"):
            await self._make(maker, first)
        else:
            await self._make(maker, NEW[maker])
            others = [first, *others]
        for step in others:
            self.house.clock.turn(seconds=step.lasts)
            if isinstance(step, Step):
                await self._call(step)
            elif isinstance(step, Act):
                await self.house.act("default", self._change, step)
            else:
                async with self.house.anonymous(accept="application/json") as visitor:
                    answer = await visitor.post(step.path, json=filled(step.body, await self.shown("netwrix")))
                assert answer.is_success is step.accepted, answer.text

    def be(self, user: User) -> Self:
        """Be somebody who is there already."""
        self.user = user
        self.known |= {"core": user.id, "uuid": str(UUID(user.id)), "seq": user.seq}
        return self

    async def _make(self, maker: str, step: Step) -> None:
        made = await self.drivers[maker].call(step.method, step.path, filled(step.body, self.known))
        self.be(await core_user(self.house, self.drivers[maker], made))

    async def _call(self, step: Step) -> None:
        dialect = step.of or self.writer
        known = await self.shown(dialect)
        path = self._path(dialect, step, known)
        client = self.drivers[dialect]
        if step.picture is None:
            self.known["made"] = await client.call(step.method, path, filled(step.body, known))
        else:
            answer = await client.client.post(path, files={"file": ("face.png", step.picture, "image/png")})
            assert answer.is_success, answer.text

    def _path(self, dialect: str, step: Step, known: Known) -> str:
        path: str = filled(step.path, known)
        return self.drivers[dialect].place(known["id"]) + path[1:] if path.startswith(".") else path

    async def _change(self, tx: Transaction, act: Act) -> None:
        await act.change(tx, await tx.need(User, self.user.id))

    async def shown(self, dialect: str) -> Known:
        """All that a dialect shows of the person now, and the person's own numbers."""
        id_ = await self.id_in(dialect)
        return {**await self.drivers[dialect].read(id_), **self.known, "id": id_}

    async def id_in(self, dialect: str) -> str:
        """The person's id there, found as a program would find it: by searching."""
        user = await self.house.web._opened.store.get(tenant_of(self.house), User, self.user.id)
        assert user is not None
        return await self.drivers[dialect].id_of(user)

    async def wrong(self, fact: Fact, reader: str) -> list[str]:
        """What a dialect does not show as the fact says."""
        about = f"{self.writer} → {reader}"
        expected, client = fact.shows[reader], self.drivers[reader]
        known = shown = await self.shown(reader)
        look = fact.looks.get(reader)
        if look is not None:
            body = filled(look.body, known)
            shown = {"answer": await client.call(look.method, self._path(reader, look, known), body)}
        found = []
        if isinstance(expected, Hidden):
            own = {name: value for name, value in shown.items() if name not in self.known and name != "id"}
            text = str(filled(expected.text, known))
            found += [f"{about}: {text!r} is shown"] if text in str(own) else []
        else:
            now = self.house.clock.now()
            found += [
                f"{about}: {path} is {there!r}, not {wanted!r}"
                for path, template in expected.items()
                for wanted, there in [(filled(template, known), found_at(shown, path))]
                if not agrees(wanted, there, now)
            ]
        for searches, there in ((fact.finds, [known["id"]]), (fact.loses, [])):
            if reader in searches:
                asked = filled(searches[reader], known)
                ids = [client.id_in(each) for each in await self._search(reader, asked)]
                found += [f"{about}: {asked!r} finds {ids}, not {there}"] if ids != there else []
        if (
            fact.password is not None
            and "check_password" in client.can
            and not await client.is_password(known["id"], fact.password)
        ):
            found.append(f"{about}: the password is refused")
        return found

    async def _search(self, reader: str, asked: Any) -> Sequence[Shown]:
        client = self.drivers[reader]
        if isinstance(asked, str):
            return await client.search(asked)
        if reader == "mattr":
            found = (await client.call("POST", "/users/search", asked))["data"]
        else:
            found = await client.call("GET", "/users", **asked)
        return list(found)

    async def wrong_anywhere(self, fact: Fact) -> list[str]:
        """The same of all five."""
        return [each for reader in DIALECTS for each in await self.wrong(fact, reader)]


class People:
    """Who makes members: the five drivers on one server."""

    def __init__(self, house: House, drivers: dict[str, Driver], provider: Known) -> None:
        self.house = house
        self.drivers = drivers
        self.provider = provider

    def somebody(self, writer: str) -> Members:
        """A person whom that dialect is about to make."""
        return Members(self.house, writer, self.drivers, self.provider)


async def people(house: House) -> People:
    """The five drivers, and the one provider that MATTR's tenant has, made when nobody has made it yet."""
    drivers = {name: await driver(house, name) for name in DIALECTS}
    path = "/users/authentication-providers"
    known = (await drivers["mattr"].call("GET", path))["data"]
    body = {"url": "https://issuer.truth-university.org", "clientId": "truth", "clientSecret": "s" * 64}
    provider = known[0] if known else await drivers["mattr"].call("POST", path, body)
    return People(house, drivers, provider)


async def core_user(house: House, maker: Driver, shown: Known) -> User:
    """The core's user behind what a dialect shows."""
    store, tenant = house.web._opened.store, tenant_of(house)
    if maker.name == "netwrix":
        found = await store.search_users(tenant, Range("seq", low=shown["Id"], high=shown["Id"]), Order(), Page())
        return found[0]
    key = maker.decode(maker.id_in(shown))
    user = await (store.find(tenant, User, key) if isinstance(key, Key) else store.get(tenant, User, key))
    assert user is not None
    return user


def tenant_of(house: House) -> int:
    """The number of the tenant `default`."""
    return house.web._sites.find([]).tenant_id
