"""Users through Auth0's API: whole requests, whole answers."""

import asyncio
import hashlib
from typing import Any
from urllib.parse import quote

import pytest

from muster.core.connections.model import INTERNAL_NAME, Connection
from muster.core.query import Everyone
from muster.core.records import Key
from muster.core.tenants.actions import create_operator
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from tests.dialects.auth0.service import REALM, Auth0, revoke_grant

PASSWORD = "I have a password and its a secret"
NOW = "2027-01-15T08:00:00.000Z"


def jane(**more: Any) -> dict[str, Any]:
    return {"connection": REALM, "email": "jane@example.com", "password": PASSWORD, **more}


def path(user_id: str) -> str:
    return f"/users/{quote(user_id, safe='')}"


async def created(auth0: Auth0, **more: Any) -> dict[str, Any]:
    async with auth0.client() as client:
        answer = await client.post("/users", json=jane(**more))
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


async def test_a_new_user_is_shown_with_every_default(auth0: Auth0) -> None:
    user = await created(auth0, username="Jane")
    own_id = user["user_id"].removeprefix("auth0|")
    md5 = hashlib.md5(b"jane@example.com").hexdigest()
    assert user == {
        "user_id": f"auth0|{own_id}",
        "email": "jane@example.com",
        "email_verified": False,
        "username": "jane",
        "name": "jane@example.com",
        "nickname": "jane",
        "picture": f"https://s.gravatar.com/avatar/{md5}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fja.png",
        "identities": [{"connection": REALM, "user_id": own_id, "provider": "auth0", "isSocial": False}],
        "created_at": NOW,
        "updated_at": NOW,
    }
    async with auth0.client() as client:
        assert (await client.get(path(user["user_id"]))).json() == user


async def test_every_member_that_can_be_given_comes_back(auth0: Auth0) -> None:
    given = {
        "user_id": "testaccdatasourceuser",
        "name": "Firstname Lastname",
        "given_name": "Firstname",
        "family_name": "Lastname",
        "username": "testaccdatasourceuser",
        "nickname": "testaccdatasourceuser",
        "user_metadata": {"baz": "qux", "n": 12345678901234567890123, "deep": {"a": [1, 2.5, None, True]}},
        "app_metadata": {"foo": "bar"},
        "picture": "https://www.example.com/picture.jpg",
        "email_verified": True,
        "phone_number": "+4915112345678",
        "phone_verified": True,
        "blocked": False,
    }
    user = await created(auth0, **given)
    assert user == {
        **given,
        "user_id": "auth0|testaccdatasourceuser",
        "email": "jane@example.com",
        "identities": [
            {"connection": REALM, "user_id": "testaccdatasourceuser", "provider": "auth0", "isSocial": False}
        ],
        "created_at": NOW,
        "updated_at": NOW,
    }


@pytest.mark.parametrize(
    ("second", "status", "message"),
    [
        ({"email": "JANE@example.com"}, 409, "The user already exists."),
        ({"email": "two@example.com", "user_id": "one"}, 409, "The user already exists."),
        ({"email": "two@example.com", "username": "JANE"}, 400, "The username provided is in use already."),
        ({"email": "two@example.com", "phone_number": "+4915112345678"}, 409, "The user already exists."),
    ],
)
async def test_what_belongs_to_somebody_else_is_refused(
    auth0: Auth0, second: dict[str, Any], status: int, message: str
) -> None:
    await created(auth0, user_id="one", username="jane", phone_number="+4915112345678")
    async with auth0.client() as client:
        answer = await client.post("/users", json=jane(**second))
    error = {400: "Bad Request", 409: "Conflict"}[status]
    assert answer.json() == {"statusCode": status, "error": error, "message": message, "errorCode": "auth0_idp_error"}
    assert await auth0.store.count_users(auth0.tenant.number, Everyone()) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"connection": None},
            "Payload validation error: 'Expected type string but found type null' on property connection",
        ),
        ({"email": None}, "Payload validation error: 'Expected type string but found type null' on property email"),
        ({"email": "nobody"}, "Payload validation error: 'Object didn't pass validation for format email: nobody'"),
        ({"shoe_size": 43, "hat": 1}, "Payload validation error: 'Additional properties not allowed: shoe_size,hat'."),
        ({"user_metadata": []}, "Payload validation error: 'Expected type object but found type array'"),
        ({"user_metadata": {"a.b": 1}}, "Payload validation error: 'Invalid key 'a.b'"),
        ({"app_metadata": {"email": "x"}}, "Payload validation error: 'Additional properties not allowed: email'"),
        ({"password": "short"}, "PasswordStrengthError: Password is too weak"),
        ({"password": "ä" * 37}, "PasswordStrengthError: Password is too weak"),
        ({"connection": "Nowhere"}, "Connection does not exist."),
        ({"connection": INTERNAL_NAME}, "Connection does not exist."),
        (
            {"username": "jane@example.com"},
            "Payload validation error: 'Object didn't pass validation for format username",
        ),
    ],
)
async def test_a_bad_body_is_refused_and_changes_nothing(auth0: Auth0, body: dict[str, Any], message: str) -> None:
    async with auth0.client() as client:
        answer = await client.post("/users", json={**jane(), **body})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert await auth0.store.count_users(auth0.tenant.number, Everyone()) == 0


@pytest.mark.parametrize("missing", ["connection", "email", "password"])
async def test_what_a_database_connection_needs(auth0: Auth0, missing: str) -> None:
    body = jane()
    del body[missing]
    async with auth0.client() as client:
        answer = await client.post("/users", json=body)
    assert answer.json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": f"Payload validation error: 'Missing required property: {missing}'.",
        "errorCode": "invalid_body",
    }


async def test_an_update_changes_what_was_sent_and_answers_the_whole_user(auth0: Auth0) -> None:
    user = await created(auth0, user_metadata={"a": 1, "b": {"c": 2}}, app_metadata={"facts": [1]})
    auth0.clock.turn(seconds=5)
    async with auth0.client() as client:
        answer = await client.patch(
            path(user["user_id"]),
            params={"fields": "email"},
            json={
                "blocked": True,
                "given_name": "Jane",
                "user_metadata": {"b": {"d": 3}, "a": None},
                "app_metadata": {"foo": "bar"},
                "email_verified": True,
            },
        )
        assert answer.status_code == 200
        expected = {
            **user,
            "blocked": True,
            "given_name": "Jane",
            "user_metadata": {"b": {"d": 3}},
            "app_metadata": {"facts": [1], "foo": "bar"},
            "email_verified": True,
            "updated_at": "2027-01-15T08:00:05.000Z",
        }
        assert answer.json() == expected
        assert (await client.get(path(user["user_id"]))).json() == expected


async def test_a_change_of_nothing_leaves_no_trace(auth0: Auth0) -> None:
    user = await created(auth0)
    auth0.clock.turn(seconds=5)
    members = ("name", "nickname", "picture", "email")
    async with auth0.client() as client:
        answer = await client.patch(path(user["user_id"]), json={member: user[member] for member in members})
    assert answer.json() == user
    stored = await auth0.store.get(auth0.tenant.number, User, user["user_id"].removeprefix("auth0|"))
    assert stored is not None
    assert (stored.version, stored.profile.name, stored.profile.picture) == (1, None, None)


async def test_null_removes_and_what_was_derived_comes_back(auth0: Auth0) -> None:
    user = await created(auth0, name="Jane", given_name="J", username="jane")
    async with auth0.client() as client:
        answer = await client.patch(path(user["user_id"]), json={"name": None, "given_name": None})
        assert (answer.json()["name"], "given_name" in answer.json()) == ("jane@example.com", False)
        answer = await client.patch(path(user["user_id"]), json={"username": None})
        assert "username" not in answer.json()
        answer = await client.patch(path(user["user_id"]), json={"email": None})
        assert {"email", "email_verified"}.isdisjoint(answer.json())
        answer = await client.patch(path(user["user_id"]), json={"user_metadata": None})
        assert answer.json()["user_metadata"] == {}


async def test_a_new_address_frees_the_old_one_and_is_not_yet_verified(auth0: Auth0) -> None:
    user = await created(auth0, email_verified=True)
    async with auth0.client() as client:
        answer = await client.patch(path(user["user_id"]), json={"email": "Other@example.com"})
        assert (answer.json()["email"], answer.json()["email_verified"]) == ("other@example.com", False)
        again = await client.post("/users", json=jane())
        assert again.status_code == 201
        taken = await client.patch(path(again.json()["user_id"]), json={"email": "other@example.com"})
        assert taken.json() == {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "The specified new email already exists",
            "errorCode": "auth0_idp_error",
        }


async def test_a_new_password_is_told_by_its_time_alone(auth0: Auth0) -> None:
    user = await created(auth0)
    auth0.clock.turn(seconds=1)
    async with auth0.client() as client:
        await client.patch(path(user["user_id"]), json={"blocked": True})
        answer = await client.patch(path(user["user_id"]), json={"password": "I don't need one", "connection": REALM})
    assert answer.json()["last_password_reset"] == "2027-01-15T08:00:01.000Z"
    assert answer.json()["blocked"] is False
    stored = await auth0.store.get(auth0.tenant.number, User, user["user_id"].removeprefix("auth0|"))
    assert stored is not None
    assert stored.password is not None
    assert await auth0.passwords.verify(stored.password.hash, "I don't need one")
    assert not await auth0.passwords.verify(stored.password.hash, PASSWORD)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"password": PASSWORD, "email": "x@example.com"}, "Cannot update password and email simultaneously."),
        ({"username": "x", "password": PASSWORD}, "Cannot update username and password simultaneously."),
        ({"connection": "Nowhere"}, "Connection does not exist."),
        (
            {"blocked": "yes"},
            "Payload validation error: 'Expected type boolean but found type string' on property blocked",
        ),
        ({"user_id": "x"}, "Payload validation error: 'Additional properties not allowed: user_id'."),
    ],
)
async def test_updates_that_are_refused(auth0: Auth0, body: dict[str, Any], message: str) -> None:
    user = await created(auth0)
    async with auth0.client() as client:
        answer = await client.patch(path(user["user_id"]), json=body)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith(message)
        assert (await client.get(path(user["user_id"]))).json() == user


async def test_deleting_twice_is_no_error(auth0: Auth0) -> None:
    user = await created(auth0)
    async with auth0.client() as client:
        for _ in range(2):
            answer = await client.delete(path(user["user_id"]))
            assert (answer.status_code, answer.content) == (204, b"")
        answer = await client.get(path(user["user_id"]))
        assert (answer.status_code, answer.json()) == (
            404,
            {
                "statusCode": 404,
                "error": "Not Found",
                "message": "The user does not exist.",
                "errorCode": "inexistent_user",
            },
        )
        assert (await client.post("/users", json=jane())).status_code == 201


@pytest.mark.parametrize("given", ["64d0a1b2c3d4e5f607182930", "conn|a/b?c#d@x.com", "ünï%cödé", "samlp|x|y"])
async def test_foreign_ids_are_kept_word_for_word(auth0: Auth0, given: str) -> None:
    user = await created(auth0, user_id=given)
    assert user["user_id"] == f"auth0|{given}"
    assert user["identities"][0]["user_id"] == given
    async with auth0.client() as client:
        assert (await client.get(path(f"auth0|{given}"))).json() == user
        found = (await client.get("/users", params={"q": f'user_id:"auth0|{given}"'})).json()
        assert found == [user]
        assert (await client.delete(path(f"auth0|{given}"))).status_code == 204
        assert (await client.get(path(f"auth0|{given}"))).status_code == 404


async def test_an_id_of_our_own_form_becomes_the_users_own(auth0: Auth0) -> None:
    user = await created(auth0)
    own = user["user_id"].removeprefix("auth0|")
    async with auth0.client() as client:
        await client.delete(path(user["user_id"]))
    again = await created(auth0, user_id=own)
    assert again["user_id"] == user["user_id"]
    assert await auth0.store.get(auth0.tenant.number, User, own) is not None


@pytest.mark.parametrize("bad", ["6560cd0f6caaac5b4692f454", "nobody"])
async def test_an_id_without_a_pipe_is_no_id(auth0: Auth0, bad: str) -> None:
    async with auth0.client() as client:
        answer = await client.get(f"/users/{bad}")
    assert answer.json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": f"Object didn't pass validation for format user-id: {bad}",
        "errorCode": "invalid_uri",
    }


@pytest.mark.parametrize("raw", ["auth0%7C%ZZ", "auth0%7C%FF", "auth0%7C%00"])
async def test_a_path_that_is_no_text(auth0: Auth0, raw: str) -> None:
    async with auth0.client() as client:
        answer = await client.get(f"/users/{raw}")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_uri")


async def test_internal_users_are_unknown_here(auth0: Auth0) -> None:
    store, number = auth0.store, auth0.tenant.number
    realm = await store.find(number, Connection, Key("", "connection_name", INTERNAL_NAME))
    operator = await auth0.act(create_operator, realm, "jane@example.com", "admin", HashedPassword("x", "argon2"))
    async with auth0.client() as client:
        assert (await client.get(f"/users/auth0%7C{operator.id}")).status_code == 404
        assert (await client.patch(f"/users/auth0%7C{operator.id}", json={"blocked": True})).status_code == 404
        assert (await client.delete(f"/users/auth0%7C{operator.id}")).status_code == 204
        assert (await client.get("/users", params={"include_totals": "true"})).json()["total"] == 0
        assert (await client.get("/users-by-email", params={"email": "jane@example.com"})).json() == []
        assert (await client.post("/users", json=jane())).status_code == 201
    assert await store.get(number, User, operator.id) is not None


async def test_64_writers_of_one_user_lose_nothing(auth0: Auth0) -> None:
    user = await created(auth0)
    async with auth0.client() as client:
        answers = await asyncio.gather(
            *(client.patch(path(user["user_id"]), json={"user_metadata": {f"k{n}": n}}) for n in range(64))
        )
        assert {answer.status_code for answer in answers} == {200}
        after = (await client.get(path(user["user_id"]))).json()
    assert after["user_metadata"] == {f"k{n}": n for n in range(64)}


async def test_one_of_many_creations_of_the_same_address_wins(auth0: Auth0) -> None:
    async with auth0.client() as client:
        answers = await asyncio.gather(*(client.post("/users", json=jane()) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.mark.parametrize(
    ("scopes", "method", "target", "body", "status"),
    [
        (["update:users_app_metadata"], "PATCH", "own", {"app_metadata": {"a": 1}}, 200),
        (["update:users_app_metadata"], "PATCH", "own", {"user_metadata": {"a": 1}}, 403),
        (["read:users"], "PATCH", "own", {"blocked": True}, 403),
        (["create:users"], "GET", "own", None, 403),
        ([], "DELETE", "own", None, 403),
    ],
)
async def test_scopes_decide(
    auth0: Auth0, scopes: list[str], method: str, target: str, body: dict[str, Any] | None, status: int
) -> None:
    user = await created(auth0)
    async with auth0.client(scopes) as client:
        answer = await client.request(method, path(user["user_id"]), json=body)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["errorCode"] == "insufficient_scope"
        assert answer.json()["message"].startswith("Insufficient scope, expected any of: ")


async def test_a_users_own_token_reaches_only_the_user(auth0: Auth0) -> None:
    user = await created(auth0)
    other = await created(auth0, email="other@example.com")
    scopes = ["read:current_user", "update:current_user_metadata", "read:users"]
    async with auth0.client(scopes, sub=user["user_id"]) as client:
        assert (await client.get(path(user["user_id"]))).json() == user
        refused = await client.get(path(other["user_id"]))
        assert refused.status_code == 403
        assert (await client.get("/users")).status_code == 403
        changed = await client.patch(path(user["user_id"]), json={"user_metadata": {"a": 1}})
        assert changed.json()["user_metadata"] == {"a": 1}
        assert (await client.patch(path(user["user_id"]), json={"name": "x"})).status_code == 403
        wrong = await client.patch(path(other["user_id"]), json={"user_metadata": {"a": 1}})
        assert wrong.json()["message"] == "User to be acted on does not match subject in bearer token."


async def test_a_grant_that_was_taken_away_counts_at_once(auth0: Auth0) -> None:
    async with auth0.client() as client:
        assert (await client.get("/users")).status_code == 200
        await revoke_grant(auth0)
        assert (await client.get("/users")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_body"),
        (b"", 400, "invalid_body"),
        (b"[]", 400, "invalid_body"),
        (b'{"connection":"\xff"}', 400, "invalid_body"),
        (b'{"connection":"\\ud800"}', 400, "invalid_body"),
        (b'{"user_metadata":{"a":"\\u0000"}}', 400, "invalid_body"),
        (b'{"user_metadata":' + b'{"a":' * 101 + b"1" + b"}" * 101 + b"}", 400, "invalid_body"),
        (b'{"user_metadata":' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "invalid_body"),
        (b'{"a":"' + b"x" * 1_048_576 + b'"}', 413, None),
    ],
)
async def test_a_body_that_cannot_be_read(auth0: Auth0, body: bytes, status: int, code: str | None) -> None:
    async with auth0.client() as client:
        answer = await client.post("/users", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json().get("errorCode")) == (status, code)
    assert await auth0.store.count_users(auth0.tenant.number, Everyone()) == 0


async def test_the_last_of_equal_keys_wins(auth0: Auth0) -> None:
    body = b'{"connection":"%s","email":"a@example.com","email":"b@example.com","password":"%s"}'
    async with auth0.client() as client:
        answer = await client.post(
            "/users",
            content=body % (REALM.encode(), PASSWORD.encode()),
            headers={"content-type": "application/json"},
        )
    assert answer.json()["email"] == "b@example.com"


async def test_every_answer_tells_the_limit(auth0: Auth0) -> None:
    async with auth0.client() as client:
        for answer in (await client.get("/users"), await client.get("/users/x"), await client.get("/nothing")):
            names = {name for name in answer.headers if name.startswith("x-ratelimit")}
            assert names == {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
