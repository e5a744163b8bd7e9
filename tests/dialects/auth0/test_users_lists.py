"""Lists of users through Auth0's API: pages, totals, order, fields and searches."""

from typing import Any

import pytest

from tests.dialects.auth0.service import REALM, Auth0, running
from tests.dialects.auth0.test_users import PASSWORD, created


async def test_lists_with_and_without_totals(auth0: Auth0) -> None:
    users = [await created(auth0, email=f"{n}@example.com", password=PASSWORD) for n in range(5)]
    async with auth0.client() as client:
        assert (await client.get("/users")).json() == users
        page = await client.get("/users", params={"page": 1, "per_page": 2, "include_totals": "true"})
        assert page.json() == {"start": 2, "limit": 2, "length": 2, "total": 5, "users": users[2:4]}
        past = await client.get("/users", params={"page": 9, "per_page": 2, "include_totals": "true"})
        assert past.json() == {"start": 18, "limit": 2, "length": 0, "total": 5, "users": []}
        newest = await client.get("/users", params={"sort": "created_at:-1", "per_page": 1, "fields": "email"})
        assert newest.json() == [{"email": "4@example.com"}]
        by_email = await client.get("/users", params={"sort": "email:-1", "fields": "email"})
        assert [user["email"] for user in by_email.json()] == [f"{n}@example.com" for n in (4, 3, 2, 1, 0)]
        without = await client.get("/users", params={"fields": "email,name", "include_fields": "false", "per_page": 1})
        assert without.json() == [{k: v for k, v in users[0].items() if k not in ("email", "name")}]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ('email:"0@example.com"', [0]),
        ("email:0@EXAMPLE.com", [0]),
        ('name:"person 1"', [1]),
        ("email.domain:example.com", [0, 1, 2]),
        ("user_metadata.plan:pro", [0, 2]),
        ("user_metadata.plan:Pro", []),
        ("user_metadata.plan:pro AND app_metadata.score:2", [2]),
        ("app_metadata.score:1.0", [1]),
        ('app_metadata.score:"1"', []),
        ("app_metadata.on:true", [0]),
        ("app_metadata.tags:b", [0, 1, 2]),
        ("app_metadata.deep.city:Paris", [1]),
        ("email_verified:false", [0, 1, 2]),
        ("blocked:true", []),
        ("user_id:nobody", []),
        (f"identities.connection:{REALM}", [0, 1, 2]),
        ("identities.connection:Nowhere", []),
        (r"user_metadata.said:a\ \"b\"\:", [1]),
    ],
)
async def test_exact_searches(auth0: Auth0, q: str, found: list[int]) -> None:
    extra: list[dict[str, Any]] = [{"on": True}, {"deep": [{"city": "Paris"}]}, {}]
    for n in range(3):
        said = {"said": 'a "b":'} if n == 1 else {}
        await created(
            auth0,
            email=f"{n}@example.com",
            name=f"Person {n}",
            user_metadata={"plan": ("pro", "free", "pro")[n], **said},
            app_metadata={"score": n, "tags": ["a", "b"], **extra[n]},
        )
    async with auth0.client() as client:
        answer = await client.get("/users", params={"q": q, "fields": "email", "include_totals": "true"})
    assert answer.json() == {
        "start": 0,
        "limit": 50,
        "length": len(found),
        "total": len(found),
        "users": [{"email": f"{n}@example.com"} for n in found],
    }


@pytest.mark.parametrize(
    "q", ["email:", "name:*jo", "a OR", "(name:x", "name:x AND", "shoe:3", 'name:"x', "blocked:maybe"]
)
async def test_a_question_that_cannot_be_read(auth0: Auth0, q: str) -> None:
    async with auth0.client() as client:
        answer = await client.get("/users", params={"q": q})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_query_string")


async def test_a_list_ends_where_the_vendors_does_if_that_is_wanted(migrated_url: str) -> None:
    async with running(migrated_url, most_results=1000) as auth0, auth0.client() as client:
        assert (await client.get("/users", params={"page": 9, "per_page": 100})).json() == []
        refused = await client.get("/users", params={"page": 10, "per_page": 100})
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "invalid_paging")
    assert refused.json()["message"].startswith("You can only page through the first 1000 records.")


async def test_a_list_does_not_end_otherwise(auth0: Auth0) -> None:
    async with auth0.client() as client:
        assert (await client.get("/users", params={"page": 10, "per_page": 100})).json() == []
