"""People who come to be in rarer ways, what is promised to them, and what one dialect does to another's sessions."""

import asyncio
import json
from typing import Any, Final
from uuid import UUID

import bcrypt
import pytest
from msgspec.structs import replace

from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.ids import new_id
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import NewAddress, NewUser, create_user
from muster.core.users.model import ForeignId, Link, Origin, User
from tests.house import DIALECTS, House
from tests.truth.drivers import REALM, Person
from tests.truth.fact import ABSENT, Fact, Hidden
from tests.truth.facts.credentials import SEED
from tests.truth.facts.elsewhere import GOOGLE, PROFILE, in_netwrix
from tests.truth.members import NUMBERS, Members, People, core_user, tenant_of
from tests.truth.steps import PASSWORD

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE: Final = 2_000
"""Questions after a job before it counts as hanging."""


async def realm_of(tx: Transaction) -> Connection:
    realm = await tx.find(Connection, Key("", "connection_name", DEFAULT_NAME))
    assert realm is not None
    return realm


async def test_foreign_ids_are_kept_and_found(people: People) -> None:
    """Each dialect shows the id that its vendor gave, finds the user by it and by the encoded one, and lists it so."""
    number = next(NUMBERS)
    uuid = f"0b5f8e4a-1f0c-4c7e-9d3a-{number:012}"
    given = {
        "auth0": f"google-oauth2|{number}",
        "clerk": f"user_old{number}",
        "monocloud": f"old/id {number}",
        "mattr": uuid,
    }

    async def act(tx: Transaction) -> User:
        new = NewUser(
            origin=Origin(door="muster", via="import"),
            foreign_ids=[ForeignId(kind=kind, value=value) for kind, value in given.items()],  # type: ignore[arg-type]
            emails=[NewAddress(f"old{number}@truth.example", verified=True)],
        )
        return await create_user(tx, await realm_of(tx), new)

    user: User = await people.house.act("default", act)
    encoded = replace(user, foreign_ids=[])
    for name, value in given.items():
        one = people.drivers[name]
        shown = await one.read(value)
        assert one.id_in(shown) == value
        assert await one.read(one.encode(encoded)) == shown
        assert await one.id_of(user) == value
        assert value in {one.id_in(each) for each in await one.everyone(100)}
    for reader, value in given.items():
        for other in given.keys() - {reader}:
            assert await _status(people, other, value) in (400, 404), f"{other} takes an id of {reader}'s"
    assert await people.drivers["netwrix"].id_of(user) == f"old{number}@truth.example"


async def _status(people: People, dialect: str, id_: str) -> int:
    one = people.drivers[dialect]
    return (await one.client.get(one.place(id_))).status_code


async def test_an_id_of_native_form_is_the_users_own(people: People) -> None:
    """A user that was exported comes back under every id it had, unless somebody has it by now."""
    auth0, number = people.drivers["auth0"], next(NUMBERS)
    id_ = await auth0.create(Person(email=f"exported{number}@truth.example", password=PASSWORD))
    user = await core_user(people.house, auth0, {"user_id": id_})
    before = {name: each.encode(user) for name, each in people.drivers.items()}
    await auth0.delete(id_)
    body = {"connection": REALM, "email": f"exported{number}@truth.example", "password": PASSWORD}
    again = {**body, "user_id": user.id}
    await auth0.call("POST", "/users", again)
    back = await core_user(people.house, auth0, {"user_id": id_})
    assert {name: await each.id_of(back) for name, each in people.drivers.items()} == before
    other = await auth0.client.post("/users", json={**again, "email": f"second{number}@truth.example"})
    assert other.status_code == 409, other.text


async def test_a_user_from_an_import(people: People) -> None:
    """A row of Auth0's bulk import with a hash, an authenticator app and metadata: all five know the person at once."""
    auth0, number = people.drivers["auth0"], next(NUMBERS)
    row = {
        "user_id": f"imported-{number}",
        "email": f"imported{number}@truth.example",
        "email_verified": True,
        "given_name": "Ada",
        "family_name": "Lovelace",
        "blocked": False,
        "app_metadata": {"plan": "gold"},
        "password_hash": await asyncio.to_thread(_digest),
        "mfa_factors": [{"totp": {"secret": SEED}}],
    }
    shown = await _imported(people, row)
    person = _person(people, "import", await core_user(people.house, auth0, shown))
    fact = Fact(
        "an import",
        {},
        {
            "auth0": {
                "user_id": f"auth0|imported-{number}",
                "email": row["email"],
                "email_verified": True,
                "blocked": False,
                "app_metadata": {"plan": "gold"},
                "multifactor": ["guardian"],
                "last_password_reset": ABSENT,
            },
            "clerk": {
                "first_name": "Ada",
                "last_name": "Lovelace",
                "banned": False,
                "password_enabled": True,
                "totp_enabled": True,
                "two_factor_enabled": True,
                "private_metadata": {"plan": "gold"},
            },
            "monocloud": {
                "claims": {"given_name": "Ada", "family_name": "Lovelace"},
                "emails.0.verified": True,
                "has_password": True,
                "private_data": {"plan": "gold"},
                "disabled": False,
            },
            "mattr": {"claims.email": row["email"], "claims.given_name": "Ada"},
            "netwrix": {"UserName": row["email"], "FirstName": "Ada", "Locked": False},
        },
        password=PASSWORD,
    )
    assert await person.wrong_anywhere(fact) == []


def _digest() -> str:
    """A hash of the cost that Auth0's imports must have."""
    return bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()


async def _imported(people: People, row: dict[str, Any]) -> dict[str, Any]:
    """The user as it is shown once the job is done."""
    auth0 = people.drivers["auth0"]
    connections = await auth0.call("GET", "/connections")
    form = {"connection_id": next(each["id"] for each in connections if each["name"] == REALM)}
    files = {"users": ("users.json", json.dumps([row]).encode(), "application/json")}
    made = await auth0.client.post("/jobs/users-imports", data=form, files=files)
    assert made.status_code == 202, made.text
    job = made.json()
    for _ in range(PATIENCE):
        await asyncio.sleep(0)  # a read that waits for nothing gives nobody else a turn
        job = await auth0.call("GET", f"/jobs/{job['id']}")
        if job["status"] not in ("pending", "processing"):
            break
    assert (job["status"], job.get("summary", {}).get("inserted")) == ("completed", 1), job
    (shown,) = await auth0.search(row["email"])
    return dict(shown)


def _person(people: People, writer: str, user: User) -> Members:
    return people.somebody(writer).be(user)


async def test_a_user_born_of_a_sign_in_elsewhere(people: People) -> None:
    """The id in Auth0 is that of the first identity; root members are what it brought; its address is a contact."""
    number = next(NUMBERS)
    subject = f"born-{number}"
    address = f"born{number}@elsewhere.example"

    async def act(tx: Transaction) -> User:
        connection = await tx.find(Connection, Key("", "connection_name", GOOGLE))
        if connection is None:
            connection = tx.insert(
                Connection(id=new_id(tx.now)[:16], name=GOOGLE, kind="social", strategy="google", created_at=tx.now)
            )
        foreign = ForeignId(kind="auth0", value=f"google-oauth2|{subject}")
        new = NewUser(origin=Origin(door="muster", via="external"), foreign_ids=[foreign])
        user = await create_user(tx, await realm_of(tx), new)
        link = Link(
            id=new_id(tx.now),
            kind="social",
            connection_id=connection.id,
            provider="google",
            subject=subject,
            profile={**PROFILE, "email": address},
            created_at=tx.now,
            updated_at=tx.now,
        )
        return tx.save(replace(user, links=[link]))

    user: User = await people.house.act("default", act)
    person = _person(people, "sign-in", user)
    identity = {"connection": GOOGLE, "user_id": subject, "provider": "google-oauth2", "isSocial": True}
    fact = Fact(
        "a birth elsewhere",
        {},
        {
            "auth0": {
                "user_id": f"google-oauth2|{subject}",
                "email": address,
                "email_verified": True,
                "locale": "en",
                "identities": [identity],
            },
            "clerk": {"email_addresses": [], "external_accounts.0.provider_user_id": subject},
            "monocloud": {
                "emails": [],
                "connections": [{"idp": "google", "connection_id": subject}],
                "external_providers.0.provider_user_id": subject,
            },
            "mattr": Hidden(subject),
            "netwrix": {**in_netwrix(IsOAuthUser=True), "Email": address, "UserName": "{uuid}"},
        },
    )
    assert await person.wrong_anywhere(fact) == []


async def test_who_asks_for_a_message_has_one_promised(people: People) -> None:
    """A message is promised in the commit that it is about, to the right address, and only where somebody asked."""
    auth0, clerk, number = people.drivers["auth0"], people.drivers["clerk"], next(NUMBERS)
    address, phone = f"mailed{number}@truth.example", f"+1213555{number:04}"
    new = {"connection": REALM, "password": PASSWORD}
    made = await auth0.call("POST", "/users", {**new, "email": address, "phone_number": phone})
    path = auth0.place(made["user_id"])
    told = [("verification_email", address)]
    assert await _promised(people.house, address, phone) == told
    await auth0.call("PATCH", path, {"given_name": "Ada"})
    await auth0.call("PATCH", path, {"verify_email": False, "verify_phone_number": False})
    assert await _promised(people.house, address, phone) == told
    await auth0.call("PATCH", path, {"verify_email": True})
    told.append(("verification_email", address))
    assert await _promised(people.house, address, phone) == told
    await auth0.call("PATCH", path, {"verify_phone_number": True})
    told.append(("verification_phone", phone))
    assert await _promised(people.house, address, phone) == told

    quiet = f"quiet{number}@truth.example"
    await auth0.call("POST", "/users", {**new, "email": quiet, "verify_email": False})
    proved = f"proved{number}@truth.example"
    await auth0.call("POST", "/users", {**new, "email": proved, "email_verified": True})
    assert await _promised(people.house, quiet, proved) == []

    old, later = f"old{number}@mail.example", f"later{number}@mail.example"
    body = {"email_address": [old, later], "skip_password_requirement": True}
    user = await clerk.call("POST", "/users", body)
    second = next(each["id"] for each in user["email_addresses"] if each["email_address"] == later)
    notify = {"primary_email_address_id": second, "notify_primary_email_address_changed": True}
    await clerk.call("PATCH", clerk.place(user["id"]), notify)
    assert await _promised(people.house, old, later) == [("primary_email_changed", old)]


async def _promised(house: House, *addresses: str) -> list[tuple[str, str]]:
    """The messages that wait for these addresses: what they are and for whom."""
    waiting = await house.web._opened.store.outbox.due(house.clock.now(), 100_000)
    return sorted(
        (each.message.kind, each.message.to)
        for each in waiting
        if each.tenant_id == tenant_of(house) and each.message.to in addresses
    )


async def test_a_password_that_was_found_out(people: People) -> None:
    """Clerk ends the sessions that came from signing in to Netwrix, where it is asked to, and the password must change."""
    clerk, netwrix, number = people.drivers["clerk"], people.drivers["netwrix"], next(NUMBERS)
    name = f"foundout{number}"
    await netwrix.create(Person(username=name, password=PASSWORD))
    (user,) = await clerk.search_username(name)
    path = clerk.place(clerk.id_in(user))
    for revoke, alive in ((False, 200), (True, 401)):
        session = await _sign_in(people.house, name)
        await clerk.call("POST", f"{path}/password/unset_compromised")
        await clerk.call("POST", f"{path}/password/set_compromised", {"revoke_all_sessions": revoke})
        assert await _as_session(people.house, session) == alive
        await clerk.call("POST", f"{path}/password/unset_compromised")


async def _sign_in(house: House, name: str) -> str:
    async with house.anonymous(accept="application/json") as visitor:
        body = {"UserName": name, "Password": PASSWORD, "provider": "credentials"}
        answer = await visitor.post("/netwrix/api/auth/credentials", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["BearerToken"])


async def _as_session(house: House, token: str) -> int:
    async with house.anonymous(accept="application/json", authorization=f"Bearer {token}") as visitor:
        return (await visitor.get("/netwrix/api/auth")).status_code


async def test_all_five_list_the_same_people(people: People) -> None:
    """Whoever made them, and each as reading the user alone shows it, where lists are whole."""
    number = next(NUMBERS)
    ids: list[str] = []
    for name, one in people.drivers.items():
        person = Person(
            email=f"listed{number}{name}@truth.example",
            username=f"listed{number}{name}",
            given="Ada",
            password=PASSWORD,
        )
        made = await one.create(person if name != "auth0" else person._replace(username=f"listed{number}"))
        ids.append((await core_user(people.house, one, await one.read(made))).id)
    users = [await people.house.web._opened.store.get(tenant_of(people.house), User, each) for each in ids]
    for name, one in people.drivers.items():
        listed = {one.id_in(each): each for each in await one.everyone(100)}
        for user in users:
            assert user is not None
            alone = await one.read(await one.id_of(user))
            left_out = {"private_data", "public_data", "external_providers"} if name == "monocloud" else set()
            assert {key: value for key, value in alone.items() if key not in left_out} == {
                key: value for key, value in listed[one.id_in(alone)].items() if key not in left_out
            }
    assert set(people.drivers) == set(DIALECTS)


async def test_what_happens_is_told_of_users_and_of_no_operator(people: People) -> None:
    """MATTR's events tell of what other dialects did to a user, by its success alone, and of no operator's account."""
    clerk, netwrix, auth0 = (people.drivers[name] for name in ("clerk", "netwrix", "auth0"))
    id_ = await clerk.create(Person(email=f"told{next(NUMBERS)}@truth.example"))
    user = await core_user(people.house, clerk, await clerk.read(id_))
    encoded = {name: await each.id_of(user) for name, each in people.drivers.items()}
    await netwrix.rename(encoded["netwrix"], "Ada", "Lovelace")
    await auth0.delete(encoded["auth0"])
    (operator,) = await people.house.web._opened.store.internal_users(tenant_of(people.house))
    await netwrix.rename("admin", "Grace", f"Hopper {next(NUMBERS)}")
    told: list[tuple[str, str]] = []
    cursor: dict[str, Any] = {}
    while page := await people.drivers["mattr"].call("GET", "/analytics/events", limit=1000, **cursor):
        told += [(each["type"], each["metadata"].get("id", "")) for each in page["data"]]
        if not page["data"]:
            break
        cursor = {"cursor": page["nextCursor"]}
    types = sorted(type_ for type_, about in told if about == encoded["mattr"])
    assert types == ["USER_CREATE_SUCCESS", "USER_DELETE_SUCCESS", "USER_UPDATE_SUCCESS"]
    # Whoever asks for an operator by id is told of the asking; of the account there is no word.
    done = [type_ for type_, about in told if about == str(UUID(operator.id)) and type_.endswith("_SUCCESS")]
    assert done == []
