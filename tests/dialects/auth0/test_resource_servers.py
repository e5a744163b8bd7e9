"""Resource servers through Auth0's API: whole requests, whole answers."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from muster.core.apps.model import Api
from tests.dialects.auth0.service import PUBLIC_URL, Auth0

IDENTIFIER = "https://api.example.com/"
SYSTEM = f"{PUBLIC_URL}api/v2/"


def path(name: str) -> str:
    return f"/resource-servers/{quote(name, safe='')}"


async def created(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/resource-servers", json={"name": "My API", "identifier": IDENTIFIER, **more})
    assert answer.status_code == 201, answer.text
    api: dict[str, Any] = answer.json()
    return api


async def test_a_new_api_is_shown_with_every_default(auth0: Auth0) -> None:
    scopes = [{"value": "create:resource", "description": "Create Resource"}, {"value": "read:resource"}]
    async with auth0.client() as client:
        api = await created(client, scopes=scopes, signing_alg="HS256", token_lifetime=7200)
        assert api == {
            "id": api["id"],
            "name": "My API",
            "identifier": IDENTIFIER,
            "scopes": scopes,
            "signing_alg": "HS256",
            "allow_offline_access": False,
            "token_lifetime": 7200,
            "token_lifetime_for_web": 7200,
            "skip_consent_for_verifiable_first_party_clients": False,
            "enforce_policies": False,
            "token_dialect": "access_token",
            "subject_type_authorization": {
                "user": {"policy": "allow_all"},
                "client": {"policy": "require_client_grant"},
            },
        }
        assert len(api["id"]) == 24
        assert int(api["id"], 16)
        assert (await client.get(path(api["id"]))).json() == api
        assert (await client.get(path(IDENTIFIER))).json() == api


async def test_what_is_sent_comes_back_and_secrets_are_sealed(auth0: Auth0) -> None:
    sent = {
        "signing_secret": "a secret of length",
        "token_lifetime_for_web": 3600,
        "token_dialect": "rfc9068_profile",
        "proof_of_possession": {"mechanism": "dpop", "required": True},
        "consent_policy": None,
    }
    async with auth0.client() as client:
        api = await created(client, **sent)
    assert api | {name: value for name, value in sent.items() if value is not None} == api
    assert "consent_policy" not in api
    stored = await auth0.store.get(auth0.tenant.number, Api, api["id"])
    assert "a secret of length" not in str(stored)


async def test_a_change_by_either_name(auth0: Auth0) -> None:
    async with auth0.client() as client:
        api = await created(client, proof_of_possession={"mechanism": "dpop", "required": True})
        answer = await client.patch(path(IDENTIFIER), json={"name": "Other", "token_lifetime": 60})
        wanted = {**api, "name": "Other", "token_lifetime": 60, "token_lifetime_for_web": 60}
        assert (answer.status_code, answer.json()) == (200, wanted)
        removed = (await client.patch(path(api["id"]), json={"proof_of_possession": None})).json()
        del wanted["proof_of_possession"]
        assert removed == wanted
        refused = await client.patch(path(api["id"]), json={"identifier": "x"})
        assert refused.json()["message"] == "Payload validation error: 'Additional properties not allowed: identifier'."


async def test_a_scope_that_goes_is_lost_by_every_grant(auth0: Auth0) -> None:
    async with auth0.client() as client:
        api = await created(client, scopes=[{"value": "a"}, {"value": "b"}])
        body = {"client_id": auth0.client_id, "audience": IDENTIFIER, "scope": ["a", "b"]}
        grant = (await client.post("/client-grants", json=body)).json()
        epoch = await auth0.store.access_epoch(auth0.tenant.number)
        assert (await client.patch(path(api["id"]), json={"scopes": [{"value": "b"}]})).status_code == 200
        assert (await client.get(f"/client-grants/{grant['id']}")).json() == {**grant, "scope": ["b"]}
    assert await auth0.store.access_epoch(auth0.tenant.number) > epoch


async def test_deleting_takes_the_grants_along(auth0: Auth0) -> None:
    async with auth0.client() as client:
        api = await created(client, scopes=[{"value": "a"}])
        body = {"client_id": auth0.client_id, "audience": IDENTIFIER, "scope": ["a"]}
        grant = (await client.post("/client-grants", json=body)).json()
        for _ in range(2):
            assert (await client.delete(path(api["id"]))).status_code == 204
        assert (await client.get(f"/client-grants/{grant['id']}")).status_code == 404
        gone = await client.get(path(IDENTIFIER))
        assert (gone.status_code, gone.json()) == (
            404,
            {
                "statusCode": 404,
                "error": "Not Found",
                "message": "The resource server does not exist",
                "errorCode": "inexistent_resource_server",
            },
        )
        await created(client)


async def test_the_servers_own_api_stays_as_it_is(auth0: Auth0) -> None:
    async with auth0.client() as client:
        own = (await client.get(path(SYSTEM))).json()
        assert (own["identifier"], own["is_system"]) == (SYSTEM, True)
        for answer, verb in (
            (await client.delete(path(SYSTEM)), "deleted"),
            (await client.patch(path(own["id"]), json={"name": "x"}), "patched"),
        ):
            assert (answer.status_code, answer.json()["message"]) == (400, f"System resource servers cannot be {verb}.")
        assert (await client.get(path(SYSTEM))).json() == own


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"name": "x"}, 400, "Payload validation error: 'Missing required property: identifier'."),
        ({"identifier": IDENTIFIER}, 409, "A resource server with the same identifier already exists."),
        ({"identifier": SYSTEM}, 400, "The selected identifier is reserved."),
        ({"identifier": SYSTEM.replace("https", "http")}, 400, "The selected identifier is reserved."),
        ({"identifier": f"{PUBLIC_URL}userinfo"}, 400, "The selected identifier is reserved."),
        (
            {"identifier": "x", "scopes": [{"value": "a"}, {"value": "a"}]},
            400,
            "Payload validation error: 'Array items are not unique' on property scopes.",
        ),
        (
            {"identifier": "x", "scopes": [{"description": "a"}]},
            400,
            "Payload validation error: 'Missing required property: value' on property scopes[0].",
        ),
    ],
)
async def test_what_cannot_be_created(auth0: Auth0, body: dict[str, Any], status: int, message: str) -> None:
    async with auth0.client() as client:
        await created(client)
        answer = await client.post("/resource-servers", json=body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)


async def test_lists(auth0: Auth0) -> None:
    async with auth0.client() as client:
        auth0.clock.turn(seconds=1)
        api = await created(client)
        own = (await client.get(path(SYSTEM))).json()
        assert (await client.get("/resource-servers")).json() == [own, api]
        assert (await client.get("/resource-servers", params={"identifiers": [IDENTIFIER, "x"]})).json() == [api]
        paged = await client.get("/resource-servers", params={"include_totals": "true", "page": 1, "per_page": 1})
        assert paged.json() == {"start": 1, "limit": 1, "total": 2, "resource_servers": [api]}
        refused = await client.get("/resource-servers", params={"take": 1})
        assert refused.json()["message"] == "Query validation error: 'Additional properties not allowed: take'."
