"""What each level and option of a connection demands, and how a refusal is told."""

from __future__ import annotations

from typing import Any

import pytest

from muster.core.connections.model import Connection
from muster.core.errors import Unavailable
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.dialects.auth0.password_policy import ConnectionPolicy
from muster.dialects.kit.errors import BadRequest
from tests.dialects.auth0.service import REALM, Auth0

WEAK = "PasswordStrengthError: Password is too weak"
COMMON = "PasswordDictionaryError: Password is too common"
PERSONAL = "PasswordNoUserInfoError: Password contains user information"
USED = "PasswordHistoryError: Password has previously been used"

COMPLEX = {"min_length": 4, "character_types": ["lowercase", "number"]}
FOUR = ["lowercase", "uppercase", "number", "special"]
JANE = {
    "name": "Jane Doe",
    "nickname": "jd",
    "email": "janet@example.com",
    "user_metadata": {"first": "Henrietta", "secret": "sesame", "last": 5},
}


def refusal(options: dict[str, Any], password: str) -> str | None:
    try:
        ConnectionPolicy(options).check(password, JANE, {"password", "Passw0rd!", "sunshine"}.__contains__)
    except BadRequest as refused:
        return str(refused.detail["message"])
    return None


@pytest.mark.parametrize(
    ("options", "password", "message"),
    [
        ({}, "x", None),
        ({}, "", WEAK),
        ({}, "password", None),
        ({}, "x" * 72, None),
        ({}, "x" * 73, WEAK),
        ({}, "a\0b", WEAK),
        ({"passwordPolicy": None}, "x", None),
        ({"passwordPolicy": "none"}, "x", None),
        ({"passwordPolicy": "low"}, "12345", WEAK),
        ({"passwordPolicy": "low"}, "123456", None),
        ({"passwordPolicy": "fair"}, "abcdEF12", None),
        ({"passwordPolicy": "fair"}, "abcdEFG!", WEAK),
        ({"passwordPolicy": "fair"}, "abcEF12", WEAK),
        ({"passwordPolicy": "good"}, "abcdEFG!", None),
        ({"passwordPolicy": "good"}, "abcdEFGH", WEAK),
        ({"passwordPolicy": "excellent"}, "abcdEFG!aa", None),
        ({"passwordPolicy": "excellent"}, "abcdEF!aaa", WEAK),
        ({"passwordPolicy": "excellent"}, "abcdEFG!a", WEAK),
        ({"passwordPolicy": "good", "password_complexity_options": {"min_length": 12}}, "abcdEFGH12!", WEAK),
        ({"passwordPolicy": "good", "password_complexity_options": {"min_length": 5}}, "abE1!", None),
        ({"password_dictionary": {"enable": True}}, "password", COMMON),
        ({"password_dictionary": {"enable": True}}, "PASSWORD", COMMON),
        ({"password_dictionary": {"enable": False, "dictionary": ["acme"]}}, "acme", None),
        ({"password_dictionary": {"enable": True, "dictionary": ["Acme"]}}, "aCME", COMMON),
        ({"password_dictionary": {"enable": True, "dictionary": ["Acme"]}}, "acme1", None),
        ({"password_no_personal_info": {"enable": True}}, "my-name-is-JANE", PERSONAL),
        ({"password_no_personal_info": {"enable": True}}, "janet-jackson", PERSONAL),
        ({"password_no_personal_info": {"enable": True}}, "henrietta7", PERSONAL),
        ({"password_no_personal_info": {"enable": True}}, "example.com", None),
        ({"password_no_personal_info": {"enable": True}}, "open sesame", None),
        ({"password_no_personal_info": {"enable": False}}, "jane", None),
        ({"password_options": {"complexity": {"min_length": 15}}}, "fourteen chars", WEAK),
        ({"password_options": {"complexity": {"min_length": 15}}}, "fifteen  chars!", None),
        ({"password_options": {"complexity": COMPLEX}}, "abcd", WEAK),
        ({"password_options": {"complexity": COMPLEX}}, "abc1", None),
        ({"password_options": {"complexity": {"character_types": FOUR}}}, "abE1", WEAK),
        (
            {"password_options": {"complexity": {"character_types": FOUR, "character_type_rule": "three_of_four"}}},
            "abE1",
            None,
        ),
        ({"password_options": {"complexity": {"identical_characters": "block"}}}, "aaa", WEAK),
        ({"password_options": {"complexity": {"identical_characters": "block"}}}, "aabb", None),
        ({"password_options": {"complexity": {"sequential_characters": "block"}}}, "xabcx", WEAK),
        ({"password_options": {"complexity": {"max_length_exceeded": "truncate"}}}, "x" * 500, None),
        ({"password_options": {"complexity": {"max_length_exceeded": "error"}}}, "x" * 73, WEAK),
        ({"password_options": {"dictionary": {"active": True, "custom": ["acme"]}}}, "ACME", COMMON),
        ({"password_options": {"dictionary": {"active": True}}}, "sunshine", COMMON),
        ({"password_options": {"dictionary": {"active": False}}}, "sunshine", None),
        ({"password_options": {"profile_data": {"active": True}}}, "jane-is-here", PERSONAL),
        (
            {"password_options": {"profile_data": {"active": True, "blocked_fields": ["user_metadata.secret"]}}},
            "sesame street",
            PERSONAL,
        ),
        ({"password_options": {"profile_data": {"active": True, "blocked_fields": []}}}, "jane-is-here", None),
        ({"passwordPolicy": "low", "password_dictionary": {"enable": True}}, "jane", WEAK),
    ],
)
def test_levels_and_options(options: dict[str, Any], password: str, message: str | None) -> None:
    assert refusal(options, password) == message


async def demand(auth0: Auth0, options: dict[str, Any]) -> None:
    """Give the default connection these options and no others."""

    async def act(tx: Transaction) -> None:
        from msgspec.structs import replace

        found = await tx.find(Connection, Key("", "connection_name", REALM))
        assert found is not None
        tx.save(replace(found, options=options))

    await auth0.act(act)


def new(password: str, **members: Any) -> dict[str, Any]:
    return {"connection": REALM, "email": "jane@example.com", "password": password, **members}


async def test_a_refusal_is_told_in_the_vendors_shape_and_nothing_is_made(auth0: Auth0) -> None:
    await demand(
        auth0,
        {"password_dictionary": {"enable": True, "dictionary": []}, "password_no_personal_info": {"enable": True}},
    )
    async with auth0.client() as client:
        for password, message in (("iloveyou", COMMON), ("SunShine", COMMON), ("i-am-jane", PERSONAL), ("\0", WEAK)):
            answer = await client.post("/users", json=new(password))
            assert answer.status_code == 400
            if password != "\0":
                assert answer.json() == {
                    "statusCode": 400,
                    "error": "Bad Request",
                    "message": message,
                    "errorCode": "auth0_idp_error",
                }
        assert (await client.get("/users")).json() == []
        assert (await client.post("/users", json=new("something else"))).status_code == 201


async def test_a_password_does_not_come_again(auth0: Auth0) -> None:
    await demand(auth0, {"password_history": {"enable": True, "size": 2}})
    async with auth0.client() as client:
        user = (await client.post("/users", json=new("number one"))).json()
        path = f"/users/{user['user_id'].replace('|', '%7C')}"
        for password, message in (
            ("number one", USED),
            ("number two", None),
            ("number one", USED),
            ("number two", USED),
            ("number three", None),
            ("number one", None),
        ):
            answer = await client.patch(path, json={"password": password})
            assert (answer.status_code, answer.json().get("message")) == (400 if message else 200, message), password


async def test_what_is_known_of_a_user_who_exists_counts_too(auth0: Auth0) -> None:
    async with auth0.client() as client:
        made = await client.post("/users", json=new("good enough", user_metadata={"first": "Henrietta"}))
        await demand(auth0, {"password_no_personal_info": {"enable": True}})
        path = f"/users/{made.json()['user_id'].replace('|', '%7C')}"
        answer = await client.patch(path, json={"password": "henrietta the great"})
        assert answer.json()["message"] == PERSONAL
        # What comes with the password is what will be known.
        answer = await client.patch(path, json={"password": "zacharias 5th", "nickname": "zacharias"})
        assert answer.json()["message"] == PERSONAL
        answer = await client.patch(path, json={"password": "zacharias 5th"})
        assert answer.status_code == 200


async def test_a_full_queue_is_told_as_such_with_when_to_come_back(
    auth0: Auth0, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_password: str) -> str:
        raise Unavailable("hashing_queue_full", retry_after=1)

    monkeypatch.setattr(auth0.passwords, "hash", full)
    async with auth0.client() as client:
        answer = await client.post("/users", json=new("good enough"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"] == "Service Unavailable"
