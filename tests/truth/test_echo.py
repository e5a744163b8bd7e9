"""A client that reads a user, and sends everything back, changes nothing: no default of ours becomes a stored fact."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from tests.house import DIALECTS
from tests.truth.drivers import Driver, Person
from tests.truth.fact import Act, Step
from tests.truth.facts.elsewhere import GOOGLE, SAML, linked
from tests.truth.facts.person import PIXEL
from tests.truth.members import NUMBERS, Members, People, core_user
from tests.truth.steps import PASSWORD, clerk, mattr, mattr_new, monocloud_new, netwrix

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

Shown = dict[str, Any]


def only(shown: Shown, *names: str) -> Shown:
    return {name: shown[name] for name in names if shown.get(name) is not None}


async def to_auth0(one: Driver, path: str, shown: Shown) -> None:
    """What one call must not change together goes in calls of its own."""
    profile = ("name", "nickname", "picture", "given_name", "family_name")
    await one.call("PATCH", path, only(shown, *profile, "user_metadata", "app_metadata", "blocked"))
    for names in (("email", "email_verified"), ("phone_number", "phone_verified"), ("username",)):
        if only(shown, *names):
            await one.call("PATCH", path, only(shown, *names))


async def to_clerk(one: Driver, path: str, shown: Shown) -> None:
    profile = ("external_id", "username", "first_name", "last_name", "locale")
    flags = ("delete_self_enabled", "create_organization_enabled", "create_organizations_limit", "bypass_client_trust")
    await one.call("PATCH", path, {**only(shown, *flags), **{name: shown[name] for name in profile}})
    await one.call("PATCH", path, only(shown, "primary_email_address_id", "primary_phone_number_id"))
    documents = ("public_metadata", "private_metadata", "unsafe_metadata")
    await one.call("PATCH", f"{path}/metadata", only(shown, *documents))
    for each in shown["email_addresses"]:
        verified = each["verification"] is not None
        await one.call("PATCH", f"/email_addresses/{each['id']}", {"verified": verified})


async def to_monocloud(one: Driver, path: str, shown: Shown) -> None:
    await one.call("PATCH", f"{path}/claims", shown["claims"])
    for document in ("private_data", "public_data"):
        await one.call("PATCH", f"{path}/{document}", only(shown, document))
    if shown["username"] is not None:
        await one.call("PUT", f"{path}/username", only(shown["username"], "username"))
    for each in shown["emails"]:
        act = "verify" if each["verified"] else "unverify"
        await one.call("POST", f"{path}/emails/{each['id']}/{act}")
        if each["primary"] and each["verified"]:
            await one.call("POST", f"{path}/emails/{each['id']}/primary")


async def to_mattr(one: Driver, path: str, shown: Shown) -> None:
    await one.call("PUT", path, only(shown, "claims"))


async def to_netwrix(one: Driver, _: str, shown: Shown) -> None:
    await one.call("POST", "/users/update", {"UserDetails": shown})


ECHOES: Final[dict[str, Callable[[Driver, str, Shown], Awaitable[None]]]] = {
    "auth0": to_auth0,
    "clerk": to_clerk,
    "monocloud": to_monocloud,
    "mattr": to_mattr,
    "netwrix": to_netwrix,
}


async def somebody_with_everything(people: People) -> Members:
    """Each dialect has written what it can."""
    made_by, number = people.drivers["clerk"], next(NUMBERS)
    body = {
        "email_address": [f"echo{number}@truth.example", f"echo-too{number}@truth.example"],
        "phone_number": [f"+1323555{number:04}"],
        "username": f"Echo{number}",
        "external_id": f"echo-{number}",
        "first_name": "Ada",
        "password": PASSWORD,
        "private_metadata": {"z": 1, "a": {"b": [1, 2.5, None]}},
        "public_metadata": {"é": "x"},
    }
    user = await core_user(people.house, made_by, await made_by.call("POST", "/users", body))
    person = people.somebody("clerk").be(user)
    ids = {name: await person.id_in(name) for name in DIALECTS}
    await people.drivers["auth0"].call(
        "PATCH", people.drivers["auth0"].place(ids["auth0"]), {"user_metadata": {"u": 1}, "blocked": False}
    )
    await people.drivers["monocloud"].call(
        "PATCH",
        f"{people.drivers['monocloud'].place(ids['monocloud'])}/claims",
        {"family_name": "Lovelace", "name": "Ada Lovelace", "address": {"locality": "London"}, "zoneinfo": "Etc/UTC"},
    )
    claimer = people.drivers["mattr"]
    claims = (await claimer.read(ids["mattr"]))["claims"]
    await claimer.call("PUT", claimer.place(ids["mattr"]), {"claims": {**claims, "role": ["x"], "nickname": "Ady"}})
    details = {"UserName": ids["netwrix"], "Groups": [f"Echo {number}"], "TimeZoneId": "GMT Standard Time"}
    await people.drivers["netwrix"].call("POST", "/users/update", {"UserDetails": details})
    return person


async def somebody_bare(people: People, maker: str) -> Members:
    """Of whom only what must be is said, so that every default shows."""
    one, number = people.drivers[maker], next(NUMBERS)
    id_ = await one.create(
        Person(
            email=None if maker in ("mattr", "netwrix") else f"bare{number}@truth.example",
            username=f"bare{number}" if maker == "netwrix" else None,
            password=PASSWORD if maker in ("auth0", "netwrix") else None,
        )
    )
    return people.somebody(maker).be(await core_user(people.house, one, await one.read(id_)))


async def somebody_odd(people: People, maker: str, *steps: Step | Act) -> Members:
    """Who comes by other ways than a plain creation."""
    person = people.somebody(maker)
    await person.write(steps)
    return person


CLAIMED: Final = mattr_new(
    email="claimed{n}@truth.example",
    email_verified=True,
    phone_number="not a number",
    given_name="Ada",
    nickname=5,
    birthdate={"year": 1815},
    address={"locality": "London", "planet": "Earth"},
)
"""Contacts, and claims that the profile cannot hold."""


async def test_whoever_sends_back_what_was_read_changes_nothing(people: People) -> None:
    """Each dialect's whole answer, of somebody with everything and of people with hardly anything, a minute later."""
    everybody = [await somebody_with_everything(people)]
    everybody += [await somebody_bare(people, maker) for maker in DIALECTS]
    everybody += [
        await somebody_odd(people, "mattr", CLAIMED),
        await somebody_odd(people, "clerk", clerk(first_name="Ada", locale="en"), mattr(role="x")),
        await somebody_odd(people, "clerk", linked(GOOGLE), Step("POST", "./profile_image", picture=PIXEL)),
        await somebody_odd(people, "netwrix", linked(SAML), netwrix(Locked=True, Roles=["useradmin"])),
        await somebody_odd(people, "monocloud", monocloud_new(username="Echo.{n}", phone_number="+1424555{n:04}")),
    ]
    for person in everybody:
        ids = {name: await person.id_in(name) for name in DIALECTS}
        before = {name: await people.drivers[name].read(ids[name]) for name in DIALECTS}
        for dialect, echo in ECHOES.items():
            people.house.clock.turn(seconds=60)
            one, id_ = people.drivers[dialect], ids[dialect]
            await echo(one, one.place(id_), before[dialect])
            changed = [
                f"{reader}: {member} was {was!r} and is {now.get(member)!r}"
                for reader in DIALECTS
                for now in [await people.drivers[reader].read(ids[reader])]
                for member, was in before[reader].items()
                if now.keys() != before[reader].keys() or now[member] != was
            ]
            assert changed == [], f"{dialect} sent back what it had read of {person.writer}'s"
