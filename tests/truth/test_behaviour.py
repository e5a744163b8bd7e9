"""What every dialect does alike with people, told once and run for each: what one cannot do is not in its driver's `can`."""

import asyncio
from typing import Any, Final, NamedTuple

import pytest

from tests.house import DIALECTS
from tests.truth.driver import Can
from tests.truth.drivers import DRIVERS, Driver, Person
from tests.truth.fact import Step, agrees, filled, found_at
from tests.truth.facts.kept import ALERT, FORMATS
from tests.truth.members import NUMBERS, People
from tests.truth.steps import PASSWORD, auth0, clerk, mattr, monocloud, netwrix

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

ANOTHER: Final = "another horse battery 2"


def somebody() -> Person:
    """A person with everything, who is not there yet."""
    number = next(NUMBERS)
    return Person(
        email=f"life{number}@truth.example",
        username=f"life{number}",
        phone=f"+1310555{number:04}",
        given="Ada",
        family="Lovelace",
        password=PASSWORD,
    )


def who_can(*words: Can) -> pytest.MarkDecorator:
    """A test of each dialect that can do all this."""
    return pytest.mark.parametrize("dialect", [name for name in DIALECTS if DRIVERS[name].can.issuperset(words)])


@who_can()
async def test_a_life(people: People, dialect: str) -> None:
    """Somebody is made, found, renamed and deleted, and then everything that named the person is free again."""
    one, person = people.drivers[dialect], somebody()
    assert person.email is not None
    id_ = await one.create(person)
    shown = await one.read(id_)
    assert one.id_in(shown) == id_
    assert one.email(shown) == person.email
    assert one.names(shown) == ("Ada", "Lovelace")
    if "have_identifiers" in one.can:
        assert one.username(shown) == person.username
        assert list(await one.search_username(str(person.username))) == await _again(one, id_)
    assert await one.search(person.email) == await _again(one, id_)

    await one.rename(id_, "Augusta", "King")
    assert one.names(await one.read(id_)) == ("Augusta", "King")
    assert one.email(await one.read(id_)) == person.email

    await one.delete(id_)
    assert await one.find(id_) is None
    assert list(await one.search(person.email)) == []
    again = await one.create(person)
    assert one.email(await one.read(again)) == person.email
    assert "id_is_name" in one.can or again != id_


async def _again(one: Driver, id_: str) -> list[dict[str, Any]]:
    """A search's answer: the user as a list shows it."""
    shown = await one.read(id_)
    left_out = {"private_data", "public_data"} if one.name == "monocloud" else set()
    return [{name: value for name, value in shown.items() if name not in left_out}]


@who_can("have_identifiers")
async def test_one_address_is_one_person_s(people: People, dialect: str) -> None:
    """Nobody else can be given it while the person is there, through whatever dialect."""
    one, person = people.drivers[dialect], somebody()
    await one.create(person)
    for name, other in people.drivers.items():
        if "have_identifiers" in other.can:
            with pytest.raises(AssertionError, match=r": (400|409|422) "):
                await other.create(person._replace(username=None, phone=None))
        assert len(await other.search(str(person.email))) == 1, name


@who_can("set_password")
async def test_passwords(people: People, dialect: str) -> None:
    """One that is set is right in every dialect that can say so, and the former one is wrong."""
    one, person = people.drivers[dialect], somebody()
    id_ = await one.create(person)
    checkers = [other for other in people.drivers.values() if "check_password" in other.can]
    (user,) = await people.drivers["clerk"].search(str(person.email))
    ids = {"clerk": user["id"], "netwrix": str(person.username)}
    (found,) = await people.drivers["monocloud"].search(str(person.email))
    ids["monocloud"] = found["user_id"]
    for checker in checkers:
        assert await checker.is_password(ids[checker.name], PASSWORD), checker.name
    await one.set_password(id_, ANOTHER)
    for checker in checkers:
        assert await checker.is_password(ids[checker.name], ANOTHER), checker.name
    wrong = await asyncio.gather(*(checker.is_password(ids[checker.name], PASSWORD) for checker in checkers))
    assert wrong == [False] * len(checkers)


@who_can("suspend", "show_suspended")
async def test_a_suspension_and_its_end(people: People, dialect: str) -> None:
    """A second suspension is none, and one end is enough."""
    one = people.drivers[dialect]
    id_ = await one.create(somebody())
    assert not one.is_suspended(await one.read(id_))
    for _ in range(2):  # again changes nothing
        await one.suspend(id_)
        assert one.is_suspended(await one.read(id_))
    await one.restore(id_)
    assert not one.is_suspended(await one.read(id_))


@who_can("unlock", "show_lock")
async def test_a_lock_and_its_end(people: People, dialect: str) -> None:
    """Where a dialect can only open, Clerk closes."""
    one, person = people.drivers[dialect], somebody()
    id_ = await one.create(person)
    closer = one if "lock" in one.can else people.drivers["clerk"]
    (found,) = await closer.search(str(person.email))
    await closer.lock(closer.id_in(found))
    assert one.is_locked(await one.read(id_))
    await one.unlock(id_)
    assert not one.is_locked(await one.read(id_))


@who_can("keep_documents")
async def test_documents(people: People, dialect: str) -> None:
    """What programs keep comes back as it was sent: key order, kinds of numbers, every depth, every script."""
    one = people.drivers[dialect]
    id_ = await one.create(somebody())
    document = {"z": 1, "a": [1.5, -0.25, 10**15, {"deep": {"er": None}}], "ключ": "значение 🦉", "no": False, "e": {}}
    await one.write_document(id_, document)
    shown = one.document(await one.read(id_))
    kept = {name: value for name, value in shown.items() if name in document}
    assert kept == document
    assert list(kept) == list(document)
    assert type(kept["z"]) is int
    await one.write_document(id_, {"more": "x"})
    assert one.document(await one.read(id_))["a"] == document["a"]
    assert one.document(await one.read(id_))["more"] == "x"


@who_can()
async def test_a_list_is_read_to_its_end(people: People, dialect: str) -> None:
    """In at least three pages, each user once, in one order whatever the size of the pages."""
    one = people.drivers[dialect]
    mine = [await one.create(somebody()._replace(password=None if dialect != "auth0" else PASSWORD)) for _ in range(7)]
    whole = [one.id_in(each) for each in await one.everyone(100)]
    assert len(set(whole)) == len(whole)
    assert set(mine) <= set(whole)
    if "page" in one.can:
        size = min(100, len(whole) // 3)
        assert [one.id_in(each) for each in await one.everyone(size)] == whole


class Edit(NamedTuple):
    """A call, and what the dialect that makes it shows when it is done."""

    step: Step
    path: str
    value: Any


def documents(step: str, member: str, dialect: str, count: int) -> list[Edit]:
    """Edits of one key of one document each."""
    method = "PATCH"
    return [
        Edit(Step(method, step, {member: {f"key{number}": number}}, of=dialect), f"{member}.key{number}", number)
        for number in range(count)
    ]


OF_CLERK: Final = [
    *documents("./metadata", "private_metadata", "clerk", 4),
    *documents("./metadata", "public_metadata", "clerk", 4),
    *documents("./metadata", "unsafe_metadata", "clerk", 4),
    Edit(clerk(first_name="Ada"), "first_name", "Ada"),
    Edit(clerk(last_name="King"), "last_name", "King"),
    Edit(clerk(locale="en-GB"), "locale", "en-GB"),
    Edit(clerk(external_id="edited-{n}"), "external_id", "edited-{n}"),
]
EDITS: Final[dict[str, list[Edit]]] = {
    "auth0": [
        *documents(".", "app_metadata", "auth0", 6),
        *documents(".", "user_metadata", "auth0", 5),
        Edit(auth0(name="Ada King"), "name", "Ada King"),
        Edit(auth0(given_name="Ada"), "given_name", "Ada"),
        Edit(auth0(family_name="King"), "family_name", "King"),
        Edit(auth0(nickname="Ady"), "nickname", "Ady"),
        Edit(auth0(blocked=True), "blocked", True),
    ],
    "clerk": OF_CLERK,
    "monocloud": [
        *documents("./private_data", "private_data", "monocloud", 4),
        *documents("./public_data", "public_data", "monocloud", 4),
        *(
            Edit(monocloud("claims", **{name: value}), f"claims.{name}", value)
            for name, value in (
                ("given_name", "Ada"),
                ("family_name", "King"),
                ("middle_name", "Augusta"),
                ("nickname", "Ady"),
                ("gender", "female"),
                ("website", "https://ada.example.com"),
                ("locale", "en-GB"),
            )
        ),
        Edit(Step("PUT", "./username", {"username": "edited{n}"}, of="monocloud"), "username.username", "edited{n}"),
    ],
    # It has one member, which it replaces whole: what others write of theirs at the same time must stay.
    "mattr": [Edit(mattr(role="x"), "claims.role", "x"), *OF_CLERK],
    "netwrix": [
        Edit(netwrix(FirstName="Ada"), "FirstName", "Ada"),
        Edit(netwrix(SecondName="King"), "SecondName", "King"),
        Edit(netwrix(Email="edited{n}@truth.example"), "Email", "edited{n}@truth.example"),
        Edit(netwrix(TimeZoneId="GMT Standard Time"), "TimeZoneId", "GMT Standard Time"),
        Edit(netwrix(DateFormats=FORMATS), "DateFormats", FORMATS),
        Edit(netwrix(NotificationGroups=[ALERT]), "NotificationGroups", [ALERT]),
        Edit(netwrix(Roles=["reportadmin"]), "Roles", ["reportadmin"]),
        Edit(netwrix(Groups=["Group {n}"]), "Groups", ["Group {n}"]),
        Edit(netwrix(Locked=True), "Locked", True),
        Edit(netwrix(TwoFactorRequired=True), "TwoFactorRequired", True),
        *OF_CLERK[:6],
    ],
}


@who_can()
async def test_sixteen_edits_of_different_members_at_once(people: People, dialect: str) -> None:
    """None is lost. Where an API has fewer members than that, another's edits come in between."""
    person = people.somebody(dialect)
    await person.write((Step("GET", "."),))
    edits = EDITS[dialect]
    calls = []
    for edit in edits:
        maker = edit.step.of or dialect
        known = await person.shown(maker)
        path = filled(edit.step.path, known)
        path = people.drivers[maker].place(known["id"]) + path[1:] if path.startswith(".") else path
        calls.append(people.drivers[maker].call(edit.step.method, path, filled(edit.step.body, known)))
    await asyncio.gather(*calls)
    lost = []
    for edit in edits:
        known = await person.shown(edit.step.of or dialect)
        if not agrees(filled(edit.value, known), found_at(known, edit.path), people.house.clock.now()):
            lost.append(edit)
    assert lost == []
    assert len(edits) >= 16
