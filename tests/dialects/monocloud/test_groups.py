"""Groups and who is in them."""

import asyncio
import json
from typing import Any

from tests.dialects.monocloud.facts import REQUESTS
from tests.dialects.monocloud.service import MonoCloud
from tests.dialects.monocloud.test_users import codes, members

NOW = 1_800_000_000


async def test_a_group_is_made_shown_changed_and_deleted(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        answer = await client.post("/groups", json=REQUESTS["createGroup.request"])
        group = answer.json()
        assert (answer.status_code, group) == (
            201,
            {
                "group_id": group["group_id"],
                "type": "custom",
                "name": "Administrators",
                "description": "The administrator group",
                "is_auto_assigned": False,
                "users_assigned": 0,
                "clients_assigned": 0,
                "creation_time": NOW,
                "last_updated": NOW,
                "last_assigned": NOW,
            },
        )
        url = f"/groups/{group['group_id']}"
        monocloud.clock.turn(seconds=5)
        answer = await client.patch(url, json={"name": "Admins", "description": None})
        assert answer.json() == {**group, "name": "Admins", "description": None, "last_updated": NOW + 5}
        assert (await client.get(url)).json() == answer.json()
        assert (await client.patch(url, json={})).json() == answer.json()
        assert codes(await client.post("/groups", json={"name": "ADMINS"})) == ["DuplicateGroupName"]
        for body in ({}, {"name": ""}, {"name": " x"}, {"name": "x" * 257}, {"name": "a\tb"}, {"name": 5}):
            assert set(members(await client.post("/groups", json=body))) == {"name"}
        assert set(members(await client.patch(url, json={"name": None}))) == {"name"}
        assert (await client.delete(url)).status_code == 204
        for method in ("GET", "PATCH", "DELETE"):
            answer = await client.request(method, url, json={})
            assert (answer.status_code, answer.json()["error_code"]) == (404, "group_not_found")
        assert set(members(await client.get("/groups/nonsense"))) == {"group_id"}
        assert (await client.post("/groups", json={"name": "Admins"})).status_code == 201


async def test_users_join_and_leave(monocloud: MonoCloud) -> None:
    users = [await monocloud.created(email=f"{name}@example.com", given_name=name) for name in ("ann", "bob", "eve")]
    async with monocloud.client() as client:
        group = (await client.post("/groups", json={"name": "Staff"})).json()
        spare = (await client.post("/groups", json={"name": "Spare"})).json()
        url = f"/users/{users[1]['user_id']}/groups"
        monocloud.clock.turn(seconds=7)
        expected = {
            "group_id": group["group_id"],
            "user_id": users[1]["user_id"],
            "creation_time": NOW + 7,
            "group_name": "Staff",
        }
        for _ in range(2):
            answer = await client.post(f"{url}/{group['group_id']}")
            assert (answer.status_code, answer.json()) == (201, expected)
            monocloud.clock.turn(seconds=7)
        await client.post(f"{url}/{spare['group_id']}")
        assert (await client.get(f"{url}/{group['group_id']}")).json() == expected
        names = [each["group_name"] for each in (await client.get(url, params={"sort": "creation_time:-1"})).json()]
        assert names == ["Spare", "Staff"]
        assert (await client.get(f"/users/{users[1]['user_id']}")).json()["last_updated"] == NOW
        await client.post(f"/users/{users[2]['user_id']}/groups/{group['group_id']}")
        shown = (await client.get(f"/groups/{group['group_id']}")).json()
        assert (shown["users_assigned"], shown["last_assigned"]) == (2, NOW + 21)
        assigned = f"/users/groups/{group['group_id']}/assigned"

        async def found(**query: Any) -> list[str]:
            answer = await client.get(assigned, params=query)
            assert json.loads(answer.headers["x-pagination"])["total_count"] >= len(answer.json())
            return [user["claims"]["given_name"] for user in answer.json()]

        assert await found() == ["bob", "eve"]
        assert await found(filter="eve") == ["eve"]
        assert await found(sort="creation_time:-1", size=1) == ["eve"]
        assert await found(filter="ann") == []
        for _ in range(1):
            assert (await client.delete(f"{url}/{group['group_id']}")).status_code == 204
        for method in ("DELETE", "GET"):
            answer = await client.request(method, f"{url}/{group['group_id']}")
            assert (answer.status_code, answer.json()["error_code"]) == (404, "user_group_not_found")
        answer = await client.post(f"{url}/00000000-0000-7000-8000-000000000000")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "group_not_found")
        assert await found() == ["eve"]
        assert (await client.get("/users/groups/00000000-0000-7000-8000-000000000000/assigned")).status_code == 404


async def test_a_deleted_group_has_no_members_left(monocloud: MonoCloud) -> None:
    users = [await monocloud.created(email=f"u{number}@example.com") for number in range(3)]
    async with monocloud.client() as client:
        group = (await client.post("/groups", json={"name": "Staff"})).json()
        for user in users:
            await client.post(f"/users/{user['user_id']}/groups/{group['group_id']}")
        assert (await client.delete(f"/groups/{group['group_id']}")).status_code == 204
        for user in users:
            assert (await client.get(f"/users/{user['user_id']}/groups")).json() == []
    from muster.core.groups.actions import in_group

    query = in_group(group["group_id"].replace("-", ""))
    assert await monocloud.store.count_users(monocloud.tenant.number, query) == 0


async def test_new_users_join_what_everybody_joins(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        await client.post("/groups", json={"name": "Everybody", "is_auto_assigned": True})
        await client.post("/groups", json={"name": "Some"})
        user = await monocloud.created()
        names = [each["group_name"] for each in (await client.get(f"/users/{user['user_id']}/groups")).json()]
        assert names == ["Everybody"]


async def test_groups_are_found_sorted_and_paged(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    async with monocloud.client() as client:
        group: dict[str, Any] = {}
        for name, about in (("beta", "the second"), ("Alpha", None), ("gamma", "Third")):
            group = (await client.post("/groups", json={"name": name, "description": about})).json()
            monocloud.clock.turn(seconds=1)
        await client.post(f"/users/{user['user_id']}/groups/{group['group_id']}")

        async def names(**query: Any) -> str:
            answer = await client.get("/groups", params=query)
            assert answer.status_code == 200, answer.text
            return " ".join(group["name"] for group in answer.json())

        assert await names() == "beta Alpha gamma"
        assert await names(sort="name:1") == "Alpha beta gamma"
        assert await names(sort="creation_time:-1") == "gamma Alpha beta"
        assert await names(sort="users_assigned:-1", size=1) == "gamma"
        assert await names(sort="last_assigned:-1", size=1) == "gamma"
        assert await names(filter="THIRD") == "gamma"
        assert await names(filter="name:b* OR name:alpha") == "beta Alpha"
        assert await names(filter="users_assigned:>=1") == "gamma"
        assert await names(filter="is_auto_assigned:false", page=2, size=2) == "gamma"
        assert (await client.get("/groups", params={"filter": "x:1"})).status_code == 400
        assert (await client.get("/groups", params={"sort": "group_id:1"})).status_code == 400


async def test_many_join_and_leave_at_once_and_none_is_lost(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    url = f"/users/{user['user_id']}/groups"
    async with monocloud.client() as client:
        made = [await client.post("/groups", json={"name": f"g{number}"}) for number in range(6)]
        ids = [answer.json()["group_id"] for answer in made]
        answers = await asyncio.gather(*(client.post(f"{url}/{id_}") for id_ in ids))
        assert {answer.status_code for answer in answers} == {201}
        assert {each["group_id"] for each in (await client.get(url)).json()} == set(ids)


async def test_joining_a_group_while_it_is_deleted(monocloud: MonoCloud) -> None:
    user = await monocloud.created()
    async with monocloud.client() as client:
        for number in range(5):
            group = (await client.post("/groups", json={"name": f"g{number}"})).json()["group_id"]
            joined, deleted = await asyncio.gather(
                client.post(f"/users/{user['user_id']}/groups/{group}"), client.delete(f"/groups/{group}")
            )
            assert (joined.status_code in (201, 404), deleted.status_code) == (True, 204)
        assert (await client.get(f"/users/{user['user_id']}/groups")).json() == []
