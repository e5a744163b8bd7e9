"""Client grants through Auth0's API: whole requests, whole answers."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.dialects.auth0.service import PUBLIC_URL, Auth0

AUDIENCE = "https://api.example.com/"
SYSTEM = f"{PUBLIC_URL}api/v2/"


@pytest.fixture
async def client(auth0: Auth0) -> Any:
    async with auth0.client() as client:
        body = {"identifier": AUDIENCE, "scopes": [{"value": "create:resource"}, {"value": "read:resource"}]}
        assert (await client.post("/resource-servers", json=body)).status_code == 201
        yield client


async def new_client_id(client: httpx.AsyncClient) -> str:
    app_id: str = (await client.post("/clients", json={"name": "Caller"})).json()["client_id"]
    return app_id


async def created(client: httpx.AsyncClient, client_id: str, **more: Any) -> dict[str, Any]:
    body = {"client_id": client_id, "audience": AUDIENCE, "scope": ["create:resource"], **more}
    answer = await client.post("/client-grants", json=body)
    assert answer.status_code == 201, answer.text
    grant: dict[str, Any] = answer.json()
    return grant


async def test_a_new_grant(client: httpx.AsyncClient) -> None:
    app_id = await new_client_id(client)
    grant = await created(client, app_id, organization_usage="allow", allow_any_organization=True)
    assert grant == {
        "id": grant["id"],
        "client_id": app_id,
        "audience": AUDIENCE,
        "scope": ["create:resource"],
        "organization_usage": "allow",
        "allow_any_organization": True,
    }
    assert grant["id"].startswith("cgr_")
    assert len(grant["id"]) == 20
    assert (await client.get(f"/client-grants/{grant['id']}")).json() == grant


async def test_a_grant_for_acting_for_users_gives_no_power_alone(client: httpx.AsyncClient) -> None:
    app = (await client.post("/clients", json={"name": "Caller"})).json()
    body = {
        "client_id": app["client_id"],
        "audience": SYSTEM,
        "scope": ["read:users"],
        "subject_type": "user",
        "authorization_details_types": ["payment"],
    }
    answer = await client.post("/client-grants", json=body)
    assert answer.json() == {**body, "id": answer.json()["id"]}
    form = {
        "grant_type": "client_credentials",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "audience": SYSTEM,
    }
    given = await client.post(f"{PUBLIC_URL}oauth/token", data=form)
    assert given.json().get("scope", "") == ""


async def test_one_grant_for_a_pair_even_at_once(client: httpx.AsyncClient) -> None:
    app_id = await new_client_id(client)
    body = {"client_id": app_id, "audience": AUDIENCE, "scope": []}
    answers = await asyncio.gather(*(client.post("/client-grants", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    listed = await client.get("/client-grants", params={"client_id": app_id})
    assert len(listed.json()) == 1


async def test_a_change(auth0: Auth0, client: httpx.AsyncClient) -> None:
    app_id = await new_client_id(client)
    grant = await created(client, app_id, organization_usage="allow")
    path = f"/client-grants/{grant['id']}"
    epoch = await auth0.store.access_epoch(auth0.tenant.number)
    answer = await client.patch(path, json={"scope": ["read:resource"], "organization_usage": None})
    wanted = {name: value for name, value in grant.items() if name != "organization_usage"}
    assert (answer.status_code, answer.json()) == (200, {**wanted, "scope": ["read:resource"]})
    assert await auth0.store.access_epoch(auth0.tenant.number) > epoch
    assert (await client.patch(path, json={"scope": None})).json() == {**wanted, "scope": []}
    refused = await client.patch(path, json={})
    assert refused.json()["message"] == "Payload validation error: 'Too few properties defined (0), minimum 1'."


async def test_a_deleted_grant_ends_the_tokens(auth0: Auth0, client: httpx.AsyncClient) -> None:
    own = (await client.get("/client-grants", params={"client_id": auth0.client_id})).json()
    assert (await client.delete(f"/client-grants/{own[0]['id']}")).status_code == 204
    assert (await client.get("/users")).status_code == 403


async def test_deleting_again_is_no_error(client: httpx.AsyncClient) -> None:
    grant = await created(client, await new_client_id(client))
    for _ in range(2):
        assert (await client.delete(f"/client-grants/{grant['id']}")).status_code == 204
    for id_ in (grant["id"], grant["id"].removeprefix("cgr_"), "cgr_"):
        gone = await client.get(f"/client-grants/{id_}")
        assert (gone.status_code, gone.json()) == (
            404,
            {
                "statusCode": 404,
                "error": "Not Found",
                "message": "The grant does not exist.",
                "errorCode": "inexistent_client_grant",
            },
        )


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        ({"client_id": None}, 400, "'Expected type string but found type null' on property client_id"),
        ({"client_id": "nobody"}, 404, "The client does not exist"),
        ({"audience": "https://nowhere.example.com/"}, 404, "The resource server does not exist"),
        ({"scope": ["read:nothing"]}, 400, "The resource server does not have these scopes: read:nothing"),
        ({"default_for": "third_party_clients"}, 400, "Grants for a group of clients are not supported."),
        ({"unknown": 1}, 400, "'Additional properties not allowed: unknown'"),
    ],
)
async def test_what_cannot_be_created(client: httpx.AsyncClient, more: Any, status: int, message: str) -> None:
    body = {"client_id": await new_client_id(client), "audience": AUDIENCE, "scope": [], **more}
    answer = await client.post("/client-grants", json=body)
    assert answer.status_code == status
    assert message in answer.json()["message"]


async def test_a_grant_names_a_client(client: httpx.AsyncClient) -> None:
    answer = await client.post("/client-grants", json={"audience": AUDIENCE})
    assert answer.json()["message"] == "Payload validation error: 'Missing required property: client_id'."


async def test_lists_are_filtered_and_paged(auth0: Auth0, client: httpx.AsyncClient) -> None:
    grants = []
    for more in ({}, {"allow_any_organization": True}, {"subject_type": "user"}):
        auth0.clock.turn(seconds=1)
        grants.append(await created(client, await new_client_id(client), **more))
    own = (await client.get("/client-grants", params={"audience": SYSTEM})).json()
    assert (await client.get("/client-grants")).json() == [*own, *grants]
    for query, wanted in (
        ({"audience": AUDIENCE}, grants),
        ({"client_id": grants[0]["client_id"]}, grants[:1]),
        ({"allow_any_organization": "true"}, grants[1:2]),
        ({"subject_type": "user"}, grants[2:]),
        ({"default_for": "third_party_clients"}, []),
    ):
        assert (await client.get("/client-grants", params=query)).json() == wanted
    paged = await client.get("/client-grants", params={"include_totals": "true", "per_page": 2, "audience": AUDIENCE})
    assert paged.json() == {"start": 0, "limit": 2, "total": 3, "client_grants": grants[:2]}
    first = (
        await client.get("/client-grants", params={"include_totals": "true", "take": 2, "audience": AUDIENCE})
    ).json()
    assert first == {"client_grants": grants[:2], "next": first["next"]}
    rest = await client.get("/client-grants", params={"take": 2, "audience": AUDIENCE, "from": first["next"]})
    assert rest.json() == {"client_grants": grants[2:]}
