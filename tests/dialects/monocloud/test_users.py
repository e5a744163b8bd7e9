"""Users through MonoCloud's API: created, listed, found, deleted."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.connections.model import INTERNAL_NAME, Connection
from muster.core.records import Key
from muster.core.tenants.actions import create_operator
from muster.core.users.actions import HashedPassword
from muster.core.users.model import Activity, ForeignId, Lock, Seen, User
from muster.dialects.monocloud.wire.ids import decode
from tests.dialects.monocloud.facts import IDENTITY, KEYS, OPERATIONS, PROBLEM, REQUESTS, problems_of
from tests.dialects.monocloud.people import jane, shown
from tests.dialects.monocloud.service import ON_ONE_ENGINE, MonoCloud

NOW = 1_800_000_000


def codes(answer: httpx.Response) -> list[str]:
    """The codes of a refusal by the tenant's rules."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problems_of(IDENTITY, answer.json()) == []
    return [error["code"] for error in answer.json()["errors"]]


def members(answer: httpx.Response) -> dict[str, Any]:
    """What a refusal says about which members."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problems_of(KEYS, answer.json()) == []
    errors: dict[str, Any] = answer.json()["errors"]
    return errors


async def test_a_new_user_is_shown_whole(monocloud: MonoCloud) -> None:
    user = await monocloud.created(username="Jane", name="Jane Doe", phone_number="+441514960453", email_verified=True)
    assert user == {
        "user_id": user["user_id"],
        "disabled": False,
        "connections": [{"idp": "monocloud", "connection_id": user["user_id"]}],
        "claims": {"name": "Jane Doe"},
        "public_data": {},
        "private_data": {},
        "emails": [
            {
                "id": user["emails"][0]["id"],
                "primary": True,
                "verified": True,
                "source": "monocloud",
                "verification_source": "monocloud",
                "email": "jane@example.com",
            }
        ],
        "phone_numbers": [
            {
                "id": user["phone_numbers"][0]["id"],
                "primary": True,
                "verified": False,
                "source": "monocloud",
                "verification_source": None,
                "phone": "+441514960453",
            }
        ],
        "username": {"id": user["username"]["id"], "username": "Jane", "source": "monocloud"},
        "passkeys": [],
        "force_password_reset": False,
        "external_providers": [],
        "creation_time": NOW,
        "last_updated": NOW,
        "has_password": False,
        "password_updated_at": None,
        "block_until": None,
        "failure_count": 0,
        "sign_in_attempts_count": 0,
        "last_sign_in_attempt": None,
        "last_sign_in_attempt_ip": None,
        "sign_in_success_count": 0,
        "last_sign_in_success": None,
        "last_sign_in_success_ip": None,
        "last_activity": None,
        "last_known_city": None,
        "last_known_country": None,
        "last_known_region": None,
    }
    assert len(user["user_id"]) == 21
    async with monocloud.client() as client:
        assert await shown(client, user["user_id"]) == user
        (listed,) = (await client.get("/users")).json()
    assert listed == {name: value for name, value in user.items() if name not in ("public_data", "private_data")}


async def test_all_that_signing_in_leaves_is_shown(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    async with monocloud.client() as client:
        user = await shown(client, known.user_id)
        (listed,) = (await client.get("/users")).json()
    link = {"provider": "google", "authenticator": "google", "provider_user_id": "79a500f9-aba6-4f03-baec-c18f4b7136ad"}
    assert user["external_providers"] == [{**link, "claims": {"email": "jane@example.com", "name": "Jane Doe"}}]
    assert listed["external_providers"] == [link]
    assert user["connections"][1] == {"idp": "google", "connection_id": link["provider_user_id"]}
    assert user["passkeys"] == [
        {
            "name": "Phone",
            "passkey_id": known.passkey,
            "public_key": "MIICYzCCAcyg",
            "aa_guid": "204a871f-f7c4-465c-a81f-83d7ad4d04ee",
            "backup_state": False,
            "backup_eligibility": False,
            "user_present": True,
            "user_verified": False,
            "user_agent": "",
        }
    ]
    counted = {name: value for name, value in user.items() if "sign_in" in name or "last_known" in name}
    assert counted == {
        "sign_in_attempts_count": 21,
        "last_sign_in_attempt": NOW,
        "last_sign_in_attempt_ip": "1.1.1.1",
        "sign_in_success_count": 1,
        "last_sign_in_success": NOW,
        "last_sign_in_success_ip": None,
        "last_known_city": "New York",
        "last_known_country": None,
        "last_known_region": None,
    }
    assert (user["failure_count"], user["block_until"]) == (3, NOW + 3600)
    monocloud.clock.turn(seconds=3601)
    async with monocloud.client() as client:
        user = await shown(client, known.user_id)
    assert (user["failure_count"], user["block_until"]) == (0, None)


@ON_ONE_ENGINE
async def test_a_lock_without_an_end_ends_with_the_calendar(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    lock = Lock(at=0, cause="manual")
    await monocloud.change(user["user_id"], lambda before: replace(before, activity=Activity(lock=lock)))
    async with monocloud.client() as client:
        assert (await shown(client, user["user_id"]))["block_until"] == 253_402_300_799


async def test_the_requests_of_the_contract_are_taken(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        answer = await client.post("/users", json=REQUESTS["createUser.request"])
        assert answer.status_code == 201, answer.text
        user = answer.json()
        assert user["force_password_reset"] is True
        assert user["claims"] == {
            "name": "John Doe",
            "given_name": "John",
            "middle_name": "S",
            "nickname": "Joey",
            "picture": "https://example.com/image.png",
        }
        answer = await client.post("/users", json=REQUESTS["createUser.import.request"])
        assert (answer.status_code, answer.json()["force_password_reset"]) == (201, False)
        answer = await client.post(
            "/users",
            json={
                **REQUESTS["createUser.import.request"],
                "email": "b@example.com",
                "password_hash_algorithm": "b_crypt",
                "is_temporary_password": True,
            },
        )
        assert (answer.status_code, answer.json()["force_password_reset"]) == (201, True)


FORBIDDEN: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({"email": "JANE@example.com"}, ["DuplicateEmail"]),
    ({"phone_number": "+441514960453"}, ["DuplicatePhoneNumber"]),
    ({"username": "JANE"}, ["DuplicateUserName"]),
    ({"username": "jane@example.com"}, ["DuplicateEmail"]),
    ({"username": " x"}, ["InvalidUserName"]),
    ({}, ["IdentifierRequired"]),
    ({"name": "Nobody"}, ["IdentifierRequired"]),
    ({"email": "x@example.com", "password": "short"}, ["PasswordTooShort"]),
)

INVALID: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"email": 1, "name": []}, {"email", "name"}),
    ({"email": "not an address"}, {"email"}),
    ({"phone_number": "441514960453"}, {"phone_number"}),
    ({"email": "a@example.com", "is_temporary_password": "yes"}, {"is_temporary_password"}),
    ({"email": "a@example.com", "password": "x" * 12, "password_hash": "y"}, {"password_hash"}),
    ({"email": "a@example.com", "password_hash": "$2a$12$short"}, {"password_hash"}),
    ({"email": "a@example.com", "password_hash": "$2a$31$" + "a" * 53}, {"password_hash"}),
    (
        {"email": "a@example.com", "password_hash": "x", "password_hash_algorithm": "md5"},
        {"password_hash_algorithm"},
    ),
)


async def test_what_the_tenants_rules_forbid(monocloud: MonoCloud) -> None:
    await monocloud.created(username="jane", phone_number="+441514960453")
    async with monocloud.client() as client:
        for body, expected in FORBIDDEN:
            answer = await client.post("/users", json=body)
            assert codes(answer) == expected, body
            assert answer.json()["type"] == "https://httpstatuses.io/422#identity-validation-error"
        assert len((await client.get("/users")).json()) == 1


@ON_ONE_ENGINE
async def test_what_is_no_valid_user(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        for body, expected in INVALID:
            assert set(members(await client.post("/users", json=body))) == expected, body


@ON_ONE_ENGINE
async def test_a_user_whom_nothing_identifies_can_be_made_on_purpose(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        answer = await client.post("/users", json={"name": "Jane", "skip_conformance_checks": True})
        assert (answer.status_code, answer.json()["emails"]) == (201, [])


async def test_a_deleted_user_is_gone_and_the_address_is_free(monocloud: MonoCloud) -> None:
    known = await jane(monocloud)
    async with monocloud.client() as client:
        answer = await client.delete(f"/users/{known.user_id}")
        assert (answer.status_code, answer.content) == (204, b"")
        for _ in range(2):
            answer = await client.delete(f"/users/{known.user_id}")
            assert answer.status_code == 404
            assert answer.json()["error_code"] == "user_not_found"
        assert (await client.get(f"/groups/{known.group}")).json()["users_assigned"] == 0
    await monocloud.created()


async def test_every_operation_on_a_user_who_does_not_exist_is_404(monocloud: MonoCloud) -> None:
    from tests.dialects.monocloud.test_operations import call

    known = (await jane(monocloud))._replace(user_id="AAAAAAAAAAAAAAAAAAAAA")
    async with monocloud.client() as client:
        for user_id in ("AAAAAAAAAAAAAAAAAAAAA", "UOtBaOybB6dTpIJNrnkRw", "a%2Fb", "x" * 2000):
            for name, operation in OPERATIONS.items():
                if "{user_id}" in operation["path"]:
                    answer = await call(client, name, known._replace(user_id=user_id))
                    assert (answer.status_code, problems_of(PROBLEM, answer.json())) == (404, []), (name, answer.text)
                    assert (
                        answer.json()["instance"] == "/api" + answer.request.url.raw_path.decode().partition("/api")[2]
                    )


async def test_an_imported_id_is_kept_and_shown(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    foreign = ForeignId(kind="monocloud", value="UOtBaOybB6dTpIJNrnkRw")
    await monocloud.change(user["user_id"], lambda before: replace(before, foreign_ids=[foreign]))
    async with monocloud.client() as client:
        for id_ in (user["user_id"], foreign.value):
            assert (await shown(client, id_))["user_id"] == foreign.value
        answer = await client.get("/users", params={"filter": f"user_id:{foreign.value}"})
        assert [each["user_id"] for each in answer.json()] == [foreign.value]


async def test_operators_are_no_users(monocloud: MonoCloud) -> None:
    store, tenant = monocloud.store, monocloud.tenant.number
    realm = await store.find(tenant, Connection, Key("", "connection_name", INTERNAL_NAME))
    operator = await monocloud.act(
        create_operator, realm, "root@example.com", "root", HashedPassword("$2a$04$x", "bcrypt")
    )
    assert isinstance(operator, User)
    from muster.dialects.monocloud.wire.ids import encode

    async with monocloud.client() as client:
        assert (await client.get(f"/users/{encode(operator.id)}")).status_code == 404
        assert (await client.get("/users")).json() == []
    assert SYSTEM.permissions


async def people(monocloud: MonoCloud) -> list[str]:
    """Three users who differ in everything that can be looked for."""
    ids = []
    for number, (name, family) in enumerate((("Bob", "Miller"), ("Jane", "Doe"), ("Zoë", "Doe"))):
        user = await monocloud.created(
            email=f"{name.lower()}@example.com" if number else "bob@other.org",
            username=f"{name}_{number}",
            given_name=name,
            family_name=family,
            name=f"{name} {family}",
            phone_number=f"+44151496045{number}",
        )
        ids.append(user["user_id"])
        monocloud.clock.turn(seconds=10)
    bob, jane_, zoe = ids
    async with monocloud.client() as client:
        await client.post(f"/users/{zoe}/disable")
        await client.patch(f"/users/{bob}/private_data", json={"private_data": {"plan": "pro", "seats": 5, "on": True}})
        await client.patch(f"/users/{jane_}/private_data", json={"private_data": {"plan": "free", "seats": "5"}})
    seen = Seen(at=(NOW + 5) * 1000, ip="1.1.1.1")
    active = Activity(failures=2, attempts=7, successes=5, last_attempt=seen, last_success=seen, last_active_at=seen.at)
    await monocloud.change(jane_, lambda before: replace(before, activity=active))
    return ids


FOUND = {
    "bob": "0",
    "BOB": "0",
    "example.com": "12",
    "oe": "12",
    "jane doe": "12",
    '"jane doe"': "1",
    "+441514960451": "1",
    "emails.email:JANE@example.com": "1",
    "email:*@other.org": "0",
    "phone_numbers.phone:*0452": "2",
    "username:jane_1": "1",
    "username:b*": "0",
    "claims.family_name:doe": "12",
    "claims.family_name:doe AND NOT claims.given_name:jane": "2",
    "claims.family_name:doe -jane": "012",
    "(claims.given_name:bob OR claims.given_name:jane) AND disabled:false": "01",
    "disabled:true": "2",
    "disabled:false": "01",
    "private_data.plan:pro": "0",
    "private_data.plan:p*": "0",
    "private_data.seats:5": "01",
    'private_data.seats:"5"': "1",
    "private_data.seats:[4 TO 6]": "0",
    "private_data.on:true": "0",
    "_exists_:private_data.plan": "01",
    "creation_time:1800000010": "1",
    "creation_time:[1800000001 TO *]": "12",
    "creation_time:{1800000000 TO 1800000020}": "1",
    "creation_time:<=1800000010": "01",
    "failure_count:>0": "1",
    "failure_count:0": "02",
    "sign_in_attempts_count:[5 TO 9]": "1",
    "last_sign_in_attempt:1800000005": "1",
    "_exists_:last_activity": "1",
    "*:*": "012",
    "*": "012",
    "nobody": "",
    "": "012",
}

MEANINGLESS = [
    "(a",
    "a)",
    "AND",
    "a AND",
    "nonsense:1",
    "creation_time:yesterday",
    "creation_time:[a TO b]",
    "disabled:maybe",
    "[1 TO 2]",
    'x"y',
    "a [",
    "user_id:[a TO b]",
    "NOT",
    "-",
    "x" * 4097,
    " ".join("x" * 65),
    "(" * 40 + "a" + ")" * 40,
]

SORTED = {
    "creation_time:1": "012",
    "creation_time:-1": "210",
    "given_name:-1": "210",
    "family_name:1": "120",
    "failure_count:1": "021",
    "failure_count:-1": "120",
    "sign_in_attempts_count:1": "021",
    "last_activity:-1": "120",
}


async def test_a_filter_finds(monocloud: MonoCloud) -> None:
    ids = await people(monocloud)
    found, counted = {}, {}
    async with monocloud.client() as client:
        for text in FOUND:
            answer = await client.get("/users", params={"filter": text})
            assert answer.status_code == 200, (text, answer.text)
            found[text] = "".join(str(ids.index(user["user_id"])) for user in answer.json())
            counted[text] = json.loads(answer.headers["x-pagination"])["total_count"]
    assert found == FOUND
    assert counted == {text: len(each) for text, each in FOUND.items()}


@ON_ONE_ENGINE
async def test_a_filter_that_means_nothing_is_refused(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        for text in MEANINGLESS:
            answer = await client.get("/users", params={"filter": text})
            assert (answer.status_code, answer.json().get("error_code")) == (400, "invalid_filter"), (text, answer.text)


async def test_users_are_sorted(monocloud: MonoCloud) -> None:
    ids = await people(monocloud)
    orders = {}
    async with monocloud.client() as client:
        for sort in SORTED:
            whole = (await client.get("/users", params={"sort": sort})).json()
            orders[sort] = "".join(str(ids.index(user["user_id"])) for user in whole)
            pages = [
                (await client.get("/users", params={"sort": sort, "page": n, "size": 1})).json() for n in (1, 2, 3)
            ]
            assert [user for page in pages for user in page] == whole, sort
    assert orders == SORTED


async def test_those_locked_out_are_sorted_by_the_end_of_it(monocloud: MonoCloud) -> None:
    ids = await people(monocloud)
    now = monocloud.clock.now()
    for user_id, until in zip(ids, (now - 1, None, now + 60_000), strict=True):
        lock = Lock(at=0, cause="failures", until=until)
        await monocloud.change(user_id, lambda before, lock=lock: replace(before, activity=Activity(lock=lock)))
    async with monocloud.client() as client:
        for sort, order in (("block_until:1", "210"), ("block_until:-1", "120")):
            found = (await client.get("/users", params={"sort": sort})).json()
            assert "".join(str(ids.index(user["user_id"])) for user in found) == order


async def test_pages(monocloud: MonoCloud) -> None:
    ids = await people(monocloud)
    async with monocloud.client() as client:
        pages = {}
        for page in (1, 2, 3, 1_000_000_000):
            answer = await client.get("/users", params={"page": page, "size": 2})
            pages[page] = ([user["user_id"] for user in answer.json()], answer.headers["x-pagination"])
        assert (await client.get("/users", params={"page": "", "size": ""})).status_code == 400
        for wrong in ("0", "-1", "x", "1.5", "1e3", "10000000000", "٣"):
            answer = await client.get("/users", params={"page": wrong})
            assert (answer.status_code, answer.json()["error_code"]) == (400, "invalid_page")
        assert (await client.get("/users", params={"size": "1001"})).status_code == 400
        for wrong in ("name", "name:2", "nothing:1", ":1", "creation_time:"):
            answer = await client.get("/users", params={"sort": wrong})
            assert (answer.status_code, answer.json()["error_code"]) == (400, "invalid_sort")
        assert (await client.get("/users", params={"sort": ""})).status_code == 200

    def header(page: int, *, before: bool, after: bool) -> str:
        flags = f'"has_previous":{str(before).lower()},"has_next":{str(after).lower()}'
        return f'{{"page_size":2,"current_page":{page},"total_count":3,{flags}}}'

    assert pages == {
        1: (ids[:2], header(1, before=False, after=True)),
        2: (ids[2:], header(2, before=True, after=False)),
        3: ([], header(3, before=True, after=False)),
        1_000_000_000: ([], header(1_000_000_000, before=True, after=False)),
    }


async def test_two_who_want_one_address_at_once(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        answers = await asyncio.gather(*(client.post("/users", json={"email": "same@example.com"}) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201, *[422] * 5]


async def test_ten_changes_of_one_user_at_once_all_stay(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}/private_data"
    async with monocloud.client() as client:
        answers = await asyncio.gather(
            *(client.patch(url, json={"private_data": {f"key{number}": number}}) for number in range(10))
        )
        assert {answer.status_code for answer in answers} == {200}
        kept = (await client.get(url)).json()["private_data"]
    assert kept == {f"key{number}": number for number in range(10)}


def test_ids_are_no_others() -> None:
    assert decode("UOtBaOybB6dTpIJNrnkRw") is None
    assert decode("A" * 20) is None
    assert decode("Ä" * 21) is None
    assert decode("A" * 20 + "=") is None
    assert quote("A" * 21) == "A" * 21
