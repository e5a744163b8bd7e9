"""Hard cases of ids, times and order: how one thing is spelled, when it happened, and who comes after whom."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from msgspec.structs import replace

from muster.core.transaction import Transaction
from muster.core.users.model import ForeignId, User
from tests.house import DIALECTS, OTHER
from tests.truth.hard_cases import PASSWORD, Five, Person, email, username

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_h28_one_id_in_five_spellings(five: Five) -> None:
    """A user's id is one UUID that every dialect spells in its own reversible way, and nearly right is nobody's; an id
    that another system gave is shown by its dialect, which finds the user by either.
    """
    person = await five.born_in_monocloud()
    auth0, clerk, monocloud = await person.in_auth0(), await person.in_clerk(), await person.in_monocloud()
    assert auth0["user_id"] == f"auth0|{person.id}"
    assert auth0["identities"][0]["user_id"] == person.id
    assert (clerk["id"], monocloud["user_id"]) == (person.clerk_id, person.monocloud_id)
    assert (len(person.clerk_id), len(person.monocloud_id)) == (len("user_") + 27, 21)
    assert (await person.in_mattr())["id"] == person.uuid == str(UUID(person.id))
    assert UUID(person.id).version == 7
    (address,) = clerk["email_addresses"]
    assert UUID(monocloud["emails"][0]["id"]).version == 7
    assert (await five.clerk("GET", f"/email_addresses/{address['id']}"))["email_address"] == address["email_address"]

    last = person.clerk_id[-1]
    for wrong in (person.clerk_id[:-1], person.clerk_id[:-1] + ("A" if last != "A" else "B"), person.id):
        await five.clerk("GET", f"/users/{wrong}", expect=404)
    for wrong in (person.monocloud_id[:-1], f"A{person.monocloud_id}"):
        await five.monocloud("GET", f"/users/{wrong}", expect=404)
    await five.auth0("GET", f"/users/auth0%7C{person.id[:-1]}", expect=404)

    whole = {"connection": five.connection, "email": email(), "password": PASSWORD}
    await five.auth0("POST", "/users", {**whole, "user_id": person.id}, expect=409)  # which is somebody's

    given = {kind: username(f"given-{kind}-") for kind in ("clerk", "monocloud", "mattr")}
    given["auth0"] = f"auth0|{username('given-')}"
    given["mattr"] = "0c3fad74-a8df-4a2d-8e75-" + f"{abs(hash(given['mattr'])) % 10**12:012d}"
    given["clerk"] = f"user_{username('given')}"
    kinds: Any = given
    foreign = [ForeignId(kind=kind, value=value) for kind, value in kinds.items()]
    await person.become(lambda user: replace(user, foreign_ids=foreign))
    for name, vendor, path, member in (
        ("auth0", five.auth0, person.auth0_path, "user_id"),
        ("clerk", five.clerk, person.clerk_path, "id"),
        ("monocloud", five.monocloud, person.monocloud_path, "user_id"),
        ("mattr", five.mattr, person.mattr_path, "id"),
    ):
        shown = await vendor("GET", f"/users/{quote(given[name], safe='')}")
        assert shown[member] == given[name]
        assert await vendor("GET", path) == shown  # our own spelling finds it too


async def test_h34_one_moment_in_five_forms(five: Five) -> None:
    """Times are kept to the millisecond and shown in each dialect's form (ISO with milliseconds, a number of
    milliseconds, whole seconds rounded down, seven decimals); what is finer is cut, and what lies before 1970 is
    refused.
    """
    five.clock.turn(ms=1_234)
    assert five.clock.now() == 1_800_000_001_234
    person = await five.born_in_netwrix(Password=None)
    auth0, clerk, monocloud = await person.in_auth0(), await person.in_clerk(), await person.in_monocloud()
    assert (auth0["created_at"], auth0["updated_at"]) == ("2027-01-15T08:00:01.234Z", "2027-01-15T08:00:01.234Z")
    assert (clerk["created_at"], clerk["updated_at"]) == (1_800_000_001_234, 1_800_000_001_234)
    assert (monocloud["creation_time"], monocloud["last_updated"]) == (1_800_000_001, 1_800_000_001)
    assert (await person.in_netwrix())["ChangePasswordByUtc"] == "2027-01-22T08:00:01.2340000Z"

    await person.patch_clerk(created_at="2020-02-29T12:00:00.123999Z")
    assert (await person.in_auth0())["created_at"] == "2020-02-29T12:00:00.123Z"
    assert (await person.in_monocloud())["creation_time"] == 1_582_977_600
    await person.patch_clerk(422, created_at="1969-12-31T23:59:59Z")


async def test_h35_one_stamp_of_change(five: Five) -> None:
    """Every change of what is kept of the person moves one stamp that all show; signing in, counters, locks, sessions, groups,
    roles and memberships do not, nor does a write of what is there already.
    """
    person = await five.born_in_auth0(given_name="Ada")
    name = (await person.in_netwrix())["UserName"]

    async def stamp() -> int:
        moment = int((await person.in_clerk())["updated_at"])
        assert (await person.in_monocloud())["last_updated"] == moment // 1000
        assert int((await person.in_auth0())["updated_at"][17:19]) == (moment // 1000) % 60
        return moment

    moving: Sequence[Callable[[], Awaitable[Any]]] = (
        lambda: person.put_claims(level=3),  # which hides the name until somebody else writes it
        lambda: person.patch_clerk(first_name="Augusta"),
        lambda: person.patch_auth0(user_metadata={"a": 1}),
        lambda: five.monocloud("POST", f"{person.monocloud_path}/disable", {}),
        lambda: five.monocloud("POST", f"{person.monocloud_path}/enable"),
        lambda: person.update_netwrix(TimeZoneId="GMT Standard Time"),
        lambda: person.patch_clerk(totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        lambda: person.patch_clerk(password=PASSWORD),
    )
    for change in moving:
        five.clock.turn(seconds=1)
        await change()
        assert await stamp() == five.clock.now()

    group = await five.monocloud("POST", "/groups", {"name": username("Group-")})
    organization = await five.clerk("POST", "/organizations", {"name": username("Org ")})
    members = f"/organizations/{organization['id']}/memberships"
    join = f"{person.monocloud_path}/groups/{group['group_id']}"
    unmoving: Sequence[Callable[[], Awaitable[Any]]] = (
        lambda: five.sign_in_to_netwrix(name),
        lambda: five.sign_in_to_netwrix(name, "wrong", expect=401),
        lambda: person.in_clerk_now("lock"),
        lambda: person.in_clerk_now("unlock"),
        lambda: five.clerk("POST", "/sessions", {"user_id": person.clerk_id}),
        lambda: five.monocloud("POST", join),
        lambda: five.monocloud("DELETE", join),
        lambda: person.update_netwrix(Roles=["user", "itsm"]),
        lambda: five.clerk("POST", members, {"user_id": person.clerk_id, "role": "org:member"}),
        lambda: person.patch_clerk(first_name="Augusta"),
        lambda: person.patch_auth0(user_metadata={"a": 1}, nickname=None),
    )
    last = await stamp()
    for change in unmoving:
        five.clock.turn(seconds=1)
        await change()
        assert await stamp() == last


async def test_h36_a_given_time_of_birth_moves_no_cursor(five: Five) -> None:
    """A time of creation that Clerk gives is shown by all and sorted by; ids, numbers and MATTR's pages keep to the order in
    which users really came.
    """
    people = [await five.born_in_mattr(batch=(batch := username("batch"))) for _ in range(3)]
    await people[2].patch_clerk(created_at="2020-01-01T00:00:00Z")
    assert (await people[2].in_auth0())["created_at"] == "2020-01-01T00:00:00.000Z"
    assert (await people[2].in_monocloud())["creation_time"] == 1_577_836_800
    assert [(await each.in_netwrix())["Id"] for each in people] == sorted(
        [(await each.in_netwrix())["Id"] for each in people]
    )
    batch = username("batch")
    for each in people:
        await each.put_claims(batch=batch)
    seen: list[str] = []
    cursor = ""
    while True:
        page = await five.mattr(
            "POST", "/users/search", {"claims": {"batch": batch}, "limit": 1, **({"cursor": cursor} if cursor else {})}
        )
        if not page["data"]:
            break
        seen += [each["id"] for each in page["data"]]
        cursor = page["nextCursor"]
    assert seen == [each.uuid for each in people]
    ids = [each.clerk_id for each in people]
    found = await five.clerk("GET", "/users", query={"user_id": ids, "order_by": "+created_at"})
    assert [each["id"] for each in found] == [ids[2], ids[0], ids[1]]


async def test_h38_lists_keep_their_order_under_writes(five: Five) -> None:
    """Auth0, MonoCloud, MATTR and Netwrix list users as they came, and Clerk the newest first, whatever is changed of
    them; within a user the primary address comes first, then the oldest.
    """
    family = username("Ordered")
    people = [await five.born_in_clerk(last_name=family) for _ in range(3)]
    five.clock.turn(seconds=1)
    people.append(await five.born_in_clerk(last_name=family))
    await people[1].patch_auth0(given_name="Ada")
    ids = {each.id: number for number, each in enumerate(people)}

    found = await five.auth0("GET", "/users", query={"q": f'family_name:"{family}"'})
    assert [ids[each["user_id"][6:]] for each in found] == [0, 1, 2, 3]
    found = await five.monocloud("GET", "/users", query={"filter": f'claims.family_name:"{family}"'})
    assert [each["user_id"] for each in found] == [each.monocloud_id for each in people]
    found = (await five.mattr("POST", "/users/search", {"claims": {"family_name": family}}))["data"]
    assert [each["id"] for each in found] == [each.uuid for each in people]
    found = [each for each in await five.netwrix("GET", "/users") if each.get("SecondName") == family]
    assert [each["Id"] for each in found] == sorted(each["Id"] for each in found)
    assert len(found) == 4
    found = await five.clerk("GET", "/users", query={"query": family})
    assert [each["id"] for each in found] == [each.clerk_id for each in reversed(people)]

    person, first = people[0], (await people[0].in_clerk())["email_addresses"][0]["email_address"]
    added = []
    for _ in range(2):
        five.clock.turn(seconds=1)
        body = {"user_id": person.clerk_id, "email_address": email(), "verified": True}
        added.append(await five.clerk("POST", "/email_addresses", body))
    await five.clerk("PATCH", f"/email_addresses/{added[1]['id']}", {"primary": True})
    order = [added[1]["email_address"], first, added[0]["email_address"]]
    assert [each["email_address"] for each in (await person.in_clerk())["email_addresses"]] == order
    assert [each["email"] for each in (await person.in_monocloud())["emails"]] == order


async def test_h39_everybody_is_listed_and_operators_are_not(five: Five) -> None:
    """Every user is listed by every dialect, whatever made it, but operators' own accounts are shown by Netwrix alone:
    elsewhere they are not there, are not counted, and keep nobody from a name or address.
    """
    fresh = {name: await five.house.client(name, OTHER) for name in DIALECTS}
    assert (await fresh["clerk"].get("/users/count")).json()["total_count"] == 0
    assert (await fresh["auth0"].get("/users", params={"include_totals": "true"})).json()["total"] == 0
    assert (await fresh["monocloud"].get("/users")).json() == []
    assert (await fresh["mattr"].get("/users")).json() == {"data": []}
    (operator,) = (await fresh["netwrix"].get("/users")).json()
    assert (operator["UserName"], operator["IsInternal"]) == ("admin", True)
    for client in fresh.values():
        await client.aclose()

    people = [
        await five.born_in_auth0(),
        await five.born_in_clerk(),
        await five.born_in_monocloud(),
        await five.born_in_mattr(),
        await five.born_in_netwrix(),
    ]
    count = (await five.clerk("GET", "/users/count"))["total_count"]
    assert (await five.auth0("GET", "/users", query={"include_totals": "true"}))["total"] == count
    named = [each["Id"] for each in await five.netwrix("GET", "/users") if not each["IsInternal"]]
    assert len(named) == count
    for person in people:
        assert set((await person.statuses()).values()) == {200}
        assert (await person.in_netwrix())["Id"] in named

    (operator,) = await five.house.act("default", _operators)
    statuses = await Person(five, operator.id).statuses()
    assert {name: statuses[name] for name in ("auth0", "clerk", "monocloud", "mattr")} == {
        "auth0": 404,
        "clerk": 404,
        "monocloud": 404,
        "mattr": 404,
    }
    address = operator.emails[0].value
    theirs = await five.born_in_monocloud(email=address)
    assert (await theirs.in_auth0())["email"] == address
    shown = await theirs.in_netwrix()
    assert shown["UserName"] == f".\\{address}"
    assert await five.netwrix("GET", f"/users/{quote(shown['UserName'], safe='')}") == shown
    assert (await five.netwrix("GET", f"/users/{quote(address)}"))["IsInternal"] is True


async def _operators(tx: Transaction) -> list[User]:
    return list(await tx.store.internal_users(tx.tenant_id))
