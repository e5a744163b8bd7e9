"""Analytic events: what each call leaves, and how they are found again."""

import asyncio
from typing import Any

import httpx

from muster.core.connections.model import Connection
from muster.core.errors import Unavailable
from muster.core.event_buffer import EventBuffer
from muster.core.events import Event
from muster.core.store import Unit
from muster.core.users.actions import NewUser, create_user, delete_user
from muster.core.users.model import Origin, User
from muster.dialects.mattr import app
from muster.dialects.mattr.wire.events import CALLS
from tests.dialects.mattr.service import Mattr

UNKNOWN = "0c3fad74-a8df-4a2d-8e75-f2d356b413ba"
PROVIDER = {"url": "https://idp.example.com", "clientId": "c", "clientSecret": "secret"}


async def events(http: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await http.get("/v1/analytics/events", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def told(found: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(event["type"], event["metadata"]) for event in found]


async def test_each_call_tells_of_its_start_and_its_end(mattr: Mattr, http: httpx.AsyncClient) -> None:
    created = await http.post("/v1/users", json={"claims": {"given_name": "Ann"}})
    mattr.clock.turn(ms=3)
    id_ = created.json()["id"]
    await http.get(f"/v1/users/{id_}")
    found = await events(http)
    client = mattr.clients[mattr.site.tenant_id].client_id
    assert found == [
        {
            "id": found[place]["id"],
            "type": type_,
            "timestamp": timestamp,
            "category": "user",
            "requestId": request_id,
            "metadata": metadata,
            "data": None,
            "clientId": client,
        }
        for place, (type_, timestamp, request_id, metadata) in enumerate(
            [
                ("USER_RETRIEVE_SUCCESS", "2027-01-15T08:00:00.003Z", "request-2", {"id": id_}),
                ("USER_RETRIEVE_START", "2027-01-15T08:00:00.003Z", "request-2", {"id": id_}),
                ("USER_CREATE_SUCCESS", "2027-01-15T08:00:00.000Z", "request-1", {"id": id_}),
                ("USER_CREATE_START", "2027-01-15T08:00:00.000Z", "request-1", {}),
            ]
        )
    ]
    assert created.headers["x-request-id"] == "request-1"


async def test_every_operation_has_its_types(http: httpx.AsyncClient) -> None:
    user = (await http.post("/v1/users", json={})).json()["id"]
    provider = (await http.post("/v1/users/authentication-providers", json=PROVIDER)).json()["id"]
    paths = {"id": user, "userId": user}
    for route in app.operations():
        if route.needs is not None and route.path.startswith("/v1/users") and route.method != "DELETE":
            one = provider if "provider" in route.path else user
            path = route.path.replace("{id}", one).replace("{userId}", paths["userId"])
            await http.request(route.method, path, json={"claims": {}, "clientId": "c"})
    await http.delete(f"/v1/users/{user}")
    await http.delete(f"/v1/users/authentication-providers/{provider}")
    types = {event["type"] for event in await events(http)}
    assert {f"{call}_{outcome}" for call in CALLS for outcome in ("START", "SUCCESS")} <= types


async def test_lists_tell_how_much_and_no_criteria(mattr: Mattr, http: httpx.AsyncClient) -> None:
    await http.post("/v1/users", json={"claims": {"a": 1}})
    page = (await http.post("/v1/users/search", json={"claims": {"a": 1}, "limit": 7})).json()
    mattr.clock.turn(ms=1)
    empty = await http.post("/v1/users/search", json={"claims": {"a": 2}})
    assert empty.json() == {"data": []}
    assert told(await events(http, types="USER_SEARCH_START,USER_SEARCH_SUCCESS")) == [
        ("USER_SEARCH_SUCCESS", {"entriesCount": 0}),
        ("USER_SEARCH_START", {"limit": 100}),
        ("USER_SEARCH_SUCCESS", {"entriesCount": 1, "nextCursor": page["nextCursor"]}),
        ("USER_SEARCH_START", {"limit": 7}),
    ]


async def test_refusals_are_told_and_strangers_are_not(mattr: Mattr, http: httpx.AsyncClient) -> None:
    await http.put(f"/v1/users/{UNKNOWN}", json={"claims": {}})
    mattr.clock.turn(ms=1)
    await http.get("/v1/users?limit=0")
    mattr.clock.turn(ms=1)
    await http.post("/v1/users", content=b"{")
    mattr.clock.turn(ms=1)
    async with mattr.bare() as nobody, await mattr.with_roles(["auditor"]) as auditor:
        await nobody.get("/v1/users")
        await auditor.get("/v1/users")
        found = await events(auditor)
    assert told(found) == [
        ("USER_CREATE_FAIL", {"error": {"message": "Validation Error", "type": "BadRequest"}}),
        ("USER_CREATE_START", {}),
        ("USER_RETRIEVE_LIST_FAIL", {"error": {"message": "Validation Error", "type": "BadRequest"}}),
        ("USER_RETRIEVE_LIST_START", {}),
        ("USER_UPDATE_FAIL", {"error": {"message": "User not found", "type": "NotFound"}}),
        ("USER_UPDATE_START", {"id": UNKNOWN}),
    ]


async def test_what_other_apis_do_is_told_by_its_success(mattr: Mattr, http: httpx.AsyncClient) -> None:
    async def elsewhere(tx: Any) -> str:
        realm = next(realm for realm in await tx.records(Connection) if realm.default)
        user = await create_user(tx, realm, NewUser(origin=Origin(door="auth0"), username="ann"))
        return str(user.id)

    async def gone(tx: Any, id_: str) -> None:
        await delete_user(tx, await tx.need(User, id_))

    id_ = await mattr.act(elsewhere)
    mattr.clock.turn(ms=1)
    await mattr.act(gone, id_)
    found = await events(http)
    assert [event["type"] for event in found] == ["USER_DELETE_SUCCESS", "USER_CREATE_SUCCESS"]
    assert {event["metadata"]["id"].replace("-", "") for event in found} == {id_}
    assert not any("clientId" in event for event in found)


async def test_events_are_found_by_what_is_asked(mattr: Mattr, http: httpx.AsyncClient) -> None:
    client = mattr.clients[mattr.site.tenant_id].client_id
    for _ in range(3):
        await http.post("/v1/users", json={})
        mattr.clock.turn(seconds=1)
    every = await events(http)
    assert len(every) == 6
    first, second = every[0], every[1]
    assert await events(http, ids=second["id"]) == [second]
    assert await events(http, ids=[first["id"], second["id"]]) == every[:2]
    assert await events(http, ids=f"{first['id']},{second['id']},nonsense") == every[:2]
    assert await events(http, ids="nonsense") == []
    assert await events(http, requestIds=first["requestId"]) == every[:2]
    assert await events(http, types="USER_CREATE_START") == every[1::2]
    assert await events(http, types="USER_CREATE_START", categories="user") == every
    assert await events(http, categories="did") == await events(http, types="DID_CREATE_START") == []
    assert await events(http, categories="did", types="USER_CREATE_SUCCESS") == every[::2]
    assert await events(http, dateFrom=every[3]["timestamp"]) == every[:4]
    assert await events(http, dateTo=every[3]["timestamp"]) == every[2:]
    assert await events(http, dateFrom=every[3]["timestamp"], dateTo=every[3]["timestamp"]) == every[2:4]
    assert await events(http, clientIds=client) == await events(http, clientIds="*") == every
    assert await events(http, clientIds="none") == await events(http, clientIds="other") == []
    assert await events(http, clientIds=["none", "*"]) == every
    assert await events(http, managementUserIds="none") == every
    assert await events(http, managementUserIds="*") == await events(http, managementUserIds=UNKNOWN) == []
    for wrong in ({"dateFrom": "never"}, {"limit": 0}, {"cursor": "x"}, {"ids": ["a"] * 101}):
        assert (await http.get("/v1/events", params=wrong)).status_code == 400


async def test_events_are_paged_newest_first(mattr: Mattr, http: httpx.AsyncClient) -> None:
    for _ in range(3):
        await http.post("/v1/users", json={})
        mattr.clock.turn(ms=1)
    every = (await http.get("/core/v1/analytics/events")).json()["data"]
    seen: list[Any] = []
    query: dict[str, Any] = {"limit": 4}
    while data := (page := (await http.get("/v1/events", params=query)).json())["data"]:
        seen += data
        query["cursor"] = page["nextCursor"]
    assert (seen, page) == (every, {"data": []})


async def test_reads_wait_for_a_common_commit(mattr: Mattr, http: httpx.AsyncClient) -> None:
    commits = 0
    commit = mattr.store.commit

    async def counted(unit: Unit) -> None:
        nonlocal commits
        commits += 1
        await commit(unit)

    mattr.store.commit = counted  # type: ignore[method-assign]
    for _ in range(5):
        await http.get("/v1/users")
    assert commits == 0
    assert len(await events(http)) == 10
    assert commits == 1


class Away:
    """A store whose database is away until it is told otherwise."""

    def __init__(self) -> None:
        self.away = True
        self.units: list[Unit] = []

    async def commit(self, unit: Unit) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("database_away", retry_after=1)
        self.units.append(unit)


async def test_the_buffer_is_bounded_and_keeps_what_it_can() -> None:
    store = Away()
    buffer = EventBuffer(store, most=3)  # type: ignore[arg-type]
    a, b, c, d = (_event(name) for name in "abcd")
    buffer.add(1, [a, b])
    buffer.add(2, [c, d])
    assert buffer.dropped == 2
    buffer.add(2, [c])
    for _ in range(2):
        try:
            await buffer.flush()
        except Unavailable:
            continue
        raise AssertionError("the database is away")
    store.away = False
    buffer.start()
    await buffer.stop()
    assert [(unit.tenant_id, unit.events) for unit in store.units] == [(1, [a, b]), (2, [c])]
    assert buffer.dropped == 2


def _event(name: str) -> Event:
    return Event(name, "call.X", 1, "client", "c", "mattr")
